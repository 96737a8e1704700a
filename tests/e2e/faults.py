"""A run whose files fail it, and what must hold then: shared by the tests of faults.

Whatever strikes, there is one message of ours and an exit code that says what it was, nothing is half-written, and the next start comes
to the same digest without a person.
"""

import gzip
import json
import os
import pathlib
import re
import subprocess

import case
import h5py

FAULTY = os.environ["TEST_FAULTY"]    # the library of faulty.c
FOREVER = 10**9
SANITIZED = "ASAN_OPTIONS" in os.environ   # such builds have memory and calls of their own
LIMIT_S = 60                           # of a start that would take a second or two: whoever takes longer hangs


def shape(line):
    """A call without the numbers in it: of calls that look the same one stands for all."""
    return re.sub(r"[0-9]+", "N", line)


def sites(calls, every):
    """Numbers of the calls to fail, from 1: all of them, or of each shape the first and the last."""
    found = {}
    for n, line in enumerate(calls, 1):
        found.setdefault(shape(line), []).append(n)
    return sorted({n for ns in found.values() for n in (ns if every else (ns[0], ns[-1]))})


class Faults(case.Case):
    def setUp(self):
        super().setUp()
        self.out = self.dir / "out"
        self.events = self.generate(events=4000, customers=400, parts=2)
        self.wanted = None

    def words(self, *more, out=None):
        return ("run", case.SOURCE / "conf" / "quickstart.yml", "--set", "input.paths=" + json.dumps(self.events), "--set",
                f"output.dir={out or self.out}", "--set", "features.population=all", "--set", "cluster.k=3", "--set", "cluster.restarts=1",
                "--set", "output.part_rows=150", "--set", "output.checkpoint=0.000001", *more)

    def digest(self, *more):
        """Of a run that nothing happens to."""
        if self.wanted is None:
            self.rfmpi(*self.words(*more, out=self.dir / "whole"), ranks=0)
            self.wanted = case.read_report(self.dir / "whole")["digest"]  # and the directory shows what there is of a run
        return self.wanted

    def launch(self, *more, ranks=0, env=None, program=case.RFMPI):
        try:
            return case.launch(*self.words(*more), ranks=ranks, env=env, timeout=LIMIT_S, program=program)
        except subprocess.TimeoutExpired as late:
            self.fail(f"hangs: {env} {ranks} ranks\n{(late.stderr or b'').decode()}")

    # ---- what must hold ----------------------------------------------------------------------------------------------

    def assert_fails(self, result, codes, pattern="."):
        self.assertIn(result.returncode, codes, result.stderr)
        lines = case.errors(result)
        self.assertEqual(len(lines), 1, result.stderr)
        self.assertRegex(lines[0], pattern)
        self.assertNotRegex(result.stderr, "internal error|MPI_ABORT|Segmentation|double free|HDF5-DIAG")
        self.assert_nothing_half_written()
        return lines[0]

    def assert_nothing_half_written(self, out=None):
        """Each product that has its name is whole."""
        out = pathlib.Path(out or self.out)
        if (out / "run.json").exists():
            case.read_report(out)
        for name in ("state.h5", "features.h5", "model.h5"):
            if (out / name).exists():
                with h5py.File(out / name) as file:
                    file.visititems(lambda _, item: item[...] if isinstance(item, h5py.Dataset) else None)
        if (out / "customers").exists():
            manifest = json.loads((out / "customers" / "manifest.json").read_text())
            for part in manifest["parts"]:
                packed = (out / "customers" / part["name"]).read_bytes()
                self.assertEqual((len(packed), len(gzip.decompress(packed).splitlines()) - 1), (part["bytes"], part["rows"]))
        if (out / "figures.json").exists():
            self.assertEqual(len(json.loads((out / "figures.json").read_text())["segments"]), 3)
        if (out / "segments.csv").exists():
            self.assertEqual(len((out / "segments.csv").read_text().splitlines()), 1 + 3)

    def assert_next_start_finishes(self, *more, ranks=0):
        result = self.launch(*more, ranks=ranks)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(case.read_report(self.out)["digest"], self.digest())
        self.assertEqual(sorted(os.listdir(self.out)), sorted(os.listdir(self.dir / "whole")))
        self.assert_nothing_half_written()

    # ---- calls that fail ---------------------------------------------------------------------------------------------

    def begin(self, begun=None):
        """The run directory is what an earlier start has left, or absent."""
        case.shutil.rmtree(self.out, ignore_errors=True)
        if begun:
            case.shutil.copytree(begun, self.out)

    def calls(self, kind, *more, ranks=0, rank=0, path=None, begun=None):
        """The calls of this kind that one rank makes on files with `path` in their name, when nothing fails."""
        log = self.dir / "calls"
        log.unlink(missing_ok=True)
        self.begin(begun)
        env = self.faulty(kind, rank, path, FAULTY_LOG=log)
        self.assertEqual(self.launch(*more, ranks=ranks, env=env).returncode, 0)
        return log.read_text().splitlines() if log.exists() else []

    def faulty(self, kind, rank, path=None, **more):
        """Files of the run, unless another path is named; memory from the start, unless one is."""
        path = path or ("" if kind == "memory" else self.out)
        return {"LD_PRELOAD": FAULTY, "FAULTY_KIND": kind, "FAULTY_RANK": str(rank), **({"FAULTY_PATH": str(path)} if path else {}),
                **{key: str(value) for key, value in more.items()}}
