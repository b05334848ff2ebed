# Runs in a node's container. Puts a small file system with what is in a folder in the place of the folder, makes it larger, and puts
# what is in it back into the folder: `make FOLDER MEBIBYTES`, `grow FOLDER MEBIBYTES`, `remove FOLDER`.
set -eu
small=/run/pgha-small-volume

case $1 in
  make)
    mkdir "$small"
    mount -t tmpfs -o "size=$(($(du -sm "$2" | cut -f1) + $3))m" tmpfs "$small"
    chown --reference="$2" "$small"
    chmod --reference="$2" "$small"
    cp -a "$2/." "$small/"
    mount --bind "$small" "$2"
    ;;
  grow)
    if ! mountpoint -q "$small"; then exit 0; fi
    mount -o "remount,size=$(($(df -m --output=size "$small" | tail -n 1) + $3))m" "$small"
    ;;
  remove)
    if [ ! -d "$small" ]; then exit 0; fi
    if mountpoint -q "$2"; then umount "$2"; fi
    if mountpoint -q "$small"; then
      rm -f "$small/pgha-drill-ballast"
      find "$2" -mindepth 1 -delete
      cp -a "$small/." "$2/"
      umount "$small"
    fi
    rmdir "$small"
    ;;
esac
