# Sends the signal $1 to all processes of PostgreSQL in this container: the postmaster first for SIGSTOP, so that it starts no
# others, and last for SIGCONT. Those that end meanwhile are passed over.
if [ "$1" = CONT ] && [ ! -e "$PGDATA/postmaster.pid" ]; then exit 0; fi
read -r postmaster < "$PGDATA/postmaster.pid" || exit 1
others=''
for stat in /proc/[0-9]*/stat; do
  if read -r pid _ _ parent _ 2>/dev/null < "$stat" && [ "$parent" = "$postmaster" ]; then others="$others $pid"; fi
done
if [ "$1" = STOP ]; then all="$postmaster $others"; else all="$others $postmaster"; fi
for pid in $all; do
  kill -s "$1" "$pid" || [ ! -e "/proc/$pid" ] || exit 1
done
