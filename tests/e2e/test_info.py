"""info: every file of ours is described, two are compared, and what is none of ours is refused by name."""

import json
import os
import subprocess

import h5py
import numpy

import case


class Info(case.Case):
    def setUp(self):
        super().setUp()
        self.events = self.generate(events=8000, customers=900, parts=2)
        self.out = self.run_to("out", ranks=2)

    def run_to(self, name, *words, **how):
        self.run_job("quickstart.yml", self.events, name, "--set", "cluster.k=4", "--quiet", *words, **how)
        return self.dir / name

    def info(self, *paths, ranks=0, code=0):
        return self.rfmpi("info", *paths, ranks=ranks, code=code).stdout

    def facts(self, *paths, ranks=0):
        text = self.info(*paths, "--json", ranks=ranks)
        return json.loads(text)

    def test_a_run_directory_and_its_report(self):
        report = case.read_report(self.out)
        text = self.info(self.out)
        self.assertEqual(text.splitlines()[0].split(), ["kind", "run"])
        for key in ("digest", "n_customers", "n_rows"):
            self.assertRegex(text, rf"(?m)^{key} +{report[key]}$")
        for part in report["digest_parts"].values():
            self.assertIn(part, text)
        for segment in report["segments"].values():
            self.assertRegex(text, rf"{segment['name']} +{segment['size']}\n")
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)
        self.assertEqual(text, self.info(self.out / "run.json"))
        facts = self.facts(self.out)
        self.assertEqual((facts["kind"], facts["digest"], facts["options"]["cluster"]["k"]), ("run", report["digest"], "4"))

    def test_a_model(self):
        facts = self.facts(self.out / "model.h5")
        with h5py.File(self.out / "model.h5") as file:
            names = [name.decode() for name in file["model/names"][...]]
            centroids = file["model/centroids_original"][...]
        self.assertEqual((facts["kind"], facts["k"], facts["d"]), ("model", 4, 3))
        self.assertEqual([segment["name"] for segment in facts["segments"]], names)
        self.assertEqual([list(segment["centroid"].values()) for segment in facts["segments"]], centroids.tolist())
        self.assertEqual([feature["name"] for feature in facts["features"]], ["recency_days", "frequency", "monetary"])
        text = self.info(self.out / "model.h5")
        for word in ("log1p", "since_last: day", "recency_days", *names):
            self.assertIn(word, text)

    def test_a_state(self):
        report, facts = case.read_report(self.out), self.facts(self.out / "state.h5")
        self.assertEqual((facts["kind"], facts["n_events"], facts["ids"]), ("customer state", report["n_events"], "integer"))
        self.assertEqual(facts["settings"]["input.columns.customer"], "user_id")
        self.assertEqual([row["name"].rsplit("/", 1)[-1] for row in facts["inputs"]], ["part-00000.csv", "part-00001.csv"])
        self.assertEqual(facts["n_aggregates"], len(facts["aggregates"]))
        self.assertIn("part-00001.csv", self.info(self.out / "state.h5"))

    def test_features_and_matrices(self):
        facts = self.facts(self.out / "features.h5")
        self.assertEqual((facts["kind"], facts["rows"], facts["d"]), ("features", case.read_report(self.out)["n_customers"], 3))
        self.assertEqual([column["unit"] for column in facts["columns"]], ["days", "orders", "amount"])
        with h5py.File(self.dir / "x.h5", "w") as file:
            file["features/values"] = numpy.zeros((7, 2), "float32")
            file["features/weights"] = numpy.ones(7)
        facts = self.facts(self.dir / "x.h5")
        self.assertEqual((facts["kind"], facts["rows"], facts["d"], facts["type"], facts["weights"]), ("matrix", 7, 2, "float32", True))
        with h5py.File(self.dir / "c.h5", "w") as file:
            file["centroids"] = numpy.zeros((5, 2))
        self.assertEqual(self.facts(self.dir / "c.h5")["k"], 5)

    def test_an_event_table(self):
        self.rfmpi("convert", self.events[0], "--out", self.dir / "tables", ranks=0)
        facts = self.facts(self.dir / "tables" / "part-00000.h5")
        self.assertEqual((facts["kind"], facts["rows"]), ("event table", 8000 // 2))
        self.assertIn({"name": "price", "type": "int32", "meaning": "decimal"}, facts["columns"])

    def test_customers_and_a_missing_part(self):
        for path in (self.out / "customers", self.out / "customers" / "manifest.json"):
            facts = self.facts(path)
            self.assertEqual((facts["kind"], facts["rows"]), ("customers", case.read_report(self.out)["n_customers"]))
            self.assertEqual([part["there"] for part in facts["parts"]], [True])
        (self.out / "customers" / "part-00000.csv.gz").unlink()
        self.assertEqual([part["there"] for part in self.facts(self.out / "customers")["parts"]], [False])

    def test_a_checkpoint(self):
        stopped = self.dir / "stopped"
        words = ("run", case.SOURCE / "conf" / "quickstart.yml", "--set", "input.paths=" + json.dumps(self.events), "--set", f"output.dir={stopped}",
                 "--set", "output.checkpoint=0.000001")
        self.rfmpi(*words, code=70, ranks=0, env={"RFMPI_FAULT": "score:0:1"})
        path = min(stopped.glob("checkpoint-*"))
        facts = self.facts(path)
        self.assertEqual((facts["kind"], facts["whole"]), ("checkpoint of a fit", True))
        path.write_bytes(path.read_bytes()[:-3])
        self.assertFalse(self.facts(path)["whole"])

    def test_figures_by_their_format(self):
        path = self.dir / "figures.json"
        path.write_text('{"format": "rfmpi figures 1", "n_customers": 7, "segments": [{}, {}]}')
        self.assertEqual({**self.facts(path), "path": ""}, {"path": "", "kind": "figures 1", "format": "rfmpi figures 1", "n_customers": 7, "n_segments": 2})

    def test_two_runs_of_the_same_differ_in_time_and_place(self):
        again = self.run_to("again", ranks=3)
        text = self.info(self.out, again)
        self.assertIn("They are equal, but for time and place.", text)
        self.assertRegex(text, r"(?m)^digest +[0-9a-f~]+ +=$")
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)
        compared = self.facts(self.out, again)
        self.assertTrue(compared["equal"])
        self.assertEqual({fact["incidental"] for fact in compared["different"]}, {True})
        self.assertIn("They are equal.", self.info(self.out, self.out))

    def test_what_differs_first_is_the_cause(self):
        other = self.run_to("other", "--set", "cluster.seed=7", "--set", "cluster.k=5")
        compared = self.facts(self.out, other, ranks=2)
        self.assertEqual((compared["equal"], compared["first"]), (False, "options.cluster.k"))
        differing = {fact["key"]: (fact["a"], fact["b"]) for fact in compared["different"]}
        self.assertEqual(differing["options.cluster.seed"], ("1", "7"))
        self.assertEqual(differing["digest"], (case.read_report(self.out)["digest"], case.read_report(other)["digest"]))
        self.assertNotIn("digest_parts.features", differing)
        text = self.info(self.out, other)
        self.assertRegex(text, r"(?m)^digest_parts.features +[0-9a-f~]+ +=$")
        self.assertRegex(text, r"(?m)^options.cluster.k +4 +5$")
        self.assertEqual(self.facts(self.out / "model.h5", other / "model.h5")["first"], "k")

    def test_fewer_events_differ_first_in_the_input(self):
        self.run_job("quickstart.yml", self.events[:1], "fewer", "--set", "cluster.k=4", "--quiet")
        self.assertEqual(self.facts(self.out, self.dir / "fewer")["first"].split(".")[0], "input")
        self.assertIn("two kinds", self.info(self.out, self.out / "model.h5"))

    def test_very_many_facts_are_compared_in_little_time(self):
        """Each with each would take longer than a start may."""
        report = case.read_report(self.out)
        report["segments"] = {str(i): {"name": f"Segment {i}", "size": i} for i in range(60000)}
        (self.dir / "a.json").write_text(json.dumps(report))
        report["segments"]["47111"]["size"] = 1
        del report["segments"]["59999"]
        report["segments"]["70000"] = {"name": "New", "size": 7}
        (self.dir / "b.json").write_text(json.dumps(report))
        different = {fact["key"]: (fact["a"], fact["b"]) for fact in self.facts(self.dir / "a.json", self.dir / "b.json")["different"]}
        self.assertEqual(different, {"segments.47111.size": (47111, 1), "segments.59999.id": (59999, 70000), "segments.59999.size": (59999, 7),
                                     "segments.59999.name": ("Segment 59999", "New")})

    def test_what_is_none_of_ours(self):
        (self.dir / "text").write_text("a,b\n1,2\n")
        (self.dir / "other.json").write_text('{"a": 1}')
        (self.dir / "torn.json").write_text('{"a": ')
        with h5py.File(self.dir / "other.h5", "w") as file:
            file["something"] = [1]
        (self.dir / "torn.h5").write_bytes((self.out / "model.h5").read_bytes()[:3000])
        for name, word in (("text", "rfmpi init"), (".", "none of rfmpi's"), ("other.json", "run.json"), ("torn.json", "damaged"),
                           ("other.h5", "/features/values"), ("nothing", "no such file"), ("torn.h5", "torn.h5")):
            for ranks in (0, 2):
                line, = case.errors(self.rfmpi("info", self.dir / name, ranks=ranks, code=65))
                self.assertIn(word, line)
        os.mkfifo(self.dir / "pipe")
        self.assertIn("none of rfmpi's", case.errors(self.rfmpi("info", self.dir / "pipe", ranks=0, code=65))[0])
        (self.dir / "loop").symlink_to(self.dir / "loop")
        self.assertIn("loop: cannot be looked at", case.errors(self.rfmpi("info", self.dir / "loop", ranks=0, code=74))[0])
        for words in ((), ("a", "b", "c"), ("a", "--what")):
            self.rfmpi("info", *words, ranks=0, code=64)


if __name__ == "__main__":
    case.main()
