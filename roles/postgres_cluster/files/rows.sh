# rows.sh TABLES ANSWER PSQL…: counts the tables that the query TABLES names, each by its oid and a word of its own, and
# answers the query ANSWER, to which counted (oid, word, rows, checksum) is a table. PSQL is the superuser's.
# COPY reads the tables, as it does for pg_dump, since it runs no code of their owners. A SELECT does, with the rights of
# the superuser: their casts, the functions in the expressions of their indexes while it is planned, and a view that has
# taken a table's place meanwhile. So does each name for which PostgreSQL looks outside of pg_catalog.
# Nothing is kept in files: the only folders that can be written to may be those of the data.
set -eu
tables=$1 answer=$2
shift 2
# These win over what the owner of a database gives it by ALTER DATABASE. Rows come in the order of the table's pages.
export PGOPTIONS='-c search_path=pg_catalog -c standard_conforming_strings=on -c statement_timeout=0 -c synchronize_seqscans=off'

# Before 17 there is none, and then this is no row. What it says would be taken for an answer.
no_limit="SELECT set_config('transaction_timeout', '0', false) FROM pg_settings WHERE name = 'transaction_timeout' \\g /dev/null"

named=$("$@" --no-align --field-separator=' ' --tuples-only --command="$tables")
lines() { [ -z "$1" ] || printf '%s\n' "$1"; }
# COPY writes one line for a row. psql hands them to a shell of its own, which says what it has got.
count='set -- $({ { tee /dev/fd/3 | wc -l >&4; } 3>&1 | sha256sum; } 4>&1 | sort -k 2)'
counted=$({ lines "$no_limit"; lines "$named" | while read -r oid word; do
  printf '%s\n' \
    "SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE pg_class.oid = $oid \\gset" \
    "\\o |$count; echo \",($oid, '$word', \${1:?}, '\${2:?}')\"" \
    'COPY :"nspname".:"relname" TO STDOUT;' \
    '\o'
done; } | "$@" --file=-)
if [ "$(lines "$named" | wc -l)" != "$(lines "$counted" | wc -l)" ]; then
  echo "not all tables could be counted" >&2
  exit 1
fi
printf '%s\n' "$no_limit" 'WITH counted (oid, word, rows, checksum) AS (VALUES (NULL::oid, NULL, NULL::bigint, NULL)' "$counted)" "$answer;" |
  "$@" --file=-
