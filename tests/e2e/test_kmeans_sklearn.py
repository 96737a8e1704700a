"""From the same starting centroids, labels equal scikit-learn's in double precision and inertia agrees to 1e-6; one start
reaches the inertia of the true labels of the labelled sets."""

import case

import h5py
import numpy
from sklearn import metrics
from sklearn.cluster import KMeans


def read_set(name):
    rows = numpy.loadtxt(case.DATA / "clusters" / f"{name}.csv", delimiter=",")
    labels = numpy.loadtxt(case.DATA / "clusters" / f"{name}.labels.txt", dtype=int)
    return rows, labels


def inertia_of(rows, labels):
    return sum(((rows[labels == label] - rows[labels == label].mean(axis=0)) ** 2).sum() for label in set(labels))


class Kmeans(case.Case):
    def write_matrix(self, rows, centroids):
        with h5py.File(self.dir / "x.h5", "w") as file:
            file["features/values"] = rows
        with h5py.File(self.dir / "c.h5", "w") as file:
            file["centroids"] = centroids

    def train(self, out, k, *words, ranks=2):
        self.rfmpi("train", "--set", f"input.features={self.dir / 'x.h5'}", "--set", f"cluster.k={k}", "--set",
                   "cluster.scale=none", "--set", f"output.dir={self.dir / out}", *words, ranks=ranks)
        return case.read_report(self.dir / out)

    def compare(self, rows, k, ranks, run):
        start = rows[numpy.random.default_rng(k).choice(len(rows), k, replace=False)]
        self.write_matrix(rows, start)
        report = self.train(run, k, "--set", f"cluster.init=file:{self.dir / 'c.h5'}", "--set",
                            "cluster.tolerance=0", ranks=ranks)
        peer = KMeans(k, init=start, n_init=1, tol=0, max_iter=300, algorithm="lloyd").fit(rows)
        with h5py.File(self.dir / run / "model.h5") as file:
            centroids = file["centroids"][...]
        self.assertAlmostEqual(report["cluster"]["inertia"] / peer.inertia_, 1, delta=1e-6)
        # Ours are sorted: pair each with the peer's nearest.
        pair = ((centroids[:, None] - peer.cluster_centers_[None]) ** 2).sum(axis=2).argmin(axis=1)
        self.assertEqual(sorted(pair), list(range(k)))
        ours = numpy.array([int(row["segment"]) for row in case.read_customers(self.dir / run)])
        numpy.testing.assert_array_equal(pair[ours], peer.labels_)

    def test_same_labels_as_lloyd(self):
        for name, k in (("s1", 15), ("a2", 35), ("unbalance", 8)):
            with self.subTest(name):
                self.compare(read_set(name)[0], k, ranks=2 if name == "s1" else 3, run=name)

    def test_one_start_reaches_the_true_labels(self):
        for name, k in (("s1", 15), ("unbalance", 8)):
            rows, labels = read_set(name)
            self.write_matrix(rows, rows[:k])
            reached = 0
            for seed in range(1, 11):
                report = self.train(f"{name}-{seed}", k, "--set", f"cluster.seed={seed}")
                reached += report["cluster"]["inertia"] <= 1.0001 * inertia_of(rows, labels)
            self.assertEqual(reached, 10, name)

    def test_quality_is_that_of_scikit_learn(self):
        rows, _ = read_set("s1")
        self.write_matrix(rows, rows[:15])
        report = self.train("quality", 15)
        labels = numpy.array([int(row["segment"]) for row in case.read_customers(self.dir / "quality")])
        quality = report["quality"]
        self.assertEqual(quality["silhouette_rows"], len(rows))
        self.assertAlmostEqual(quality["silhouette"], metrics.silhouette_score(rows, labels), delta=1e-9)
        each = metrics.silhouette_samples(rows, labels)
        for label, mean in enumerate(quality["silhouettes"]):
            self.assertAlmostEqual(mean, each[labels == label].mean(), delta=1e-9)
        squared = metrics.silhouette_score(rows, labels, metric="sqeuclidean")
        self.assertAlmostEqual(quality["squared_silhouette"], squared, delta=1e-6)
        self.assertAlmostEqual(quality["davies_bouldin"], metrics.davies_bouldin_score(rows, labels), delta=1e-6)
        self.assertAlmostEqual(quality["calinski_harabasz"] / metrics.calinski_harabasz_score(rows, labels), 1, delta=1e-6)

    def test_inertia_of_a_huge_offset(self):
        rows = numpy.random.default_rng(3).normal(size=(4000, 3)) + [1e6, -1e6, 1e6]
        self.compare(rows, 5, ranks=2, run="offset")


if __name__ == "__main__":
    case.need_data()
    case.main()
