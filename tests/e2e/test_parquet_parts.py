"""customers/ as Parquet: the rows of the CSV parts, read by others, in files of the same bytes at any number of ranks."""

import csv
import errno
import gzip
import json
import random
import struct
import subprocess
import unittest

import case
import faults
from test_faults import SEED, Walk

import duckdb
import h5py
import numpy
import pyarrow
import pyarrow.parquet

ABSENT = "Parquet" not in subprocess.run([case.RFMPI, "--version"], capture_output=True, text=True).stdout


def as_told(value):
    """A number with all its bits, and the sign of a zero."""
    return struct.pack("d", value) if isinstance(value, float) else value


# What a column of the manifest is in Arrow, and what a text of it says.
KINDS = {"text": (pyarrow.string(), str), "integer": (pyarrow.int64(), int),
         "number": (pyarrow.float64(), lambda text: as_told(float(text)))}


def parts(run, suffix):
    return sorted((run / "customers").glob(f"part-*{suffix}"))


class Parquet(case.Case):
    def write_matrix(self, name, values, ids=None):
        with h5py.File(self.dir / name, "w") as file:
            file["features/values"] = values
            if ids is not None:
                file["customers/id"] = ids
        return f"input.features={self.dir / name}"

    def train(self, out, matrix, *words, ranks=1):
        out = self.dir / out
        self.rfmpi("train", "--set", matrix, "--set", "cluster.k=3", "--set", "cluster.max_iterations=3", "--set", "cluster.search=none",
                   "--set", f"output.dir={out}", "--set", "output.parquet=true", *words, ranks=ranks)
        return out

    def assert_same_rows(self, run):
        """Part by part, in the same order, and to the bit: what CSV says in texts the values say."""
        texts, parquet = parts(run, ".csv.gz"), parts(run, ".parquet")
        self.assertEqual([path.name.split(".")[0] for path in texts], [path.name.split(".")[0] for path in parquet])
        manifest = json.loads((run / "customers" / "manifest.json").read_text())
        self.assertEqual([(part["name"], part["bytes"]) for part in manifest["parquet"]],
                         [(path.name, path.stat().st_size) for path in parquet])
        self.assertEqual([part["rows"] for part in manifest["parquet"]], [part["rows"] for part in manifest["parts"]])
        kinds = {column["name"]: KINDS[column["type"]] for column in manifest["columns"]}
        types = {**{name: str(type) for name, (type, _) in kinds.items()}, "segment": "int32"}
        for text, values in zip(texts, parquet):
            self.assertEqual(values.stat().st_mode & 0o777, 0o600)
            read = pyarrow.parquet.read_table(values)
            self.assertEqual({field.name: str(field.type) for field in read.schema}, types)
            with gzip.open(text, "rt", newline="") as file:
                wanted = list(zip(*list(csv.reader(file))[1:]))
            for (name, (_, parse)), column in zip(kinds.items(), wanted):
                self.assertEqual([parse(field) for field in column], [as_told(value) for value in read[name].to_pylist()], name)
            told = duckdb.sql(f"SELECT * FROM '{values}'")
            self.assertEqual((told.columns, told.shape[0]), (list(kinds), len(wanted[0])))
        return manifest["n_rows"]

    def assert_same_bytes(self, one, *others):
        for other in others:
            for name in [path.name for path in parts(one, ".parquet")] + ["manifest.json"]:
                self.assertEqual((one / "customers" / name).read_bytes(), (other / "customers" / name).read_bytes(), (other, name))
            self.assertEqual(len(parts(one, ".parquet")), len(parts(other, ".parquet")))


