"""The PMML that `export` prints gives, scored by two engines that know nothing of rfmpi, what `predict` gives of the same rows."""

import json
import subprocess

import case
import warehouse

import h5py
import numpy

PYTHON = case.SOURCE / "build" / "venv-ecosystem" / "bin" / "python"
SCORE = case.SOURCE / "tests" / "ecosystem" / "score.py"

# Every transform, in chains, and names that XML has to escape.
ENTRIES = [
    {"name": "a & b", "count": "*", "transform": ["sqrt", "log1p"]},
    {"name": "<spent \"all\">", "sum": "amount", "where": {"event": "purchase"}, "transform": ["log1p", {"clip": [0.05, 0.9]}]},
    {"name": "__lower o'neil ]]>", "mean": "amount", "never": -3.5, "where": {"event": "cart"},
     "transform": [{"clip": [0.1, 0.8]}, "sqrt"]},
    {"name": "d\u00e9j\u00e0 vu", "since_last": "hour", "where": {"event": "purchase"}, "transform": ["log1p", "log1p", "sqrt"]},
    {"name": "_", "distinct": "session"},
    {"name": " blanks  around ", "span": "day"},
]
NAMES = ["\"Best\" & <only>", "o'neil's  two blanks", "caf\u00e9 \u2615", "]]>", "&amp;"]


class Pmml(case.Case):
    """Models are trained and applied one by one, and scored all at once: a virtual machine is slow to start."""

    def setUp(self):
        super().setUp()
        self.jobs, self.runs = [], []

    def rfmpi(self, *words, **how):
        return super().rfmpi(*words, **{"ranks": 0, **how})

    def add(self, model, run, names, values, strict=False):
        """To be scored: these rows, which the run has predicted."""
        number = len(self.jobs)
        document, rows = self.dir / f"{number}.pmml", self.dir / f"{number}.npy"
        self.rfmpi("export", model, "--to", "pmml", "--out", document)
        numpy.save(rows, numpy.asarray(values, dtype=float))
        self.jobs.append({"pmml": str(document), "rows": str(rows), "names": list(names), "strict": strict})
        self.runs.append(run)

    def score(self):
        """What both engines say of each job; every document keeps the schema."""
        jobs = self.dir / "jobs.json"
        jobs.write_text(json.dumps(self.jobs))
        result = subprocess.run([PYTHON, SCORE, jobs], capture_output=True, text=True, timeout=120, env=warehouse.outside())
        self.assertEqual(result.returncode, 0, result.stdout[-2000:] + result.stderr[-4000:])
        told = json.loads(result.stdout.splitlines()[-1])
        for job, scored in zip(self.jobs, told):
            self.assertEqual(scored["schema"], [], job["pmml"])
            self.assertEqual(sorted(scored["fields"]), sorted(job["names"]))
        return told

    def compare(self, engine, run):
        """All labels and names are those of the run, and distances nearly so."""
        ours = case.read_customers(run)
        self.assertEqual(engine["segment"], [int(row["segment"]) for row in ours])
        self.assertEqual(engine["segment_name"], [row["segment_name"] for row in ours])
        numpy.testing.assert_allclose(engine["distance"], [float(row["distance"]) for row in ours], rtol=1e-9, atol=1e-9)
        return len(ours)

    def compare_all(self):
        return sum(min(self.compare(scored[engine], run) for engine in ("jpmml", "pmml4s"))
                   for scored, run in zip(self.score(), self.runs))


class Events(Pmml):
    def predict(self, name, *words):
        """Train on the first half of a shop's log, apply to all of it."""
        trained, applied = self.dir / f"{name}-trained", self.dir / f"{name}-all"
        self.run_job("rees46.yml", self.paths[:1], trained, *words)
        self.run_job("rees46.yml", self.paths, applied, "--model", trained / "model.h5", *words, task="predict")
        ids, names, values = case.read_features(applied)
        self.assertEqual([str(number) for number in ids], [row["id"] for row in case.read_customers(applied)])
        self.add(trained / "model.h5", applied, names, values)
        return trained / "model.h5"

    def test_every_scaling_transform_and_name(self):
        self.paths = self.generate(events=60000, customers=2500, days=60, parts=2)
        first = self.predict("rfm")
        self.predict("behaviour", "--set", "features.list=rfm-behaviour", "--set", "cluster.scale=robust", "--set", "cluster.k=9")
        self.predict("chains", "--set", "features.list=" + json.dumps(ENTRIES), "--set", "features.population=all", "--set",
                     "cluster.scale=minmax", "--set", "cluster.k=5", "--set", "cluster.names=" + json.dumps(NAMES))
        self.predict("kept", "--previous", first, "--set", "cluster.k=3", "--set", "features.as_of=2019-10-20", "--set",
                     "cluster.scale=none")
        self.assertGreater(self.compare_all(), 5000)
        with h5py.File(self.dir / "kept-trained" / "model.h5") as file:
            self.assertNotEqual(sorted(file["model/segment_ids"]), list(range(3)))


