"""The files that docs/reference.md describes have the columns, keys and datasets it says, all of them and no others: held against runs
that make use of everything."""

import csv
import functools
import gzip
import json
import re

import case

# Keys that only a warehouse gives, or a start under Slurm.
ELSEWHERE = {"store.query_id"}
FEATURES = ('features.list=[{name: monetary, sum: amount}, {name: recency_days, since_last: day}, {name: frequency, distinct: product}, '
            '{name: lately, count: "*", where: {last: 7d}}]')


def names_in(table):
    """What stands in the first column, which may be several."""
    cells = re.findall(r"^\| (`.*?`) \| ", table, re.MULTILINE)
    return [name.replace("\\|", "|") for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


@functools.cache
def documents():
    """{heading: [names]} of the chapter on files."""
    text = (case.SOURCE / "docs" / "reference.md").read_text().split("\n## Files\n", 1)[1]
    return {heading: names_in(table) for heading, table in re.findall(r"^### (.*)\n((?:(?!### ).*\n)*)", text, re.MULTILINE)}


def pattern(name):
    """A word in capitals is any; [_a|_b] nothing or one of these; [] each of a list."""
    def said(part):
        if part.startswith("[") and part != "[]":
            return f"(?:{part[1:-1]})?"
        return ".+" if part.isupper() else re.escape(part)

    return re.compile("".join(map(said, re.split(r"(\[[^\]]*\]|\b[A-Z]{2,}\b)", name))) + "$")


def flat(value, name=""):
    """Dotted names of everything in a JSON value; an empty object is nothing."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from flat(below, f"{name}.{key}" if name else key)
    elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        for item in value:
            yield from flat(item, f"{name}[]")
    else:
        yield name


def header(path):
    with gzip.open(path, "rt") if path.suffix == ".gz" else open(path) as file:
        return next(csv.reader(file))


class Reference(case.Case):
    def hold(self, heading, met, elsewhere=(), words=None):
        """Every name that was met is described, and every description was met; words: what stands for any of what."""
        described = {name: re.compile("|".join(map(re.escape, words[name])) + "$") if words and name in words else pattern(name)
                     for name in documents()[heading]}
        met = set(met)
        unknown = sorted(name for name in met if not any(form.match(name) for form in described.values()))
        self.assertEqual(unknown, [], f"{heading}: not in the tables of src/command/files.c")
        unmet = sorted(name for name, form in described.items() if name not in elsewhere and not any(form.match(one) for one in met))
        self.assertEqual(unmet, [], f"{heading}: described, and nowhere to be seen")

    def write_events(self):
        """Three months with every kind of row: to be rejected, filtered, late, twice."""
        (path,) = self.generate(events=20000, customers=1500, days=61)
        with open(path, "a") as file:
            file.write("torn,line\n2019-10-02 00:00:00 UTC,view,1,2,,,1.0,nobody,s\n2019-10-02 00:00:00 UTC,view,1,2,,none,1.0,5,s\n" * 3)
        return path

    def run_in_full(self):
        """An earlier model, several k, a stop and a start that goes on, spilling, rejects, and a copy elsewhere."""
        paths = [self.write_events()]
        words = ["--set", "input.max_rejected=1", "--set", "cluster.k=[3,4]", "--previous", self.dir / "before" / "model.h5",
                 "--memory", "1M", "--set", FEATURES, "--set", "input.dedupe=row", "--set", f"store.dir={self.dir / 'copy'}", "--set",
                 "input.rows=[{column: brand, not: none}]", "--set", "output.checkpoint=0.0001", "--set", "features.as_of=2019-11-20"]
        self.run_job("quickstart.yml", paths, "before", "--set", "input.max_rejected=1", "--set", FEATURES)
        self.run_job("quickstart.yml", paths, "full", *words, ranks=2, code=75, env={"RFMPI_TRIAL": "ingest:0:6:stop"})
        self.run_job("quickstart.yml", paths, "full", *words, ranks=2)
        return self.dir / "full"

    def run_matrix(self):
        import h5py
        import numpy

        random = numpy.random.default_rng(1)
        with h5py.File(self.dir / "x.h5", "w") as file:
            values = random.normal(size=(400, 3))
            values[7, 1] = numpy.nan
            file["features/values"] = values
            file["features/weights"] = random.integers(1, 9, size=400).astype(float)
        out = self.dir / "matrix"
        self.rfmpi("train", "--set", f"input.features={self.dir / 'x.h5'}", "--set", "cluster.k=3", "--set", "cluster.missing=mean",
                   "--set", f"output.dir={out}")
        return out

    def datasets(self, path):
        import h5py

        with h5py.File(path) as file:
            found = [f"@{name}" for name in file.attrs]
            file.visititems(lambda name, item: found.append(f"/{name}") if isinstance(item, h5py.Dataset) else None)
        return found

    def test_files_of_a_run(self):
        full, matrix = self.run_in_full(), self.run_matrix()
        runs = (full, matrix)
        self.hold("run.json", [name for run in runs for name in flat(case.read_report(run))], ELSEWHERE)
        names = {f"{path.name}/" if path.is_dir() else path.name for path in full.iterdir() if not path.name.startswith(".")}
        self.hold("RUN_DIR", names, {"stop", "store.jsonl", "spreadsheet.xlsx", "rounds/", "checkpoint-0", "checkpoint-1"})
        features = {run: case.read_features(run)[1] if run is full else ["x1", "x2", "x3"] for run in runs}
        for run in runs:
            weighted = {"weight", "weight_share"} if run is full else {"r_score", "f_score", "m_score", "rfm_segment"}
            self.hold("segments.csv", header(run / "segments.csv"), weighted, {"FEATURE": features[run]})
        self.hold("customers/part-NNNNN.csv.gz", header(full / "customers" / "part-00000.csv.gz"), words={"FEATURE": features[full]})
        self.hold("figures.json", [name for run in runs for name in flat(json.loads((run / "figures.json").read_text()))])
        parquet = {f"parquet[].{name}" for name in ("name", "rows", "bytes", "xxh3_128")}
        self.hold("customers/manifest.json", flat(json.loads((full / "customers" / "manifest.json").read_text())), parquet)
        self.hold("rejects/rejects.csv", header(full / "rejects" / "rejects.csv"))
        lines = [json.loads(line) for line in (full / "log.jsonl").read_text().splitlines()]
        self.hold("log.jsonl", {name.split(".")[0].split("[")[0] for line in lines for name in flat(line)}, {"ranks_failed"},
                  {"SITE": case.read_report(full)["site"]})
        self.hold("model.h5", [name for run in runs for name in self.datasets(run / "model.h5")])
        self.hold("features.h5", self.datasets(full / "features.h5"), {"/features/weights"})
        self.hold("state.h5", self.datasets(full / "state.h5"))

    def test_event_tables(self):
        import h5py

        (events,) = self.generate(events=2000, customers=100)
        german = self.dir / "german.csv"
        german.write_text("Kunde;Datum;Betrag\n" + "".join(f"k{i};{i + 1:02}.06.2024;{i},50\n" for i in range(20)))
        self.rfmpi("convert", events, "--out", self.dir / "tables")
        self.rfmpi("convert", german, "--out", self.dir / "tables", *(word for option in ("delimiter=;", "decimal_mark=comma", "time_format=day-first")
                                                                      for word in ("--set", f"input.{option}")))
        met = []
        for name in ("part-00000.h5", "german.h5"):
            with h5py.File(self.dir / "tables" / name) as file:
                met += [f"/events@{name}" for name in file["events"].attrs] + [f"/dictionaries/{name}" for name in file["dictionaries"]]
                for column, data in file["events"].items():
                    met += [f"/events/{column}"] + [f"/events/{column}@{name}" for name in data.attrs]
        self.hold("NAME.h5 of convert", met, {"/events/COLUMN@null", "/events/COLUMN@name"})


if __name__ == "__main__":
    case.main()
