#!/bin/sh
# What the Job of verify.yml runs: SQL through Pgpool-II as a user would, one fact per line on standard output,
# its kind and its fields separated by tabs. The filter pgpool_verdict reads them.
#
# It is told PGHOST, PGPORT, PGDATABASE, SELECTS (how many), STATES (whether to wait until each standby streams) and PODS
# (the addresses of the pods, through each of which all users log in, and one reads).
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
errors=/tmp/error

say() { (IFS=$tab; printf '%s\n' "$*"); }
one_line() { tr '\n\t' '  ' < "$errors" | cut -c1-500; }
# through ADDRESS: in a subshell, what follows goes there. The name remains the Service's, the only one that a certificate has.
through() { [ "$1" = "$PGHOST" ] || export PGHOSTADDR="$1"; }

# sql USER OPTION…: statements from standard input.
sql() {
  user=$1
  shift
  LC_ALL=C psql --no-psqlrc --no-password --quiet --no-align --field-separator="$tab" --pset=footer=off \
    --set=ON_ERROR_STOP=1 --username="$user" "$@" 2> "$errors"
}

# The password file is written by what is built into the shell and by sed, which reads a file: no process ever has
# a password among its arguments.
escaped() { sed 's/[:\\]/\\&/g' "$1"; }
for folder in /users/*; do
  printf '*:*:*:%s:%s\n' "$(escaped "$folder/username")" "$(escaped "$folder/password")"
done > "$PGPASSFILE"

# Where a network enforces policies, a new pod may reach nothing until its node knows what they let it do:
# https://kubernetes.io/docs/concepts/services-networking/network-policies/#pod-lifecycle
let_in_by=$(($(date +%s) + 15))
may_be_let_in() {
  [ "$(date +%s)" -lt "$let_in_by" ] &&
    grep -qE 'Connection refused|Connection timed out|timeout expired|No route to host|Network is unreachable|translate host name' "$errors"
}
logs_in() { through "$1" && echo "SELECT has_database_privilege(current_database(), 'CREATE')" | sql "$2" --tuples-only; }

# Each user logs in, through each pod. The first who may make a schema writes, if it can be one who got in through all of
# them: a pod may be about to end. Through each, the first who got in reads.
spare=''
for address in ${PODS:-"$PGHOST"}; do
  say pod "$address"
  mkdir -p "/tmp/$address"
done
for folder in /users/*; do
  user=$(cat "$folder/username")
  may='' failed=''
  for address in ${PODS:-"$PGHOST"}; do
    until may_now=$(logs_in "$address" "$user") || ! may_be_let_in; do
      sleep 1
    done
    if [ -n "$may_now" ]; then
      may=$may_now
      [ -e "/tmp/$address/reader" ] || printf '%s\n' "$user" > "/tmp/$address/reader"
    else
      failed=yes
      say login "$user" failed "$address" "$(one_line)"
    fi
  done
  [ -n "$failed" ] || say login "$user" ok
  if [ "$may" = t ] && [ -z "$failed" ]; then writer=${writer:-$user}; fi
  if [ "$may" = t ]; then spare=${spare:-$user}; fi
done
writer=${writer:-$spare}

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

# Where reads go: one session through each pod, all at the same time, as each has its own view of the backends and its own
# counters. Who answers says its address and whether it is a standby. pg_is_in_recovery() counts as a write, as it is
# volatile, and a user may have transaction_read_only from its default: it is for PostgreSQL before 14.
pool_nodes() { echo 'SHOW POOL_NODES' | sql "$reader"; }
streaming() {
  pool_nodes | awk -F "$tab" '
    NR == 1 { for (n = 1; n <= NF; n++) column[$n] = n; next }
    $column["pg_role"] == "primary" { next } # its own backend may be detached: backend 0 serves it
    $column["status"] != "up" && $column["status"] != "waiting" { bad = 1 }
    $column["pg_role"] == "standby" && $column["replication_state"] != "streaming" { bad = 1 }
    END { exit bad || NR < 2 }'
}
{
  printf '%s\n' 'SHOW POOL_NODES;' '\t on' '\o :reads'
  printf '%s\n' "\\set recovery 'coalesce(current_setting(''in_hot_standby'', true), current_setting(''transaction_read_only''))'"
  awk -v n="$SELECTS" 'BEGIN { while (n-- > 0) print "SELECT :recovery, inet_server_addr();" }'
  printf '%s\n' '\o' '\t off' '\echo after' 'SHOW POOL_NODES;'
  # Twice more, as Pgpool-II forgets the replication_state for the moment in which it asks for it.
  printf '%s\n' '\! sleep 0.7' 'SHOW POOL_NODES;' '\! sleep 0.6' 'SHOW POOL_NODES;'
} > /tmp/session.sql
read_through() {
  through "$1"
  here=/tmp/$1
  errors=$here/error
  reader=$(cat "$here/reader")
  if [ "${STATES:-}" = 1 ]; then
    late=$(($(date +%s) + 45)) # by the clock, as through a pod that is gone each try takes PGCONNECT_TIMEOUT
    until streaming || [ "$(date +%s)" -ge "$late" ]; do
      sleep 1
    done
  fi
  sql "$reader" --set=reads="$here/reads" --file=/tmp/session.sql > "$here/session.out" || say error "$1" "$(one_line)"
  awk -v pod="$1" -v kind=before '$0 == "after" { kind = $0; next } { print kind "\t" pod "\t" $0 }' "$here/session.out"
  if [ -e "$here/reads" ]; then
    sort "$here/reads" | uniq -c | awk -v pod="$1" '{ count = $1; sub(/^ *[0-9]+ /, ""); print "reads\t" pod "\t" count "\t" $0 }'
  fi
}
say selects "$SELECTS"
for address in ${PODS:-"$PGHOST"}; do
  if [ -e "/tmp/$address/reader" ]; then
    # By way of a file each, so that no line of one is in the midst of another's.
    read_through "$address" > "/tmp/$address/facts" &
  fi
done
wait
for address in ${PODS:-"$PGHOST"}; do
  if [ -e "/tmp/$address/facts" ]; then cat "/tmp/$address/facts"; fi
done

drop
say end ok
