#!/usr/bin/env bash
# clang-tidy finds nothing in src/:  tidy.sh [ROOT [BUILD]]   (BUILD: a configured build, whose flags it takes)
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"
build=${2:-build/ci}
[ -f "$build/compile_commands.json" ] || {
    echo "tidy: $build/compile_commands.json is missing; run: cmake --preset ci" >&2
    exit 1
}
# Files the build does not compile (the serial twin) would be read with guessed flags: the build's list decides.
mapfile -t files < <(python3 - "$build/compile_commands.json" "$PWD/src/" <<'PY'
import json, os, sys
names = {os.path.normpath(os.path.join(e["directory"], e["file"])) for e in json.load(open(sys.argv[1]))}
print("\n".join(sorted(n for n in names if n.startswith(sys.argv[2]))))
PY
)
[ -n "${files[0]:-}" ] || { echo "tidy: $build compiles nothing of src/" >&2; exit 1; }
# The count of warnings in system headers goes to stderr of every call.
printf '%s\0' "${files[@]}" | xargs -0 -P "$(nproc)" -n 1 clang-tidy -p "$build" --quiet 2> >(grep -vE '^[0-9]+ warnings? ' >&2)
echo "tidy: ${#files[@]} files"
