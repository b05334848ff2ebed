#!/bin/sh
# What the Job of verify.yml runs: SQL through Pgpool-II as a user would, one fact per line on standard output,
# its kind and its fields separated by tabs. The filter pgpool_verdict reads them.
#
# It is told PGHOST, PGPORT, PGDATABASE, SELECTS (how many), STATES (whether to wait until each standby streams) and PODS
# (the addresses of the pods, through each of which all users log in).
# Each folder in /users has the files `username` and `password` of one user.
set -u
umask 077
export PGPASSFILE=/tmp/pgpass PGAPPNAME=pgha-verify PGCONNECT_TIMEOUT=10 PGCLIENTENCODING=UTF8
# The owner of the database may have made functions and operators there that PostgreSQL takes in place of its own, for what
# Pgpool-II asks in a session, too: they run with the rights of its user, who may be the superuser. This wins over what the
# owner gives the database, and Pgpool-II hands no connection of another's on that has other options.
export PGOPTIONS='-c search_path=pg_catalog'
tab=$(printf '\t')
schema=pgha_verify_$(date +%s%N)
writer=''

say() { (IFS=$tab; printf '%s\n' "$*"); }
one_line() { tr '\n\t' '  ' < /tmp/error | cut -c1-500; }

# sql USER OPTION…: statements from standard input.
sql() {
  user=$1
  shift
  psql --no-psqlrc --no-password --quiet --no-align --field-separator="$tab" --pset=footer=off \
    --set=ON_ERROR_STOP=1 --username="$user" "$@" 2> /tmp/error
}

# The password file is written by what is built into the shell and by sed, which reads a file: no process ever has
# a password among its arguments.
escaped() { sed 's/[:\\]/\\&/g' "$1"; }
for folder in /users/*; do
  printf '*:*:*:%s:%s\n' "$(escaped "$folder/username")" "$(escaped "$folder/password")"
done > "$PGPASSFILE"

# Each user logs in, through each pod. The first who may make a schema writes; any who got in reads.
reader=''
for folder in /users/*; do
  user=$(cat "$folder/username")
  failed=''
  for address in ${PODS:-"$PGHOST"}; do
    answer=$(echo "SELECT has_database_privilege(current_database(), 'CREATE')" | sql "$user" --host="$address" --tuples-only) ||
      failed=${failed:-"$address: $(one_line)"}
  done
  if [ -z "$failed" ]; then
    say login "$user" ok
    reader=${reader:-$user}
    if [ "$answer" = t ]; then writer=${writer:-$user}; fi
  else
    say login "$user" failed "$failed"
  fi
done

# A row is written, and read back in another session, which a standby serves as soon as it has the row.
drop() {
  trap - EXIT
  [ -z "$writer" ] || printf 'SET client_min_messages = warning; DROP SCHEMA IF EXISTS %s CASCADE;\n' "$schema" | sql "$writer" || :
}
trap drop EXIT
trap 'exit 1' INT TERM
now() { date +%s.%N; }
if [ -n "$writer" ]; then
  if printf "CREATE SCHEMA %s; CREATE TABLE %s.kept (id int PRIMARY KEY, text text); INSERT INTO %s.kept VALUES (1, 'written');\n" \
    "$schema" "$schema" "$schema" | sql "$writer"; then
    say write "$writer" ok
    began=$(now) tries=0 text=''
    while [ "$text" != written ] && [ "$tries" -lt 50 ]; do
      [ "$tries" = 0 ] || sleep 0.2
      tries=$((tries + 1))
      text=$(echo "SELECT text FROM $schema.kept WHERE id = 1" | sql "$writer" --tuples-only)
    done
    if [ "$text" = written ]; then
      say read_back ok "$(echo "$began $(now)" | awk '{ printf "%.2f", $2 - $1 }')"
    else
      say read_back failed "${text:+it reads $text. }$(one_line)"
    fi
  else
    say write "$writer" "$(one_line)"
  fi
fi

# Where reads go: one session, as each Pgpool-II pod has counters of its own. Who answers says its address and whether
# it is a standby (transaction_read_only; pg_is_in_recovery() counts as a write, as it is volatile).
pool_nodes() { echo 'SHOW POOL_NODES' | sql "$reader"; }
streaming() {
  pool_nodes | awk -F "$tab" '
    NR == 1 { for (n = 1; n <= NF; n++) column[$n] = n; next }
    $column["pg_role"] == "primary" { next } # its own backend may be detached: backend 0 serves it
    $column["status"] != "up" && $column["status"] != "waiting" { bad = 1 }
    $column["pg_role"] == "standby" && $column["replication_state"] != "streaming" { bad = 1 }
    END { exit bad || NR < 2 }'
}
if [ -n "$reader" ]; then
  if [ "${STATES:-}" = 1 ]; then
    tries=0
    until streaming || [ "$tries" -ge 45 ]; do
      sleep 1
      tries=$((tries + 1))
    done
  fi
  {
    printf '%s\n' 'SHOW POOL_NODES;' '\t on' '\o /tmp/reads'
    awk -v n="$SELECTS" 'BEGIN {
      while (n-- > 0) print "SELECT current_setting('\''transaction_read_only'\''), inet_server_addr();"
    }'
    printf '%s\n' '\o' '\t off' '\echo after' 'SHOW POOL_NODES;'
    # Twice more, as Pgpool-II forgets the replication_state for the moment in which it asks for it.
    printf '%s\n' '\! sleep 0.7' 'SHOW POOL_NODES;' '\! sleep 0.6' 'SHOW POOL_NODES;'
  } > /tmp/session.sql
  sql "$reader" --file=/tmp/session.sql > /tmp/session.out || say error "$(one_line)"
  awk -v kind=before '$0 == "after" { kind = $0; next } { print kind "\t" $0 }' /tmp/session.out
  say selects "$SELECTS"
  if [ -e /tmp/reads ]; then
    sort /tmp/reads | uniq -c | awk '{ count = $1; sub(/^ *[0-9]+ /, ""); print "reads\t" count "\t" $0 }'
  fi
fi

drop
say end ok
