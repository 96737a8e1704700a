"""The figures of bench/ingest.sh as Markdown:  report.py RESULTS.json"""

import json
import sys

import formats
import measure
from measure import median, spread

PEERS = {"duckdb": "DuckDB", "polars": "Polars"}
WANTED_RATIO = {("log", "simple"): 3, ("log", "full"): 6, ("wide", "simple"): 4, ("wide", "full"): 8}
WANTED_GZ50, WANTED_GZ1 = 1.15, 1.25
WANTED_MEMORY = {"log": 0.6 * 2**30, "wide": 2**30}


class Figures:
    """The runs of a results file by shape, list, format and who."""

    def __init__(self, results):
        self.results = results
        self.by_name = {(s["shape"], s["list"], s["format"], s["who"]): s["runs"]
                        for s in results["series"] + results["limits"]}
        self.cases = list(dict.fromkeys((s["shape"], s["list"]) for s in results["series"]))

    def runs(self, case, name, who):
        return self.by_name.get((*case, name, who))

    def formats(self, case):
        return [name for name in formats.FORMATS if self.runs(case, name, "rfmpi")]

    def seconds(self, case, name, who):
        runs = self.runs(case, name, who)
        return median(runs) if runs else None

    def best_peer(self, case, name):
        return min((s for s in (self.seconds(case, name, peer) for peer in PEERS) if s is not None), default=None)

    def ratio_to_peer(self, case, name):
        best = self.best_peer(case, name)
        return best and best / self.seconds(case, name, "rfmpi")

    def limit(self, case, name):
        """The least seconds in which bytes can be had at all."""
        decompressor = self.seconds(case, name, "decompressor")
        return decompressor or self.seconds(case, name, "read, 2 processes")

    def ratio_to_limit(self, case, name):
        """50 files: to the decompressor alone and then the plain run. One file: to the decompressor alone."""
        ours, alone = self.seconds(case, name, "rfmpi"), self.seconds(case, name, "decompressor")
        plain = self.seconds(case, formats.PLAIN, "rfmpi")
        if ours is None or alone is None:
            return None
        if name == formats.GZ50:
            return ours / (alone + plain) if plain else None
        return ours / alone


def number(value, form="{:.2f}"):
    return "-" if value is None else form.format(value)


def peak(runs):
    return "-" if runs is None else f"{max(figures['peak_memory_bytes'] for figures in runs) / 2**30:.2f}"


def peers_table(figures, case):
    heads = ["files", "rfmpi, s", *(f"{name}, s" for name in PEERS.values()), "times as fast as the better",
             "whole process, s", "peak memory, GiB"]
    rows = []
    for name in figures.formats(case):
        runs = [figures.runs(case, name, who) for who in ["rfmpi", *PEERS]]
        rows.append([formats.NAMES[name], *("-" if r is None else spread(r) for r in runs),
                     number(figures.ratio_to_peer(case, name), "{:.1f}"),
                     " / ".join("-" if r is None else f"{median(r, 'wall'):.2f}" for r in runs),
                     " / ".join(peak(r) for r in runs)])
    return measure.table(heads, rows)


def beside_table(figures):
    heads = ["shape, list", "ingest, s", "features, s", "start and end of the process, s", "onto disk, s", "of it fsync, s",
             "with state.h5, s"]
    rows = []
    for case in figures.cases:
        ours = figures.runs(case, formats.PLAIN, "rfmpi")
        disk = figures.runs(case, formats.PLAIN, "rfmpi, onto disk")
        state = figures.runs(case, formats.PLAIN, "rfmpi, with state")
        if not ours:
            continue
        rows.append([", ".join(case), number(median(ours, "ingest")), number(median(ours, "features")),
                     number(median(ours, "wall") - median(ours)), spread(disk),
                     spread(disk, "fsync") if "fsync" in disk[0] else "-", spread(state)])
    return measure.table(heads, rows)


def limits_table(figures):
    heads = ["shape, list", "files", "GB", "read, 2 processes, s", "decompressor alone, s", "rfmpi, s", "share of the limit",
             "rfmpi / limit"]
    size = {(f["shape"], f["format"]): f["bytes"] for f in figures.results["files"]}
    rows = []
    for case in figures.cases:
        for name in figures.formats(case):
            ours = figures.seconds(case, name, "rfmpi")
            rows.append([", ".join(case), formats.NAMES[name], f"{size[case[0], name] / 1e9:.2f}",
                         number(figures.seconds(case, name, "read, 2 processes")),
                         number(figures.seconds(case, name, "decompressor")), number(ours),
                         f"{100 * figures.limit(case, name) / ours:.0f} %", number(figures.ratio_to_limit(case, name))])
    return measure.table(heads, rows)


def wanted_rows(figures):
    for case in figures.cases:
        label = ", ".join(case)
        ratio = figures.ratio_to_peer(case, formats.PLAIN)
        if ratio:
            least = WANTED_RATIO[case]
            yield f"{label}: times as fast as the better peer", f">= {least}", f"{ratio:.1f}", ratio >= least
        plain = figures.runs(case, formats.PLAIN, "rfmpi")
        if plain and case[1] == "full":
            most, is_peak = WANTED_MEMORY[case[0]], max(run["peak_memory_bytes"] for run in plain)
            yield (f"{label}: peak memory of all ranks, GiB", f"< {most / 2**30:.1f}", f"{is_peak / 2**30:.2f}",
                   is_peak < most)
        gz50, gz1 = (figures.ratio_to_limit(case, name) for name in (formats.GZ50, formats.GZ1))
        if gz50:
            yield (f"{label}: 50 gz files / (decompressor alone + plain run)", f"<= {WANTED_GZ50}", f"{gz50:.2f}",
                   gz50 <= WANTED_GZ50)
        if gz1 and case[1] == "simple":
            yield f"{label}: one gz file / decompressor alone", f"<= {WANTED_GZ1}", f"{gz1:.2f}", gz1 <= WANTED_GZ1


def trials_table(results):
    """What each peer was asked in which words; the fastest was kept."""
    rows = []
    for trial in results["trials"]:
        kept = min(trial["seconds"], key=trial["seconds"].get)
        told = ", ".join(f"{name} {seconds:.2f}" for name, seconds in trial["seconds"].items())
        rows.append([trial["shape"] + ", " + trial["list"], formats.NAMES[trial["format"]], PEERS[trial["who"]], told, kept])
    return measure.table(["shape, list", "files", "peer", "formulations tried, s", "kept"], rows)


def print_ingest(results):
    figures, of = Figures(results), results["machine"]
    versions = ", ".join(f"{PEERS[peer]} {version}" for peer, version in results["versions"].items())
    print(f"{results['events']:,} events; {measure.machine_line(of)}; {versions}; {results['rounds']} rounds in turn: "
          "median (least-most).\n")
    for case in figures.cases:
        print(f"### Shape {case[0]}, {case[1]} features\n\n{peers_table(figures, case)}")
    print(f"### Beside it\n\n{beside_table(figures)}")
    print(f"### How near to the limit\n\n{limits_table(figures)}")
    rows = [[what, wanted, is_now, "yes" if held else "no"] for what, wanted, is_now, held in wanted_rows(figures)]
    print(f"### What is wanted\n\n{measure.table(['what', 'wanted', 'measured', 'held'], rows)}")
    print(f"### What the peers were asked\n\n{trials_table(results)}")
    for failure in results["failures"]:
        print(f"Not measured: {failure.splitlines()[0]}")


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        print_ingest(json.load(file))
