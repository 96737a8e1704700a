"""Scores, the classic grid and the migration between two runs, held against numpy and DuckDB over the rows of customers/."""

import csv
import json

import case

import duckdb
import h5py
import numpy

MEASURES = ("recency", "frequency", "monetary")
FEATURES = ("recency_days", "frequency", "monetary")
NAMES = ["Champions", "Loyal", "Potential loyalist", "New", "Promising", "Need attention", "About to sleep", "At risk", "Can't lose",
         "Hibernating", "Lost"]
SCORES = ["r_score", "f_score", "m_score", "rfm_segment"]
# The grid as it is told to users: ranges of R and of the mean of F and M.
GRID = {"Champions": (5, 5, 3.5, 5), "Loyal": (3, 4, 3.5, 5), "Potential loyalist": (4, 5, 2, 3), "New": (5, 5, 1, 1.5),
        "Promising": (4, 4, 1, 1.5), "Need attention": (3, 3, 2.5, 3), "About to sleep": (3, 3, 1, 2), "At risk": (1, 2, 2.5, 4),
        "Can't lose": (1, 2, 4.5, 5), "Hibernating": (2, 2, 1, 2), "Lost": (1, 1, 1, 2)}


def score(values, cuts, bins, recency):
    """One more than the cuts below a value; of recency from the other end."""
    below = numpy.searchsorted(numpy.array(cuts), values, side="left")
    return bins - below if recency else below + 1


def on_five(scores, bins):
    return numpy.floor(5 * (scores - 0.5) / bins).astype(int) + 1


def classic(scores, bins):
    r, f, m = (on_five(column, bins) for column in scores.T)
    found = [[name for name, (least, most, low, high) in GRID.items() if least <= a <= most and low <= b <= high]
             for a, b in zip(r, (f + m) / 2)]
    assert all(len(names) == 1 for names in found)
    return [names[0] for names in found]


def rows_of(run):
    """The rows of customers/ as DuckDB reads them."""
    return f"read_csv('{run}/customers/part-*.csv.gz', all_varchar = true)"


