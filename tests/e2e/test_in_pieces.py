"""A build that hands MPI and HDF5 a few hundred values at a time, as the program does with 2^30 bytes: same results."""

import os

import case

import h5py
import numpy

IN_PIECES = os.environ["RFMPI_IN_PIECES"]


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


if __name__ == "__main__":
    case.main()
