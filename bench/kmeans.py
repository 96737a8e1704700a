"""k-means from given centroids: rfmpi with 1 and 2 ranks and its peers with 2 threads, in turn; see bench/kmeans.sh.

Blobs are Gaussian, of unit variance about centres that are N(0, 2^2); the first centroids are rows. All take the same
float32 values. Seconds are of the fit alone: the matrix is in memory, and nothing is written.
"""

import json
import pathlib
import shutil

import h5py
import numpy

import formats
import measure

PEERS = ["scikit-learn-lloyd", "scikit-learn-elkan", "scikit-learn-intelex", "faiss"]
SHAPES = ["10000000x8x8", "4000000x12x16", "1000000x64x100", "500000x16x1000", "log:8", "log:20"]
MOST_ITERATIONS = 300
SAME = 1e-3  # of the inertia; single precision, and rows that are nearly as near to two centroids


def blobs(n, d, k):
    random = numpy.random.default_rng(n + d + k)
    centres = random.normal(0, 2, (k, d)).astype(numpy.float32)
    rows = random.standard_normal((n, d), dtype=numpy.float32)
    rows += centres[random.integers(0, k, n)]
    return rows


def features(place, shape, events):
    """log1p and standard scaling of the full features."""
    paths = formats.make(place / f"{shape}-{events}", formats.PLAIN, events, shape)
    measure.prepare("full", paths, place / "features")
    with h5py.File(place / "features" / "features.h5") as file:
        values = numpy.log1p(numpy.maximum(file["features/values"][...], 0))
    shutil.rmtree(place / "features")
    spread = values.std(axis=0)
    return ((values - values.mean(axis=0)) / numpy.where(spread > 0, spread, 1)).astype(numpy.float32)


def read(path):
    with h5py.File(path) as file:
        return file["features/values"][...].astype(numpy.float32)


class Case:
    """A matrix and its first centroids, as the two sides read them."""

    def __init__(self, words, place, shape):
        self.name, self.place = shape, place / "kmeans"
        self.place.mkdir()
        if ":" in shape:
            source, k = shape.rsplit(":", 1)
            rows = features(place, source, words.events) if source in ("log", "wide") else read(source)
            self.k, self.iterations = int(k), MOST_ITERATIONS
        else:
            n, d, self.k = map(int, shape.split("x"))
            rows, self.iterations = blobs(n, d, self.k), words.iterations
        self.converges = ":" in shape
        self.n, self.d = rows.shape
        start = rows[numpy.random.default_rng(self.k).choice(self.n, self.k, replace=False)]
        numpy.save(self.place / "rows.npy", rows)
        numpy.save(self.place / "start.npy", start)
        with h5py.File(self.place / "rows.h5", "w") as file:
            file["features/values"] = rows
        with h5py.File(self.place / "start.h5", "w") as file:
            file["centroids"] = start

    def train(self, ranks, *settings):
        """run.json"""
        out = self.place / "run"
        command = [*measure.mpirun(ranks), measure.RFMPI, "train"]
        for setting in (f"input.features={self.place / 'rows.h5'}", f"cluster.k={self.k}", "cluster.scale=none",
                        "cluster.tolerance=0", f"cluster.max_iterations={self.iterations}", f"output.dir={out}", *settings):
            command += ["--set", setting]
        measure.run(command)
        about = json.loads((out / "run.json").read_text())
        shutil.rmtree(out)
        return about

    def run_start(self):
        """What stands around the iterations, from a start of its own."""
        about = self.train(2, "cluster.search=none")
        return {"loading": about["stages"]["features"]["seconds"], "seeding": about["cluster"]["seconds_seed"],
                "quality": about["quality"]["seconds"]}

    def run_ours(self, ranks):
        about = self.train(ranks, f"cluster.init=file:{self.place / 'start.h5'}")
        fit = about["cluster"]
        return {"seconds": fit["seconds_fit"], "iterations": fit["iterations"], "inertia": fit["inertia"],
                "digest": about["digest"], "algorithm": fit["algorithm"]}

    def run_peer(self, peer, inertia=False):
        _, printed = measure.run([measure.PYTHON, "bench/peer_kmeans.py", "--peer", peer, "--iterations",
                                  str(self.iterations), "--threads", "2", *(["--inertia"] if inertia else []),
                                  str(self.place / "rows.npy"), str(self.place / "start.npy")])
        return json.loads(printed)

    def close(self):
        shutil.rmtree(self.place)


def compare(case, peers):
    """The peers whose inertia is ours, which is the same at 1 and 2 ranks."""
    ours, good = case.run_ours(2), []
    if case.run_ours(1)["digest"] != ours["digest"]:
        raise measure.Failed(f"{case.name}: the digest is another at 1 rank")
    for peer in peers:
        theirs = case.run_peer(peer, inertia=True)
        apart = theirs["inertia"] / ours["inertia"] - 1
        measure.say(f"{case.name}, {peer}: inertia {apart:+.2e} of ours, {theirs['iterations']} iterations")
        if abs(apart) > SAME:
            raise measure.Failed(f"{case.name}, {peer}: the inertia is {theirs['inertia']}, not {ours['inertia']}")
        good.append(peer)
    return good


def measure_case(case, words):
    # A peer that stops at a number of iterations does not tell when it has converged.
    peers = [peer for peer in words.who if not (case.converges and peer == "faiss")]
    peers = compare(case, peers)
    steps = {"rfmpi, 2 ranks": lambda: case.run_ours(2), "rfmpi, 1 rank": lambda: case.run_ours(1)}
    steps |= {peer: lambda peer=peer: case.run_peer(peer) for peer in peers}
    runs = measure.in_turn(steps, words.rounds, case.name)
    return {"shape": case.name, "n": case.n, "d": case.d, "k": case.k, "converges": case.converges, "runs": runs}


