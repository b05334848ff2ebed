# A stand-in for postgres_exporter, of which no image is at hand: one page with the few metrics by which a test tells that an
# instance is scraped. The names are those of postgres_exporter.
use strict;
use warnings;
use IO::Socket::INET;

my $query = join "\n",
    q{SELECT 'pg_up 1';},
    q{SELECT 'pg_replication_is_replica ' || pg_is_in_recovery()::int;},
    q{SELECT 'pg_replication_lag_seconds ' || CASE WHEN NOT pg_is_in_recovery()},
    q{ OR pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0},
    q{ ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END;},
    q{SELECT 'pg_stat_replication_streaming ' || count(*) FROM pg_stat_replication WHERE state = 'streaming';};

my $server = IO::Socket::INET->new(LocalPort => $ENV{EXPORTER_PORT}, Listen => 16, ReuseAddr => 1)
    or die "cannot listen on $ENV{EXPORTER_PORT}: $!";
$SIG{TERM} = sub { exit 0 };
$SIG{PIPE} = 'IGNORE';
while (my $client = $server->accept) {
    while (defined(my $line = <$client>)) { last if $line =~ /^\r?\n$/ }
    my $body = '';
    if (open my $psql, '-|', 'psql', '--host=127.0.0.1', '--username=postgres', '--no-psqlrc', '--no-align', '--tuples-only',
        "--command=$query", 'postgres') {
        local $/;
        $body = <$psql> // '';
        close $psql;
    }
    $body = "pg_up 0\n" if $body eq '';
    print {$client} "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: ", length $body, "\r\n\r\n", $body;
    close $client;
}
