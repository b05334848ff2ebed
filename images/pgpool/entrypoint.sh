#!/bin/sh
# Starts Pgpool-II in a container. Arguments are handed to pgpool after our own (say, -d).
# In a container where it runs, `pgpool-entrypoint reload VERSION` waits until the mounted files are of that version
# (the file `version` says which they are), and makes Pgpool-II take them up.
#
# PGPOOL_PARAMS_<NAME>=<value>  becomes the line `<name> = '<value>'` of pgpool.conf. The value is taken as it is;
#                               pgpool.conf has no way to write a quote or a line break in a value.
# PGPOOL_CONFIG_DIR             folder (/etc/pgpool-secret) of mounted files, each used if it is there:
#                               pool_passwd, pcp.conf, pool_hba.conf, pgpoolkey, pcppass (for PCPPASSFILE),
#                               params.conf, lines of pgpool.conf that are put behind those of PGPOOL_PARAMS_*,
#                               and pgpool.conf, which then is used whole, and neither of the two is.
# PGPOOL_TLS_DIR                folder (/etc/pgpool-tls) of a mounted certificate for clients, tls.crt and tls.key.
# PGPOOL_RUN_DIR                writable folder (/run/pgpool) of sockets, PID file and what is made here.
# PGPOOL_LIBRARY_DIR            folder (/usr/local/lib/pgpool) of libraries that Pgpool-II is started with, each if it is there.
#
# Files that Pgpool-II opens again at a reload are linked, so that it sees what Kubernetes updates in the mount;
# pool_passwd, which some of its processes do not, is a copy that is written over. Keys and pcppass are copied, as they must be readable by their owner alone and a mounted Secret is not; so is the
# certificate, which then is the one that Pgpool-II has read, and not what Kubernetes may have put in its place.
set -eu
umask 077

config_dir=${PGPOOL_CONFIG_DIR:-/etc/pgpool-secret}
tls_dir=${PGPOOL_TLS_DIR:-/etc/pgpool-tls}
run_dir=${PGPOOL_RUN_DIR:-/run/pgpool}
library_dir=${PGPOOL_LIBRARY_DIR:-/usr/local/lib/pgpool}

say() { printf 'pgpool-entrypoint: %s\n' "$*" >&2; }

# pgpool.conf on standard output: the paths of this container first, as the last of two equal names holds.
params() {
  for name in unix_socket_directories pcp_socket_dir wd_ipc_socket_dir logdir; do
    printf "%s = '%s'\n" "$name" "$run_dir"
  done
  printf "%s = '%s'\n" port 9999 listen_addresses '*' \
    pid_file_name "$run_dir/pgpool.pid" pool_passwd "$run_dir/pool_passwd"
  awk -v q="'" 'BEGIN {
    for (name in ENVIRON) {
      if (name !~ /^PGPOOL_PARAMS_./) continue
      if (ENVIRON[name] ~ /\n/) {
        print "pgpool-entrypoint: " name " holds a line break, which pgpool.conf cannot" > "/dev/stderr"
        exit 1
      }
      print tolower(substr(name, 15)) " = " q ENVIRON[name] q
    }
  }' > "$run_dir/params" || return 1
  LC_ALL=C sort "$run_dir/params"
  rm -f "$run_dir/params"
  if [ -e "$config_dir/params.conf" ]; then cat "$config_dir/params.conf"; fi
}

# Lines of pgpool.conf with lists of patterns. A reload adds them to what Pgpool-II has, the same ones once more each time (add_regex_pattern()
# of its pool_config.l), and each SELECT is compared with all. So what it has taken up is left out of the file that a reload reads.
patterns='^(primary_routing_query_pattern|read_only_function|write_function|cache_(un)?safe_memqcache_table)_list = '
keep_patterns() { awk -v lists="$patterns" '$0 ~ lists' "$run_dir/pgpool.conf" >> "$run_dir/patterns"; }

# Never half written where Pgpool-II looks: each of its processes reads it at a reload.
write_conf() {
  if [ -e "$config_dir/pgpool.conf" ]; then
    ln -s "$config_dir/pgpool.conf" "$run_dir/pgpool.conf.new"
  else
    params > "$run_dir/pgpool.conf.all"
    awk -v lists="$patterns" -v file="$run_dir/patterns" '
      BEGIN { while ((getline line < file) > 0) taken[line] = 1 }
      !($0 ~ lists && $0 in taken)' "$run_dir/pgpool.conf.all" > "$run_dir/pgpool.conf.new"
    rm -f "$run_dir/pgpool.conf.all"
  fi
  mv -f "$run_dir/pgpool.conf.new" "$run_dir/pgpool.conf"
}

