#!/usr/bin/env bash
# Installs and builds what the measurements need, then starts one:  bench/start.sh SCRIPT.py [WORD ...]
set -euo pipefail
caller=$PWD
cd "$(dirname "$0")/.."
jobs/install.sh build bench >&2
cmake --preset release >/dev/null
cmake --build --preset release >/dev/null
exec build/bench-venv/bin/python "bench/$1" --from "$caller" "${@:2}"
