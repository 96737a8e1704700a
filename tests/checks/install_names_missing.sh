#!/usr/bin/env bash
# jobs/install.sh as a plain user: names what is missing and how to get it, exits 69 and installs nothing; says nothing
# where all is there.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# pretend NAME OUTPUT: a command of that name that only prints.
pretend() {
    printf '#!/bin/sh\n%s\n' "$2" >"$folder/$1"
    chmod +x "$folder/$1"
}

install_as_user() {
    status=0
    PATH=$folder:$PATH jobs/install.sh build >"$folder/out" 2>&1 || status=$?
}

fail() {
    echo "install.sh: $1 (exit $status)" >&2
    cat "$folder/out" >&2
    exit 1
}

pretend id 'echo 1000'
pretend apt-get "touch $folder/called"
# shellcheck disable=SC2016 # for the pretended command
pretend dpkg-query 'for package; do :; done; [ "$package" = libyaml-dev ] && exit 1; echo installed'
install_as_user
[ "$status" = 69 ] || fail "a missing package should end with 69"
grep -q '^missing packages: libyaml-dev$' "$folder/out" || fail "the missing package should be named, and no other"
grep -q 'apt-get install .*libyaml-dev' "$folder/out" || fail "the command that installs it should be named"

pretend dpkg-query 'echo installed'
install_as_user
[ "$status" = 0 ] || fail "with all packages there it should end with 0"
[ ! -s "$folder/out" ] || fail "with all packages there it should say nothing"
[ ! -e "$folder/called" ] || fail "a plain user should not call apt-get"
echo "install.sh names what is missing"
