"""How things are run and timed here: processes, the program, rounds in turn, medians. Knows no peer and no format.

Only the standard library: what a large parent would cost its children shows in no figure.
"""

import argparse
import contextlib
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

RFMPI = "build/release/bin/rfmpi"
PYTHON = sys.executable
MEMORY = "/dev/shm"


class Failed(Exception):
    """A command that did not end well; says what it said."""


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def environment(threads=1):
    variables = dict(os.environ, OMP_NUM_THREADS=str(threads))
    # The way of Open MPI 4 between processes that containers forbid.
    variables.setdefault("OMPI_MCA_btl_vader_single_copy_mechanism", "none")
    if os.geteuid() == 0:
        variables.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    return variables


def run(command, output=subprocess.PIPE, started=None):
    """(wall seconds of the whole process, what it printed). `started` is called with the process's id."""
    start = time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, text=True, env=environment()) as process:
        if started:
            started(process.pid)
        printed, told = process.communicate()
    seconds = time.monotonic() - start
    if process.returncode:
        lines = told.splitlines() or ["nothing said"]
        said = next((line for line in lines if "error: " in line), lines[-1])
        raise Failed(f"exit {process.returncode}: {said}")
    return seconds, printed


def run_together(commands):
    """Wall seconds of several commands side by side; their output is thrown away."""
    start = time.monotonic()
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                                          stderr=subprocess.DEVNULL)) for command in commands]
        codes = [process.wait() for process in processes]
    if any(codes):
        raise Failed(f"exit {codes}: {' '.join(commands[0])}")
    return time.monotonic() - start


# ---- the program ----------------------------------------------------------------------------------------------------


def mpirun(ranks):
    over = ["--oversubscribe"] if ranks > len(os.sched_getaffinity(0)) else []
    return ["mpirun", "-n", str(ranks), "--bind-to", "none", *over]


def generate(out, events, shape, parts=1):
    run([*mpirun(2), RFMPI, "generate", "--events", str(events), "--days", "30", "--shape", shape, "--parts",
         str(parts), "--out", str(out)])


def fsync_seconds(trace):
    """Of the process that spent most."""
    spent = {}
    for line in pathlib.Path(trace).read_text().splitlines():
        took = re.match(r"(\d+) .*<([0-9.]+)>$", line)
        if took:
            spent[took[1]] = spent.get(took[1], 0) + float(took[2])
    return max(spent.values(), default=0.0)


def prepare(feature_list, paths, out, ranks=2, settings=(), trace=None, started=None):
    """One run into an empty directory; ranks=0: without mpirun. `trace`: a file for the record of fsync, where strace is there."""
    shutil.rmtree(out, ignore_errors=True)
    tracer = ["strace", "-f", "--seccomp-bpf", "-T", "-e", "trace=fsync,fdatasync", "-o", str(trace)]
    command = [*(tracer if trace else []), *(mpirun(ranks) if ranks else []), RFMPI, "prepare", f"bench/{feature_list}.yml", "--set",
               f"input.paths={json.dumps([str(path) for path in paths])}", "--set", f"output.dir={out}"]
    for setting in settings:
        command += ["--set", setting]
    wall, _ = run(command, started=started)
    report = json.loads((pathlib.Path(out) / "run.json").read_text())
    figures = {"seconds": report["seconds_published"], "wall": wall, "peak_memory_bytes": report["peak_memory_bytes"]}
    figures |= {name: stage["seconds"] for name, stage in report["stages"].items()}
    if trace:
        figures["fsync"] = fsync_seconds(trace)
    return figures, report


# ---- rounds ---------------------------------------------------------------------------------------------------------


def in_turn(steps, rounds, label):
    """A B C, C B A, ...: steps by name, each giving figures; the figures of each by name. Of a machine that grows slower or faster
    none has the better half."""
    runs = {name: [] for name in steps}
    for i in range(rounds):
        say(f"{label}: round {i + 1} of {rounds}")
        for name in list(steps)[:: -1 if i % 2 else 1]:
            runs[name].append(steps[name]())
    return runs


def median(runs, key="seconds"):
    return statistics.median(figures[key] for figures in runs)


def spread(runs, key="seconds"):
    """Median and, in brackets, least and most."""
    values = [figures[key] for figures in runs]
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


# ---- place and machine ----------------------------------------------------------------------------------------------


def read_words(description, add):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--from", dest="caller", default=os.getcwd(), help=argparse.SUPPRESS)
    parser.add_argument("--place", help="a directory for the event files, which stay there and are taken up again "
                                        "(default: one that is removed at the end, in build/)")
    parser.add_argument("--out", help="keep the figures in this .json")
    add(parser)
    words = parser.parse_args()
    words.place = words.place and pathlib.Path(words.caller, words.place)
    words.out = words.out and pathlib.Path(words.caller, words.out)
    return words


def words_of(text):
    return text.split(",")


def numbers_of(text):
    return [int(word.replace("_", "")) for word in text.split(",")]


def bytes_in(place):
    return sum(path.stat().st_size for path in place.rglob("*") if path.is_file())


def check_room(place, needs_bytes):
    free = shutil.disk_usage(place).free
    say(f"needs up to {needs_bytes / 1e9:.1f} GB in {place}; {free / 1e9:.1f} GB are free")
    if free < needs_bytes:
        sys.exit("bench: not enough room: fewer events, or another place (--place)")


@contextlib.contextmanager
def place_of(words, needs_bytes):
    """The directory for event files, once it is sure that they have room there beside those of an earlier time."""
    place = words.place or pathlib.Path("build")
    place.mkdir(parents=True, exist_ok=True)
    check_room(place, max(0, needs_bytes - bytes_in(place)) if words.place else needs_bytes)
    with contextlib.ExitStack() as stack:
        if not words.place:
            place = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="events-", dir=place)))
        yield place


@contextlib.contextmanager
def directory_in(place):
    with tempfile.TemporaryDirectory(prefix="rfmpi-bench-", dir=place) as directory:
        yield pathlib.Path(directory)


def machine():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    memory = re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())
    return {"processor": model[1] if model else platform.machine(), "cores": len(os.sched_getaffinity(0)),
            "memory_bytes": int(memory[1]) * 1024, "kernel": platform.release(),
            "rfmpi": run([RFMPI, "--version"])[1].splitlines()[0]}


def machine_line(of):
    return (f"{of['processor']}, {of['cores']} cores, {of['memory_bytes'] / 2**30:.0f} GiB, Linux {of['kernel']}; "
            f"{of['rfmpi']}")


def keep(path, results):
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(results, indent=1) + "\n")
        say(f"figures in {path}")


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]) + "\n"
