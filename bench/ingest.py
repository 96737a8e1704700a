"""Event files to features: rfmpi with 2 ranks, DuckDB and Polars with 2 threads, in turn; see bench/ingest.sh.

For each shape and list of features: every formulation of a peer is tried twice and its fastest is kept; one round is
compared customer by customer, and warms up; then come the rounds that count.
"""

import importlib.metadata
import json
import pathlib
import shutil
import sys

import formats
import measure
import report

PEERS = ["duckdb", "polars"]
OUTPUT_BYTES_AN_EVENT = 80  # features.h5 and state.h5 of the shape wide, and a peer's values to compare


class Bench:
    def __init__(self, words, scratch, disk):
        self.words = words
        self.scratch = scratch  # in memory
        self.disk = disk
        self.results = {"events": words.events, "rounds": words.rounds, "machine": measure.machine(),
                        "versions": {peer: importlib.metadata.version(peer) for peer in PEERS},
                        "files": [], "trials": [], "series": [], "limits": [], "failures": []}

    def fail(self, text):
        measure.say(text)
        self.results["failures"].append(text)

    # ---- one run of each kind

    def run_ours(self, feature_list, paths, onto=None, settings=(), trace=None):
        out = (onto or self.scratch) / "run"
        figures, _ = measure.prepare(feature_list, paths, out, settings=settings, trace=trace)
        shutil.rmtree(out)
        return figures

    def run_peer(self, peer, feature_list, formulation, paths, save=None):
        wall, printed = measure.run([measure.PYTHON, f"bench/peer_{peer}.py", "--list", feature_list, "--formulation",
                                     formulation, "--threads", "2", *(["--save", str(save)] if save else []),
                                     *map(str, paths)])
        return json.loads(printed) | {"wall": wall}

    # ---- what comes before the rounds

    def choose(self, shape, feature_list, peer, name, paths):
        """The fastest formulation of a peer on these files, the better of two tries each."""
        _, printed = measure.run([measure.PYTHON, f"bench/peer_{peer}.py", "--list", feature_list])
        seconds = {formulation: min(self.run_peer(peer, feature_list, formulation, paths)["seconds"] for _ in range(2))
                   for formulation in printed.split()}
        self.results["trials"].append({"shape": shape, "list": feature_list, "who": peer, "format": name,
                                       "seconds": seconds})
        return min(seconds, key=seconds.get)

    def compare(self, shape, feature_list, files, formulations):
        """Formats whose values, and digests, are those of the first; what is not is told and left out of the rounds."""
        good, digest = {}, None
        for name, paths in files.items():
            ours, label = self.scratch / "compared", f"{shape}, {feature_list}, {formats.NAMES[name]}"
            try:
                _, about = measure.prepare(feature_list, paths, ours)
                digest = digest or about["digest"]
                if about["digest"] != digest:
                    raise measure.Failed(f"the digest is {about['digest']}, not {digest}")
                for peer in self.peers_for(name):
                    theirs = self.scratch / "peer.npz"
                    self.run_peer(peer, feature_list, formulations[peer, kind_of(name)], paths, save=theirs)
                    _, verdict = measure.run([measure.PYTHON, "bench/compare.py", str(ours), str(theirs)])
                    measure.say(f"{label}, {peer}: {verdict.strip()}")
                    theirs.unlink()
                good[name] = paths
            except measure.Failed as failed:
                self.fail(f"{label}: {failed}")
            shutil.rmtree(ours, ignore_errors=True)
        return good

    def peers_for(self, name):
        return [peer for peer in PEERS if peer in self.words.who and name not in formats.NOT_FOR_PEERS]

    # ---- the rounds

    def steps_for(self, feature_list, name, paths, formulations):
        steps = {("series", name, "rfmpi"): lambda: self.run_ours(feature_list, paths)}
        if name == formats.PLAIN:
            trace = self.scratch / "fsync" if shutil.which("strace") else None
            steps["series", name, "rfmpi, onto disk"] = lambda: self.run_ours(feature_list, paths, self.disk, trace=trace)
            steps["series", name, "rfmpi, with state"] = lambda: self.run_ours(feature_list, paths,
                                                                              settings=["output.state=true"])
        for peer in self.peers_for(name):
            steps["series", name, peer] = lambda peer=peer: self.run_peer(peer, feature_list,
                                                                         formulations[peer, kind_of(name)], paths)
        for limit, time in formats.limits_of(name, paths).items():
            steps["limits", name, limit] = lambda time=time: {"seconds": time()}
        return steps

    def measure_list(self, shape, feature_list, files):
        formulations = {}
        for name, paths in files.items():
            for peer in self.peers_for(name):
                if (peer, kind_of(name)) not in formulations:
                    formulations[peer, kind_of(name)] = self.choose(shape, feature_list, peer, name, paths)
        files = self.compare(shape, feature_list, files, formulations)
        steps = {}
        for name, paths in files.items():
            steps |= self.steps_for(feature_list, name, paths, formulations)
        runs = measure.in_turn(steps, self.words.rounds, f"{shape}, {feature_list}")
        for (what, name, who), figures in runs.items():
            self.results[what].append({"shape": shape, "list": feature_list, "format": name, "who": who,
                                       "runs": figures})

    def measure_shape(self, shape, place):
        formats.make(place, formats.PLAIN, self.words.events, shape)
        files = {}
        for name in self.words.formats:
            try:
                files[name] = formats.make(place, name, self.words.events, shape)
                n_bytes = sum(path.stat().st_size for path in files[name])
                self.results["files"].append({"shape": shape, "format": name, "bytes": n_bytes})
            except measure.Failed as failed:
                self.fail(f"{shape}: {formats.NAMES[name]} cannot be made: {failed}")
        for feature_list in self.words.lists:
            self.measure_list(shape, feature_list, files)


