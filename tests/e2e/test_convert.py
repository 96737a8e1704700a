"""rfmpi convert: every text of every column comes back from the event table, as docs/reference.md says it is read."""

import csv
import datetime
import gzip
import pathlib
import random
import re
import signal
import subprocess
import time

import case

import h5py
import numpy as np
import pyarrow
import pyarrow.parquet

csv.field_size_limit(1 << 20)


def format_time(us, pattern):
    """A UTC time in microseconds as the pattern has it, without the program's help."""
    shift = re.search(r"[+-]\d\d:?(\d\d)?$", pattern[10:])
    offset = 0
    if shift:
        digits = shift.group().replace(":", "")
        offset = int(digits[0] + "1") * (int(digits[1:3]) * 60 + int(digits[3:] or 0))
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=us, minutes=offset)
    text = time.strftime(pattern.replace("YYYY", "%Y").replace("MM", "%m").replace("DD", "%d").replace("hh", "%H")
                         .replace("mm", "%M").replace("ss", "%S"))
    return re.sub("f+", lambda letters: f"{time.microsecond:06d}"[:len(letters.group())], text)


def format_decimal(value, scale):
    digits = str(abs(value)).rjust(scale + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-scale]}.{digits[-scale:]}"


def read_column(file, column):
    meaning, values = column.attrs["meaning"].decode(), column[:].tolist()
    if meaning == "text":
        return [text.decode() for text in values]
    if meaning == "dictionary":
        words = [text.decode() for text in file[column.attrs["dictionary"].decode()][:]]
        return [words[index] for index in values]
    if meaning == "decimal":
        texts = {v: format_decimal(v, int(column.attrs["scale"])) for v in set(values)}
    elif meaning == "integer":
        texts = {v: str(v) for v in set(values)}
    else:
        unit = {"date": 86400 * 10**6}.get(meaning) or {"s": 10**6, "ms": 1000, "us": 1}[column.attrs["unit"].decode()]
        texts = {v: format_time(v * unit, column.attrs["pattern"].decode()) if "null" not in column.attrs or
                 v != column.attrs["null"] else "" for v in set(values)}
    if "null" in column.attrs:
        texts[int(column.attrs["null"])] = ""
    return [texts[v] for v in values]


def read_table(path):
    """(columns in their order, rows of texts)"""
    with h5py.File(path) as file:
        events = file["events"]
        assert events.attrs["format"] == b"rfmpi events 1"
        names = [events[link].attrs["name"].decode() if "name" in events[link].attrs else link for link in events]
        columns = [read_column(file, events[link]) for link in events]
        for link in events:
            column = events[link]
            assert column.shape == (events.attrs["rows"],) and column.chunks is None and column.compression is None
        return names, list(map(list, zip(*columns)))


def read_csv(path, **how):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file, **how))
    return rows[0], rows[1:]


