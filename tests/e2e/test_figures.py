"""figures.json: the numbers that the report draws are those of numpy and scikit-learn, the same bits at any number of ranks and threads."""

import csv
import json

import case

import h5py
import numpy
from sklearn.decomposition import PCA

MOST_IN_QUARTILES = 5000


def read_figures(run):
    return json.loads((run / "figures.json").read_text())


def close(got, wanted, tolerance=1e-9):
    numpy.testing.assert_allclose(numpy.array(got, float), numpy.array(wanted, float), rtol=tolerance, atol=tolerance)


def read_model(run, *names):
    with h5py.File(run / "model.h5") as file:
        return [file[name][...] for name in names]


def histogram(values, edges, weights=None):
    """Values beyond the edges are in the bins at the ends."""
    return numpy.histogram(numpy.clip(values, edges[0], edges[-1]), edges, weights=weights)[0]


class Figures(case.Case):
    def write(self, name, rows, **more):
        with h5py.File(self.dir / f"{name}.h5", "w") as file:
            file["features/values"] = rows
            for key, values in more.items():
                file[f"features/{key}"] = values
        return self.dir / f"{name}.h5"

    def train(self, path, out, *words, **how):
        self.rfmpi("train", path, "--set", f"output.dir={self.dir / out}", *words, **how)
        return read_figures(self.dir / out)

    def run_events(self, out, *words, **how):
        paths = sorted((self.dir / "events").glob("part-*.csv")) or self.generate(events=60000, customers=5000, parts=2)
        self.run_job("quickstart.yml", paths, out, "--set", "features.list=rfm-behaviour", *words, **how)
        return read_figures(self.dir / out)

    def labelled(self, out):
        """Of a run on events: ids and features as in features.h5, and the segment of each."""
        rows = case.read_customers(self.dir / out)
        ids, names, values = case.read_features(self.dir / out)
        segment = {int(row["id"]): int(row["segment"]) for row in rows}
        return names, values, numpy.array([segment[id] for id in ids.tolist()])

    # ---- against numpy -----------------------------------------------------------------------------------------------

    def test_statistics_are_those_of_numpy(self):
        told = self.run_events("run")
        names, values, segments = self.labelled("run")
        self.assertEqual([feature["name"] for feature in told["features"]], names)
        self.assertEqual((told["n_customers"], told["n_features"]), values.shape)
        self.assertEqual((told["money"], told["n_segments"]), ("monetary", len(told["segments"])))
        money = values[:, names.index("monetary")]
        for one in told["segments"]:
            rows = values[segments == one["id"]]
            self.assertEqual(one["customers"], len(rows))
            close(one["share"], len(rows) / len(values))
            close(one["mean"], rows.mean(axis=0))
            close(one["median"], numpy.median(rows, axis=0), 1e-12)
            close(one["revenue"], money[segments == one["id"]].sum())
            close(one["revenue_share"], money[segments == one["id"]].sum() / money.sum())
            self.assertIsNone(one["weight"])
        for j, feature in enumerate(told["features"]):
            column = values[:, j]
            wanted = [column.min(), column.max(), *numpy.percentile(column, [5, 25, 50, 75, 95])]
            self.assertEqual([feature[key] for key in ("min", "max", "p05", "p25", "median", "p75", "p95")], wanted)
            close(feature["mean"], column.mean())
            for s, one in enumerate(told["segments"]):
                own = column[segments == one["id"]]
                self.assertEqual(feature["counts"][s], histogram(own, feature["edges"]).tolist())
                self.assertEqual(feature["quartiles"][s], numpy.percentile(own, [25, 50, 75]).tolist())
        with open(self.dir / "run" / "segments.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([[float(row[name]) for name in names] for row in rows], [one["centroid"] for one in told["segments"]])

    def test_centroids_have_the_digits_that_the_grid_bears_out(self):
        rows = numpy.random.default_rng(6).gamma(2, 50, size=(900, 2)).round(2)
        rows[:, 0] = numpy.repeat([1, 2, 40], 300)
        told = self.train(self.write("x", rows), "run", "--set", "cluster.k=3", "--set", "cluster.init=k-means++")
        with open(self.dir / "run" / "segments.csv", newline="") as file:
            lines = list(csv.DictReader(file))
        exact, step, scale = read_model(self.dir / "run", "model/centroids_original", "model/step", "model/scaling/scale")
        for line, one, centroid in zip(lines, told["segments"], exact):
            texts = [line["x1"], line["x2"]]
            self.assertEqual(list(map(float, texts)), one["centroid"])
            for text, value, unknown in zip(texts, centroid, (step.ravel() * scale.ravel()) / 2):
                self.assertLessEqual(abs(float(text) - value), 1.001 * unknown)
                self.assertLess(len(text), 14)

    def test_edges_are_round_and_reach_over_nearly_all(self):
        told = self.run_events("run")
        names, values, _ = self.labelled("run")
        for name, column, feature in zip(names, values.T, told["features"]):
            edges = numpy.array(feature["edges"])
            self.assertLessEqual(len(edges), 31)
            self.assertTrue((numpy.diff(edges) > 0).all(), name)
            low, high = numpy.percentile(column, [1, 99])
            self.assertTrue(edges[0] <= low and edges[-1] >= high, name)
            on_axis = numpy.log1p(edges) if feature["axis"] == "log1p" else edges
            if (column == numpy.round(column)).all():
                self.assertTrue((edges == numpy.round(edges)).all(), name)
            else:
                close(numpy.diff(on_axis) / numpy.diff(on_axis)[0], numpy.ones(len(edges) - 1), 1e-9)
        axes = {name: feature["axis"] for name, feature in zip(names, told["features"])}
        self.assertEqual((axes["monetary"], axes["recency_days"]), ("log1p", "linear"))

    def test_components_are_those_of_scikit_learn(self):
        told = self.run_events("run")
        _, values, segments = self.labelled("run")
        scaled = self.scaled(values, "run")
        peer = PCA(2, svd_solver="full").fit(scaled)
        projection = told["projection"]
        self.assertEqual(projection["customers"], len(values))
        close(projection["explained"], peer.explained_variance_ratio_, 1e-6)
        loadings = numpy.array(projection["loadings"])
        for ours, theirs in zip(loadings, peer.components_):
            self.assertGreater(ours[numpy.abs(ours).argmax()], 0)
            close(ours, theirs * numpy.sign(ours @ theirs), 1e-5)
        placed = (scaled - scaled.mean(axis=0)) @ loadings.T
        known = {(*(float(f"{v:.4g}") + 0.0 for v in point), s) for point, s in zip(placed, segments)}
        order = [one["id"] for one in told["segments"]]
        sample = [(x, y, order[s]) for x, y, s in projection["sample"]]
        self.assertTrue(1500 < len(sample) <= 2000)
        found = sum(point in known for point in sample)  # a last digit may round otherwise
        self.assertGreater(found / len(sample), 0.99)
        centroids = read_model(self.dir / "run", "centroids")[0]
        close(projection["centroids"], (centroids - scaled.mean(axis=0)) @ loadings.T, 1e-3)
        away = numpy.where(scaled.std(axis=0) > 0, scaled.std(axis=0), numpy.inf)
        for s, one in enumerate(told["segments"]):
            close(one["standing"], (scaled[segments == one["id"]].mean(axis=0) - scaled.mean(axis=0)) / away, 1e-6)

    def scaled(self, values, out):
        """By the model's own steps: log1p, square root, cuts; then centre and scale."""
        n_steps, kinds, low, high, center, scale = read_model(
            self.dir / out, *(f"model/scaling/{name}" for name in ("n_steps", "kind", "low", "high", "center", "scale")))
        columns = []
        for j, column in enumerate(values.T):
            for s in range(n_steps.ravel()[j]):
                column = [numpy.log1p, numpy.sqrt, lambda x: x.clip(low[j, s], high[j, s])][kinds[j, s]](column)
            columns.append((column - center.ravel()[j]) / scale.ravel()[j])
        return numpy.stack(columns, axis=1)

    # ---- the same bits -----------------------------------------------------------------------------------------------

    def test_same_bits_at_any_number_of_ranks_and_threads(self):
        texts = set()
        for ranks, threads in ((0, 1), (1, 2), (2, 1), (3, 1), (4, 2)):
            self.run_events(f"{ranks}-{threads}", ranks=ranks, env={"OMP_NUM_THREADS": str(threads)})
            texts.add((self.dir / f"{ranks}-{threads}" / "figures.json").read_bytes())
        self.assertEqual(len(texts), 1)

    # ---- samples, weights, ends --------------------------------------------------------------------------------------

    def test_quartiles_of_large_segments_come_from_a_sample(self):
        random = numpy.random.default_rng(3)
        rows = numpy.concatenate([random.normal(0, 1, (60000, 2)), random.normal(30, 1, (5000, 2))])
        told = self.train(self.write("x", rows), "run", "--set", "cluster.k=2", ranks=2)
        again = self.train(self.dir / "x.h5", "again", "--set", "cluster.k=2", ranks=3)
        self.assertEqual(told, again)
        self.assertEqual(told["quartiles_of"], MOST_IN_QUARTILES)
        segments = numpy.array([int(row["segment"]) for row in case.read_customers(self.dir / "run")])
        for s, one in enumerate(told["segments"]):
            exact = numpy.percentile(rows[segments == one["id"]], [25, 50, 75], axis=0).T
            got = numpy.array([feature["quartiles"][s] for feature in told["features"]])
            if one["customers"] <= MOST_IN_QUARTILES:
                close(got, exact, 1e-12)
            else:
                self.assertNotEqual(got.tolist(), exact.tolist())
                close(got, exact, 0.03)

    def test_components_of_very_many_customers_come_from_a_sample(self):
        random, n = numpy.random.default_rng(7), 1300000
        rows = (random.normal(size=(n, 2)) @ [[3, 1], [0, 1]] + 40 * random.integers(0, 2, (n, 1))).astype("float32")
        words = ("--set", "cluster.k=2", "--set", "cluster.scale=none")
        told = self.train(self.write("x", rows), "run", *words, ranks=2)
        self.assertEqual(told, self.train(self.dir / "x.h5", "again", *words, ranks=3))
        self.assertTrue(0.247e6 < told["projection"]["customers"] < 0.253e6)
        self.assertEqual(told["standings_of"], told["projection"]["customers"])
        values, vectors = numpy.linalg.eigh(numpy.cov(rows.astype(float).T))
        close(told["projection"]["explained"], values[::-1] / values.sum(), 1e-3)
        close(told["projection"]["loadings"][0], vectors[:, -1] * numpy.sign(vectors[:, -1].sum()), 1e-2)

    def test_by_weight(self):
        random = numpy.random.default_rng(4)
        rows = numpy.concatenate([random.normal(m, 1, (700, 3)) for m in (0, 8, 20)])
        weights = random.integers(0, 5, len(rows)).astype(float)
        told = self.train(self.write("x", rows, weights=weights), "run", "--set", "cluster.k=3", ranks=2)
        segments = numpy.array([int(row["segment"]) for row in case.read_customers(self.dir / "run")])
        self.assertIsNone(told["money"])
        for s, one in enumerate(told["segments"]):
            own = segments == one["id"]
            self.assertEqual((one["customers"], one["weight"]), (own.sum(), weights[own].sum()))
            self.assertEqual((one["revenue"], one["revenue_share"]), (None, None))
            close(one["share"], weights[own].sum() / weights.sum())
            close(one["mean"], numpy.average(rows[own], axis=0, weights=weights[own]))
            for j, feature in enumerate(told["features"]):
                self.assertEqual(feature["counts"][s], histogram(rows[own, j], feature["edges"], weights[own]).tolist())
        repeated = numpy.repeat(rows, weights.astype(int), axis=0)
        peer = PCA(2, svd_solver="full").fit(self.scaled(repeated, "run"))
        close(told["projection"]["explained"], peer.explained_variance_ratio_, 1e-6)
        for j, feature in enumerate(told["features"]):
            close(feature["mean"], repeated[:, j].mean())
            self.assertEqual((feature["min"], feature["max"]), (rows[weights > 0, j].min(), rows[weights > 0, j].max()))

    def test_revenue_is_of_the_feature_that_scores_monetary_names(self):
        entries = [{"name": "purchases", "count": "*", "where": {"event": "purchase"}},
                   {"name": "dearest", "max": "amount", "where": {"event": "purchase"}},
                   {"name": "spent", "sum": "amount", "where": {"event": "purchase"}}]
        words = ("--set", f"features.list={json.dumps(entries)}", "--set", "features.population={event: purchase}")
        told = self.run_events("none", *words, ranks=2)
        self.assertIsNone(told["money"], "the highest of amounts is no revenue")
        self.assertEqual({one["revenue"] for one in told["segments"]}, {None})
        said = self.run_events("spent", *words, "--set", "scores.monetary=spent", ranks=2)
        _, values, segments = self.labelled("spent")
        self.assertEqual(said["money"], "spent")
        for one in said["segments"]:
            close(one["revenue"], values[segments == one["id"], 2].sum())
            close(one["revenue_share"], values[segments == one["id"], 2].sum() / values[:, 2].sum())

    def test_an_amount_for_each_order_is_scored_and_no_revenue(self):
        told = self.run_events("run", "--set", "scores.monetary=average_order", ranks=2)
        grid = case.read_report(self.dir / "run")["scores"]["grid"]
        self.assertIsNone(told["money"])
        self.assertEqual({(one["revenue"], one["revenue_share"]) for one in grid}, {(None, None)})

    def test_revenue_counts_rows_as_often_as_they_weigh(self):
        random = numpy.random.default_rng(5)
        rows, weights = random.normal(10, 2, (500, 2)), random.integers(0, 5, 500).astype(float)
        path = self.write("x", rows, weights=weights, names=numpy.array([b"frequency", b"monetary"]))
        told = self.train(path, "run", "--set", "cluster.k=3", ranks=2)
        segments = numpy.array([int(row["segment"]) for row in case.read_customers(self.dir / "run")])
        for one in told["segments"]:
            close(one["revenue"], (weights * rows[:, 1])[segments == one["id"]].sum())

    def test_one_column_has_no_projection_and_a_constant_one_stands_nowhere(self):
        one = self.train(self.write("one", numpy.arange(500.0)[:, None]), "one", "--set", "cluster.k=3")
        self.assertIsNone(one["projection"])
        rows = numpy.stack([numpy.arange(500.0), numpy.full(500, 7.0)], axis=1)
        two = self.train(self.write("two", rows), "two", "--set", "cluster.k=3")
        self.assertEqual([segment["standing"][1] for segment in two["segments"]], [0, 0, 0])
        self.assertEqual(two["projection"]["explained"], [1, 0])
        self.assertEqual(two["features"][1]["edges"], [7, 8])
        self.assertEqual([sum(counts) for counts in two["features"][1]["counts"]], [s["customers"] for s in two["segments"]])

    def test_many_segments_and_features_are_told_of_the_largest_and_first(self):
        random = numpy.random.default_rng(5)
        rows = random.normal(size=(3000, 70)) + 9 * random.normal(size=(80, 70))[random.integers(0, 80, 3000)]
        told = self.train(self.write("x", rows), "run", "--set", "cluster.k=80", ranks=2)
        self.assertEqual((told["n_segments"], len(told["segments"])), (80, 64))
        self.assertEqual((told["n_features"], len(told["features"])), (70, 64))
        sizes = numpy.bincount([int(row["segment"]) for row in case.read_customers(self.dir / "run")])
        largest = sorted(range(80), key=lambda c: (-sizes[c], c))[:64]
        self.assertEqual([one["id"] for one in told["segments"]], sorted(largest))
        self.assertEqual(len(told["projection"]["loadings"][0]), 70)
        self.assertTrue(all(0 <= s < 64 for _, _, s in told["projection"]["sample"]))

    def test_values_at_the_ends_of_what_a_double_holds(self):
        rows = numpy.array([[1e-300, -1e15, 0], [2e-300, 1e15, 1], [5e-300, 3, 2], [1e-299, -7, 3]] * 20)
        told = self.train(self.write("x", rows), "run", "--set", "cluster.k=2", ranks=2)
        for j, feature in enumerate(told["features"]):
            self.assertEqual((feature["min"], feature["max"]), (rows[:, j].min(), rows[:, j].max()))
            self.assertEqual(sum(map(sum, feature["counts"])), len(rows))

    # ---- predict -----------------------------------------------------------------------------------------------------

    def test_predict_tells_of_its_own_customers(self):
        trained = self.run_events("run")
        model = self.dir / "run" / "model.h5"
        self.rfmpi("predict", self.dir / "run", "--model", model, "--set", f"output.dir={self.dir / 'same'}", ranks=3)
        self.assertEqual(read_figures(self.dir / "same"), trained)
        later = self.generate(events=900, customers=60, seed=9, name="later")
        self.run_job("quickstart.yml", later, "predicted", "--model", model, task="predict", ranks=2)
        told = read_figures(self.dir / "predicted")
        self.assertEqual(told["n_customers"], 60)
        self.assertEqual(sum(one["customers"] for one in told["segments"]), 60)
        for one in told["segments"]:
            self.assertEqual([value is None for value in one["mean"]], [one["customers"] == 0] * len(one["mean"]))

    # ---- no person ---------------------------------------------------------------------------------------------------

    def test_no_customer_is_named(self):
        path = self.dir / "events.csv"
        rows = [f"2019-10-{1 + i % 30:02} 10:00:00 UTC,purchase,{i % 90 + 1},person-{i % 400}-x,s{i},p,c" for i in range(4000)]
        path.write_text("event_time,event_type,price,user_id,user_session,product_id,category_id\n" + "\n".join(rows) + "\n")
        self.run_job("quickstart.yml", [path], "run", "--set", "input.id=text", ranks=2)
        self.assertNotIn("person", (self.dir / "run" / "figures.json").read_text())


if __name__ == "__main__":
    case.main()
