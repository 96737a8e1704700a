"""What checkpoints cost: the same reading without any and with one every tenth of it, in turn; see bench/checkpoint.sh.

At default settings a run of ten minutes makes one a minute. Here both may be shorter alike, which is the harder case: the
less is read between two rounds, the more of its events are of customers that the round has not met. Each file is read
`--repeat` times, under so many names.
"""

import shutil
import sys

import formats
import measure

PARTS, MOST = 10, 0.02


def run(feature_list, paths, out, seconds):
    figures, report = measure.prepare(feature_list, paths, out, settings=["output.state=false", f"output.checkpoint={seconds}"])
    shutil.rmtree(out)
    kept = report["checkpoints"]
    return figures | {"written": kept["written"], "bytes": kept["bytes"], "writing": kept["seconds"]}


def repeat(paths, times):
    """The same files under more names, beside them."""
    again = [(path, path.with_name(f"again-{i}-{path.name}")) for path in paths for i in range(1, times)]
    for path, name in again:
        name.unlink(missing_ok=True)
        name.hardlink_to(path)
    return [*paths, *(name for _, name in again)]


def measure_list(feature_list, paths, out, rounds):
    every = run(feature_list, paths, out, 0)["seconds"] / PARTS
    steps = {"without": lambda: run(feature_list, paths, out, 0), "with": lambda: run(feature_list, paths, out, every)}
    return {"list": feature_list, "every": every} | measure.in_turn(steps, rounds, feature_list)


def share(of):
    """The median of pairs: both of a pair have seen the same moment of the machine."""
    pairs = zip(of["with"], of["without"])
    return sorted(one["seconds"] / other["seconds"] - 1 for one, other in pairs)[len(of["with"]) // 2]


def row(of):
    last = of["with"][-1]
    return [of["list"], f"{measure.median(of['without']):.2f}", f"{measure.median(of['with']):.2f}", f"{100 * share(of):.1f} %",
            f"{of['every']:.2f}", last["written"], f"{last['bytes'] / 2**20:,.0f}", f"{measure.median(of['with'], 'writing'):.3f}"]


def add_words(parser):
    parser.add_argument("--events", type=int, default=100_000_000)
    parser.add_argument("--repeat", type=int, default=10)
    parser.add_argument("--shape", choices=["log", "wide"], default="log")
    parser.add_argument("--rounds", type=int, default=5)


def main():
    words = measure.read_words(__doc__, add_words)
    results = {"shape": words.shape, "events": words.events * words.repeat, "machine": measure.machine()}
    with measure.place_of(words, words.events * (formats.BYTES_AN_EVENT + 20)) as place:
        paths = formats.make(place / f"{words.shape}-{words.events}", formats.PLAIN, words.events, words.shape)
        paths = repeat(paths, words.repeat)
        results["runs"] = [measure_list(name, paths, place / "run", words.rounds) for name in ("simple", "full")]
    measure.keep(words.out, results)
    print(f"Shape {words.shape}, {results['events']:,} events, 2 ranks; {measure.machine_line(results['machine'])}.\n")
    print(measure.table(["features", "without, s", "with, s", "share", "every, s", "rounds of all ranks", "MiB", "writing, s"],
                        [row(of) for of in results["runs"]]))
    sys.exit(0 if all(share(of) < MOST for of in results["runs"]) else 1)


main()
