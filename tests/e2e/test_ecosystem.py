"""What a run leaves is what others read: results in one line each, the model as a scikit-learn pipeline, a Kedro project around it all."""

import collections
import csv
import json
import pickle
import shutil
import subprocess
import sys

import case
import warehouse

import h5py
import numpy

PYTHON = case.SOURCE / "build" / "venv-ecosystem" / "bin" / "python"
EXAMPLES = case.SOURCE / "docs" / "examples"
HELPERS = case.SOURCE / "tests" / "ecosystem"

sys.path.insert(0, str(EXAMPLES))
import sklearn_model  # noqa: E402

KINDS = {"text": str, "integer": int, "number": float}  # of a column of the manifest
CHAINS = [
    {"name": "all", "count": "*", "transform": ["sqrt", "log1p"]},
    {"name": "spent", "sum": "amount", "where": {"event": "purchase"}, "transform": ["log1p", {"clip": [0.05, 0.9]}]},
    {"name": "mean", "mean": "amount", "never": -3.5, "where": {"event": "cart"}, "transform": [{"clip": [0.1, 0.8]}, "sqrt"]},
    {"name": "days", "span": "day"},
]


def run_python(*words, cwd=None, **environment):
    return subprocess.run([PYTHON, *words], cwd=cwd, capture_output=True, text=True, timeout=180, stdin=subprocess.DEVNULL,
                          env=warehouse.outside(**environment))


