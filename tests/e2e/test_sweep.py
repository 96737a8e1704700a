"""Several numbers of clusters in one run: the best by the rule is the model, and all that was tried is told."""

import case

import h5py
import numpy


class Sweep(case.Case):
    def setUp(self):
        super().setUp()
        self.rows = numpy.loadtxt(case.DATA / "clusters" / "s1.csv", delimiter=",")
        with h5py.File(self.dir / "x.h5", "w") as file:
            file["features/values"] = self.rows

    def train(self, out, *settings, ranks=2, **how):
        words = [word for setting in ("cluster.scale=none", *settings) for word in ("--set", setting)]
        return self.rfmpi("train", "--set", f"input.features={self.dir / 'x.h5'}", "--set",
                          f"output.dir={self.dir / out}", *words, ranks=ranks, **how)

    def test_the_classes_are_found(self):
        digests = set()
        for ranks in (1, 3):
            self.train(f"run-{ranks}", "cluster.k=12-18", ranks=ranks)
            report = case.read_report(self.dir / f"run-{ranks}")
            digests.add(report["digest"])
        self.assertEqual(len(digests), 1)
        sweep, cluster = report["sweep"], report["cluster"]
        self.assertEqual(sweep["k"], list(range(12, 19)))
        self.assertEqual(cluster["k"], 15)
        at = sweep["k"].index(15)
        self.assertEqual(sweep["inertia"][at], cluster["inertia"])
        self.assertEqual(sweep["silhouette"][at], report["quality"]["silhouette"])
        self.assertEqual(max(sweep["silhouette"]), sweep["silhouette"][at])
        self.assertGreater(sweep["stability"][at], 0.99)
        self.assertTrue(all(-1 <= value <= 1 for value in sweep["stability"]))
        self.assertEqual(sweep["inertia"], sorted(sweep["inertia"], reverse=True))
        self.assertEqual(len({row["segment"] for row in case.read_customers(self.dir / "run-3")}), 15)

    def test_another_rule_may_choose_another(self):
        for rule, best in (("davies-bouldin", min), ("calinski-harabasz", max), ("stability", max)):
            self.train(rule, "cluster.k=[3, 15, 9]", f"cluster.choose={rule}")
            report = case.read_report(self.dir / rule)
            sweep, name = report["sweep"], rule.replace("-", "_")
            self.assertEqual(sweep["k"], [3, 9, 15])
            self.assertEqual(report["cluster"]["k"], sweep["k"][sweep[name].index(best(sweep[name]))])

    def test_a_number_alone_is_as_stable_as_among_others(self):
        self.train("several", "cluster.k=[3, 9, 15]")
        wanted = case.read_report(self.dir / "several")["sweep"]
        for k, stability in zip(wanted["k"], wanted["stability"]):
            self.train(f"k-{k}", f"cluster.k={k}", "cluster.choose=stability")
            self.assertEqual(case.read_report(self.dir / f"k-{k}")["quality"]["stability"], stability)
        self.train("by-silhouette", "cluster.k=9")
        self.assertNotIn("stability", case.read_report(self.dir / "by-silhouette")["quality"])

    def test_the_sweep_gives_the_model_of_that_k_alone(self):
        self.train("several", "cluster.k=[14, 15]", "cluster.trials=0")
        self.train("one", "cluster.k=15")
        several, one = (case.read_report(self.dir / name) for name in ("several", "one"))
        self.assertEqual(several["digest"], one["digest"])
        self.assertNotIn("sweep", one)

    def test_what_is_no_number_of_clusters_is_refused(self):
        for given in ("[]", "5-2", "0-3", "[2, 70000]", "2-9999", "some", "[2, x]"):
            line = case.errors(self.train("never", f"cluster.k={given}", ranks=1, code=64))[0]
            self.assertIn("cluster.k", line)


if __name__ == "__main__":
    case.need_data()
    case.main()
