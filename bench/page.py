"""What figures.json and report.html cost a run, and how large the page is; see bench/page.sh. Exit code 1 where it is too much."""

import json
import pathlib
import shutil
import sys

import formats
import measure

WANTED_SHARE, WANTED_BYTES = 0.05, 3_000_000


def make_events(place, words):
    """Their files, made where they are not there yet, and read once so that they lie in the page cache."""
    target = place / f"wide-{words.customers}-{words.events}"
    if not target.exists():
        measure.say(f"making {words.events:,} events of {words.customers:,} customers")
        unfinished = place / f"{target.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        measure.run([*measure.mpirun(2), measure.RFMPI, "generate", "--customers", str(words.customers), "--events", str(words.events),
                     "--days", "30", "--shape", "wide", "--parts", "2", "--out", str(unfinished)])
        unfinished.rename(target)
    paths = sorted(target.glob("part-*"))
    measure.run_together([["cat", *map(str, paths)]])
    return paths


def run_once(words, paths, out):
    """One run, and then the page alone once more: what it takes is in no stage."""
    wall, _ = measure.run([*measure.mpirun(words.ranks), measure.RFMPI, "run", "bench/pipeline.yml", "--set",
                           f"input.paths={json.dumps([str(path) for path in paths])}", "--set", f"cluster.k={words.k}", "--set",
                           f"output.dir={out}"])
    page, _ = measure.run([measure.RFMPI, "report", str(out), "--out", str(out / "again.html")])
    about = json.loads((out / "run.json").read_text())
    figures = about["stages"]["figures"]["seconds"]
    told = {"wall": wall, "figures": figures, "page": page, "share": (figures + page) / wall, "customers": about["n_customers"],
            "features": about["n_features"], "segments": about["cluster"]["k"], "html": (out / "report.html").stat().st_size,
            "json": (out / "figures.json").stat().st_size}
    shutil.rmtree(out)
    return told


def row(runs):
    of = runs[0]
    return [f"{of['customers']:,}", of["features"], of["segments"], measure.spread(runs, "wall"), measure.spread(runs, "figures"),
            measure.spread(runs, "page"), f"{100 * measure.median(runs, 'share'):.1f} %", f"{of['html'] / 1e6:.2f}", f"{of['json'] / 1e6:.2f}"]


def add_words(parser):
    parser.add_argument("--customers", type=int, default=10_000_000)
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--k", type=int, default=20, help="segments")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)


def main():
    words = measure.read_words(__doc__, add_words)
    results = {"events": words.events, "machine": measure.machine()}
    with measure.place_of(words, words.events * formats.BYTES_AN_EVENT) as place, measure.directory_in(measure.MEMORY) as scratch:
        paths = make_events(pathlib.Path(place), words)
        results["runs"] = measure.in_turn({"run": lambda: run_once(words, paths, scratch / "run")}, words.rounds, "run")["run"]
    measure.keep(words.out, results)
    print(f"{measure.machine_line(results['machine'])}; {words.ranks} ranks; {words.rounds} rounds: median (least-most).\n")
    print(measure.table(["customers", "features", "segments", "whole run, s", "figures.json, s", "report.html, s", "share of the run",
                         "report.html, MB", "figures.json, MB"], [row(results["runs"])]))
    share, size = measure.median(results["runs"], "share"), results["runs"][0]["html"]
    if share >= WANTED_SHARE or size >= WANTED_BYTES:
        sys.exit(f"bench: {100 * share:.1f} % of the run and {size:,} bytes; wanted are below {100 * WANTED_SHARE:.0f} % and {WANTED_BYTES:,} bytes")


main()