def kind_of(name):
    """One formulation is chosen for all texts, one for Parquet."""
    return "parquet" if name == formats.PARQUET else "text"


def add_words(parser):
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--shapes", type=measure.words_of, default=["log", "wide"], help="log,wide")
    parser.add_argument("--lists", type=measure.words_of, default=["simple", "full"], help="simple,full")
    parser.add_argument("--formats", type=measure.words_of, default=formats.FORMATS, help=",".join(formats.FORMATS))
    parser.add_argument("--who", type=measure.words_of, default=["rfmpi", *PEERS],
                        help="rfmpi,duckdb,polars; rfmpi is always measured")
    parser.add_argument("--disk", default="build", help="a directory on the disk onto which a run is timed too")


def check(words):
    words.disk = pathlib.Path(words.caller, words.disk) if words.disk != "build" else pathlib.Path("build")
    for given, known in ((words.shapes, ["log", "wide"]), (words.lists, ["simple", "full"]),
                         (words.formats, formats.FORMATS), (words.who, ["rfmpi", *PEERS])):
        unknown = set(given) - set(known)
        if unknown:
            sys.exit(f"bench: {', '.join(unknown)}: not one of {', '.join(known)}")


def main():
    words = measure.read_words(__doc__, add_words)
    check(words)
    measure.check_room(measure.MEMORY, words.events * OUTPUT_BYTES_AN_EVENT)
    at_a_time = len(words.shapes) if words.place else 1
    with measure.place_of(words, at_a_time * formats.disk_bytes(words.events, words.formats)) as place, \
            measure.directory_in(measure.MEMORY) as scratch, measure.directory_in(words.disk) as disk:
        bench = Bench(words, scratch, disk)
        for shape in words.shapes:
            shape_place = pathlib.Path(place, f"{shape}-{words.events}")
            shape_place.mkdir(exist_ok=True)
            bench.measure_shape(shape, shape_place)
            if not words.place:
                shutil.rmtree(shape_place)
    measure.keep(words.out, bench.results)
    report.print_ingest(bench.results)
    sys.exit(1 if bench.results["failures"] else 0)


main()
