#!/usr/bin/env bash
# The unit tests of the ci build under valgrind, one or two ranks each:  tests/valgrind.sh [regular expression of test names]
# Open MPI's own reports are left out by tests/suppressions/valgrind.supp.
set -euo pipefail
cd "$(dirname "$0")/.."

exec python3 - "${1:-.}" <<'PY'
import json, os, re, subprocess, sys, time

options = ["--quiet", "--error-exitcode=99", "--leak-check=full", "--errors-for-leak-kinds=definite",
           "--show-leak-kinds=definite", "--num-callers=40",
           "--keep-debuginfo=yes",  # names the plug-ins of Open MPI that are closed before the report
           f"--suppressions={os.getcwd()}/tests/suppressions/valgrind.supp"]
listing = subprocess.run(["ctest", "--test-dir", "build/ci", "-L", "^unit$", "--show-only=json-v1"],
                         check=True, capture_output=True).stdout
# A shell line, such as the one of a program that is meant to abort, has no test program in it.
tests = [t for t in json.loads(listing)["tests"]
         if re.search(sys.argv[1], t["name"]) and any("/test_" in word for word in t.get("command", []))]


def property_of(test, name):
    return {p["name"]: p["value"] for p in test["properties"]}.get(name)


def environment_of(test):
    return dict(os.environ, RFMPI_TEST_SLOWLY="1", **dict(e.split("=", 1) for e in property_of(test, "ENVIRONMENT") or []))


def folder_of(test):
    return property_of(test, "WORKING_DIRECTORY")


failed, n_run = [], 0
for test in tests:
    command = test["command"]
    if "-n" in command and int(command[command.index("-n") + 1]) > 2:
        if property_of(test, "FIXTURES_SETUP"):  # others read what it leaves
            subprocess.run(command, env=environment_of(test), cwd=folder_of(test), stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, check=True)
        continue
    program = next(i for i, word in enumerate(command) if "/test_" in word)
    environment = environment_of(test)
    began = time.monotonic()
    try:
        done = subprocess.run(command[:program] + ["valgrind", *options] + command[program:], env=environment,
                              cwd=folder_of(test), stdin=subprocess.DEVNULL, timeout=900,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        status, output = done.returncode, done.stdout
    except subprocess.TimeoutExpired as late:
        status, output = "late", late.stdout or b""
    n_run += 1
    print(f"{test['name']}: {'passed' if status == 0 else 'FAILED'} ({time.monotonic() - began:.0f} s)", flush=True)
    if status != 0:
        failed.append(test["name"])
        sys.stdout.write(output.decode(errors="replace"))
print(f"valgrind: {n_run - len(failed)} passed, {len(failed)} failed")
sys.exit(1 if failed or n_run == 0 else 0)
PY
