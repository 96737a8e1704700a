"""Peak memory of all ranks as events grow, against the bound; see bench/memory.sh.

The constant of the bound is what the program needs for next to nothing: the peak of a run over 1,000 events.
"""

import json
import shutil
import sys

import formats
import measure

A_CUSTOMER, A_PAIR = 256, 16
DISTINCT = ["sessions", "products", "categories", "active_days"]
FEW = 1000


def run(feature_list, paths, out):
    figures, about = measure.prepare(feature_list, paths, out)
    _, printed = measure.run([measure.PYTHON, "bench/compare.py", str(out)])
    sums = json.loads(printed)
    shutil.rmtree(out)
    return {"list": feature_list, "events": about["n_events"], "customers": about["n_customers"],
            "pairs": int(sum(sums.get(name, 0) for name in DISTINCT)), "peak_memory_bytes": figures["peak_memory_bytes"],
            "seconds": figures["seconds"]}


def measure_size(words, place, events):
    measure.say(f"{events:,} events")
    events_dir = place / f"{words.shape}-{events}"
    formats.make(events_dir, formats.PLAIN, events, words.shape)
    runs = [run(name, [formats.plain_of(events_dir)], place / "run") for name in ("simple", "full")]
    if not words.place:
        shutil.rmtree(events_dir)
    return runs


def row(of, constant):
    grown = of["peak_memory_bytes"] - constant[of["list"]]
    bound = A_CUSTOMER * of["customers"] + A_PAIR * of["pairs"]
    return [of["list"], f"{of['events']:,}", f"{of['customers']:,}", f"{of['pairs']:,}",
            f"{of['peak_memory_bytes'] / 2**20:,.0f}", f"{(bound + constant[of['list']]) / 2**20:,.0f}",
            f"{grown / of['customers']:.0f}", "yes" if grown <= bound else "no"]


def print_table(results):
    constant = {of["list"]: of["peak_memory_bytes"] for of in results["few"]}
    least = " and ".join(f"{n_bytes / 2**20:.0f} MiB ({name})" for name, n_bytes in constant.items())
    print(f"Shape {results['shape']}, 2 ranks; {measure.machine_line(results['machine'])}. Bound: {A_CUSTOMER} bytes a "
          f"customer, {A_PAIR} a distinct (customer, value) pair, and the peak of a run over {FEW:,} events: {least}.\n")
    print(measure.table(["features", "events", "customers", "distinct pairs", "peak of all ranks, MiB", "bound, MiB",
                         "bytes a customer beyond the constant", "within"],
                        [row(of, constant) for of in results["runs"]]))


def add_words(parser):
    parser.add_argument("--events", type=measure.numbers_of, default=[10_000_000, 40_000_000, 100_000_000])
    parser.add_argument("--shape", choices=["log", "wide"], default="log")


def main():
    words = measure.read_words(__doc__, add_words)
    results = {"shape": words.shape, "machine": measure.machine(), "runs": []}
    # The events, of one size at a time unless they are to stay, and features.h5 of twelve columns.
    at_a_time = sum(words.events) if words.place else max(words.events)
    needed = at_a_time * (formats.BYTES_AN_EVENT + 20)
    with measure.place_of(words, needed) as place:
        results["few"] = measure_size(words, place, FEW)
        for events in words.events:
            results["runs"] += measure_size(words, place, events)
    measure.keep(words.out, results)
    print_table(results)
    constant = {of["list"]: of["peak_memory_bytes"] for of in results["few"]}
    sys.exit(0 if all(row(of, constant)[-1] == "yes" for of in results["runs"]) else 1)


main()
