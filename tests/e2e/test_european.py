"""Files with decimal commas, thousands, and the day or the month first give what the same events give with points and in ISO 8601.

The oracles are Python's decimal and datetime, and the same program reading the usual writing.
"""

import collections
import csv
import datetime
import decimal
import gzip
import json
import random
import zoneinfo

import case

import h5py

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
GERMAN = {"input.delimiter": ";", "input.decimal_mark": "comma", "input.thousands": "point", "input.time_format": "day-first"}
SHOP = {"input.columns.customer": "Kunde", "input.columns.time": "Zeit", "input.columns.amount": "Betrag", "cluster.k": 3}


def options(settings):
    return [word for key, value in settings.items() for word in ("--set", f"{key}={value if isinstance(value, str) else json.dumps(value)}")]


def grouped(number, mark, gap):
    """A Decimal as people write it."""
    whole, _, digits = f"{number:f}".partition(".")
    return f"{int(whole):,}".replace(",", gap) + (mark + digits if digits else "") if number >= 0 else "-" + grouped(-number, mark, gap)


def write_rows(path, rows, delimiter=";", encoding="utf-8"):
    with (gzip.open if path.name.endswith(".gz") else open)(path, "wt", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return path


class European(case.Case):
    def run_shop(self, paths, out, *words, settings, ranks=0, task="run", **how):
        run = self.dir / out
        self.rfmpi(task, *options({"input.paths": [str(path) for path in paths], "output.dir": str(run), **settings}), *words, ranks=ranks, **how)
        return case.read_report(run) if how.get("code", 0) == 0 else None

    # ---- drawn numbers and times, against Python ----

    NOTATIONS = [("comma", "none", ",", ""), ("comma", "point", ",", "."), ("comma", "blank", ",", "\u202f"), ("comma", "blank", ",", " "),
                 ("comma", "apostrophe", ",", "'"), ("point", "comma", ".", ","), ("point", "apostrophe", ".", "\u2019"), ("point", "blank", ".", "\u00a0")]
    FORMS = [("day-first", "%d.%m.%Y %H:%M:%S"), ("day-first", "%d/%m/%Y %H:%M:%S.%f"), ("month-first", "%m/%d/%Y %H:%M:%S"),
             ("month-first", "%-m/%-d/%Y %-H:%M:%S"), ("day-first", "%-d-%-m-%YT%H:%M:%S %z")]

    def test_drawn_numbers_and_times_are_those_of_decimal_and_datetime(self):
        draw = random.Random(11)
        for i, (mark, thousands, point, gap) in enumerate(self.NOTATIONS):
            name, form = self.FORMS[i % len(self.FORMS)]
            rows, sums, last = [], collections.defaultdict(decimal.Decimal), {}
            for _ in range(600):
                customer = draw.randrange(40)
                when = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(seconds=draw.randrange(366 * 86400))
                amount = decimal.Decimal(draw.randrange(-10**5, 10**draw.randrange(1, 12))).scaleb(-draw.randrange(5))
                local = when.astimezone(PARIS)
                if local.fold == 1 and "%z" not in form:  # the hour that clocks tell twice: the earlier is meant
                    continue
                sums[customer] += amount
                last[customer] = max(last.get(customer, when), when)
                rows.append([f"{customer:03}{point}0", local.strftime(form), grouped(amount, point, gap)])
            path = write_rows(self.dir / f"{i}.csv", [["Kunde", "Zeit", "Betrag"], *rows])
            with self.subTest(mark=mark, thousands=thousands, form=form):
                report = self.run_shop([path], f"run-{i}", settings={
                    **SHOP, "input.delimiter": ";", "input.decimal_mark": mark, "input.thousands": thousands, "input.time_format": name,
                    "input.timezone": "Europe/Paris", "input.id": "integer"}, ranks=i % 3)
                self.assertEqual(report["n_rejected"], 0)
                ids, names, values = case.read_features(self.dir / f"run-{i}")
                newest = max(last.values())
                for customer, row in zip(ids, values.tolist()):
                    told = dict(zip(names, row))
                    self.assertEqual(told["monetary"], float(sums[customer]))
                    self.assertEqual(told["recency_days"], (newest - last[customer]) / datetime.timedelta(days=1))

    def test_what_is_no_number_and_no_time_is_rejected_as_such(self):
        good = [[f"k{i}", f"{i + 1:02}.06.2024 10:00", f"1.00{i},5{i}"] for i in range(9)]
        numbers = ["12.50", "1.00,5", "1,000.5", "1 000,5", "1.0000", "0.123", "12,5 €", "1,2,3", "1,12345"]
        times = ["31.06.2024", "29.02.2023", "06/13/2024", "2024-06-01", "01.06.24", "01.06/2024", "1.6.2024 25:00", "00.06.2024", "1.6.2024 8:26 PM"]
        bad = [["x", "01.06.2024", text] for text in numbers] + [["x", text, "1,5"] for text in times]
        path = write_rows(self.dir / "a.csv", [["Kunde", "Zeit", "Betrag"], *good, *bad])
        report = self.run_shop([path], "run", settings={**SHOP, **GERMAN, "input.max_rejected": 1})
        self.assertEqual((report["n_events"], report["rejected"]["number"], report["rejected"]["time"]), (9, len(numbers), len(times)))
        with open(self.dir / "run" / "rejects" / "rejects.csv", newline="") as file:
            reasons = [row["reason"] for row in csv.DictReader(file)]
        self.assertEqual(reasons, ["number"] * len(numbers) + ["time"] * len(times))

    def test_a_mark_and_thousands_that_are_the_same_are_refused(self):
        path = write_rows(self.dir / "a.csv", [["Kunde", "Zeit", "Betrag"]])
        for mark, thousands in (("point", "point"), ("comma", "comma")):
            result = case.launch("run", *options({**SHOP, "input.paths": [str(path)], "output.dir": str(self.dir / "run"),
                                                  "input.decimal_mark": mark, "input.thousands": thousands}))
            self.assertEqual(result.returncode, 64, result.stderr)
            self.assertIn("input.thousands is input.decimal_mark too", case.errors(result)[0])

    # ---- the same events in another writing: one digest ----

    RULES = [{"column": "Kunde", "present": True}, {"column": "Menge", "above": 0}, {"column": "Preis", "above": 0.005}, {"column": "Preis", "below": 1234.5},
             {"column": "Preis", "below": 10**25}]
    LIST = [{"name": "recency", "since_last": "day"}, {"name": "orders", "distinct": "order"}, {"name": "monetary", "sum": "amount", "transform": ["log1p"]},
            {"name": "pieces", "sum": "Menge"}, {"name": "dear", "count": "*", "where": {"column": "Preis", "above": 5.5}},
            {"name": "evenings", "share": {"hours": ["15-23"]}}]
    LINES = {"input.columns.customer": "Kunde", "input.columns.time": "Datum", "input.columns.amount": ["Menge", "Preis"], "input.columns.order": "Rechnung",
             "input.id": "integer", "input.timezone": "Europe/Berlin", "input.rows": RULES, "features.list": LIST, "features.population": "all",
             "cluster.k": 4, "input.dedupe": "row"}
    HEADER = ["Rechnung", "Artikel", "Beschreibung", "Menge", "Datum", "Preis", "Kunde"]

    def lines(self):
        """Invoice lines like Online Retail's, or its own where they are there: (order, article, text, Decimal, datetime, Decimal, id)."""
        if case.DATA:
            for path in sorted((case.DATA / "online_retail").glob("2010-12-0[1-5].csv.gz")):
                with gzip.open(path, "rt", newline="") as file:
                    for row in csv.DictReader(file):
                        yield (row["InvoiceNo"], row["StockCode"], row["Description"], decimal.Decimal(row["Quantity"]),
                               datetime.datetime.fromisoformat(row["InvoiceDate"]), decimal.Decimal(row["UnitPrice"]), row["CustomerID"].removesuffix(".0"))
        draw = random.Random(3)
        for i in range(3000):
            yield (str(900000 + i // 3), f"S{draw.randrange(90)}", draw.choice(["Müller & Söhne", "a; b", "\"quoted\"", "plain"]),
                   decimal.Decimal(draw.randrange(-5, 4000)), datetime.datetime(2010, 12, 1) + datetime.timedelta(minutes=draw.randrange(20000)),
                   decimal.Decimal(draw.randrange(0, 10**draw.randrange(2, 7))).scaleb(-2), draw.choice(["", str(17850 + draw.randrange(90))]))

    def write_lines(self, name, number=lambda x: f"{x:f}", form="%Y-%m-%d %H:%M:%S", end=".0", delimiter=",", encoding="utf-8"):
        rows = [[order, article, text, number(n), when.strftime(form), number(price), customer and customer + end]
                for order, article, text, n, when, price, customer in self.lines()]
        return write_rows(self.dir / name, [self.HEADER, *rows], delimiter, encoding)

    def german(self, name="german.csv", **how):
        return self.write_lines(name, lambda x: grouped(x, ",", "."), "%d.%m.%Y %H:%M:%S", ",00", ";", **how)

    def test_invoice_lines_in_german_french_and_american(self):
        usual = self.run_shop([self.write_lines("iso.csv")], "iso", settings=self.LINES)
        self.assertGreater(usual["n_filtered"], 100)
        self.assertEqual(usual["n_rejected"], 0)
        german = self.german(encoding="cp1252")
        for ranks in (1, 2, 3, 4):
            report = self.run_shop([german], f"german-{ranks}", settings={**self.LINES, **GERMAN}, ranks=ranks)
            self.assertEqual(report["digest"], usual["digest"], f"at {ranks} ranks")
            for key in ("n_rows", "n_events", "n_filtered", "n_rejected", "n_duplicates"):
                self.assertEqual(report[key], usual[key])
        packed = self.german("german.csv.gz")
        self.assertEqual(self.run_shop([packed], "packed", settings={**self.LINES, **GERMAN}, ranks=3)["digest"], usual["digest"])
        french = self.write_lines("french.csv", lambda x: grouped(x, ",", "\u202f"), "%d/%m/%Y %H:%M:%S", ",0", "\t")
        self.assertEqual(self.run_shop([french], "french", settings={**self.LINES, **GERMAN, "input.delimiter": "tab", "input.thousands": "blank"},
                                       ranks=2)["digest"], usual["digest"])
        american = self.write_lines("american.csv", lambda x: grouped(x, ".", ","), "%-m/%-d/%Y %-H:%M:%S")
        self.assertEqual(self.run_shop([american], "american", settings={**self.LINES, "input.thousands": "comma", "input.time_format": "month-first"},
                                       ranks=2)["digest"], usual["digest"])
        quoted = self.write_lines("quoted.csv", lambda x: grouped(x, ",", ""), "%d.%m.%Y %H:%M:%S", ",0", ",")
        self.assertEqual(self.run_shop([quoted], "quoted", settings={**self.LINES, **GERMAN, "input.delimiter": "','", "input.thousands": "none"},
                                       ranks=2)["digest"], usual["digest"])

    def test_a_state_and_a_model_of_one_writing_serve_the_other(self):
        usual, german = self.write_lines("iso.csv"), self.german()
        half = self.dir / "half.csv"
        lines = usual.read_text().splitlines(keepends=True)
        half.write_text("".join(lines[:len(lines) // 2]))
        rest = self.dir / "rest.csv"
        rest.write_text("".join(german.read_text().splitlines(keepends=True)[:1] + german.read_text().splitlines(keepends=True)[len(lines) // 2:]))
        settings = {**self.LINES, "input.dedupe": "none"}
        whole = self.run_shop([usual], "whole", settings=settings)
        self.run_shop([half], "first", settings=settings)
        both = self.run_shop([rest], "both", "--onto", self.dir / "first", settings={**settings, **GERMAN}, ranks=2)
        self.assertEqual(both["digest"], whole["digest"])
        model = self.dir / "whole" / "model.h5"
        for name, path, more in (("a", usual, {}), ("b", german, GERMAN)):
            self.run_shop([path], name, "--model", model, settings={**settings, **more}, task="predict")
        self.assertEqual(case.read_customers(self.dir / "a"), case.read_customers(self.dir / "b"))

    def test_a_finished_run_of_another_notation_is_told_by_its_key(self):
        path = write_rows(self.dir / "a.csv", [["Kunde", "Zeit", "Betrag"], *([f"k{i}", f"{i + 1:02}.06.2024", str(i)] for i in range(9))])
        self.run_shop([path], "run", settings={**SHOP, **GERMAN})
        for key, value in (("input.thousands", "none"), ("input.time_format", "month-first"), ("input.decimal_mark", "point")):
            result = case.launch("run", *options({**SHOP, **GERMAN, "input.paths": [str(path)], "output.dir": str(self.dir / "run"),
                                                  "input.thousands": "blank" if key == "input.decimal_mark" else "point", key: value}))
            self.assertEqual(result.returncode, 64, result.stderr)
            self.assertRegex(case.errors(result)[0], key if key != "input.decimal_mark" else "input.(decimal_mark|thousands)")

    # ---- other formats ----

    def parquet(self, name, path, types):
        if "Parquet" not in case.launch("--version", ranks=0).stdout:
            self.skipTest("this build is without Parquet")
        import pyarrow
        import pyarrow.parquet
        with open(path, newline="") as file:
            header, *rows = csv.reader(file, delimiter=";" if "german" in path.name else ",")
        columns = {field: pyarrow.array([row[i] or None for row in rows]) for i, field in enumerate(header)}
        table = pyarrow.table({field: column.cast(types[field]) if field in types else column for field, column in columns.items()})
        pyarrow.parquet.write_table(table, self.dir / name, row_group_size=700)
        return self.dir / name

    def test_text_columns_of_parquet_are_as_told_and_numbers_are_numbers(self):
        import pyarrow
        usual = self.write_lines("iso.csv")
        wanted = self.run_shop([usual], "iso", settings=self.LINES)["digest"]
        texts = self.parquet("german.parquet", self.german(), {})
        typed = self.parquet("typed.parquet", usual, {"Menge": pyarrow.float64(), "Preis": pyarrow.decimal128(14, 2),
                                                     "Datum": pyarrow.timestamp("ms"), "Kunde": pyarrow.float64()})
        self.assertEqual(self.run_shop([texts], "texts", settings={**self.LINES, **GERMAN}, ranks=2)["digest"], wanted)
        self.assertEqual(self.run_shop([typed], "typed", settings={**self.LINES, **GERMAN}, ranks=2)["digest"], wanted)
        self.assertEqual(self.run_shop([typed], "plain", settings=self.LINES)["digest"], wanted)

    def attributes(self, column):
        return {key: value.decode() if isinstance(value, bytes) else int(value) for key, value in column.attrs.items()}

    def test_a_converted_table_has_the_columns_of_the_usual_writing(self):
        """Prices with two digits and no thousands, so that each column has one form."""
        number = lambda mark: lambda x: f"{x:.2f}".replace(".", mark)
        usual = self.write_lines("iso.csv", number("."), end="")
        german = self.write_lines("german.csv", number(","), "%d.%m.%Y %H:%M:%S", "", ";")
        writing = {**GERMAN, "input.thousands": "none"}
        self.rfmpi("convert", usual, "--out", self.dir / "a")
        self.rfmpi("convert", german, "--out", self.dir / "b", *options(writing))
        self.rfmpi("convert", self.dir / "b" / "german.h5", "--out", self.dir / "c")
        with h5py.File(self.dir / "a" / "iso.h5") as a, h5py.File(self.dir / "b" / "german.h5") as b, h5py.File(self.dir / "c" / "german.h5") as c:
            for name in self.HEADER:
                one, other, again = (file["events"][name] for file in (a, b, c))
                self.assertEqual(one.dtype, other.dtype)
                self.assertTrue((one[:] == other[:]).all(), name)
                self.assertTrue((again[:] == other[:]).all(), name)
                had, has = self.attributes(one), self.attributes(other)
                self.assertEqual(has, self.attributes(again))
                if name in ("Menge", "Preis"):
                    self.assertEqual((has.pop("decimal_mark"), has["meaning"], has["scale"]), ("comma", "decimal", 2))
                elif name == "Datum":
                    self.assertEqual((has.pop("time_format"), has.pop("pattern"), had.pop("pattern")),
                                     ("day-first", "DD.MM.YYYY hh:mm:ss", "YYYY-MM-DD hh:mm:ss"))
                self.assertEqual(has, had)
        wanted = self.run_shop([usual], "iso", settings=self.LINES)["digest"]
        tables = [self.dir / "b" / "german.h5"]
        self.assertEqual(self.run_shop(tables, "with", settings={**self.LINES, **writing}, ranks=3)["digest"], wanted)
        self.assertEqual(self.run_shop(tables, "without", settings=self.LINES, ranks=2)["digest"], wanted)
        texts = [{"column": "Preis", "not": "2,55"}, {"column": "Datum", "not_prefix": "01.12."}]
        both = [self.run_shop(paths, name, settings={**self.LINES, **writing, "input.rows": self.RULES + texts})
                for name, paths in (("text", [german]), ("table", tables))]
        self.assertEqual(both[0]["digest"], both[1]["digest"])
        self.assertNotEqual(both[0]["digest"], wanted)

    def test_a_table_of_mixed_forms_holds_texts_which_are_as_told(self):
        self.rfmpi("convert", self.german(), "--out", self.dir / "tables", *options(GERMAN))
        with h5py.File(self.dir / "tables" / "german.h5") as file:
            self.assertIn(file["events"]["Preis"].attrs["meaning"], (b"text", b"dictionary"))
        wanted = self.run_shop([self.write_lines("iso.csv")], "iso", settings=self.LINES)["digest"]
        self.assertEqual(self.run_shop([self.dir / "tables" / "german.h5"], "table", settings={**self.LINES, **GERMAN}, ranks=2)["digest"], wanted)


if __name__ == "__main__":
    case.main()