class Tables(case.Case):
    ODD = ["NA", "null", "nan", "", "0012", "1e5", "a,\"b\"", "été"]

    def write_events(self):
        """Ids that look like numbers, like nothing, or like CSV."""
        path, random = self.dir / "events.csv", numpy.random.default_rng(4)
        ids = [name for name in self.ODD if name] + [f"{i:05}" for i in range(300)]
        with open(path, "w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["who", "when", "price"])
            for i in range(1500):
                rows.writerow([ids[i % len(ids)], f"2024-{1 + int(random.integers(12)):02}-{1 + int(random.integers(28)):02}",
                               f"{random.lognormal(3, 1):.2f}"])
        return path

    def test_a_line_each_reads_all_results(self):
        run = self.dir / "run"
        self.rfmpi("run", "--set", f"input.paths=[{self.write_events()}]", "--set",
                   "input.columns={customer: who, time: when, amount: price}", "--set", "cluster.k=4", "--set", "output.part_rows=70",
                   "--set", "output.parquet=true", "--set", f"output.dir={run}", ranks=2)
        result = run_python(HELPERS / "tables.py", EXAMPLES / "read_results.py", run)
        self.assertEqual(result.returncode, 0, result.stderr)
        told = json.loads(result.stdout.splitlines()[-1])
        columns = json.loads((run / "customers" / "manifest.json").read_text())["columns"]
        kinds = {column["name"]: KINDS[column["type"]] for column in columns}
        wanted = [[kinds[name](text) for name, text in row.items()] for row in case.read_customers(run)]
        self.assertEqual(len(wanted), 307)
        for name in ("by_pandas", "by_polars", "by_duckdb", "csv_pandas", "csv_polars", "csv_duckdb"):
            self.assertEqual(told[name], wanted, name)
        self.assertEqual(told["features"], [row[1:4] for row in wanted])
        self.assertEqual(told["ids"], [row[0] for row in wanted])
        with open(run / "segments.csv", newline="") as file:
            segments = list(csv.DictReader(file))
        self.assertEqual([row[:3] for row in told["segments"]], [[int(row["segment"]), row["name"], int(row["size"])] for row in segments])
        self.assertEqual(told["customers"], {row["name"]: int(row["size"]) for row in segments})


class Sklearn(case.Case):
    def assert_same_labels(self, model, run, values):
        pipeline, segment_ids = sklearn_model.load(model)
        segments = [int(row["segment"]) for row in case.read_customers(run)]
        for own in (pipeline, pickle.loads(pickle.dumps(pipeline))):
            self.assertEqual(list(segment_ids[own.predict(values)]), segments)
        return len(segments)

    def test_the_pipeline_gives_the_labels_of_predict(self):
        paths = self.generate(events=60000, customers=2500, parts=2)
        n_rows = 0
        for name, words in {"rfm": (),
                            "robust": ("--set", "features.list=rfm-behaviour", "--set", "cluster.scale=robust", "--set", "cluster.k=9"),
                            "chains": ("--set", "features.list=" + json.dumps(CHAINS), "--set", "cluster.scale=minmax", "--set",
                                       "features.population=all"),
                            "kept": ("--previous", self.dir / "rfm-trained" / "model.h5", "--set", "cluster.k=3", "--set",
                                     "features.as_of=2019-10-20")}.items():
            model = self.dir / f"{name}-trained" / "model.h5"
            self.run_job("rees46.yml", paths[:1], f"{name}-trained", *words)
            self.run_job("rees46.yml", paths, f"{name}-all", "--model", model, *words, task="predict")
            n_rows += self.assert_same_labels(model, self.dir / f"{name}-all", case.read_features(self.dir / f"{name}-all")[2])
        self.assertGreater(n_rows, 5000)

    def test_missing_values_are_filled_as_the_model_fills_them(self):
        random = numpy.random.default_rng(3)
        values = random.normal(size=(2000, 3)) * [1, 1000, 1e-6]
        values[random.random(values.shape) < 0.1] = numpy.nan
        with h5py.File(self.dir / "values.h5", "w") as file:
            file["features/values"] = values
        words = ("--set", f"input.features={self.dir / 'values.h5'}", "--set", "cluster.missing=mean", "--set", "cluster.k=5")
        self.rfmpi("train", *words, "--set", f"output.dir={self.dir / 'run'}")
        self.assert_same_labels(self.dir / "run" / "model.h5", self.dir / "run", values)


class Kedro(case.Case):
    """The example project as it stands, in a directory of its own."""

    def setUp(self):
        super().setUp()
        self.project = self.dir / "project"
        shutil.copytree(EXAMPLES / "kedro", self.project)
        for name in ("conf/local", "data"):
            (self.project / name).mkdir(parents=True)
        for name, seed in (("events", 1), ("new-events", 2)):
            self.generate(events=6000, customers=400, parts=2, seed=seed, name=f"project/data/{name}")

    def kedro(self, *words):
        result = run_python("-m", "kedro", *words, cwd=self.project, HOME=str(self.dir), RFMPI=case.RFMPI, DO_NOT_TRACK="1", COLUMNS="200",
                            OMPI_MCA_rmaps_base_oversubscribe="1")
        self.assertEqual(result.returncode, 0, result.stdout[-3000:] + result.stderr[-3000:])
        return result.stdout + result.stderr

    def test_a_project_runs_rfmpi_and_reads_its_results(self):
        self.kedro("run")
        run, new = self.project / "data" / "segmentation", self.project / "data" / "new"
        with open(self.project / "data" / "overview.csv", newline="") as file:
            overview = list(csv.DictReader(file))
        customers, scored = case.read_customers(run), case.read_customers(new)
        self.assertEqual([(row["segment"], row["name"], row["size"]) for row in overview],
                         [(segment, name, str(size)) for (segment, name), size in
                          sorted(collections.Counter((row["segment"], row["segment_name"]) for row in customers).items())])
        self.assertEqual(sum(int(row["new_customers"]) for row in overview), len(scored))
        self.assertAlmostEqual(sum(float(row["revenue"]) for row in overview), sum(float(row["monetary"]) for row in customers), places=3)
        self.assertEqual(case.read_report(run)["ranks"], 1 if case.SERIAL else 2)
        self.assertIn("is finished already", self.kedro("run", "--pipeline", "store"))


if __name__ == "__main__":
    warehouse.need(PYTHON)
    case.main()