class Scores(case.Case):
    def run_rfm(self, paths, out, *words, **how):
        return self.run_job("quickstart.yml", paths, out, *words, **how)

    def columns(self, run):
        rows = case.read_customers(self.dir / run)
        values = numpy.array([[float(row[name]) for name in FEATURES] for row in rows])
        scores = numpy.array([[int(row[name]) for name in SCORES[:3]] for row in rows])
        return rows, values, scores

    def assert_scored(self, run, bins, told):
        """Every row has the scores of the cuts that are told, and the segment of the grid; sums are those of the rows."""
        rows, values, scores = self.columns(run)
        for j, measure in enumerate(MEASURES):
            self.assertEqual(len(told["cuts"][measure]), bins - 1)
            wanted = score(values[:, j], told["cuts"][measure], bins, j == 0)
            self.assertEqual(scores[:, j].tolist(), wanted.tolist())
            counts = numpy.bincount(scores[:, j], minlength=bins + 1)[1:]
            self.assertEqual(told["customers"][measure], counts.tolist())
            self.assertEqual(told["occurring"][measure], (counts > 0).sum())
        self.assertEqual([row["rfm_segment"] for row in rows], classic(scores, bins))
        return rows, values, scores

    def test_scores_are_equal_shares_of_the_customers(self):
        events = self.generate(events=40000, customers=3000)
        digests, reports = set(), []
        for ranks in (1, 2, 4):
            report = self.run_rfm(events, f"out-{ranks}", ranks=ranks)
            digests.add(report["digest"])
            reports.append(report["scores"])
        self.assertEqual(len(digests), 1)
        self.assertEqual(reports, reports[:1] * 3)
        self.assertEqual(case.read_customers(self.dir / "out-1"), case.read_customers(self.dir / "out-4"))
        told = reports[0]
        self.assertEqual((told["bins"], told["learnt"], told["features"]), (5, True, dict(zip(MEASURES, FEATURES))))
        _, values, _ = self.assert_scored("out-1", 5, told)
        for j, measure in enumerate(MEASURES):
            numpy.testing.assert_allclose(told["cuts"][measure], numpy.quantile(values[:, j], [0.2, 0.4, 0.6, 0.8]), rtol=1e-12)
        shares = numpy.array(told["customers"]["recency"]) / len(values)
        self.assertLess(abs(shares - 0.2).max(), 0.01)  # no two are as recent
        plain = self.run_rfm(events, "none", "--set", "scores.bins=0", ranks=2)
        self.assertEqual(plain["digest"], report["digest"])  # scores are not in it
        self.assertNotIn("scores", plain)
        self.assertFalse(set(SCORES) & set(case.read_customers(self.dir / "none")[0]))

    def test_heat_grid_and_cross_table_are_sums_over_the_customers(self):
        events = self.generate(events=40000, customers=3000)
        for bins in (5, 3):
            out = f"out-{bins}"
            told = self.run_rfm(events, out, "--set", f"scores.bins={bins}", ranks=2)["scores"]
            rows, values, _ = self.assert_scored(out, bins, told)
            base = duckdb.connect()
            base.execute("CREATE TABLE c AS SELECT r_score::INT AS r, f_score::INT AS f, monetary::DOUBLE AS monetary, segment::INT AS segment, "
                         f"rfm_segment AS grid FROM {rows_of(self.dir / out)}")
            heat = dict(((r, f), (n, mean)) for r, f, n, mean in base.execute(
                "SELECT r, f, COUNT(*), AVG(monetary) FROM c GROUP BY r, f").fetchall())
            for r in range(1, bins + 1):
                for f in range(1, bins + 1):
                    n, mean = heat.get((r, f), (0, None))
                    self.assertEqual(told["heat"]["customers"][r - 1][f - 1], n)
                    one = told["heat"]["monetary"][r - 1][f - 1]
                    self.assertIsNone(one) if mean is None else self.assertAlmostEqual(one, mean, delta=1e-9 * abs(mean))
            total = values[:, 2].sum()
            self.assertEqual([entry["name"] for entry in told["grid"]], NAMES)
            for entry, line in zip(told["grid"], told["cross"]):
                n, revenue = base.execute("SELECT COUNT(*), COALESCE(SUM(monetary), 0) FROM c WHERE grid = ?", [entry["name"]]).fetchone()
                self.assertEqual(entry["customers"], n)
                self.assertAlmostEqual(entry["share"], n / len(rows))
                self.assertAlmostEqual(entry["revenue"], revenue, delta=1e-9 * total)
                self.assertAlmostEqual(entry["revenue_share"], revenue / total)
                counts = dict(base.execute("SELECT segment, COUNT(*) FROM c WHERE grid = ? GROUP BY 1", [entry["name"]]).fetchall())
                self.assertEqual(line, [counts.get(segment, 0) for segment in range(len(line))])

    def test_segments_csv_has_mean_scores_and_the_most_frequent_segment_of_the_grid(self):
        events = self.generate(events=40000, customers=3000)
        told = self.run_rfm(events, "out")["scores"]
        rows, _, scores = self.assert_scored("out", 5, told)
        segment = numpy.array([int(row["segment"]) for row in rows])
        with open(self.dir / "out" / "segments.csv", newline="") as file:
            for line in csv.DictReader(file):
                own = scores[segment == int(line["segment"])]
                for j, name in enumerate(SCORES[:3]):
                    self.assertAlmostEqual(float(line[name]), own[:, j].mean())
                most = numpy.argmax([told["cross"][s][int(line["segment"])] for s in range(len(NAMES))])
                self.assertEqual(line["rfm_segment"], NAMES[most])

    def test_any_number_of_bins(self):
        events = self.generate(events=20000, customers=1500)
        for bins in (1, 2, 10, 100):
            told = self.run_rfm(events, f"out-{bins}", "--set", f"scores.bins={bins}", ranks=2)["scores"]
            self.assert_scored(f"out-{bins}", bins, told)

    def test_ties_are_told(self):
        events = self.dir / "events.csv"
        with open(events, "w") as file:
            print("who,when,price,basket", file=file)
            for i in range(50):
                for j in range(1 if i < 35 else 4):
                    print(f"c{i},2024-01-{1 + i % 20:02} 10:00:00,{i}.25,o{i}-{j}", file=file)
        words = ("run", "--set", f"input.paths=[{events}]", "--set", "input.columns={customer: who, time: when, amount: price, order: basket}",
                 "--set", "cluster.k=2", "--set", f"output.dir={self.dir / 'out'}")
        said = self.rfmpi(*words, ranks=2).stderr
        told = case.read_report(self.dir / "out")["scores"]
        self.assertEqual(told["cuts"]["frequency"], [1, 1, 1, 4])
        self.assertEqual((told["occurring"]["frequency"], told["customers"]["frequency"]), (2, [35, 0, 0, 15, 0]))
        self.assertIn("scores: 2 of 5 occur for frequency", said)
        self.assertNotIn("occur for monetary", said)
        self.assert_scored("out", 5, told)

    def test_cuts_may_be_given(self):
        events = self.generate(events=20000, customers=1500)
        told = self.run_rfm(events, "out", "--set", "scores={bins: 4, cuts: {recency: [7, 14.5, 30], frequency: [1, 2, 5]}}", ranks=2)["scores"]
        self.assertEqual(told["cuts"]["recency"], [7, 14.5, 30])
        self.assertEqual(told["cuts"]["frequency"], [1, 2, 5])
        self.assertFalse(told["learnt"])
        _, values, _ = self.assert_scored("out", 4, told)
        numpy.testing.assert_allclose(told["cuts"]["monetary"], numpy.quantile(values[:, 2], [0.25, 0.5, 0.75]), rtol=1e-12)

    def test_what_is_wrong_with_cuts_is_told_with_file_and_line(self):
        events = self.generate(events=2000, customers=200)
        job = (case.SOURCE / "conf" / "quickstart.yml").read_text() + "scores:\n  bins: 4\n  cuts:\n    frequency: "
        line = job.count("\n") + 1
        for cuts, words in (("[1, 2]", rf"{line}:\d+: scores\.cuts\.frequency: has 2 cut points; between 4 bins \(scores\.bins\) there are 3"),
                            ("[1, 5, 5]", rf"{line}:\d+: scores\.cuts\.frequency: cut points ascend: 5 is not above 5"),
                            ("[1, 2, many]", rf"{line}:\d+: scores\.cuts\.frequency: must be a number, not 'many'"),
                            ("7", rf"{line}:\d+: scores\.cuts\.frequency: must be a list of ascending numbers")):
            with self.subTest(cuts=cuts):
                (self.dir / "job.yml").write_text(job + cuts + "\n")
                told, = case.errors(self.rfmpi("run", self.dir / "job.yml", "--set", f"input.paths={json.dumps(events)}", "--set",
                                               f"output.dir={self.dir / 'no'}", code=64, ranks=2))
                self.assertRegex(told, r"job\.yml:" + words)
        for word, words in (("scores.bins=101", "from 0 to 100"), ("scores.monetary=turnover", "there is no feature 'turnover'"),
                            ("scores={bins: 0, cuts: {recency: [1]}}", "scores.bins is 0")):
            told, = case.errors(self.rfmpi("run", case.SOURCE / "conf" / "quickstart.yml", "--set", f"input.paths={json.dumps(events)}",
                                           "--set", word, "--set", f"output.dir={self.dir / 'no'}", code=64, ranks=2))
            self.assertIn(words, told)

    def test_other_features_may_be_scored(self):
        events = self.generate(events=20000, customers=1500)
        self.run_job("quickstart.yml", events, "out", "--set", "features.list=rfm-behaviour", "--set",
                     "scores={recency: idle_days, frequency: views}", ranks=2)
        told = case.read_report(self.dir / "out")["scores"]
        self.assertEqual(told["features"], {"recency": "idle_days", "frequency": "views", "monetary": "monetary"})
        for row in case.read_customers(self.dir / "out"):
            for j, (name, column) in enumerate((("idle_days", "r_score"), ("views", "f_score"), ("monetary", "m_score"))):
                self.assertEqual(int(row[column]), score(float(row[name]), told["cuts"][MEASURES[j]], 5, j == 0))

    def test_without_the_features_there_are_no_scores(self):
        with h5py.File(self.dir / "x.h5", "w") as file:
            file["features/values"] = numpy.random.default_rng(1).normal(size=(300, 3))
        words = ("train", "--set", f"input.features={self.dir / 'x.h5'}", "--set", "cluster.k=3")
        said = self.rfmpi(*words, "--set", f"output.dir={self.dir / 'quiet'}", ranks=2).stderr
        self.assertNotIn("scores", said)
        self.assertNotIn("scores", case.read_report(self.dir / "quiet"))
        self.assertEqual(list(case.read_customers(self.dir / "quiet")[0])[-1], "distance")
        said = self.rfmpi(*words, "--set", "scores.bins=4", "--set", f"output.dir={self.dir / 'told'}", ranks=2).stderr
        self.assertIn("warning: no scores: there is no feature 'recency_days'", said)
        self.rfmpi(*words, "--set", "scores={recency: x1, frequency: x2, monetary: x3}", "--set", f"output.dir={self.dir / 'named'}", ranks=2)
        self.assertEqual(case.read_report(self.dir / "named")["scores"]["features"]["monetary"], "x3")
        told, = case.errors(self.rfmpi(*words, "--set", "scores.recency=x9", "--set", f"output.dir={self.dir / 'no'}", code=64, ranks=2))
        self.assertIn("there is no feature 'x9'", told)

    def test_scores_of_predict_are_by_the_cuts_of_the_model(self):
        events, later = self.generate(events=20000, customers=1500), self.generate(events=20000, customers=1500, seed=9, name="later")
        fitted = self.run_rfm(events, "out", "--set", "scores.bins=4")["scores"]
        model = ("--model", self.dir / "out" / "model.h5")
        same = self.run_rfm(events, "same", *model, task="predict", ranks=3)
        self.assertEqual(case.read_customers(self.dir / "same"), case.read_customers(self.dir / "out"))
        self.assertEqual(same["scores"], fitted)
        told = self.run_rfm(later, "later-run", *model, "--set", "scores.bins=7", task="predict", ranks=2)["scores"]
        self.assertEqual((told["cuts"], told["bins"]), (fitted["cuts"], 4))
        self.assert_scored("later-run", 4, told)
        self.assertNotEqual(told["customers"], fitted["customers"])
        with h5py.File(self.dir / "out" / "model.h5") as file:
            for measure in MEASURES:
                self.assertEqual(file["model/scores"][measure][...].tolist(), fitted["cuts"][measure])

    def test_options_of_scores_make_a_finished_run_another(self):
        events = self.generate(events=5000, customers=400)
        self.run_rfm(events, "out")
        words = ("run", case.SOURCE / "conf" / "quickstart.yml", "--set", f"input.paths={json.dumps(events)}", "--set",
                 f"output.dir={self.dir / 'out'}", "--set", "scores.bins=0")
        told, = case.errors(self.rfmpi(*words, code=64, ranks=2))
        self.assertIn("scores.bins", told)
        self.rfmpi(*words, "--force", ranks=2)
        self.assertNotIn("scores", case.read_report(self.dir / "out"))


