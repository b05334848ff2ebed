# Runs in a node's container. Puts a small file system with what is in a folder in the place of the folder, makes it larger, and puts
# what is in it back into the folder: `make FOLDER MEBIBYTES`, `grow FOLDER MEBIBYTES`, `remove FOLDER`.
set -eu
small=/run/pgha-small-volume

# A run that was killed may have left one in the place of another folder, whose data would come into this one. The file is written
# when the folder is replaced: before that, what the folder holds is not to be thrown away.
is_of() { [ "$(cat "$small.of" 2>/dev/null)" = "$1" ]; }
say() { echo "$small is the small file system in the place of $(cat "$small.of" 2>/dev/null || echo 'an unknown folder'), $*"; }

case $1 in
  make)
    if [ -e "$small" ]; then
      say "which a run that was killed has left: make another instance the primary, unmount in this node what" \
        "\`grep ^pgha-small-volume /proc/mounts\` shows, \`rmdir $small\`, and delete the pod and the PersistentVolumeClaim of the" \
        "instance that has that folder (docs/runbooks/drill.md)" >&2
      exit 1
    fi
    rm -f "$small.of"
    mkdir "$small"
    trap 'umount "$small" || :; rmdir "$small"' EXIT
    mount -t tmpfs -o "size=$(($(du -sm "$2" | cut -f1) + $3))m" pgha-small-volume "$small"
    chown --reference="$2" "$small"
    chmod --reference="$2" "$small"
    cp -a "$2/." "$small/"
    mount --bind "$small" "$2"
    trap - EXIT
    echo "$2" > "$small.of"
    ;;
  grow)
    if [ ! -e "$small" ]; then echo "there is no $small"; exit 0; fi
    if ! is_of "$2"; then say "and not of $2: it stays as it is" >&2; exit 1; fi
    mount -o "remount,size=$(($(df -m --output=size "$small" | tail -n 1) + $3))m" "$small"
    ;;
  remove)
    if [ ! -e "$small" ]; then echo "there is no $small"; exit 0; fi
    if ! is_of "$2"; then say "and not of $2: both stay as they are"; exit 0; fi
    if mountpoint -q "$2"; then umount "$2"; fi
    if mountpoint -q "$small"; then
      rm -f "$small/pgha-drill-ballast"
      find "$2" -mindepth 1 -delete
      cp -a "$small/." "$2/"
      umount "$small"
    fi
    rmdir "$small"
    rm -f "$small.of"
    ;;
esac
