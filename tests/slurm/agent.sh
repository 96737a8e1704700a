#!/bin/sh
# What ssh is elsewhere: runs a command on one of the hosts of hosts.py, named by its address.
host=$1
shift
exec nsenter --target "$(cat "$HOSTS_FOLDER/$host.pid")" --uts --mount --pid --net -- /bin/sh -c "$*"
