"""spreadsheet.xlsx has the cells of segments.csv and customers/, each of its type: what looks like a number or a formula stays a text.

Sheets are read with nothing but an unpacker and an XML parser.
"""

import csv
import io
import re
import stat
import subprocess
import xml.etree.ElementTree
import zipfile

import case

import h5py
import numpy

ODD = ["007", "=1+2", "+49 170", "-5", "@SUM(A1:A9)", "\tx", 'a,"b"', "1e5", "ünï 日本", "TRUE", "2024-01-01", "<b>&amp;", "12345678901234567890", "c\x01d",
       " blanks ", "#N/A"]
TEXTS = {"id", "name", "segment_name", "rfm_segment"}
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def column_of(place):
    """A1 -> 0, AB7 -> 27."""
    number = 0
    for letter in re.match("[A-Z]+", place)[0]:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def unescape(text):
    return re.sub(r"_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), text)


def read_sheet(path, number):
    """Rows of cells: texts as str, numbers as float, empty ones as None. There must be no formula."""
    rows = []
    root = xml.etree.ElementTree.fromstring(zipfile.ZipFile(path).read(f"xl/worksheets/sheet{number}.xml"))
    for row in root.iter(MAIN + "row"):
        cells = {}
        for cell in row.iter(MAIN + "c"):
            assert cell.find(MAIN + "f") is None
            text = cell.find(f"{MAIN}is/{MAIN}t")
            cells[column_of(cell.get("r"))] = float(cell.find(MAIN + "v").text) if text is None else unescape(text.text or "")
        rows.append([cells.get(i) for i in range(max(cells, default=-1) + 1)])
    return rows


class Spreadsheet(case.Case):
    def setUp(self):
        super().setUp()
        with open(self.dir / "events.csv", "w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["who", "when", "price", "basket"])
            for i, who in enumerate(ODD * 2):
                rows.writerow([who, f"2024-01-{1 + i % 28:02} 10:00:00", f"{i * 37 % 900}.25", f"o{i}"])

    def words(self, out, *more):
        columns = "{customer: who, time: when, amount: price, order: basket}"
        return ("run", "--set", f"input.paths=[{self.dir / 'events.csv'}]", "--set", f"input.columns={columns}", "--set", "cluster.k=2",
                "--set", "cluster.names=['=Best', 'Others, \"old\"']", "--set", f"output.dir={self.dir / out}", *more)

    def write(self, out, *more, **how):
        result = case.launch(*self.words(out, "--set", "output.spreadsheet=true", *more), **how)
        if "this build writes none" in result.stderr:
            self.skipTest("this build writes no spreadsheets")
        self.assertEqual(result.returncode, 0, result.stderr)
        return self.dir / out / "spreadsheet.xlsx"

    def expected(self, name, lines):
        """The rows of a CSV file as a spreadsheet has them."""
        header, *rows = csv.reader(io.StringIO(lines, newline=""))
        return [header] + [[None if cell == "" else cell if name in TEXTS else float(cell) for name, cell in zip(header, row)] for row in rows]

    def assert_same(self, out):
        path = self.dir / out / "spreadsheet.xlsx"
        wanted = self.expected("segments", (self.dir / out / "segments.csv").read_text())
        self.assert_cells(read_sheet(path, 1), wanted)
        rows = case.read_customers(self.dir / out)
        customers = io.StringIO(newline="")
        lines = csv.writer(customers)
        lines.writerow(rows[0])
        lines.writerows(row.values() for row in rows)
        self.assert_cells(read_sheet(path, 2), self.expected("customers", customers.getvalue()))

    def assert_cells(self, found, wanted):
        self.assertEqual(len(found), len(wanted))
        for own, other in zip(found, wanted):
            self.assertEqual([type(cell) for cell in own], [type(cell) for cell in other], own)
            for a, b in zip(own, other):
                self.assertAlmostEqual(a, b, delta=1e-14 * abs(b)) if isinstance(b, float) else self.assertEqual(a, b)

    def test_cells_are_those_of_the_files(self):
        for ranks in (1, 3):
            path = self.write(f"out-{ranks}", ranks=ranks)
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
            self.assert_same(f"out-{ranks}")
            self.assertEqual({row[0] for row in read_sheet(path, 2)[1:]}, set(ODD))
        self.assertEqual(case.read_report(self.dir / "out-1")["digest"], case.read_report(self.dir / "out-3")["digest"])

    def test_the_same_result_gives_the_same_bytes(self):
        first, second = self.write("first", ranks=1), self.write("second", ranks=3, env={"TZ": "Asia/Tokyo"})
        self.assertEqual(first.read_bytes(), second.read_bytes())
        core = zipfile.ZipFile(first).read("docProps/core.xml").decode()
        self.assertEqual(set(re.findall(r">(\d{4}-.*?)<", core)), {"1980-01-01T00:00:00Z"})

    def test_rows_come_a_stretch_at_a_time(self):
        """Of so many columns that a stretch is some rows of some ranks."""
        with h5py.File(self.dir / "wide.h5", "w") as file:
            file["features/values"] = numpy.random.default_rng(1).normal(size=(130, 9000)).round(3)
            file["customers/id"] = numpy.arange(130, dtype="int64")
        for ranks in (1, 3):
            out = self.dir / f"out-{ranks}"
            result = case.launch("train", "--set", f"input.features={self.dir / 'wide.h5'}", "--set", "cluster.k=2", "--set", f"output.dir={out}",
                                 "--set", "cluster.max_iterations=2", "--set", "cluster.search=none", "--set", "output.spreadsheet=true", ranks=ranks)
            if "this build writes none" in result.stderr:
                self.skipTest("this build writes no spreadsheets")
            self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(*((self.dir / f"out-{ranks}" / "spreadsheet.xlsx").read_bytes() for ranks in (1, 3)))
        rows = read_sheet(self.dir / "out-3" / "spreadsheet.xlsx", 2)
        with h5py.File(self.dir / "wide.h5") as file:
            numpy.testing.assert_array_equal(numpy.array([row[1:9001] for row in rows[1:]], float), file["features/values"][...])

    def test_a_finished_run_gets_one_when_it_is_asked_for(self):
        self.rfmpi(*self.words("out"), ranks=2)
        self.assertFalse((self.dir / "out" / "spreadsheet.xlsx").exists())
        before = (self.dir / "out" / "customers" / "manifest.json").stat().st_mtime_ns
        self.write("out", ranks=2)
        self.assert_same("out")
        self.assertEqual((self.dir / "out" / "customers" / "manifest.json").stat().st_mtime_ns, before)
        self.assertEqual([path.name for path in (self.dir / "out").iterdir() if "tmp" in path.name], [])
        self.rfmpi("store", self.dir / "out", "--set", f"store.dir={self.dir / 'copy'}")
        self.assertEqual((self.dir / "copy" / "spreadsheet.xlsx").read_bytes(), (self.dir / "out" / "spreadsheet.xlsx").read_bytes())

    def test_rows_that_could_not_be_written_are_told(self):
        """Only they are too large for such a file: what is left of them would make one that looks whole."""
        with open(self.dir / "events.csv", "w") as file:
            print("who,when,price,basket", file=file)
            for i in range(4000):
                print(f"customer-{i:05},2024-01-0{1 + i % 9},{1 + i % 700}.5,{i}", file=file)
        words = self.words("out", "--set", "output.spreadsheet=true", "--set", "output.state=false")
        limit = ["bash", "-c", 'ulimit -f 400; trap "" XFSZ; exec "$@"', "-", *map(str, case.command(*words, ranks=0))]
        result = subprocess.run(limit, capture_output=True, text=True, timeout=60)
        if "this build writes none" in result.stderr:
            self.skipTest("this build writes no spreadsheets")
        self.assertEqual(result.returncode, 74, result.stderr)
        self.assertRegex("\n".join(case.errors(result)), r"spreadsheet\.xlsx.*: cannot write its rows: File too large")
        self.assertFalse((self.dir / "out" / "spreadsheet.xlsx").exists())
        self.write("out", "--set", "output.state=false")
        self.assert_same("out")

    def test_long_whole_numbers_are_texts(self):
        with open(self.dir / "events.csv", "w") as file:
            print("who,when,price,basket", file=file)
            for i, who in enumerate((7, -12, 999999999999999, 1000000000000000, 2**63 - 1)):
                print(f"{who},2024-01-0{i + 1},1.5,{i}", file=file)
        ids = {row[0] for row in read_sheet(self.write("out", "--set", "input.id=integer"), 2)[1:]}
        self.assertEqual(ids, {7.0, -12.0, 999999999999999.0, "1000000000000000", str(2**63 - 1)})

    def test_more_features_than_a_sheet_has_room_for_are_refused_before_the_fit(self):
        with h5py.File(self.dir / "wide.h5", "w") as file:
            file["features/values"] = numpy.random.default_rng(1).normal(size=(20, 16375))
        words = ("train", "--set", f"input.features={self.dir / 'wide.h5'}", "--set", "cluster.k=2", "--set", f"output.dir={self.dir / 'out'}")
        result = case.launch(*words, "--set", "output.spreadsheet=true", ranks=2)
        if "this build writes none" in result.stderr:
            self.skipTest("this build writes no spreadsheets")
        self.assertEqual(result.returncode, 64, result.stderr)
        self.assertIn("room for 16374 features, and there are 16375", result.stderr)
        self.assertFalse((self.dir / "out" / "model.h5").exists())


if __name__ == "__main__":
    case.main()