class Matrices(Pmml):
    def write(self, name, values, **more):
        with h5py.File(self.dir / name, "w") as file:
            file["features/values"] = values
            for key, content in more.items():
                file[f"features/{key}"] = content
        return self.dir / name

    def train(self, name, values, *words, **more):
        run = self.dir / f"{name}-trained"
        self.rfmpi("train", "--set", f"input.features={self.write(f'{name}.h5', values, **more)}", "--set", f"output.dir={run}", *words)
        return run / "model.h5"

    def predict(self, name, model, values, **more):
        run = self.dir / f"{name}-new"
        self.rfmpi("predict", "--model", model, "--set", f"input.features={self.write(f'{name}-new.h5', values, **more)}", "--set",
                   f"output.dir={run}")
        names = [name.decode() for name in more["names"]] if more else [f"x{j + 1}" for j in range(values.shape[1])]
        self.add(model, run, names, values)

    def test_weights_missing_values_far_rows_and_ties(self):
        random = numpy.random.default_rng(3)
        values = random.normal(size=(4000, 4)) * [1, 1000, 1e-6, 0] + [0, 5, 7, 0.1]
        holes = values.copy()
        holes[random.random(values.shape) < 0.1] = numpy.nan
        far = numpy.vstack([holes, random.normal(size=(500, 4)) * 1e5, [[1e300, -1e300, 0, 4], [1.7e308, 0, 0, 0]]])
        self.predict("median", self.train("median", holes, "--set", "cluster.missing=median", "--set", "cluster.k=5",
                                          weights=random.random(4000)), far)
        names = numpy.array([b"segment id", b"__", b"x<y", b"\tz\n"])
        self.predict("named", self.train("named", values, "--set", "cluster.k=3", names=names), values, names=names)
        line = self.train("line", numpy.array([[-2.0], [-1], [1], [2]]), "--set", "cluster.k=2", "--set", "cluster.scale=none")
        with h5py.File(line) as file:
            step, offset = file["model/step"][0], file["model/offset"][0]
            between = file["model/positions"][:, 0].mean() + offset
        self.predict("line", line, (between + step * numpy.arange(-40, 41) / 8)[:, None])
        self.assertGreater(self.compare_all(), 8500)

    def test_a_row_that_predict_refuses_is_refused(self):
        model = self.train("plain", numpy.random.default_rng(1).normal(size=(200, 2)), "--set", "cluster.k=3")
        rows = numpy.array([[0.5, 1], [numpy.nan, 1], [1, numpy.inf], [-numpy.inf, 0]])
        self.add(model, None, ["x1", "x2"], rows)
        self.add(model, None, ["x1", "x2"], rows, strict=True)
        for scored in self.score():  # by JPMML: PMML4S does not look at what a field may hold
            self.assertEqual([label is None for label in scored["jpmml"]["segment"]], [False, True, True, True])

    def refuse(self, says, name, **more):
        model = self.train(name, numpy.random.default_rng(1).normal(size=(50, 2)), "--set", "cluster.k=2", **more)
        result = self.rfmpi("export", model, "--to", "pmml", code=64)
        self.assertEqual((result.stdout, len(case.errors(result))), ("", 1))
        self.assertIn(says, result.stderr)

    def test_what_xml_or_pmml_cannot_say_is_refused(self):
        self.refuse("the name of feature 2 of the model cannot stand in XML", "control", names=numpy.array([b"x", b"a\x01b"]))
        self.refuse("the name of feature 1 of the model cannot stand in XML", "noncharacter", names=numpy.array(["\ufffe".encode(), b"y"]))
        self.refuse("would be called 'twice'", "twice", names=numpy.array([b"twice", b"twice"]))
        self.refuse("would be called 'distance'", "output", names=numpy.array([b"distance", b"y"]))


if __name__ == "__main__":
    warehouse.need(PYTHON)
    case.main()
