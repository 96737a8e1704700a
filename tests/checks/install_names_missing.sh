#!/usr/bin/env bash
# jobs/install.sh as a plain user: names what is missing and how to get it, exits 69 and installs nothing; says nothing
# where all is there; goes on without what is optional.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# pretend NAME OUTPUT: a command of that name that only prints.
pretend() {
    printf '#!/bin/sh\n%s\n' "$2" >"$folder/$1"
    chmod +x "$folder/$1"
}

# On a copy, which has a build folder of its own.
mkdir -p "$folder/copy/jobs" "$folder/copy/build/carquet"
cp jobs/install.sh "$folder/copy/jobs"
install_as_user() {
    status=0
    PATH=$folder:$PATH "$folder/copy/jobs/install.sh" build >"$folder/out" 2>&1 || status=$?
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
sed -n 's/^carquet_version=//p' jobs/install.sh >"$folder/copy/build/carquet/version"
install_as_user
[ "$status" = 0 ] || fail "with all packages there it should end with 0"
[ ! -s "$folder/out" ] || fail "with all packages there it should say nothing"
[ ! -e "$folder/called" ] || fail "a plain user should not call apt-get"

pretend python3 'echo "No module named pip" >&2; exit 1'
rm -r "$folder/copy/build"
install_as_user
[ "$status" = 0 ] || fail "without pip it should end with 0"
grep -q '^the build will be without Parquet: .*(No module named pip)$' "$folder/out" || fail "the lack of Parquet should be told"
[ ! -e "$folder/copy/build/carquet/version" ] || fail "what could not be made should not pass for made"
echo "install.sh names what is missing"
