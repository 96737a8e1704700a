"""The whole batch with 2 ranks, and what a user would write today with 2 threads, in turn; see bench/pipeline.sh."""

import json
import shutil

import formats
import measure


def run_ours(paths, out):
    command = [*measure.mpirun(2), measure.RFMPI, "run", "bench/pipeline.yml", "--set",
               f"input.paths={json.dumps([str(path) for path in paths])}", "--set", f"output.dir={out}"]
    wall, _ = measure.run(command)
    about = json.loads((out / "run.json").read_text())
    shutil.rmtree(out)
    stages = {name: stage["seconds"] for name, stage in about["stages"].items()}
    return {"wall": wall, "peak_memory_bytes": about["peak_memory_bytes"], "inertia": about["cluster"]["inertia"],
            "silhouette": about["quality"]["silhouette"], "customers": about["n_customers"], "stages": stages}


def run_peer(paths, out):
    wall, printed = measure.run([measure.PYTHON, "bench/peer_pipeline.py", "--threads", "2", "--out", str(out),
                                 *map(str, paths)])
    out.unlink()
    return json.loads(printed) | {"wall": wall}


def measure_shape(words, place, scratch, shape):
    paths = formats.make(place / f"{shape}-{words.events}", formats.PLAIN, words.events, shape)
    runs = measure.in_turn({"rfmpi": lambda: run_ours(paths, scratch / "run"),
                            "peer": lambda: run_peer(paths, scratch / "peer.csv.gz")}, words.rounds, shape)
    ours, peer = runs["rfmpi"][0], runs["peer"][0]
    if ours["customers"] != peer["customers"]:
        raise measure.Failed(f"{shape}: {ours['customers']} customers, the peer has {peer['customers']}")
    return {"shape": shape, "runs": runs}


def row(of):
    ours, peer = of["runs"]["rfmpi"], of["runs"]["peer"]
    gib = [runs[0]["peak_memory_bytes"] / 2**30 for runs in (ours, peer)]
    ratio = measure.median(peer, "wall") / measure.median(ours, "wall")
    return [of["shape"], f"{ours[0]['customers']:,}", measure.spread(ours, "wall"), measure.spread(peer, "wall"),
            f"{ratio:.1f}", f"{gib[0]:.2f} / {gib[1]:.2f}", f"{ours[0]['inertia'] / peer[0]['inertia'] - 1:+.2e}",
            f"{ours[0]['silhouette']:.3f} / {peer[0]['silhouette']:.3f}"]


def add_words(parser):
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shapes", type=measure.words_of, default=["log", "wide"], help="log,wide")


def main():
    words = measure.read_words(__doc__, add_words)
    results = {"events": words.events, "machine": measure.machine(), "series": []}
    needed = formats.disk_bytes(words.events, [formats.PLAIN]) * len(words.shapes)
    with measure.place_of(words, needed) as place, measure.directory_in(measure.MEMORY) as scratch:
        for shape in words.shapes:
            results["series"].append(measure_shape(words, place, scratch, shape))
    measure.keep(words.out, results)
    print(f"{words.events:,} events; {measure.machine_line(results['machine'])}; {words.rounds} rounds in turn: median "
          "(least-most) of whole processes.\n")
    print(measure.table(["shape", "customers", "rfmpi, s", "Polars and scikit-learn, s", "times as fast",
                         "peak memory, GiB", "inertia of ours", "silhouette"],
                        [row(of) for of in results["series"]]))


main()
