"""What checkpoints cost: the same reading without any and with them, side by side; see bench/checkpoint.sh.

At default settings a run of ten minutes makes one a minute: `--every 60` and as many repetitions as make ten minutes
measure that. Otherwise one comes every tenth of the reading, however short, which is the harder case: the less is read
between two rounds, the more of its events are of customers that the round has not met. The events are read `--repeat`
times: by overlay mounts, since a file is one file whatever it is called. That wants root.

Both sides run at the same time, a rank and a core each, and change cores every second. In turn, two runs of ten minutes
without any checkpoint differ by more than checkpoints may cost, on a machine that others share; beside each other they
see the same machine.

With `--fit` a fit over the customers of the last list is measured as well, in turn, which keeps its centroids every
second, sixty times as often as at default settings.
"""

import concurrent.futures
import contextlib
import datetime
import json
import os
import shutil
import statistics
import subprocess
import sys

import formats
import measure

PARTS, MOST = 10, 0.02
CHANGE_S = 1
FITS = {"without": 0, "with": 1}   # seconds between two checkpoints
LISTS = ["simple", "full"]


def run(feature_list, paths, out, seconds, started=None):
    settings = ["output.state=false", f"output.checkpoint={seconds}"]
    figures, report = measure.prepare(feature_list, paths, out, ranks=0, settings=settings, started=started)
    until_read = seconds_until_read(out)
    shutil.rmtree(out)
    kept = report["checkpoints"]
    return figures | {"written": kept["written"], "bytes": kept["bytes"], "writing": kept["seconds"],
                      "reading": until_read - kept["seconds"], "behind": figures["seconds"] - until_read}


def seconds_until_read(out):
    """From the start to the line that says how many rows there were; the last round lies before it."""
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    times = [datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00")) for line in lines]
    read = next(time for time, line in zip(times, lines) if line["message"].startswith("read "))
    return (read - times[0]).total_seconds()


@contextlib.contextmanager
def repeated(paths, place, times):
    """The same files, in so many file systems more."""
    nothing = place / "again" / "nothing"
    nothing.mkdir(parents=True, exist_ok=True)
    mounts = [place / "again" / str(i) for i in range(1, times)]
    with contextlib.ExitStack() as stack:
        for mount in mounts:
            mount.mkdir(exist_ok=True)
            subprocess.run(["mount", "-t", "overlay", "overlay", "-o", f"lowerdir={paths[0].parent}:{nothing}", str(mount)], check=True)
            stack.callback(subprocess.run, ["umount", str(mount)], check=True)
        yield [*paths, *(mount / path.name for mount in mounts for path in paths)]


def put_on(pid, core):
    """Every thread of a process, which may have ended, onto one core."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            os.sched_setaffinity(int(thread), {core})


def beside(feature_list, paths, place, every):
    """The figures of both sides, run at the same time on cores that they change."""
    sides, pids = {"without": 0, "with": every}, []
    cores = sorted(os.sched_getaffinity(0))[:len(sides)]
    with concurrent.futures.ThreadPoolExecutor(len(sides)) as pool:
        runs = {name: pool.submit(run, feature_list, paths, place / name, seconds, pids.append) for name, seconds in sides.items()}
        while not all(side.done() for side in runs.values()):
            for pid, core in zip(pids, cores):
                put_on(pid, core)
            cores.reverse()
            concurrent.futures.wait(runs.values(), timeout=CHANGE_S)
        return {name: side.result() for name, side in runs.items()}


def measure_list(feature_list, paths, place, rounds, every):
    every = every or run(feature_list, paths, place / "alone", 0)["seconds"] / PARTS
    pairs = []
    for i in range(rounds):
        measure.say(f"{feature_list}: pair {i + 1} of {rounds}")
        pairs.append(beside(feature_list, paths, place, every))
    return {"list": feature_list, "every": every} | {name: [pair[name] for pair in pairs] for name in ("without", "with")}


def share(of):
    """The median of pairs."""
    pairs = zip(of["with"], of["without"])
    return statistics.median(one["seconds"] / other["seconds"] for one, other in pairs) - 1


def fit(features, out, seconds):
    shutil.rmtree(out, ignore_errors=True)
    settings = {"cluster.k": 32, "cluster.restarts": 1, "cluster.tolerance": 0, "output.dir": out, "output.checkpoint": seconds}
    words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    measure.run([*measure.mpirun(2), measure.RFMPI, "train", str(features), *words])
    report = json.loads((out / "run.json").read_text())
    kept = report["checkpoints"]
    return {"seconds": report["stages"]["cluster"]["seconds"], "written": kept["written"], "bytes": kept["bytes"], "writing": kept["seconds"]}


def measure_fit(feature_list, paths, place, rounds):
    prepared = place / "prepared"
    measure.prepare(feature_list, paths, prepared, settings=["output.state=false"])
    steps = {name: lambda every=every: fit(prepared / "features.h5", place / "fit", every) for name, every in FITS.items()}
    return measure.in_turn(steps, rounds, "fit")


def print_fit(of):
    last = of["with"][-1]
    each = last["writing"] / max(1, last["written"])
    print(measure.table(["fit without, s", "with one a second, s", "written", "bytes", "ms each", "share of one a minute"],
                        [[measure.spread(of["without"]), measure.spread(of["with"]), last["written"], f"{last['bytes']:,}", f"{1e3 * each:.2f}",
                          f"{100 * each / 60:.4f} %"]]))


def row(of):
    sides = of["without"], of["with"]
    pairs = [" ".join(f"{figures['seconds']:.1f}" for figures in side) for side in sides]
    parts = [" ".join(f"{measure.median(side, name):.1f}" for side in sides) for name in ("reading", "behind")]
    written = [" ".join(str(figures["written"]) for figures in of["with"]), f"{measure.median(of['with'], 'bytes') / 2**20:,.0f}"]
    return [of["list"], *pairs, f"{100 * share(of):.1f} %", f"{of['every']:.2f}", *written, f"{measure.median(of['with'], 'writing'):.1f}", *parts]


def add_words(parser):
    parser.add_argument("--events", type=int, default=100_000_000)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--shape", choices=["log", "wide"], default="log")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--every", type=float, default=0, metavar="SECONDS")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--lists", nargs="+", choices=LISTS, default=LISTS)


def main():
    words = measure.read_words(__doc__, add_words)
    results = {"shape": words.shape, "events": words.events * words.repeat, "machine": measure.machine()}
    with measure.place_of(words, words.events * (formats.BYTES_AN_EVENT + 20)) as place:
        paths = formats.make(place / f"{words.shape}-{words.events}", formats.PLAIN, words.events, words.shape)
        with repeated(paths, place, words.repeat) as all_paths:
            results["runs"] = [measure_list(name, all_paths, place / "run", words.rounds, words.every) for name in words.lists]
        if words.fit:
            results["fit"] = measure_fit(words.lists[-1], paths, place, words.rounds)
    measure.keep(words.out, results)
    print(f"Shape {words.shape}, {results['events']:,} events, two sides of one rank at once; "
          f"{measure.machine_line(results['machine'])}.\n")
    print(measure.table(["features", "without, s", "with, s", "share", "every, s", "rounds", "MiB", "writing, s", "reading without, with, s",
                         "behind it, s"], [row(of) for of in results["runs"]]))
    if words.fit:
        print_fit(results["fit"])
    sys.exit(0 if all(share(of) < MOST for of in results["runs"]) else 1)


main()
