"""What checkpoints cost: the same reading without any and with them, in turn; see bench/checkpoint.sh.

At default settings a run of ten minutes makes one a minute: `--every 60` and as many repetitions as make ten minutes
measure that. Otherwise one comes every tenth of the reading, however short, which is the harder case: the less is read
between two rounds, the more of its events are of customers that the round has not met. The events are read `--repeat`
times: by overlay mounts, since a file is one file whatever it is called. That wants root.

With `--fit` a fit over the customers of the last list is measured as well, which keeps its centroids every second, sixty
times as often as at default settings.

Two runs of ten minutes may differ by more than checkpoints may cost, on a machine that others share. So the time is told
in its parts too: rounds stop the reading while they are written, and are merged behind it. What they do to the reading
itself is in the plain difference alone, and by that goes the exit code.
"""

import contextlib
import datetime
import json
import shutil
import statistics
import subprocess
import sys

import formats
import measure

PARTS, MOST = 10, 0.02
FITS = {"without": 0, "with": 1}   # seconds between two checkpoints
LISTS = ["simple", "full"]


def run(feature_list, paths, out, seconds):
    figures, report = measure.prepare(feature_list, paths, out, settings=["output.state=false", f"output.checkpoint={seconds}"])
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


def measure_list(feature_list, paths, out, rounds, every):
    every = every or run(feature_list, paths, out, 0)["seconds"] / PARTS
    steps = {"without": lambda: run(feature_list, paths, out, 0), "with": lambda: run(feature_list, paths, out, every)}
    return {"list": feature_list, "every": every} | measure.in_turn(steps, rounds, feature_list)


def share(of):
    """The median of pairs: both of a pair have seen the same moment of the machine."""
    pairs = zip(of["with"], of["without"])
    return statistics.median(one["seconds"] / other["seconds"] - 1 for one, other in pairs)


def share_in_parts(of):
    """Writing, and what came behind the reading: without what the machine did to the reading of either."""
    more = measure.median(of["with"], "writing") + measure.median(of["with"], "behind") - measure.median(of["without"], "behind")
    return more / measure.median(of["without"])


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
    last = of["with"][-1]
    parts = [f"{measure.median(of['without'], name):.1f} {measure.median(of['with'], name):.1f}" for name in ("reading", "behind")]
    return [of["list"], measure.spread(of["without"]), measure.spread(of["with"]), f"{100 * share(of):.1f} %",
            f"{of['every']:.2f}", last["written"], f"{last['bytes'] / 2**20:,.0f}", f"{measure.median(of['with'], 'writing'):.3f}", *parts,
            f"{100 * share_in_parts(of):.1f} %"]


def add_words(parser):
    parser.add_argument("--events", type=int, default=100_000_000)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--shape", choices=["log", "wide"], default="log")
    parser.add_argument("--rounds", type=int, default=5)
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
    print(f"Shape {words.shape}, {results['events']:,} events, 2 ranks; {measure.machine_line(results['machine'])}.\n")
    print(measure.table(["features", "without, s", "with, s", "share", "every, s", "rounds of all ranks", "MiB", "writing, s",
                         "reading without, with, s", "behind it, s", "share of writing and behind"],
                        [row(of) for of in results["runs"]]))
    if words.fit:
        print_fit(results["fit"])
    sys.exit(0 if all(share(of) < MOST for of in results["runs"]) else 1)


main()
