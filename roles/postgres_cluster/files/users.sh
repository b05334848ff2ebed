# Runs users.sql as the superuser on the primary, then waits until each standby streams. The Job's deadline ends both.
set -eu
umask 077
PGUSER=$(cat /superuser/username)
export PGUSER PGPASSFILE=/tmp/pgpass
# In a file of libpq, a colon and a backslash are written with a backslash before them.
printf '*:*:*:*:%s\n' "$(sed 's/[\\:]/\\&/g' /superuser/password)" > "$PGPASSFILE"

until psql --no-psqlrc --no-password --quiet --command='SELECT 1' > /tmp/answer 2> /tmp/reason; do
  sleep 2
done
psql --no-psqlrc --no-password --quiet --tuples-only --file=/sql/users.sql

streaming="SELECT count(*) >= $STANDBYS FROM pg_stat_replication WHERE state = 'streaming'"
until [ "$(psql --no-psqlrc --no-password --no-align --tuples-only --command="$streaming")" = t ]; do
  sleep 2
done
