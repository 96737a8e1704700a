"""What ranks send to each other when the work of each is the same; see bench/scaling.sh. The counts are the program's.

Beyond the cores of the machine the times say nothing and are left out; the counts do not depend on it.
"""

import os
import shutil

import formats
import measure


def run(words, place, ranks, feature_list):
    events = ranks * words.events_a_rank
    events_dir = place / f"{words.shape}-{events}"
    paths = formats.make(events_dir, formats.PLAIN, events, words.shape)
    figures, about = measure.prepare(feature_list, paths, place / "run", ranks=ranks)
    shutil.rmtree(place / "run")
    return {"list": feature_list, "ranks": ranks, "events": events, "customers": about["n_customers"],
            "seconds": figures["seconds"], "traffic": about["traffic"], "digest": about["digest"]}


def row(of):
    traffic, ranks = of["traffic"], of["ranks"]
    in_time = f"{of['seconds']:.2f}" if ranks <= len(os.sched_getaffinity(0)) else "-"
    return [of["list"], ranks, f"{of['events']:,}", f"{of['customers']:,}",
            f"{traffic['message_bytes'] / ranks / 1e6:.2f}", f"{traffic['message_bytes_max'] / 1e6:.2f}",
            f"{traffic['n_messages'] / ranks:.0f}", traffic["n_messages_max"],
            f"{traffic['message_bytes'] / of['customers']:.0f}",
            traffic["n_collectives_max"], traffic["collective_bytes_max"], in_time]


def print_table(results):
    print(f"Shape {results['shape']}, {results['events_a_rank']:,} events a rank; "
          f"{measure.machine_line(results['machine'])}.\n")
    heads = ["features", "ranks", "events", "customers", "MB sent a rank", "most", "messages a rank", "most",
             "bytes sent a customer", "collective calls", "bytes put into them", "seconds"]
    print(measure.table(heads, [row(of) for of in results["runs"]]))


def add_words(parser):
    parser.add_argument("--ranks", type=measure.numbers_of, default=[1, 2, 4, 8])
    parser.add_argument("--events-a-rank", type=int, default=1_000_000)
    parser.add_argument("--shape", choices=["log", "wide"], default="log")


def main():
    words = measure.read_words(__doc__, add_words)
    results = {"shape": words.shape, "events_a_rank": words.events_a_rank, "machine": measure.machine(), "runs": []}
    needed = sum(words.ranks) * words.events_a_rank * (formats.BYTES_AN_EVENT + 20)
    with measure.place_of(words, needed) as place:
        for feature_list in ("simple", "full"):
            for ranks in words.ranks:
                measure.say(f"{feature_list}: {ranks} ranks")
                results["runs"].append(run(words, place, ranks, feature_list))
    measure.keep(words.out, results)
    print_table(results)


main()