class Convert(case.Case):
    step = 1   # of those that can fail

    def convert(self, *inputs, out="tables", **how):
        return self.rfmpi("convert", *inputs, "--out", self.dir / out, **how)

    def write(self, name, text):
        path = self.dir / name
        path.write_text(text, newline="")
        return path

    def convert_text(self, text):
        """A CSV file's table as {name: (dataset's type, its attributes)}, with all texts compared."""
        return self.convert_file(self.write("in.csv", text))

    def convert_file(self, path):
        self.convert(path, out="out")
        names, rows = read_table(self.dir / "out" / "in.h5")
        self.assertEqual((names, rows), read_csv(path))
        with h5py.File(self.dir / "out" / "in.h5") as file:
            return {name: (column.dtype.str, dict(column.attrs)) for name, column in zip(names, file["events"].values())}

    def test_generated_events_come_back(self):
        parts = self.generate(events=40000, parts=3)
        self.convert(*parts, ranks=2)
        for part in parts:
            names, rows = read_csv(part)
            self.assertEqual(read_table(self.dir / "tables" / (part.split("/")[-1][:-4] + ".h5")), (names, rows))
        with h5py.File(self.dir / "tables" / "part-00000.h5") as file:
            types = {name: (column.dtype.str, column.attrs["meaning"].decode()) for name, column in file["events"].items()}
        self.assertEqual(types["event_time"], ("<i4", "time"))
        self.assertEqual(types["event_type"], ("|u1", "dictionary"))
        self.assertEqual(types["product_id"], ("<i4", "integer"))
        self.assertEqual(types["price"], ("<i4", "decimal"))
        self.assertEqual(types["user_id"], ("<i4", "integer"))
        self.assertEqual(types["user_session"], ("<u2", "dictionary"))

    @case.needs_ranks
    def test_the_bytes_do_not_depend_on_the_ranks(self):
        parts = self.generate(events=5000, parts=4)
        for ranks in (1, 3):
            self.convert(*parts, out=f"by{ranks}", ranks=ranks)
        for path in sorted((self.dir / "by1").iterdir()):
            self.assertEqual(path.read_bytes(), (self.dir / "by3" / path.name).read_bytes(), path.name)
        self.assertEqual(len(list((self.dir / "by3").iterdir())), 4)

    def test_what_a_column_becomes(self):
        rows = 3000
        columns = {
            "small": [str(i % 100 - 50) for i in range(rows)],
            "byte": [str(i % 256) for i in range(rows)],
            "word": [str(i) for i in range(rows)],
            "null": ["" if i % 2 else str(i) for i in range(rows)],
            "long": [str(i * 10**15) for i in range(rows)],
            "few_long": [str(i % 3 * 10**18) for i in range(rows)],
            "beyond": [str(2**63 + i) for i in range(rows)],
            "zeros": [f"{i:05d}" for i in range(rows)],
            "cents": [f"{i / 100:.2f}" for i in range(rows)],
            "below": [f"{-i / 1000 - 1:.3f}" if i % 7 else "" for i in range(rows)],
            "mixed": [f"{i / 10:g}" for i in range(rows)],
            "nil": ["-0.00"] + ["1.00"] * (rows - 1),
            "day": [f"2019-10-{1 + i % 31:02d}" for i in range(rows)],
            "other_day": [f"2019-10-{1 + i % 31:02d}" if i < rows - 1 else "2019-02-30" for i in range(rows)],
            "minute": [f"2019-10-01T{i // 60 % 24:02d}:{i % 60:02d}+02:00" for i in range(rows)],
            "ms": ["" if i == 5 else f"2262-10-01 00:00:00.{i % 1000:03d}" for i in range(rows)],
            "us": [f"1969-12-31 23:59:{i % 60:02d},{i:06d}Z" for i in range(rows)],
            "two_zones": [f"2019-10-01 00:00:00 +0{i % 2}00" for i in range(rows)],
            "words": [["view", "cart, twice", 'a "quote"', "", "zwölf"][i % 5] for i in range(rows)],
            "free": [f"text {i} " + "x" * (i % 40) for i in range(rows)],
            "empty": [""] * rows,
        }
        with open(self.dir / "in.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values()))
        got = self.convert_file(self.dir / "in.csv")
        expected = {
            "small": ("|i1", b"integer"), "byte": ("|u1", b"integer"), "word": ("<i2", b"integer"),
            "null": ("<i2", b"integer"), "long": ("<i8", b"integer"), "few_long": ("|u1", b"dictionary"),
            "beyond": ("|S19", b"text"), "zeros": ("|S5", b"text"), "cents": ("<i2", b"decimal"),
            "below": ("<i2", b"decimal"), "mixed": ("|S5", b"text"), "nil": ("|u1", b"dictionary"),
            "day": ("<i2", b"date"), "other_day": ("|u1", b"dictionary"), "minute": ("<i4", b"time"),
            "ms": ("<i8", b"time"), "us": ("<i4", b"time"), "two_zones": ("|u1", b"dictionary"),
            "words": ("|u1", b"dictionary"), "free": ("|S49", b"text"), "empty": ("|S1", b"text"),
        }
        self.assertEqual({name: (kind, attributes["meaning"]) for name, (kind, attributes) in got.items()}, expected)
        self.assertEqual(got["null"][1]["null"], -2**15)
        self.assertEqual(got["below"][1]["scale"], 3)
        self.assertEqual(got["minute"][1]["pattern"], b"YYYY-MM-DDThh:mm+02:00")
        self.assertEqual(got["us"][1]["pattern"], b"YYYY-MM-DD hh:mm:ss,ffffffZ")

    def test_pandas_has_no_need_of_us(self):
        self.convert(self.generate(events=2000, customers=200)[0])
        with h5py.File(self.dir / "tables" / "part-00000.h5") as file:
            events = file["events"]
            price = events["price"][:] / 10.0 ** events["price"].attrs["scale"]
            time = events["event_time"][:].astype("datetime64[s]")
            kind = file["dictionaries/event_type"][:][events["event_type"][:]]
        self.assertTrue((price >= 0).all() and (np.diff(time) >= np.timedelta64(0)).all())
        self.assertLessEqual(set(kind), {b"view", b"cart", b"purchase", b"remove_from_cart"})

    def test_names_that_hdf5_cannot_have(self):
        self.convert_text('a/b,,.,same,same,column-2,"with ""quotes"", and more",ü\n1,2,3,4,5,6,7,8\n')
        self.assertEqual(read_table(self.dir / "out" / "in.h5")[0],
                         ["a/b", "", ".", "same", "same", "column-2", 'with "quotes", and more', "ü"])

    def test_line_ends_and_quotes_inside(self):
        self.convert_text('a,b\r\n"1\n2","x""y"\r\n"","z, \r\n"\r\nlast,one')

    def test_a_byte_order_mark_and_blank_lines(self):
        path = self.write("mark.csv", "\ufeffa,b\n\n1,2\n\n3,4\n\n")
        self.convert(path)
        self.assertEqual(read_table(self.dir / "tables" / "mark.h5"), (["a", "b"], [["1", "2"], ["3", "4"]]))

    def test_no_rows_and_no_header(self):
        self.convert(self.write("header.csv", "a,b\n"), self.write("empty.csv", ""))
        self.assertEqual(read_table(self.dir / "tables" / "header.h5"), (["a", "b"], []))
        self.assertEqual(read_table(self.dir / "tables" / "empty.h5"), ([], []))

    def test_columns_by_number_and_blanks(self):
        path = self.write("cdnow.txt", " 00001 19970101  1   11.77\n 00002 19970112  1   12.00\n")
        self.convert(path, "--set", "input.header=false", "--set", "input.delimiter=blanks")
        self.assertEqual(read_table(self.dir / "tables" / "cdnow.h5"),
                         (["1", "2", "3", "4"], [["00001", "19970101", "1", "11.77"], ["00002", "19970112", "1", "12.00"]]))

    def test_what_means_null_and_escapes(self):
        path = self.write("snow.csv", "a|b\n" + "\\N|'x\\|y'\n" + "'it\\'s'|\\N\n" + "plain|''\n")
        self.convert(path, "--set", "input.delimiter='|'", "--set", "input.quote=\"'\"", "--set",
                     "input.escape='\\'")
        self.assertEqual(read_table(self.dir / "tables" / "snow.h5")[1], [["", "x|y"], ["it's", ""], ["plain", ""]])

    def test_other_formats(self):
        part = pathlib.Path(self.generate(events=3000, customers=200)[0])
        self.convert(part)
        expected = (self.dir / "tables" / "part-00000.h5").read_bytes()
        packed = self.dir / "part-00000.csv.gz"
        packed.write_bytes(gzip.compress(part.read_bytes()))
        self.convert(packed, out="gz")
        self.convert(self.dir / "tables", out="again")
        for out in ("gz", "again"):
            self.assertEqual((self.dir / out / "part-00000.h5").read_bytes(), expected, out)

    def test_times_that_parquet_counts(self):
        if "carquet" not in self.rfmpi("--version", ranks=0).stdout:
            self.skipTest("a build without Parquet")
        stamps = [datetime.datetime(2019, 10, 1) + datetime.timedelta(seconds=i) for i in range(100)]
        pyarrow.parquet.write_table(pyarrow.table({
            "utc": pyarrow.array(stamps, pyarrow.timestamp("us", "UTC")),
            "local": pyarrow.array(stamps, pyarrow.timestamp("ms")),
            "day": pyarrow.array(stamps, pyarrow.date32()),
            "text": [f"t{i % 3}" for i in range(100)]}), self.dir / "p.parquet")
        self.convert(self.dir / "p.parquet")
        with h5py.File(self.dir / "tables" / "p.h5") as file:
            got = {name: (column.attrs["meaning"], column.attrs.get("time_format"))
                   for name, column in file["events"].items()}
            self.assertEqual(file["events/utc"][:].tolist(), [1569888000 * 10**6 + 10**6 * i for i in range(100)])
        self.assertEqual(got, {"utc": (b"integer", b"microseconds"), "local": (b"time", b"iso"),
                               "day": (b"date", b"date"), "text": (b"dictionary", None)})

    def test_long_texts(self):
        self.convert_text("a,b\n" + "".join(f"{'x' * 200000},{i}\n" for i in range(30)))
        path = self.write("long.csv", "a,b\n" + "".join(f"{'x' * 200000}{i},{i}\n" for i in range(90)))
        result = self.convert(path, out="long", code=65)
        self.assertIn("column a has texts of 200002 bytes, and too many for a dictionary", case.errors(result)[0])
        self.assertEqual(list((self.dir / "long").iterdir()), [])

    def test_rows_that_are_none(self):
        rows = "".join(f"{i},x\n" for i in range(2000))
        good, torn = self.write("good.csv", "a,b\n" + rows), self.write("torn.csv", "a,b\n" + rows + '7\n8,"x\n')
        result = self.convert(good, torn, ranks=2)
        self.assertIn(f"2 of 4002 rows are none and left out; the first: {torn}: line 2002: 1 fields, not 2", result.stderr)
        self.assertEqual(len(read_table(self.dir / "tables" / "torn.h5")[1]), 2000)
        result = self.convert(good, torn, "--set", "input.max_rejected=0", out="strict", ranks=2, code=65)
        self.assertIn("more than input.max_rejected allows (0)", case.errors(result)[0])
        self.assertEqual(list((self.dir / "strict").iterdir()), [])

    def test_what_is_there_stays(self):
        path = self.write("a.csv", "a\n1\n")
        self.convert(path)
        before = (self.dir / "tables" / "a.h5").read_bytes()
        result = self.convert(path, code=64)
        self.assertIn("is there already", case.errors(result)[0])
        self.assertEqual((self.dir / "tables" / "a.h5").read_bytes(), before)

    def test_two_files_of_one_name(self):
        (self.dir / "x").mkdir()
        result = self.convert(self.write("a.csv", "a\n1\n"), self.write("x/a.txt", "a\n1\n"), code=64)
        self.assertIn("would both be", case.errors(result)[0])
        self.assertFalse((self.dir / "tables").exists())

    def test_usage(self):
        path = self.write("a.csv", "a\n1\n")
        for words in (["convert"], ["convert", path], ["convert", "--out", self.dir / "o"], ["convert", path, "--out"],
                      ["convert", path, "--out", ""], ["convert", path, "--out", self.dir / "o", "--fast"],
                      ["convert", path, "--out", self.dir / "o", "--set", "input.delimitr=;"]):
            self.assertEqual(len(case.errors(self.rfmpi(*words, code=64))), 1)
        result = self.convert(self.dir / "missing.csv", code=65)
        self.assertIn("missing.csv: no such file", case.errors(result)[0])
        result = self.convert(self.write("bad.csv", '"a\n1\n'), code=65)
        self.assertIn("line 1: the header cannot be read", case.errors(result)[0])

    @case.needs_ranks
    def test_a_failure_anywhere_leaves_nothing(self):
        parts = self.generate(events=2000, customers=200, parts=3)
        n = 1
        while True:
            out = self.dir / f"fault{n}"
            result = case.launch("convert", *parts, "--out", out, ranks=2, env={"RFMPI_FAULT": f"convert:1:{n}"})
            if result.returncode == 0:
                break
            self.assertEqual(result.returncode, 70, result.stderr)
            self.assertEqual(len(case.errors(result)), 1)
            left = sorted(path.name for path in out.iterdir()) if out.exists() else []
            self.assertFalse([name for name in left if name.startswith(".converting")])
            self.rfmpi("convert", *parts, "--out", out, ranks=0, code=64 if len(left) == 3 else 0)
            self.assertEqual(self.names(out), [f"part-{i:05}.h5" for i in range(3)])
            n += 1
        self.assertGreater(n, 5)
        self.assertEqual(len(list(out.iterdir())), 3)

    def names(self, out):
        return sorted(path.name for path in out.iterdir())

    # ---- starts that do not come to their end ------------------------------------------------------------------------

    def interrupted(self, parts, out):
        """As a kill leaves it when all tables are whole and none has its name yet; the folder they are in."""
        for self.step in range(self.step, 100):
            case.shutil.rmtree(out, ignore_errors=True)
            case.launch("convert", *parts, "--out", out, ranks=0, env={"RFMPI_FAULT": f"convert:0:{self.step}"})
            made = list(out.glob(".converted-*")) if out.exists() else []
            if made:
                self.assertEqual(len(list(out.iterdir())), 1)
                return made[0]
        self.fail("no failure between the last table and its name")

    def test_tables_that_wait_for_their_names_get_them_at_the_next_start(self):
        parts, out = self.generate(events=2000, customers=200, parts=3), self.dir / "tables"
        self.convert(*parts, out="whole")
        for n_named in range(4):
            with self.subTest(n_named=n_named):
                made = self.interrupted(parts, out)
                for path in sorted(made.iterdir())[:n_named]:
                    path.rename(out / path.name)
                said = self.rfmpi("convert", *parts, "--out", out, ranks=0).stderr
                self.assertIn("an earlier start had made their tables", said)
                self.assertEqual(self.names(out), self.names(self.dir / "whole"))
                for name in self.names(out):
                    self.assertEqual((out / name).read_bytes(), (self.dir / "whole" / name).read_bytes())

    def test_what_took_a_name_meanwhile_stays(self):
        parts, out = self.generate(events=2000, customers=200, parts=3), self.dir / "tables"
        made = self.interrupted(parts, out)
        (out / "part-00001.h5").write_text("somebody's own")
        result = self.rfmpi("convert", *parts, "--out", out, code=64)
        self.assertIn("part-00001.h5 is there already", case.errors(result)[0])
        self.assertEqual((out / "part-00001.h5").read_text(), "somebody's own")
        (out / "part-00001.h5").unlink()
        self.rfmpi("convert", *parts, "--out", out)
        self.assertEqual(self.names(out), [f"part-{i:05}.h5" for i in range(3)])
        self.assertFalse(made.exists())

    def test_another_command_leaves_them_alone(self):
        parts, out = self.generate(events=2000, customers=200, parts=2), self.dir / "tables"
        made = self.interrupted(parts, out)
        other = self.write("other.csv", "a\n1\n")
        self.rfmpi("convert", other, "--out", out)
        self.assertEqual(self.names(out), [made.name, "other.h5"])
        self.rfmpi("convert", *parts, "--out", out)
        self.assertEqual(self.names(out), ["other.h5", "part-00000.h5", "part-00001.h5"])

    def test_a_second_start_of_the_same_keeps_its_hands_off(self):
        parts, out = self.generate(events=200000, customers=2000, parts=4), self.dir / "tables"
        first = subprocess.Popen(case.command("convert", *parts, "--out", out, ranks=0), stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while not (out.exists() and list(out.glob(".converting-*/*"))) and time.monotonic() < until:
            time.sleep(0.001)
        first.send_signal(signal.SIGSTOP)
        try:
            self.assertIsNone(first.poll(), "it was through before it could be stopped")
            result = self.rfmpi("convert", *parts, "--out", out, ranks=0, code=64)
            self.assertIn(f"process {first.pid}", case.errors(result)[0])
        finally:
            first.send_signal(signal.SIGCONT)
        self.assertEqual(first.wait(60), 0)
        self.assertEqual(self.names(out), [f"part-{i:05}.h5" for i in range(4)])

    def test_killed_at_any_moment_the_next_start_finishes(self):
        parts, out = self.generate(events=20000, customers=2000, parts=4), self.dir / "tables"
        began = time.monotonic()
        self.convert(*parts, out="whole", ranks=0)
        lasts, draw = time.monotonic() - began, random.Random(1)
        for _ in range(8):
            case.shutil.rmtree(out, ignore_errors=True)
            process = subprocess.Popen(case.command("convert", *parts, "--out", out, ranks=0), stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            time.sleep(draw.uniform(0.3, 1) * lasts)
            process.kill()
            process.wait()
            whole = out.exists() and self.names(out) == self.names(self.dir / "whole")
            self.rfmpi("convert", *parts, "--out", out, ranks=0, code=64 if whole else 0)
            self.assertEqual(self.names(out), self.names(self.dir / "whole"))


if __name__ == "__main__":
    case.main()
