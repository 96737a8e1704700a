#!/usr/bin/env bash
# cppcheck finds nothing in src/:  cppcheck.sh [ROOT]
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"
cppcheck --quiet --enable=warning,performance,portability --error-exitcode=1 --inline-suppr --std=c11 --language=c \
    --platform=unix64 -D_GNU_SOURCE -I include -j "$(nproc)" src
echo "cppcheck: src"
