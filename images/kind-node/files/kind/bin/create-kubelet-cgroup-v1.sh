#!/bin/sh
# Make /kubelet.slice in every cgroup v1 hierarchy; cpuset wants its CPUs and memory nodes filled in.
set -eu
[ ! -f /sys/fs/cgroup/cgroup.controllers ] || exit 0
for hierarchy in $(findmnt -lnu -o TARGET -t cgroup,cgroup2 | sort -u); do
  for slice in kubelet kubelet.slice; do
    mkdir -p "$hierarchy/$slice"
    [ -f "$hierarchy/cpuset.cpus" ] || continue
    for file in cpuset.cpus cpuset.mems; do
      [ -n "$(cat "$hierarchy/$slice/$file")" ] || cat "$hierarchy/$file" > "$hierarchy/$slice/$file"
    done
  done
done
