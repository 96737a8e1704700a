"""Three million customers into a table: the parts stream from the disk, so that the uploader needs no more memory than for few."""

import pathlib
import random
import re
import time

import case
import h5py
import numpy
import storing
import warehouse

CUSTOMERS, FEATURES, PART_ROWS = 3_000_000, 6, 250_000
NAMES = [f"f{i}" for i in range(FEATURES)]
ROOM = 64 << 20


def make_matrix(path):
    draw = numpy.random.default_rng(5)
    with h5py.File(path, "w") as file:
        file["features/values"] = draw.normal(0, 1, (CUSTOMERS, FEATURES))
        file["features/names"] = numpy.array(NAMES, dtype="S8")
        file["customers/id"] = numpy.char.add("customer-", numpy.arange(CUSTOMERS).astype("U7")).astype("S16")


class Millions(storing.Store):
    options = {"stage": "s3"}

    def setUp(self):
        case.Case.setUp(self)
        self.out, self.home, self.private = self.dir / "out", self.dir / "home", self.dir / "private"
        self.home.mkdir(0o700)
        self.table, self.started = "MILLIONS", []
        make_matrix(self.dir / "matrix.h5")
        self.start("train", "--set", f"input.features={self.dir / 'matrix.h5'}", "--set", "cluster.k=4", "--set",
                   "cluster.max_iterations=3", "--set", "cluster.search=none", "--set", f"output.part_rows={PART_ROWS}", "--set", f"output.dir={self.out}", ranks=2,
                   timeout=300)
        (self.dir / "matrix.h5").unlink()

    def peak_of(self, process):
        """Peak memory of a start that ends well, in bytes, looked at until its end: what wait() tells has our own in it."""
        peak = 0
        while process.poll() is None:
            found = re.search(r"VmHWM:\s*(\d+) kB", pathlib.Path(f"/proc/{process.pid}/status").read_text())
            peak = max(peak, int(found[1]) * 1024 if found else 0)
            time.sleep(0.01)
        self.finish(process)
        return peak

    def test_they_are_all_there_and_took_no_memory(self):
        parts = storing.manifest(self.out)["parts"]
        self.assertEqual(len(parts), CUSTOMERS // PART_ROWS)
        self.assertGreater(sum(part["bytes"] for part in parts), 150e6)
        least = self.peak_of(self.begin(*self.store_words(run="--check"), env=self.service.environment()))
        peak = self.peak_of(self.begin_store("store.create=true"))
        print(f"peak: {peak / 2**20:.1f} MiB to store, {least / 2**20:.1f} MiB to look")
        self.assertGreater(least, 1 << 20)
        self.assertLess(peak - least, ROOM)
        self.assert_tidy()
        wanted = case.read_customers(self.out)
        some = {row["id"]: row for row in random.Random(1).sample(wanted, 1000)}
        segments = sorted([str(i), sum(row["segment"] == str(i) for row in wanted)] for i in range(4))
        extremes = [[f(float(row[name]) for row in wanted) for f in (min, max)] for name in NAMES]
        del wanted
        self.assertEqual(self.service.rows("SELECT COUNT(*), COUNT(DISTINCT ID) FROM MILLIONS"), [[CUSTOMERS, CUSTOMERS]])
        self.assertEqual(sorted(self.service.rows("SELECT SEGMENT::VARCHAR, COUNT(*) FROM MILLIONS GROUP BY 1")), segments)
        found = self.service.rows("SELECT " + ", ".join(f"MIN({name}), MAX({name})" for name in NAMES) + " FROM MILLIONS")
        self.assertEqual(found, [[value for pair in extremes for value in pair]])
        ids = ", ".join(f"'{one}'" for one in some)
        for row in self.service.rows(f"SELECT * FROM MILLIONS WHERE ID IN ({ids})"):
            own = list(some.pop(row[0]).values())
            self.assertEqual([str(row[FEATURES + 1]), row[FEATURES + 2]], own[FEATURES + 1:FEATURES + 3])
            self.assertEqual([*row[1:FEATURES + 1], row[-1]], [float(value) for value in (*own[1:FEATURES + 1], own[-1])])
        self.assertEqual(some, {})


if __name__ == "__main__":
    warehouse.need()
    case.main()
