"""The statement that `export` prints gives, run by an engine over the same events, the segments that `predict` gives.

The engine is fakesnow: the statement is read as Snowflake's, and run by DuckDB. Its LN is not ours, so distances may differ in
the last bits; features may not, nor segments.
"""

import csv
import datetime
import json
import random
import re
import subprocess

import case
import warehouse

import h5py
import numpy

EVENTS = ["event_time", "event_type", "product_id", "category_id", "category_code", "brand", "price", "user_id", "user_session"]
TYPES = {"product_id": "NUMBER(38, 0)", "category_id": "NUMBER(38, 0)", "price": "DOUBLE", "user_id": "NUMBER(38, 0)"}

VERBS = [
    {"name": "all", "count": "*"},
    {"name": "priced", "count": "amount", "where": {"event": "view"}, "transform": ["sqrt", "log1p"]},
    {"name": "sessions", "distinct": "session", "where": {"event": "cart"}, "never": 0.5},
    {"name": "orders", "distinct": "order", "where": {"event": "purchase"}},
    {"name": "products_7d", "distinct": "product", "where": {"last": "7d"}},
    {"name": "categories", "distinct": "category", "transform": ["log1p"]},
    {"name": "days", "distinct": "day", "where": {"event": ["cart", "purchase"]}},
    {"name": "days_9d", "distinct": "day", "where": {"last": "9d"}},
    {"name": "brands", "distinct": "brand", "where": {"column": "brand", "present": True}},
    {"name": "spent", "sum": "amount", "where": {"event": "purchase"}, "transform": ["log1p", {"clip": [0.05, 0.9]}]},
    {"name": "spent_3d", "sum": "price", "where": {"event": "purchase", "last": "3d"}, "never": -4, "transform": ["sqrt"]},
    {"name": "mean_price", "mean": "amount", "where": {"event": "view"}, "transform": [{"clip": [0.2, 0.8]}, "log1p", "sqrt"]},
    {"name": "mean_40d", "mean": "amount", "where": {"event": "cart", "last": "40d"}, "never": 3.75},
    {"name": "cheapest", "min": "amount", "where": {"event": "purchase"}, "never": 7.25},
    {"name": "dearest", "max": "price", "where": {"rows": [{"column": "price", "above": 100.5}, {"column": "price", "below": 1e16}]}},
    {"name": "since_hours", "since_last": "hour", "where": {"event": "purchase"}, "transform": ["log1p"]},
    {"name": "since_weeks", "since_first": "week"},
    {"name": "since_seconds", "since_first": "second", "where": {"event": "cart"}, "never": 12},
    {"name": "length", "span": "day", "where": {"event": "purchase"}, "never": "span"},
    {"name": "gap_events", "mean_gap": "event", "where": {"event": "view"}},
    {"name": "gap_days", "mean_gap": "day", "transform": ["log1p"]},
    {"name": "gap_weeks", "mean_gap": "week", "where": {"event": "purchase"}, "never": 99},
    {"name": "evenings", "share": {"hours": ["18-23", "1"]}},
    {"name": "weekends", "share": {"weekdays": ["sat", "sun"]}, "where": {"event": "view", "last": "14d"}, "never": 0.25},
    {"name": "electronics", "count": "*", "where": {"column": "category_code", "prefix": "electronics."}},
    {"name": "others", "count": "*", "where": {"rows": [{"column": "category_code", "not_prefix": "electronics."},
                                                       {"column": "brand", "not": "neta"}, {"column": "brand", "present": True}]}},
    {"name": "nameless", "count": "*", "where": {"column": "brand", "present": False}},
    {"name": "odd", "count": "*", "where": {"column": "brand", "equal": "o'neil \\ \"son\""}, "never": -1},
    {"name": "per_session", "ratio": ["spent", "sessions"], "transform": ["log1p"]},
    {"name": "per_odd", "ratio": ["all", "nameless"], "never": 4.5},
]

