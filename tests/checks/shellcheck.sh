#!/usr/bin/env bash
# Shell scripts pass shellcheck:  shellcheck.sh [ROOT]
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"
mapfile -d '' -t files < <(find .ci jobs tests bench conf \( -name '*.sh' -o -path .ci/run -o -name '*.sbatch' \) -print0 2>/dev/null | sort -z)
[ ${#files[@]} -gt 0 ] || { echo "shellcheck: no scripts here"; exit 1; }
shellcheck -x "${files[@]}"
echo "shellcheck: ${#files[@]} files"
