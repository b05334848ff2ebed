# The stand-in's start of an instance. Like KubeDB's scripts it writes postgresql.conf and pg_hba.conf anew each time, has
# the superuser replicate, finds the primary by its Service, and sets the superuser's password on the primary.
# Which role the instance has is the stand-in's order: it comes as a file.
set -eu
umask 077
run=/run/stand-in
data=/var/pv/data
export PGDATA="$data" PGUSER=postgres PGDATABASE=postgres PGPASSFILE="$run/pgpass"

trap 'exit 0' TERM INT
rm -f "$run/order" "$run/waiting"
printf '*:*:*:postgres:%s\n' "$(cat /etc/auth/password)" > "$PGPASSFILE"
: > "$run/waiting"
until [ -e "$run/order" ]; do
  sleep 0.3
done
rm -f "$run/waiting"

if [ "$(cat "$run/order")" = primary ]; then
  if [ ! -e "$data/PG_VERSION" ]; then
    rm -rf "$data"
    initdb --username=postgres --pwfile=/etc/auth/password --encoding=UTF8 --locale=C.UTF-8 --no-sync
  fi
elif [ ! -e "$data/standby.signal" ]; then
  # Nothing is there, or what another timeline may have left behind: the primary's data, anew.
  until rm -rf "$data" && pg_basebackup --host="$PRIMARY_HOST" --pgdata="$data" --wal-method=stream --checkpoint=fast --no-sync; do
    sleep 1
  done
  : > "$data/standby.signal"
fi

cat > "$data/pg_hba.conf" <<END
local all all trust
host all all 127.0.0.1/32 trust
host replication postgres 0.0.0.0/0 $AUTH_METHOD
host all all 0.0.0.0/0 $AUTH_METHOD
host replication postgres ::/0 $AUTH_METHOD
host all all ::/0 $AUTH_METHOD
END
cat > "$data/postgresql.conf" <<END
listen_addresses = '*'
unix_socket_directories = '/var/run/postgresql'
password_encryption = '$AUTH_METHOD'
wal_level = replica
wal_log_hints = on
hot_standby = on
max_wal_senders = 90
max_replication_slots = 90
wal_keep_size = '${WAL_KEEP_SIZE}MB'
shared_preload_libraries = 'pg_stat_statements'
synchronous_standby_names = '$SYNCHRONOUS'
primary_conninfo = 'host=$PRIMARY_HOST user=postgres application_name=$POD_NAME passfile=$PGPASSFILE'
include '/stand-in/user.conf'
END

postgres &
server=$!
stop() {
  kill -INT "$server"
  wait "$server"
  exit 0
}
trap stop TERM INT

# As KubeDB does: the Secret's password, at each start of the primary. No standby has to be there for it.
if [ ! -e "$data/standby.signal" ]; then
  until pg_isready --quiet; do
    sleep 0.3
  done
  printf "SET synchronous_commit = local; SET log_statement = 'none'; ALTER ROLE postgres PASSWORD '%s';" \
    "$(cat /etc/auth/password)" | psql --no-psqlrc --quiet
fi
if wait "$server"; then exit 0; else exit "$?"; fi
