"""A build that hands MPI and HDF5 a few hundred values at a time, as the program does with 2^30 bytes: same results."""

import os

import case

import h5py
import numpy

IN_PIECES = os.environ["RFMPI_IN_PIECES"]
REGION_BYTES = 20000003  # small_limits.c


class InPieces(case.Case):
    def compare(self, whole, pieces):
        self.assertEqual(pieces["digest"], whole["digest"])
        self.assertEqual(pieces["cluster"]["inertia"], whole["cluster"]["inertia"])
        self.assertEqual(case.read_customers(self.dir / "pieces"), case.read_customers(self.dir / "whole"))
        if not case.SERIAL:
            self.assertGreater(pieces["traffic"]["n_collectives"], 2 * whole["traffic"]["n_collectives"])

    def test_events(self):
        paths = self.generate(events=30000, customers=3000, parts=3)
        words = ("--set", "features.list=rfm-behaviour", "--set", "cluster.k=20")
        whole = self.run_job("quickstart.yml", paths, "whole", *words, ranks=3)
        pieces = self.run_job("quickstart.yml", paths, "pieces", *words, ranks=3, program=IN_PIECES)
        self.compare(whole, pieces)
        if not case.SERIAL:
            self.assertGreater(pieces["traffic"]["n_messages"], 20 * whole["traffic"]["n_messages"])

    def test_a_matrix(self):
        with h5py.File(self.dir / "x.h5", "w") as file:
            file["features/values"] = numpy.random.default_rng(4).normal(size=(5000, 23)).astype("float32")
        words = ("--set", f"input.features={self.dir / 'x.h5'}", "--set", "cluster.k=[12,30]", "--set")
        self.rfmpi("run", *words, f"output.dir={self.dir / 'whole'}", ranks=2)
        self.rfmpi("run", *words, f"output.dir={self.dir / 'pieces'}", ranks=4, program=IN_PIECES)
        self.compare(case.read_report(self.dir / "whole"), case.read_report(self.dir / "pieces"))

    # ---- rounds of ranks that share files ---------------------------------------------------------------------------

    def words(self, paths, out, *more):
        return ("run", case.SOURCE / "conf" / "quickstart.yml", "--set", f"input.paths=[{','.join(paths)}]", "--set",
                f"output.dir={self.dir / out}", *more)

    def interrupt(self, paths, out, trial, ranks, codes):
        result = case.launch(*self.words(paths, out), ranks=ranks, env={"RFMPI_TRIAL": trial}, program=IN_PIECES)
        self.assertIn(result.returncode, codes, result.stderr)
        return {path.name for path in (self.dir / out / "rounds").iterdir()}

    def finish(self, paths, out, whole, ranks):
        said = self.rfmpi(*self.words(paths, out), ranks=ranks, program=IN_PIECES).stderr
        report = case.read_report(self.dir / out)
        self.assertEqual(report["digest"], whole["digest"])
        self.assertGreater(report["checkpoints"]["rows_resumed"], 0)
        self.assertFalse((self.dir / out / "rounds").exists())
        return said

    def share(self):
        if case.SERIAL:
            self.skipTest("this build has one rank")
        paths = self.generate(events=100000, customers=4000, parts=2)
        return paths, self.run_job("quickstart.yml", paths, "whole", ranks=2)

    def test_rounds_of_ranks_that_share_files(self):
        paths, whole = self.share()
        for ranks in (1, 4):
            out = f"rounds-{ranks}"
            names = self.interrupt(paths, out, "ingest:1:4:stop:1", 4, (75,))
            self.assertEqual(names, {"1-0-2", "1-1-2"})
            for name in names:
                self.assertGreater((self.dir / out / "rounds" / name).stat().st_size, REGION_BYTES)
            names = self.interrupt(paths, out, "ingest:0:2:kill:1", 3, (137, -9))
            self.assertLessEqual(names, {"1-0-2", "1-1-2", "2-0-2", "2-1-2"})
            self.assertNotIn("damaged", self.finish(paths, out, whole, ranks))

    def test_a_region_that_is_damaged_leaves_the_others(self):
        paths, whole = self.share()
        self.interrupt(paths, "damaged", "ingest:1:4:stop:1", 4, (75,))
        with open(self.dir / "damaged" / "rounds" / "1-0-2", "r+b") as file:
            file.seek(REGION_BYTES)
            self.assertEqual(file.read(8), b"RFMPIRD1")
            file.seek(REGION_BYTES)
            file.write(b"X")
        self.assertIn("not used (1 of 2 ranks)", self.finish(paths, "damaged", whole, 2))

    def test_a_round_that_would_pass_its_region_is_not_made(self):
        if case.SERIAL:
            self.skipTest("this build has one rank")
        paths = self.generate(events=900000, customers=450000, parts=2)
        words = self.words(paths, "full", "--set", "features.list=rfm-behaviour", "--set", "output.checkpoint=0")
        said = self.rfmpi("prepare", *words[1:], ranks=3, program=IN_PIECES, env={"RFMPI_TRIAL": "ingest:0:100000:stop:125"}).stderr
        self.assertIn("warning: no checkpoint: ", said)
        self.assertRegex(said, f"rounds/1-[01]-2: no room for [0-9]+ bytes: a rank has {REGION_BYTES} of it, and has used 0 ")
        alone = self.run_job("quickstart.yml", paths, "alone", "--set", "features.list=rfm-behaviour", task="prepare", ranks=2)
        self.assertEqual(case.read_report(self.dir / "full")["digest"], alone["digest"])


if __name__ == "__main__":
    case.main()