@unittest.skipIf(ABSENT, "this build has no Parquet")
class Written(Parquet):
    def test_rows_types_and_bytes_of_a_run(self):
        paths = self.generate(events=20000, customers=1200)
        words = ("--set", "output.parquet=true", "--set", "output.part_rows=100", "--set", "features.population=all")
        for ranks in (1, 3, 7):
            self.run_job("rees46.yml", paths, f"text-{ranks}", *words, "--set", "input.id=text", ranks=ranks)
            self.run_job("rees46.yml", paths, f"integer-{ranks}", *words, "--set", "input.id=integer", ranks=ranks)
        for kind in ("text", "integer"):
            runs = [self.dir / f"{kind}-{ranks}" for ranks in (1, 3, 7)]
            self.assertGreater(self.assert_same_rows(runs[0]), 1000)
            self.assert_same_bytes(*runs)
        file = pyarrow.parquet.ParquetFile(parts(self.dir / "integer-1", ".parquet")[0])
        self.assertEqual([str(field.type) for field in file.schema_arrow][:7],
                         ["int64", "double", "double", "double", "int32", "string", "double"])
        self.assertFalse(any(field.nullable for field in file.schema_arrow))
        chunk, values = file.metadata.row_group(0).column(1), file.read()["recency_days"].to_pylist()
        self.assertEqual(chunk.compression, "ZSTD")
        self.assertEqual((chunk.statistics.min, chunk.statistics.max, chunk.statistics.null_count), (min(values), max(values), 0))
        self.assertEqual(case.read_report(self.dir / "text-1")["digest"], case.read_report(self.dir / "text-7")["digest"])

    def test_row_groups_of_many_rows_and_rows_of_many_ranks(self):
        values = numpy.random.default_rng(5).normal(size=(300_001, 2))
        values[:4] = [[0.0, -0.0], [5e-324, 2**53], [-1e-300, 3], [1 / 3, -1e17]]
        matrix = self.write_matrix("many.h5", values)
        words = ("--set", "output.part_rows=290000", "--set", "cluster.scale=robust")
        runs = [self.train(f"many-{ranks}", matrix, *words, ranks=ranks) for ranks in (1, 3)]
        self.assert_same_bytes(*runs)
        self.assertEqual(self.assert_same_rows(runs[0]), 300_001)
        file = pyarrow.parquet.ParquetFile(parts(runs[0], ".parquet")[0])
        self.assertEqual([file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)], [2**17, 2**17, 290000 - 2**18])

    def test_names_and_ids_that_are_odd(self):
        ids = numpy.array([f"{'é' * (i % 40)}, \"{i}\"\r\n'" for i in range(500)], dtype=object)
        values = numpy.random.default_rng(2).normal(size=(500, 2))
        with h5py.File(self.dir / "odd.h5", "w") as file:
            file["features/values"] = values
            file["features/names"] = numpy.array([b"a.b \"c\"", "prix, €".encode()])
            file["customers/id"] = numpy.array([text.encode() for text in ids])
        names = json.dumps(["a, \"b\"", "été", "c"])
        runs = [self.train(f"odd-{ranks}", f"input.features={self.dir / 'odd.h5'}", "--set", f"cluster.names={names}", "--set",
                           "output.part_rows=170", ranks=ranks) for ranks in (1, 5)]
        self.assert_same_bytes(*runs)
        self.assertEqual(self.assert_same_rows(runs[0]), 500)

    def test_ids_of_which_one_is_no_utf_8_are_bytes(self):
        ids = [f"customer {i}".encode() for i in range(90)]
        ids[77] = b"caf\xe9"
        matrix = self.write_matrix("latin.h5", numpy.random.default_rng(2).normal(size=(90, 2)), ids=numpy.array(ids))
        runs = [self.train(f"latin-{ranks}", matrix, "--set", "output.part_rows=30", ranks=ranks) for ranks in (1, 4)]
        self.assert_same_bytes(*runs)
        for i, path in enumerate(parts(runs[0], ".parquet")):
            column = pyarrow.parquet.read_table(path)["id"]
            self.assertEqual((column.type, column.to_pylist()), (pyarrow.binary(), ids[30 * i:30 * i + 30]))

    @unittest.skipUnless(case.LONG, "in the long tier")
    def test_many_columns_make_small_row_groups(self):
        matrix = self.write_matrix("wide.h5", numpy.random.default_rng(2).normal(size=(1600, 6000)))
        runs = [self.train(f"wide-{ranks}", matrix, "--set", "output.part_rows=1500", ranks=ranks) for ranks in (1, 2)]
        self.assert_same_bytes(*runs)
        file = pyarrow.parquet.ParquetFile(parts(runs[0], ".parquet")[0])
        self.assertEqual([file.metadata.row_group(i).num_rows for i in range(2)], [1024, 476])
        with h5py.File(self.dir / "wide.h5") as source:
            numpy.testing.assert_array_equal(file.read()["x4711"].to_numpy(), source["features/values"][:1500, 4710])

    def test_csv_alone_where_nothing_is_said_and_other_options_where_it_is(self):
        matrix = self.write_matrix("plain.h5", numpy.random.default_rng(2).normal(size=(50, 2)))
        run = self.train("plain", matrix, "--set", "output.parquet=false")
        self.assertEqual(sorted(path.name for path in (run / "customers").iterdir()), ["manifest.json", "part-00000.csv.gz"])
        self.assertNotIn("parquet", json.loads((run / "customers" / "manifest.json").read_text()))
        again = self.rfmpi("train", "--set", matrix, "--set", "cluster.k=3", "--set", f"output.dir={run}", "--set", "output.parquet=true",
                           code=64)
        self.assertEqual(len(case.errors(again)), 1)


