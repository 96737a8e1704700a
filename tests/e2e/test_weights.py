"""Weights of rows and missing values in an HDF5 matrix: against scikit-learn and numpy, and in all that is reported."""

import csv

import case

import h5py
import numpy
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

N, D, K = 3000, 4, 5


def draw(seed=1):
    """Blobs, and weights of which some are 0."""
    random = numpy.random.default_rng(seed)
    rows = random.normal(size=(N, D)) + 5 * random.normal(size=(K, D))[random.integers(0, K, N)]
    return rows, random.uniform(0.1, 3, N) * (random.random(N) > 0.1)


def close(got, wanted, tolerance):
    numpy.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance)


class Weights(case.Case):
    def write(self, name, rows, weights=None):
        path = self.dir / f"{name}.h5"
        with h5py.File(path, "w") as file:
            file["features/values"] = rows
            if weights is not None:
                file["features/weights"] = weights
        return path

    def train(self, path, out, *words, ranks=2, code=0, k=K):
        result = self.rfmpi("train", "--set", f"input.features={path}", "--set", f"cluster.k={k}", "--set",
                            f"output.dir={self.dir / out}", *words, ranks=ranks, code=code)
        return case.read_report(self.dir / out) if code == 0 else case.errors(result)

    def predict(self, path, model, out, code=0):
        result = self.rfmpi("predict", "--model", self.dir / model / "model.h5", "--set", f"input.features={path}",
                            "--set", f"output.dir={self.dir / out}", ranks=2, code=code)
        return case.read_report(self.dir / out) if code == 0 else case.errors(result)

    def model(self, run, name):
        with h5py.File(self.dir / run / "model.h5") as file:
            return file[name][...] if name in file else None

    def labels(self, run):
        return numpy.array([int(row["segment"]) for row in case.read_customers(self.dir / run)])

    def segments(self, run):
        with open(self.dir / run / "segments.csv", newline="") as file:
            return list(csv.DictReader(file))

    def test_same_labels_as_lloyd_with_weights(self):
        rows, weights = draw()
        start = rows[weights > 0][:K]
        with h5py.File(self.dir / "c.h5", "w") as file:
            file["centroids"] = start
        path = self.write("x", rows, weights)
        report = self.train(path, "run", "--set", f"cluster.init=file:{self.dir / 'c.h5'}", "--set", "cluster.scale=none",
                            "--set", "cluster.tolerance=0")
        peer = KMeans(K, init=start, n_init=1, tol=0, algorithm="lloyd").fit(rows, sample_weight=weights)
        self.assertAlmostEqual(report["cluster"]["inertia"] / peer.inertia_, 1, delta=1e-6)
        centroids = self.model("run", "centroids")
        pair = ((centroids[:, None] - peer.cluster_centers_[None]) ** 2).sum(axis=2).argmin(axis=1)
        self.assertEqual(sorted(pair), list(range(K)))
        close(centroids, peer.cluster_centers_[pair], 1e-6)
        numpy.testing.assert_array_equal(pair[self.labels("run")], peer.labels_)

    def test_scaling_is_that_of_scikit_learn(self):
        rows, weights = draw()
        self.train(self.write("x", rows, weights), "run")
        peer = StandardScaler().fit(rows, sample_weight=weights)
        close(self.model("run", "model/scaling/center"), peer.mean_, 1e-6)
        close(self.model("run", "model/scaling/scale"), peer.scale_, 1e-6)

    def test_quality_is_by_weight(self):
        rows, weights = draw()
        rows, weights = rows[:800], weights[:800]
        report = self.train(self.write("x", rows, weights), "run", "--set", "cluster.scale=none")
        labels, quality, kept = self.labels("run"), report["quality"], weights > 0
        x, w, c = rows[kept], weights[kept], labels[kept]
        far = numpy.sqrt(((x[:, None] - x[None]) ** 2).sum(axis=2))
        sums = [numpy.array([w[c == k].sum() for k in range(K)]),
                *(numpy.stack([d[:, c == k] @ w[c == k] for k in range(K)], axis=1) for d in (far, far ** 2))]
        each = []
        for distances in sums[1:]:
            own = distances[numpy.arange(len(x)), c] / (sums[0][c] - w)
            means = distances / sums[0]
            means[numpy.arange(len(x)), c] = numpy.inf
            other = means.min(axis=1)
            each.append((other - own) / numpy.maximum(own, other))
        self.assertAlmostEqual(quality["silhouette"], numpy.average(each[0], weights=w), delta=1e-6)
        self.assertAlmostEqual(quality["squared_silhouette"], numpy.average(each[1], weights=w), delta=1e-6)
        self.assertEqual((quality["silhouette_error"], quality["silhouette_rows"]), (0, kept.sum()))
        means = numpy.stack([numpy.average(x[c == k], axis=0, weights=w[c == k]) for k in range(K)])
        spread = numpy.array([numpy.average(numpy.linalg.norm(x[c == k] - means[k], axis=1), weights=w[c == k])
                              for k in range(K)])
        apart = numpy.linalg.norm(means[:, None] - means[None], axis=2) + numpy.diag([numpy.inf] * K)
        worst = ((spread[:, None] + spread[None]) / apart).max(axis=1).mean()
        self.assertAlmostEqual(quality["davies_bouldin"], worst, delta=1e-6)
        within = (w * ((x - means[c]) ** 2).sum(axis=1)).sum()
        total = (w * ((x - numpy.average(x, axis=0, weights=w)) ** 2).sum(axis=1)).sum()
        wanted = (total - within) / (K - 1) / (within / (len(x) - K))
        self.assertAlmostEqual(quality["calinski_harabasz"] / wanted, 1, delta=1e-6)

    def test_only_ratios_matter_at_any_number_of_ranks(self):
        rows, weights = draw()
        one = self.train(self.write("x", rows, weights), "one", ranks=1)
        for name, factor, ranks in (("small", 0.25, 3), ("large", 1024, 2)):
            other = self.train(self.write(name, rows, factor * weights), name, ranks=ranks)
            self.assertEqual(one["digest_parts"], other["digest_parts"])
            self.assertEqual({**one["quality"], "seconds": 0}, {**other["quality"], "seconds": 0})
            self.assertEqual(other["cluster"]["inertia"], factor * one["cluster"]["inertia"])
        none = self.train(self.write("none", rows), "none")
        equal = self.train(self.write("equal", rows, numpy.full(N, 0.3)), "equal")
        self.assertEqual(none["digest"], equal["digest"])
        self.assertEqual({**none["quality"], "seconds": 0}, {**equal["quality"], "seconds": 0})
        self.assertNotEqual(one["digest"], none["digest"])

    def test_every_seeding_scale_and_several_k(self):
        rows, weights = draw()
        path = self.write("x", rows, weights)
        for init in ("k-means||", "k-means++", "random"):
            for scale in ("robust", "minmax"):
                words = ("--set", f"cluster.init={init}", "--set", f"cluster.scale={scale}", "--set", "cluster.search=none")
                runs = [self.train(path, f"{init} {scale} {ranks}", *words, ranks=ranks) for ranks in (1, 3)]
                self.assertEqual(runs[0]["digest"], runs[1]["digest"])
        report = self.train(path, "sweep", k="[4,5,6]")
        best = numpy.argmax(report["sweep"]["silhouette"])
        self.assertEqual(report["cluster"]["k"], report["sweep"]["k"][best])

    def test_sizes_are_rows_and_weight(self):
        rows, weights = draw()
        path = self.write("x", rows, weights)
        report = self.train(path, "run")
        labels = self.labels("run")
        sums = numpy.array([weights[labels == k].sum() for k in range(K)])
        segments = self.segments("run")
        self.assertEqual([int(row["size"]) for row in segments], numpy.bincount(labels).tolist())
        close([float(row["weight"]) for row in segments], sums, 1e-5)
        close([float(row["weight_share"]) for row in segments], sums / sums.sum(), 1e-6)
        close(self.model("run", "model/weights"), sums, 1e-5)
        close([report["segments"][str(k)]["weight"] for k in range(K)], sums, 1e-5)
        self.assertIn("\nweight ", self.rfmpi("info", self.dir / "run", ranks=0).stdout)
        self.assertAlmostEqual(report["weight"] / weights.sum(), 1, delta=1e-6)
        again = self.predict(path, "run", "again")
        self.assertEqual(again["digest"], report["digest"])
        self.assertEqual(again["cluster"]["inertia"], report["cluster"]["inertia"])
        self.assertEqual(self.segments("again"), segments)
        self.predict(self.write("plain", rows), "run", "plain")
        numpy.testing.assert_array_equal(self.labels("plain"), labels)
        self.assertNotIn("weight", self.segments("plain")[0])

    def test_what_is_no_weight_is_refused(self):
        rows, weights = draw()
        bad = {"negative": (7, -1e-9), "nan": (N - 1, numpy.nan), "infinite": (0, numpy.inf)}
        for name, (row, value) in bad.items():
            spoiled = weights.copy()
            spoiled[row] = value
            lines = self.train(self.write(name, rows, spoiled), f"run {name}", code=65)
            self.assertEqual(len(lines), 1)
            self.assertIn(f"{name}.h5: /features/weights: row {row} (from 0): ", lines[0])
        for name, value, words in (("short", weights[1:], f"has {N - 1} rows, /features/values {N}"),
                                   ("none", 0 * weights, "all weights are 0"),
                                   ("matrix", rows, "must be numbers, one for each row"),
                                   ("text", numpy.full(N, b"1"), "must be numbers, one for each row")):
            lines = self.train(self.write(name, rows, value), f"run {name}", code=65)
            self.assertEqual(len(lines), 1)
            self.assertIn(f"{name}.h5: /features/weights", lines[0])
            self.assertIn(words, lines[0])

    def spoil(self, rows, seed=2):
        rows = rows.copy()
        rows[numpy.random.default_rng(seed).random(rows.shape) < [0, 0.01, 0.2, 0.05]] = numpy.nan
        return rows

    def test_missing_values_are_what_numpy_makes_of_them(self):
        rows, weights = draw()
        spoiled, fresh = self.spoil(rows), self.spoil(rows[::-1], seed=3)
        present = ~numpy.isnan(spoiled)
        by = {"zero": numpy.zeros(D), "mean": numpy.nanmean(spoiled, axis=0), "median": numpy.nanmedian(spoiled, axis=0)}
        for kind, fills in by.items():
            option = ("--set", f"cluster.missing={kind}")
            report = self.train(self.write(kind, spoiled), kind, *option)
            close(self.model(kind, "model/fills"), fills, 1e-12)
            fills = self.model(kind, "model/fills")
            whole = self.train(self.write(f"{kind}-whole", numpy.where(present, spoiled, fills)), f"{kind}-whole")
            self.assertEqual(report["digest_parts"]["customers"], whole["digest_parts"]["customers"])
            counts = {f"x{j + 1}": int(n) for j, n in enumerate((~present).sum(axis=0)) if n > 0}
            self.assertEqual(report["missing"], counts)
            # The model's numbers, not those of the new rows.
            told = self.predict(self.write(f"{kind}-new", fresh), kind, f"{kind}-new")
            self.assertEqual(sum(told["missing"].values()), numpy.isnan(fresh).sum())
            self.predict(self.write(f"{kind}-filled", numpy.where(numpy.isnan(fresh), fills, fresh)), kind, f"{kind}-filled")
            numpy.testing.assert_array_equal(self.labels(f"{kind}-new"), self.labels(f"{kind}-filled"))
        self.train(self.write("weighed", spoiled, weights), "weighed", "--set", "cluster.missing=mean")
        wanted = numpy.nansum(spoiled * weights[:, None], axis=0) / (present * weights[:, None]).sum(axis=0)
        close(self.model("weighed", "model/fills"), wanted, 1e-6)

    def test_missing_values_without_a_rule_and_infinite_ones_are_refused(self):
        rows, _ = draw()
        spoiled = self.spoil(rows)
        path = self.write("nan", spoiled)
        self.assertIn("is not a finite number (cluster.missing", self.train(path, "refused", code=65)[0])
        self.train(self.write("whole", rows), "whole")
        self.assertIn("is not a finite number (cluster.missing", self.predict(path, "whole", "also", code=65)[0])
        spoiled[5, 0] = numpy.inf
        path = self.write("infinite", spoiled)
        for run in ("mean", "zero"):
            lines = self.train(path, run, "--set", f"cluster.missing={run}", code=65)
            self.assertIn("row 5 (from 0), column x1: inf is not a finite number", lines[0])
        path = self.write("empty", numpy.where([0, 1, 0, 0], numpy.nan, rows))
        self.assertIn("column x2: no row", self.train(path, "empty", "--set", "cluster.missing=median", code=65)[0])

    def test_a_model_of_the_format_before_is_read(self):
        path = self.write("x", draw()[0])
        report = self.train(path, "run")
        with h5py.File(self.dir / "run" / "model.h5", "r+") as file:
            file.attrs["version"] = 2
        self.assertEqual(self.predict(path, "run", "again")["digest"], report["digest"])


if __name__ == "__main__":
    case.main()