def measure_start(case, words):
    steps = {"rfmpi": case.run_start, "kmeans_plusplus": lambda: case.run_peer("kmeans_plusplus")}
    return {"shape": case.name, "runs": measure.in_turn(steps, words.rounds, f"{case.name}, around the iterations")}


# ---- limits ---------------------------------------------------------------------------------------------------------


def limits():
    """(GB/s of two processes that read memory, GFLOP/s of a matrix product in single precision by both cores)."""
    script = ("import numpy, time; a = numpy.ones(1 << 28, dtype=numpy.int32); "
              "t = []\nfor _ in range(4):\n s = time.monotonic(); a.max(); t.append(time.monotonic() - s)\nprint(a.nbytes / min(t))")
    import subprocess

    processes = [subprocess.Popen([measure.PYTHON, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    read_rate = sum(float(process.communicate()[0]) for process in processes)
    product = ("import os; [os.environ.pop(n, None) for n in ('OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE')]\n"
               "os.environ['OMP_NUM_THREADS'] = '2'\nimport numpy, time\na = numpy.ones((4096, 4096), dtype=numpy.float32); a @ a\n"
               "s = time.monotonic(); a @ a; print(2 * 4096**3 / (time.monotonic() - s))")
    rate = float(subprocess.run([measure.PYTHON, "-c", product], capture_output=True, text=True, check=True).stdout)
    return read_rate / 1e9, rate / 1e9


# ---- tables ---------------------------------------------------------------------------------------------------------


def each(figures):
    return figures["seconds"] / figures["iterations"]


def middle(runs, key):
    return sorted(key(figures) for figures in runs)[len(runs) // 2]


def rows_of(series):
    key = (lambda figures: figures["seconds"]) if series["converges"] else each
    ours = middle(series["runs"]["rfmpi, 2 ranks"], key)
    best = min(middle(runs, key) for who, runs in series["runs"].items() if not who.startswith("rfmpi"))
    for who, runs in series["runs"].items():
        one = middle(runs, each)
        yield [series["shape"], f"{series['n']:,} x {series['d']}, k {series['k']}", who, f"{one * 1000:.2f}",
               runs[0]["iterations"], f"{middle(runs, lambda f: f['seconds']):.3f}",
               f"{4e-9 * series['n'] * series['d'] / one:.1f}",
               f"{2e-9 * series['n'] * series['d'] * series['k'] / one:.0f}",
               f"{best / ours:.1f}" if who == "rfmpi, 2 ranks" else f"{ours / middle(runs, key):.2f}"]


def start_rows(starts):
    for start in starts:
        ours = {key: middle(start["runs"]["rfmpi"], lambda run, key=key: run[key]) for key in ("loading", "seeding", "quality")}
        peer = middle(start["runs"]["kmeans_plusplus"], lambda run: run["seconds"])
        yield [start["shape"], *(f"{seconds:.2f}" for seconds in ours.values()), f"{peer:.2f}",
               f"{ours['seeding'] / peer:.2f}", f"{ours['quality'] / peer:.2f}"]


def print_tables(results):
    print(f"{measure.machine_line(results['machine'])}; reading memory {results['limits'][0]:.0f} GB/s, sgemm "
          f"{results['limits'][1]:.0f} GFLOP/s, both cores; {results['rounds']} rounds in turn: medians.\n")
    heads = ["shape", "matrix", "who", "ms an iteration", "iterations", "s in all", "GB/s", "GFLOP/s",
             "times as fast as the best peer"]
    print(measure.table(heads, [row for series in results["series"] for row in rows_of(series)]))
    print("GB/s and GFLOP/s are those of looking at all rows and all centroids in the time it took; who skips some may pass "
          "the limit. Blobs: so many iterations; others: to convergence.\n")
    heads = ["shape", "loading, s", "seeding, s", "quality, s", "kmeans_plusplus of scikit-learn, s",
             "seeding / that", "quality / that"]
    print(measure.table(heads, start_rows(results["starts"])))


def add_words(parser):
    parser.add_argument("--shapes", type=measure.words_of, default=SHAPES, help=",".join(SHAPES))
    parser.add_argument("--iterations", type=int, default=20, help="of the blobs")
    parser.add_argument("--events", type=int, default=10_000_000, help="of log:K and wide:K")
    parser.add_argument("--starts", type=measure.words_of, default=SHAPES[:1],
                        help="shapes of which loading, seeding and quality are measured too")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--who", type=measure.words_of, default=PEERS, help=",".join(PEERS))


def main():
    words = measure.read_words(__doc__, add_words)
    results = {"rounds": words.rounds, "machine": measure.machine(), "limits": limits(), "series": [], "starts": [],
               "failures": []}
    needed = 4 * 10**9 + words.events * formats.BYTES_AN_EVENT
    with measure.place_of(words, needed) as place:
        for shape in words.shapes:
            measure.say(f"{shape}: making the matrix")
            case = Case(words, pathlib.Path(place), shape)
            try:
                results["series"].append(measure_case(case, words))
                if shape in words.starts:
                    results["starts"].append(measure_start(case, words))
            except measure.Failed as failed:
                measure.say(str(failed))
                results["failures"].append(str(failed))
            case.close()
    measure.keep(words.out, results)
    print_tables(results)
    raise SystemExit(1 if results["failures"] else 0)


main()