@unittest.skipIf(ABSENT, "this build has no Parquet")
class Failing(Walk):
    MORE = ("--set", "output.parquet=true")

    def test_a_disk_that_fails_a_file(self):
        self.digest(*self.MORE)
        for ranks, rank in ((0, 0), (3, 1)) if not case.SERIAL else ((0, 0),):
            for kind, number in (("grow", errno.ENOSPC), ("change", errno.EIO))[:2 if case.LONG else 1]:
                calls = self.calls(kind, *self.MORE, ranks=ranks, rank=rank, path=".parquet")
                self.assertGreater(len(calls), 4)
                for n in faults.sites(calls, case.LONG):
                    with self.subTest(ranks=ranks, kind=kind, n=n, call=calls[n - 1]):
                        self.begin()
                        env = self.faulty(kind, rank, ".parquet", FAULTY_FROM=n, FAULTY_TO=faults.FOREVER, FAULTY_ERROR=number)
                        result = self.launch(*self.MORE, ranks=ranks, env=env)
                        if result.returncode == 0:  # it was only being read by then
                            self.assertIn("close", calls[n - 1])
                            continue
                        self.assert_fails(result, (74,))
                        self.assert_next_start_finishes(*self.MORE, ranks=ranks)

    def test_memory_that_runs_out_while_a_file_is_written(self):
        """From the opening of the first file on. Of all these places, two in three are ones that a file cannot do without."""
        self.digest(*self.MORE)
        n = len(self.calls("memory", *self.MORE, path=".parquet"))
        self.assertGreater(n, 100)
        chosen = sorted(random.Random(SEED).sample(range(1, n + 1), min(n, 300 if case.LONG else 16)))
        n_failed = self.fail_at("memory", errno.ENOMEM, chosen, *self.MORE, path=".parquet", codes=(71,))
        self.assertGreater(n_failed, len(chosen) // (2 if case.LONG else 3))


@unittest.skipUnless(ABSENT, "this build has Parquet")
class Absent(Parquet):
    def test_it_is_refused_before_anything_is_read(self):
        result = self.rfmpi("train", "--set", "input.features=none.h5", "--set", f"output.dir={self.dir / 'out'}", "--set",
                            "output.parquet=true", ranks=2, code=64)
        self.assertEqual(len(case.errors(result)), 1, result.stderr)
        self.assertIn("output.parquet: this rfmpi was built without Parquet", result.stderr)


if __name__ == "__main__":
    case.main()
