"""With a previous model the segments keep their ids and names by an optimal assignment, and run.json tells the drift."""

import case

import h5py
import numpy
from scipy.optimize import linear_sum_assignment

CENTRES = numpy.array([[0, 0], [10, 0], [0, 10], [10, 10], [20, 20]], dtype=float)


class Previous(case.Case):
    def write(self, name, centres, sizes, shift=0.0, seed=1):
        random = numpy.random.default_rng(seed)
        rows = numpy.concatenate([random.normal(centre, 0.5, (size, 2)) for centre, size in zip(centres, sizes)]) + shift
        with h5py.File(self.dir / name, "w") as file:
            file["features/values"] = rows
        return rows

    def train(self, matrix, out, k, *words, **how):
        return self.rfmpi("train", "--set", f"input.features={self.dir / matrix}", "--set", f"cluster.k={k}", "--set",
                          "cluster.scale=none", "--set", f"output.dir={self.dir / out}", *words, **how)

    def previous(self, run):
        return "--previous", self.dir / run / "model.h5"

    def segments(self, run):
        with h5py.File(self.dir / run / "model.h5") as file:
            return file["model/segment_ids"][:], file["model/centroids_original"][:], file["model/names"][:]

    def test_segments_keep_their_ids_whatever_their_sizes_are(self):
        self.write("then.h5", CENTRES[:4], [400, 300, 200, 100])
        rows = self.write("now.h5", CENTRES[:4], [100, 200, 300, 400], shift=0.3, seed=2)
        self.train("then.h5", "then", 4)
        digests = set()
        for ranks in (1, 3):
            self.train("now.h5", f"now-{ranks}", 4, *self.previous("then"), ranks=ranks)
            digests.add(case.read_report(self.dir / f"now-{ranks}")["digest"])
        self.assertEqual(len(digests), 1)
        old_ids, old, old_names = self.segments("then")
        ids, new, names = self.segments("now-1")
        cost = ((new[:, None] - old[None]) ** 2).sum(axis=2)
        row, column = linear_sum_assignment(cost)
        self.assertEqual(list(ids[row]), list(old_ids[column]))
        self.assertEqual(list(names[row]), list(old_names[column]))
        self.assertNotEqual(list(ids), list(range(4)))  # by size they would have other numbers
        report = case.read_report(self.dir / "now-1")
        drift = report["drift"]
        self.assertEqual(drift["segments"], list(ids))
        numpy.testing.assert_allclose(numpy.array(drift["moved"])[row], numpy.sqrt(cost[row, column]), rtol=1e-6)
        self.assertEqual(drift["n_changed"], 0)
        self.assertEqual(sum(sum(flow) for flow in drift["flows"].values()), len(rows))
        customers = case.read_customers(self.dir / "now-1")
        nearest = ((rows[:, None] - old[None]) ** 2).sum(axis=2).argmin(axis=1)
        self.assertEqual([int(row["segment"]) for row in customers], list(old_ids[nearest]))

    def test_a_segment_without_a_partner_gets_an_id_that_was_never_used(self):
        self.write("then.h5", CENTRES[:3], [400, 300, 200])
        self.write("now.h5", CENTRES, [400, 300, 200, 100, 50], seed=2)
        self.train("then.h5", "then", 3)
        self.train("now.h5", "more", 5, *self.previous("then"))
        ids, centroids, names = self.segments("more")
        self.assertEqual(sorted(ids), [0, 1, 2, 3, 4])
        self.assertEqual(len(set(names)), 5)
        for number, centre in zip(ids, centroids):
            self.assertEqual(number < 3, centre.max() < 10.5 and centre.sum() < 15)
        self.train("then.h5", "fewer", 2, *self.previous("more"))
        ids, _, _ = self.segments("fewer")
        self.assertTrue(set(ids) < {0, 1, 2, 3, 4})

    def test_the_stability_index_is_that_of_the_tenths(self):
        then = self.write("then.h5", CENTRES[:3], [400, 300, 200])
        now = self.write("now.h5", CENTRES[:3], [200, 300, 700], shift=0.2, seed=5)
        self.train("then.h5", "then", 3)
        self.train("now.h5", "now", 3, *self.previous("then"))
        drift = case.read_report(self.dir / "now")["drift"]
        for j, index in enumerate(drift["stability_index"].values()):
            cuts = numpy.quantile(then[:, j], numpy.arange(1, 10) / 10)
            q, p = (numpy.bincount(numpy.searchsorted(cuts, rows[:, j]), minlength=10) / len(rows) for rows in (then, now))
            q, p = numpy.maximum(q, 1e-4), numpy.maximum(p, 1e-4)
            self.assertAlmostEqual(index, ((p - q) * numpy.log(p / q)).sum(), places=9)

    def test_all_customers_are_no_name_for_some_of_them(self):
        self.write("then.h5", CENTRES[:3], [400, 300, 200])
        self.train("then.h5", "one", 1, "--set", "cluster.names=[Everybody]")
        self.train("then.h5", "three", 3, *self.previous("one"))
        ids, _, names = self.segments("three")
        self.assertEqual(sorted(ids), [0, 1, 2])
        self.assertNotIn(b"Everybody", names)
        self.train("then.h5", "again", 1, "--set", "cluster.names=[Everybody]", *self.previous("three"))
        ids, _, names = self.segments("again")
        self.assertIn(ids[0], range(3))
        self.assertEqual(list(names), [b"Everybody"])

    def test_tables_of_very_many_segments_are_told_by_their_sums(self):
        paths = self.generate(events=60000, customers=40000)
        words = ("--set", "cluster.k=1025", "--set", "cluster.max_iterations=1", "--set", "cluster.search=none", "--set", "cluster.restarts=1")
        self.run_job("quickstart.yml", paths, "then", *words)
        report = self.run_job("quickstart.yml", paths, "now", *words, "--set", "cluster.seed=2", "--previous", self.dir / "then", ranks=2)
        drift, migration = report["drift"], report["migration"]
        self.assertFalse("flows" in drift or "customers" in migration)
        self.assertEqual((len(drift["segments"]), len(drift["moved"]), len(migration["arrived"])), (1025, 1025, 1025))
        self.assertEqual((migration["n_both"], sum(migration["left"])), (report["n_customers"], 0))
        self.assertEqual(migration["n_moved"], drift["n_changed"])  # the same customers on the same day
        page = (self.dir / "now" / "report.html").read_text()
        self.assertEqual(page.count("the table of who went where is left out"), 2)

    def test_a_model_of_other_features_is_refused(self):
        self.write("then.h5", CENTRES[:3], [400, 300, 200])
        with h5py.File(self.dir / "wide.h5", "w") as file:
            file["features/values"] = numpy.random.default_rng(1).normal(size=(100, 3))
        self.train("then.h5", "then", 3)
        line = case.errors(self.train("wide.h5", "wide", 3, *self.previous("then"), code=64, ranks=2))[0]
        self.assertIn("has 2 features, this batch 3", line)
        line = case.errors(self.train("then.h5", "gone", 3, "--previous", "gone.h5", code=65, ranks=2))[0]
        self.assertIn("gone.h5", line)

    def start_from(self, run, out, k, *words, **how):
        return self.train("now.h5", out, k, "--set", "cluster.init=previous", "--set", "cluster.scale=standard",
                          "--set", "cluster.tolerance=0", *(self.previous(run) if run else ()), *words, **how)

    def test_a_fit_that_starts_from_its_own_result_stays_there(self):
        self.write("now.h5", CENTRES, [400, 300, 200, 100, 50])
        self.train("now.h5", "then", 5, "--set", "cluster.scale=standard", "--set", "cluster.tolerance=0")
        for ranks in (1, 3):
            run = f"again-{ranks}"
            self.start_from("then", run, 5, ranks=ranks)
            then, again = case.read_report(self.dir / "then"), case.read_report(self.dir / run)
            self.assertLessEqual(again["cluster"]["iterations"], 2)
            self.assertEqual(again["cluster"]["iterations_search"], 0)
            self.assertEqual(again["cluster"]["inertia"], then["cluster"]["inertia"])
            self.assertEqual(again["digest"], then["digest"])
            self.assertEqual(again["drift"]["moved"], [0] * 5)
            self.assertEqual(case.read_customers(self.dir / run), case.read_customers(self.dir / "then"))

    def test_a_fit_that_starts_from_the_previous_model_finds_what_has_moved(self):
        self.write("then.h5", CENTRES, [400, 300, 200, 100, 50])
        rows = self.write("now.h5", CENTRES, [50, 100, 200, 300, 400], shift=1.5, seed=3)
        self.train("then.h5", "then", 5)
        self.start_from("then", "now", 5, ranks=2)
        truth = numpy.repeat(CENTRES, [50, 100, 200, 300, 400], axis=0) + 1.5
        ids, centroids, _ = self.segments("now")
        segment = numpy.array([int(row["segment"]) for row in case.read_customers(self.dir / "now")])
        own = centroids[numpy.argsort(ids)][segment]
        self.assertLess(abs(own - truth).max(), 0.5)
        self.assertLess(abs(own - rows).max(), 4)

    def test_a_start_from_a_previous_model_that_does_not_fit_is_refused(self):
        self.write("now.h5", CENTRES[:3], [400, 300, 200])
        self.train("now.h5", "then", 3)
        line = case.errors(self.start_from("then", "other", 4, code=64, ranks=2))[0]
        self.assertIn("has 3 segments", line)
        self.assertIn("cluster.k cannot be 4", line)
        line = case.errors(self.start_from("then", "several", "[2,3]", code=64))[0]
        self.assertIn("one number of clusters", line)
        line = case.errors(self.start_from(None, "none", 3, code=64, ranks=2))[0]
        self.assertIn("--previous", line)
        with h5py.File(self.dir / "now.h5", "w") as file:
            file["features/values"] = numpy.random.default_rng(1).normal(size=(100, 3))
        line = case.errors(self.start_from("then", "wide", 3, code=64, ranks=2))[0]
        self.assertIn("has 2 features, this batch 3", line)


if __name__ == "__main__":
    case.main()