# In place, in the file that each process of Pgpool-II has open and reads from its start for each login. A process that
# serves a client at a reload opens it no more (pool_process_query.c), so it would go on with the old one for ever.
# Never empty in between: first over what is there, then cut to its length.
# The C library reads the file into a buffer of 4096 bytes, and does not read it again where the process goes back to the
# start while the buffer still has that. So entries of nobody fill the first buffer, and no login ends in there.
update_pool_passwd() {
  new=$config_dir/pool_passwd
  if [ -s "$new" ]; then
    awk 'BEGIN { for (n = 0; n < 112; n++) print "#:md500000000000000000000000000000000" } { print }' "$new"
  fi > "$run_dir/pool_passwd.new"
  : >> "$run_dir/pool_passwd"
  dd if="$run_dir/pool_passwd.new" of="$run_dir/pool_passwd" bs=1M conv=notrunc 2>/dev/null
  truncate -s "$(cat "$run_dir/pool_passwd.new" | wc -c)" "$run_dir/pool_passwd"
  rm -f "$run_dir/pool_passwd.new"
}

# The kubelet brings a changed Secret into the mount within some two minutes, or at once where the pod changed, too.
reload() {
  tries=0
  until [ "$(cat "$config_dir/version" 2>/dev/null)" = "$1" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 300 ]; then
      say "the files in $config_dir are not those of version $1 after 150 s"
      exit 1
    fi
    sleep 0.5
  done
  update_pool_passwd
  rm -f "$run_dir/pgpool.conf.new"
  write_conf
  pcp_reload_config --no-password --host="$run_dir" --port=9898 --username=pgpool
  keep_patterns
}

# A killed pgpool leaves its shared memory and semaphores in the pod's IPC namespace, which outlives the container.
# Nothing is touched while any memory of ours is attached: then someone is alive.
drop_old_ipc() {
  [ -r /proc/sysvipc/shm ] && [ -r /proc/sysvipc/sem ] || return 0
  uid=$(id -u)
  ! awk -v uid="$uid" 'NR > 1 && $8 == uid && $7 > 0 { found = 1 } END { exit !found }' /proc/sysvipc/shm || return 0
  for id in $(awk -v uid="$uid" 'NR > 1 && $8 == uid { print $2 }' /proc/sysvipc/shm); do
    ipcrm -m "$id" && say "removed left-over shared memory $id" || :
  done
  for id in $(awk -v uid="$uid" 'NR > 1 && $5 == uid { print $2 }' /proc/sysvipc/sem); do
    ipcrm -s "$id" && say "removed left-over semaphores $id" || :
  done
}

preloaded=
preload() { # the name of a library, and what may happen without it
  library=$library_dir/$1.so
  if [ -r "$library" ]; then
    preloaded=$preloaded${preloaded:+:}$library
  else
    say "$library cannot be read, so $2"
  fi
}

if [ "${1:-}" = reload ]; then
  reload "${2:?the version to wait for}"
  exit
fi

[ -d "$run_dir" ] && [ -w "$run_dir" ] || { say "$run_dir is not a writable folder: mount an emptyDir there"; exit 1; }

# What a container before this one in the same pod left: its PID is 1 again, so pgpool would think itself running.
rm -f "$run_dir"/*.pid "$run_dir"/.s.* "$run_dir"/pgpool_status
drop_old_ipc

rm -f "$run_dir/pool_passwd"
update_pool_passwd
for file in pcp.conf pool_hba.conf; do
  rm -f "$run_dir/$file"
  if [ -e "$config_dir/$file" ]; then ln -s "$config_dir/$file" "$run_dir/$file"; else : > "$run_dir/$file"; fi
done
for file in "$config_dir/pgpoolkey" "$config_dir/pcppass" "$tls_dir/tls.crt" "$tls_dir/tls.key"; do
  copy=$run_dir/${file##*/}
  rm -f "$copy"
  if [ -e "$file" ]; then cat "$file" > "$copy"; fi
done

rm -f "$run_dir/pgpool.conf.new" "$run_dir/patterns"
write_conf
keep_patterns
if [ -h "$run_dir/pgpool.conf" ]; then say "using $config_dir/pgpool.conf as it is"; fi

# -n: in the foreground. -D: forget which backends were down, as the status file may be older than they are.
set -- -n -D -f "$run_dir/pgpool.conf" -F "$run_dir/pcp.conf" -a "$run_dir/pool_hba.conf" "$@"
if [ -e "$run_dir/pgpoolkey" ]; then set -- "$@" -k "$run_dir/pgpoolkey"; fi
# Images of others have none of them.
preload connect_timeout 'a session may wait for minutes for an instance that does not answer'
preload last_known_address 'all instances may be detached where DNS does not answer for some seconds'
if [ -n "$preloaded" ]; then export LD_PRELOAD="$preloaded"; fi
exec pgpool "$@"