class Migration(case.Case):
    def run_rfm(self, paths, out, *words, **how):
        return self.run_job("quickstart.yml", paths, out, *words, **how)

    def previous(self, run):
        return "--previous", self.dir / run

    def joined(self, old, new, column):
        """Counts by where customers were and where they are, NULL where they were not, by a join in DuckDB."""
        counts = duckdb.connect().execute(
            f"SELECT old.{column}, new.{column}, COUNT(*) FROM {rows_of(self.dir / old)} AS old FULL JOIN {rows_of(self.dir / new)} AS new "
            "USING (id) GROUP BY 1, 2").fetchall()
        return {(a, b): n for a, b, n in counts}

    def assert_joined(self, told, wanted, old, new):
        self.assertEqual(told["customers"], [[wanted.get((a, b), 0) for b in new] for a in old])
        self.assertEqual(told["arrived"], [wanted.get((None, b), 0) for b in new])
        self.assertEqual(told["left"], [wanted.get((a, None), 0) for a in old])

    def assert_migrated(self, old, new, told):
        ids_from, ids_to = ([str(one) for one in told[key]] for key in ("ids_from", "ids_to"))
        self.assert_joined(told, self.joined(old, new, "segment"), ids_from, ids_to)
        self.assert_joined(told["scores"], self.joined(old, new, "rfm_segment"), NAMES, NAMES)
        for key, run in (("names_from", old), ("names_to", new)):
            with h5py.File(self.dir / run / "model.h5") as file:
                self.assertEqual(told[key], [name.decode() for name in file["model/names"][...]])

    def test_customers_of_both_runs_are_joined_by_id(self):
        then = self.generate(events=40000, customers=4000)
        now = self.generate(events=50000, customers=3500, seed=2, name="now")
        for kind in ("integer", "text"):
            words = ("--set", f"input.id={kind}")
            self.run_rfm(then, f"then-{kind}", *words, "--set", "cluster.k=5", ranks=3)
            reports = []
            for ranks in (1, 2, 4):
                out = f"now-{kind}-{ranks}"
                self.run_rfm(now, out, *words, *self.previous(f"then-{kind}"), ranks=ranks)
                reports.append(case.read_report(self.dir / out)["migration"])
            self.assertEqual(reports, reports[:1] * 3)
            self.assert_migrated(f"then-{kind}", f"now-{kind}-1", reports[0])
            self.assertGreater(min(sum(map(sum, reports[0]["customers"])), sum(reports[0]["arrived"]), sum(reports[0]["left"])), 20)
            self.assertEqual(reports[0]["from"], str(self.dir / f"then-{kind}"))

    def test_the_model_in_a_run_directory_is_as_good_as_the_directory(self):
        events = self.generate(events=20000, customers=1500)
        self.run_rfm(events, "then")
        of_directory = self.run_rfm(events, "one", *self.previous("then"), ranks=2)
        of_model = self.run_rfm(events, "two", *self.previous("then/model.h5"))
        self.assertEqual(of_directory["digest"], of_model["digest"])
        self.assertEqual(of_directory["migration"], of_model["migration"])
        told = of_model["migration"]
        self.assertEqual((sum(told["arrived"]), sum(told["left"])), (0, 0))
        self.assertEqual([sum(line) for line in told["customers"]], [line[i] for i, line in enumerate(told["customers"])])

    def test_a_matrix_with_ids_in_any_order_is_joined_too(self):
        random = numpy.random.default_rng(5)
        for name, ids in (("then", random.permutation(900)), ("now", random.permutation(900) + 300)):
            with h5py.File(self.dir / f"{name}.h5", "w") as file:
                file["features/values"] = random.normal(size=(900, 2))
                file["customers/id"] = ids.astype("int64")
            (self.dir / name).mkdir()
            (self.dir / name / "features.h5").symlink_to(self.dir / f"{name}.h5")
        train = ("train", "--set", "cluster.k=3", "--set", "scores={recency: x1, frequency: x2, monetary: x2}")
        self.rfmpi(*train, "--set", f"input.features={self.dir / 'then.h5'}", "--set", f"output.dir={self.dir / 'then-run'}", ranks=2)
        (self.dir / "then-run" / "features.h5").symlink_to(self.dir / "then.h5")
        for ranks in (1, 3):
            self.rfmpi(*train, "--set", f"input.features={self.dir / 'now.h5'}", "--set", f"output.dir={self.dir / f'now-{ranks}'}",
                       *self.previous("then-run"), ranks=ranks)
            told = case.read_report(self.dir / f"now-{ranks}")["migration"]
            self.assertEqual((sum(map(sum, told["customers"])), sum(told["arrived"]), sum(told["left"])), (600, 300, 300))
            self.assert_migrated("then-run", f"now-{ranks}", told)

    def test_without_the_old_customers_there_is_no_migration(self):
        events = self.generate(events=20000, customers=1500)
        self.run_rfm(events, "then")
        (self.dir / "then" / "model.h5").rename(self.dir / "model.h5")
        said = self.rfmpi("run", case.SOURCE / "conf" / "quickstart.yml", "--set", f"input.paths={json.dumps(events)}", "--set",
                          f"output.dir={self.dir / 'now'}", "--previous", self.dir / "model.h5", ranks=2).stderr
        self.assertIn("no migration from the customers of", said)
        report = case.read_report(self.dir / "now")
        self.assertIn("drift", report)
        self.assertNotIn("migration", report)

    def test_a_run_that_follows_itself_has_none(self):
        events = self.generate(events=20000, customers=1500)
        self.run_rfm(events, "out")
        report = self.run_rfm(events, "out", *self.previous("out"), "--set", "cluster.k=4", "--force", ranks=2)
        self.assertEqual(report["cluster"]["k"], 4)
        self.assertNotIn("migration", report)

    def test_ids_of_another_kind_and_other_features_are_refused(self):
        events = self.generate(events=20000, customers=1500)
        self.run_rfm(events, "then", "--set", "input.id=integer")
        words = ("run", case.SOURCE / "conf" / "quickstart.yml", "--set", f"input.paths={json.dumps(events)}", "--set",
                 f"output.dir={self.dir / 'no'}", *self.previous("then"))
        told, = case.errors(self.rfmpi(*words, "--set", "input.id=text", code=64, ranks=2))
        self.assertRegex(told, r"then/features\.h5: customer ids are integers there and texts here \(input\.id\)")
        self.assertFalse((self.dir / "no" / "model.h5").exists())
        self.run_rfm(events, "other", "--set", "features.list=rfm-behaviour", task="prepare")
        (self.dir / "then" / "features.h5").unlink()
        (self.dir / "other" / "features.h5").rename(self.dir / "then" / "features.h5")
        told, = case.errors(self.rfmpi(*words, "--set", f"output.dir={self.dir / 'no-too'}", code=64, ranks=2))
        self.assertIn("has other features than the model beside it", told)

    def test_a_start_that_goes_on_has_the_migration(self):
        then = self.generate(events=20000, customers=1500)
        now = self.generate(events=20000, customers=1500, seed=2, name="now")
        self.run_rfm(then, "then")
        wanted = self.run_rfm(now, "whole", *self.previous("then"))
        for stage in ("score", "write"):
            out = self.dir / f"stopped-{stage}"
            words = ("run", case.SOURCE / "conf" / "quickstart.yml", "--set", f"input.paths={json.dumps(now)}", "--set", f"output.dir={out}",
                     *self.previous("then"))
            self.rfmpi(*words, env={"RFMPI_TRIAL": f"{stage}:0:1:stop"}, code=75, ranks=2)
            self.rfmpi(*words, ranks=3)
            report = case.read_report(out)
            for key in ("digest", "migration", "scores"):
                self.assertEqual(report[key], wanted[key], stage)


if __name__ == "__main__":
    case.main()
