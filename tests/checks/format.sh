#!/usr/bin/env bash
# C sources are laid out as .clang-format says:  format.sh [ROOT]
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"
mapfile -d '' -t files < <(find src include tests bench docs -name '*.[ch]' -print0 2>/dev/null | sort -z)
[ ${#files[@]} -gt 0 ] || { echo "format: no C files here"; exit 1; }
clang-format --dry-run -Werror "${files[@]}"
echo "format: ${#files[@]} files"