# All that a statement may be made of, but names, texts and numbers: each stands in Snowflake's reference.
WORDS = set("""ABS AND AS BETWEEN BY CASE CAST CEIL COALESCE CONVERT_TIMEZONE COPY COUNT CREATE CROSS DATE DATEDIFF DATE_PART DAY
DAYOFWEEKISO DISTINCT DOUBLE ELSE END EPOCH_MICROSECOND FALSE FLOOR FROM GRANTS GREATEST GROUP HAVING HOUR IN IS JOIN LEAST LEFT LN MAX
MAX_BY MIN NOT NULL NULLIF NUMBER ON OR REPLACE SELECT SIGN SQRT STARTSWITH SUM THEN TIMESTAMP_NTZ VALUES VARCHAR VIEW WHEN WHERE
WITH""".split())


def words_outside_quotes(sql):
    bare = re.sub(r"""'(?:''|\\.|[^'\\])*'|"(?:""|[^"])*\"""", " ", sql)
    return set(re.findall(r"[A-Za-z_]\w*", bare))


def write_csv(path, header, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


class Exported(case.Case):
    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(warehouse.Fakesnow())

    def rfmpi(self, *words, **how):
        return super().rfmpi(*words, **{"ranks": 0, **how})

    def load(self, path, header, table, columns):
        """A CSV file as a table; columns: SQL over the texts of the file, each named as its key."""
        texts = ", ".join(f'"{name}" VARCHAR' for name in header)
        chosen = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
        return (f"CREATE OR REPLACE TABLE RAW ({texts})", "CREATE OR REPLACE STAGE RAW_FILES",
                f"PUT file://{path} @RAW_FILES/{table} AUTO_COMPRESS=FALSE",
                f"COPY INTO RAW FROM @RAW_FILES/{table}/ FILE_FORMAT=(TYPE=CSV SKIP_HEADER=1 FIELD_OPTIONALLY_ENCLOSED_BY='\"')",
                f"CREATE OR REPLACE TABLE {table} AS SELECT {chosen} FROM RAW")

    def export(self, model, *words):
        """The statement, which is one of Snowflake's: strictly read, and of no word that is not in its reference."""
        sql = self.rfmpi("export", model, "--to", "sql", *words).stdout
        self.assertEqual(words_outside_quotes(sql) - WORDS, set())
        parsed = subprocess.run([warehouse.PYTHON, warehouse.PARTS / "parse.py"], input=json.dumps([sql]), capture_output=True, text=True,
                                timeout=60, env=warehouse.outside())
        self.assertEqual(parsed.returncode, 0, parsed.stderr)
        self.assertEqual(json.loads(parsed.stdout), [{"kinds": ["create" if "--view" in words else "select"], "unknown": []}])
        return sql

    def compare(self, rows, run, exact=False):
        """Every customer of a run, and no other: the same features to the bit, segment, name and scores; distances to the bit, or nearly."""
        ours = case.read_customers(self.dir / run)
        theirs = {str(row[0]): row[1:] for row in rows}
        self.assertEqual(len(theirs), len(rows))
        self.assertEqual(set(theirs), {row["id"] for row in ours})
        names = list(ours[0])
        d = names.index("segment") - 1
        for row in ours:
            values, found = list(row.values()), theirs[row["id"]]
            wanted = [*map(float, values[1:d + 1]), int(row["segment"]), row["segment_name"]]
            self.assertEqual(found[:d + 2], wanted, row)
            distance, told = found[d + 2], float(row["distance"])
            scores = [*map(int, values[d + 4:-1]), values[-1]] if "rfm_segment" in names else []
            self.assertEqual(found[d + 3:], scores, row)
            self.assertEqual(distance, told) if exact else self.assertAlmostEqual(distance, told, delta=1e-8 * max(1, told))
        return len(ours)


class Events(Exported):
    """A shop's log, one half of it trained on, all of it scored; as clocks, and as instants."""

    ODD = ["2019-10-20 10:00:00 UTC", "view", "1", "2", "", "o'neil \\ \"son\"", "0.5", "500000001", "s-1"]

    def setUp(self):
        super().setUp()
        self.paths = self.generate(events=16000, customers=800, days=60, parts=2)
        with open(self.paths[1], "a", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(self.ODD)
        columns = {name: f'CAST("{name}" AS {TYPES[name]})' if name in TYPES else f'"{name}"' for name in EVENTS[1:]}
        columns["event_time"] = "CAST(REPLACE(\"event_time\", ' UTC', '') AS TIMESTAMP_NTZ)"
        columns["happened_at"] = "CAST(REPLACE(\"event_time\", ' UTC', '+00:00') AS TIMESTAMP_TZ)"
        self.loaded = []
        for i, path in enumerate(self.paths):
            self.loaded += self.load(path, EVENTS, f"PART_{i}", columns)
        self.loaded.append("CREATE OR REPLACE TABLE EVENTS AS SELECT * FROM PART_0 UNION ALL SELECT * FROM PART_1")

    def score(self, name, *words, columns=("time=event_time",), predicted=(), exported=()):
        """Train on one half with these words, predict and export for all."""
        self.run_job("rees46.yml", self.paths[:1], f"{name}-trained", *words)
        model = self.dir / f"{name}-trained" / "model.h5"
        self.run_job("rees46.yml", self.paths, f"{name}-all", "--model", model, *words, *predicted, task="predict")
        named = [word for column in ("customer=user_id", *columns) for word in ("--column", column)]
        return self.export(model, "--events", "EVENTS", *named, *exported)

    def test_ready_lists_and_every_verb(self):
        rfm = self.score("rfm", exported=("--view", 'public."Segments now"'))
        behaviour = self.score("behaviour", "--set", "features.list=rfm-behaviour", "--set", "cluster.scale=robust", "--set", "cluster.k=7")
        verbs = self.score("verbs", "--set", "features.list=" + json.dumps(VERBS), "--set", "features.population=all", "--set",
                           "cluster.scale=minmax", "--set", "cluster.k=12", predicted=("--set", "features.as_of=2019-11-20"),
                           exported=("--as-of", "2019-11-20"))
        rows = self.service.rows(*self.loaded, rfm, 'SELECT * FROM "Segments now"')
        self.assertGreater(self.compare(rows, "rfm-all"), 50)
        self.assertGreater(self.compare(self.service.rows(behaviour), "behaviour-all"), 600)
        self.assertGreater(self.compare(self.service.rows(verbs), "verbs-all"), 600)
        odd = {row["id"]: float(row["odd"]) for row in case.read_customers(self.dir / "verbs-all")}
        self.assertEqual({customer for customer, n in odd.items() if n != -1}, {"500000001"})

    def test_prices_loaded_as_texts_with_decimal_commas(self):
        """Files with commas, loaded as they are; and a table whose prices are numbers: one statement reads both."""
        lists = [entry for entry in VERBS if entry["name"] in ("all", "spent", "spent_3d", "mean_price", "cheapest", "dearest")]
        words = ("--set", "features.list=" + json.dumps(lists), "--set", "features.population=all", "--set", "input.decimal_mark=comma", "--set",
                 "input.rows=[{column: price, above: 1.25}]")
        for path in self.paths:
            with open(path, newline="") as file:
                header, *rows = csv.reader(file)
            write_csv(path, header, [[cell.replace(".", ",") if name == "price" else cell for name, cell in zip(header, row)] for row in rows if row != self.ODD])
        sql = self.score("commas", *words, exported=words[2:])
        self.assertIn('CAST(NULLIF(REPLACE(CAST("t"."PRICE" AS VARCHAR), \',\', \'.\'), \'\') AS NUMBER(19, 4))', sql)
        texts = "CREATE OR REPLACE TABLE EVENTS AS SELECT * EXCLUDE (PRICE), REPLACE(CAST(PRICE AS VARCHAR), '.', ',') AS PRICE FROM EVENTS"
        loaded = [statement.replace('CAST("price" AS DOUBLE)', "CAST(REPLACE(\"price\", ',', '.') AS DOUBLE)") for statement in self.loaded]
        self.assertGreater(self.compare(self.service.rows(*loaded, sql), "commas-all"), 400)
        self.assertGreater(self.compare(self.service.rows(texts, sql), "commas-all"), 400)

    def test_days_and_hours_of_another_zone(self):
        named = [entry for entry in VERBS if entry["name"] in
                 ("all", "products_7d", "days", "days_9d", "spent_3d", "gap_days", "gap_weeks", "evenings", "weekends", "since_hours")]
        words = ("--set", "input.timezone=Europe/Paris", "--set", "features.list=" + json.dumps(named), "--set", "features.population=all")
        moment = "2019-10-28T01:30:00+01:00"
        sql = self.score("instants", *words, columns=("time=happened_at",), predicted=("--set", f"features.as_of={moment}"),
                         exported=("--times", "instant", "--as-of", moment))
        self.assertGreater(self.compare(self.service.rows(*self.loaded, sql), "instants-all"), 400)
        # The hour that clocks tell twice is left out.
        self.keep(lambda row: not row[0].startswith("2019-10-27 02:"))
        sql = self.score("clocks", *words, exported=("--as-of", "2019-11-10"), predicted=("--set", "features.as_of=2019-11-10"))
        twice = "DELETE FROM EVENTS WHERE TO_VARCHAR(EVENT_TIME) LIKE '2019-10-27 02:%'"
        self.assertGreater(self.compare(self.service.rows(twice, sql), "clocks-all"), 400)

    def keep(self, wanted):
        """The files again, with fewer rows, and times that name no zone."""
        for path in self.paths:
            with open(path, newline="") as file:
                header, *rows = csv.reader(file)
            write_csv(path, header, [[row[0].removesuffix(" UTC"), *row[1:]] for row in rows if wanted(row)])


class Invoices(Exported):
    """Dates in a zone whose clocks change, a product for an amount, keep rules, and columns the table calls otherwise."""

    HEADER = ["InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"]
    LIST = [{"name": "recency", "since_last": "day", "where": {"column": "InvoiceNo", "not_prefix": "C"}, "transform": ["log1p"]},
            {"name": "gap", "mean_gap": "event"}, {"name": "first", "since_first": "hour"}, {"name": "items", "sum": "Quantity"},
            {"name": "monetary", "sum": "amount", "transform": ["log1p"]}, {"name": "mean \"line\"", "mean": "amount"},
            {"name": "invoices", "distinct": "order"}, {"name": "days_30d", "distinct": "day", "where": {"last": "30d"}}]

    def draw(self, n=1500):
        draw = random.Random(5)
        for _ in range(n):
            day = datetime.date(2019, 9, 1) + datetime.timedelta(draw.randrange(90))
            yield [f"{draw.choice(['', '', '', 'C'])}{500 + draw.randrange(300)}", f"S{draw.randrange(40)}", draw.randrange(-2, 12),
                   day.isoformat(), f"{draw.randrange(0, 3000) / 100:.2f}",
                   draw.choice(["", f"{17850 + draw.randrange(70)}.0", f"0{17850 + draw.randrange(70)}"])]

    def test_invoices(self):
        path = write_csv(self.dir / "invoices.csv", self.HEADER, self.draw())
        job = self.dir / "job.yml"
        rules = [{"column": "CustomerID", "present": True}, {"column": "Quantity", "above": 0}, {"column": "UnitPrice", "above": 0.005}]
        job.write_text(json.dumps({
            "input": {"paths": [str(path)], "id": "integer", "timezone": "Europe/Paris", "decimals": 3, "rows": rules,
                      "columns": {"customer": "CustomerID", "time": "InvoiceDate", "amount": ["Quantity", "UnitPrice"], "order": "InvoiceNo",
                                  "product": "StockCode"}},
            "features": {"list": self.LIST}, "cluster": {"k": 3, "names": ["It's", "back\\slash", "\"quoted\" é"]}}))
        self.rfmpi("run", job, "--set", f"output.dir={self.dir / 'trained'}", "--set", "features.as_of=2019-11-15")
        self.rfmpi("predict", job, "--model", self.dir / "trained" / "model.h5", "--set", f"output.dir={self.dir / 'all'}")
        loaded = self.load(path, self.HEADER, '"in voices"', {
            '"Day"': "CAST(\"InvoiceDate\" AS DATE)", "QUANTITY": "CAST(\"Quantity\" AS NUMBER(10, 0))",
            '"unit ""price"""': "CAST(\"UnitPrice\" AS NUMBER(12, 2))", "CUSTOMERID": "NULLIF(\"CustomerID\", '')", "INVOICE": "\"InvoiceNo\"",
            "STOCKCODE": "\"StockCode\""})
        words = ("--events", 'load_db.public."in voices"', "--job", job, "--column", 'time="Day"', "--column", 'UnitPrice="unit ""price"""',
                 "--column", "InvoiceNo=invoice", "--times", "date", "--set", "log.level=warn")
        latest = self.export(self.dir / "trained" / "model.h5", *words, "--as-of", "latest")
        ruled = self.export(self.dir / "trained" / "model.h5", *words)
        self.rfmpi("predict", job, "--model", self.dir / "trained" / "model.h5", "--set", f"output.dir={self.dir / 'latest'}", "--set",
                   "features.as_of=latest")
        self.assertEqual(self.compare(self.service.rows(*loaded, latest), "latest"), 70)
        self.assertEqual(self.compare(self.service.rows(ruled), "all"), 70)


class Matrices(Exported):
    """Models of a bare matrix, over a table of its columns."""

    def write(self, name, values, weights=None):
        with h5py.File(self.dir / name, "w") as file:
            file["features/values"] = values
            file["customers/id"] = numpy.arange(len(values)) + 100
            if weights is not None:
                file["features/weights"] = weights
        return self.dir / name

    def table(self, values):
        def told(i, j):
            x = values[i, j]
            return ("NULL" if (i + j) % 2 else "CAST('NaN' AS DOUBLE)") if numpy.isnan(x) else f"CAST('{float(x)!r}' AS DOUBLE)"

        rows = ", ".join(f"({i + 100}, {', '.join(told(i, j) for j in range(values.shape[1]))})" for i in range(len(values)))
        columns = ", ".join(f"X{j + 1} DOUBLE" for j in range(values.shape[1]))
        return f"CREATE OR REPLACE TABLE MATRIX (ID NUMBER(38, 0), {columns})", f"INSERT INTO MATRIX VALUES {rows}"

    def train(self, values, *words, weights=None):
        self.rfmpi("train", "--set", f"input.features={self.write('trained.h5', values, weights)}", "--set", f"output.dir={self.dir / 'trained'}",
                   *words)
        return self.dir / "trained" / "model.h5"

    def predict(self, model, values):
        self.rfmpi("predict", "--model", model, "--set", f"input.features={self.write('new.h5', values)}", "--set",
                   f"output.dir={self.dir / 'new'}")
        sql = self.export(model, "--features", "MATRIX", "--column", "customer=id")
        return self.service.rows(*self.table(values), sql)

    def test_weights_missing_values_and_values_far_out(self):
        rng = numpy.random.default_rng(3)
        values = rng.normal(size=(400, 4)) * [1, 1000, 1e-6, 0] + [0, 5, 7, 0.1]
        values[rng.random(values.shape) < 0.1] = numpy.nan
        model = self.train(values, "--set", "cluster.missing=median", "--set", "cluster.k=5", weights=rng.random(400))
        new = numpy.vstack([values, rng.normal(size=(50, 4)) * 1e5, [[1e300, -1e300, 0, 4]]])
        self.compare(self.predict(model, new), "new", exact=True)

    def test_ties_go_to_the_lowest_and_halves_to_even(self):
        model = self.train(numpy.array([[-2.0], [-1], [1], [2]]), "--set", "cluster.k=2", "--set", "cluster.scale=none")
        with h5py.File(model) as file:
            offset, step = (file[f"model/{name}"][0] for name in ("offset", "step"))
            positions = file["model/positions"][:, 0]
        between = (positions[0] + positions[1]) / 2 + offset
        halves = offset + (numpy.arange(-8, 8) + 0.5) * step
        new = numpy.array([between, *halves, *(halves + 1), 0.49999999999999994 * step, -1e-300, 3e9])[:, None]
        rows = self.predict(model, new)
        self.compare(rows, "new", exact=True)
        self.assertEqual(next(row[2] for row in rows if row[0] == 100), 0)
        near = abs(positions[0] - positions[1]) / 2
        self.assertEqual({(near - row[-1]) / step for row in rows if 101 <= row[0] <= 116}, {0, 2, 4, 6, 8})

    def test_one_segment_and_no_value(self):
        model = self.train(numpy.array([[1.5, 2], [3, 4]]), "--set", "cluster.k=1")
        new = numpy.array([[1.0, 2], [numpy.nan, 3], [7, numpy.nan], [numpy.inf, 0]])
        sql = self.export(model, "--features", "MATRIX", "--column", "customer=id", "--column", "x2=X1", "--column", "x1=X2")
        rows = self.service.rows(*self.table(new), sql)
        self.assertEqual(sorted(rows)[0][:5], [100, 2.0, 1.0, 0, "Segment 1"])
        self.assertEqual([row[3:] for row in sorted(rows)[1:]], [[None, None, None]] * 3)


if __name__ == "__main__":
    warehouse.need(warehouse.PYTHON)
    case.main()
