"""Run rfmpi and read what it leaves: shared by the end-to-end tests."""

import csv
import glob
import gzip
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

RFMPI = os.environ["RFMPI"]
SOURCE = pathlib.Path(os.environ["RFMPI_SOURCE"])
DATA = pathlib.Path(os.environ["RFMPI_DATA"]) if "RFMPI_DATA" in os.environ else None
SERIAL = "none (serial)" in subprocess.run([RFMPI, "--version"], capture_output=True, text=True).stdout
SKIPPED = 125

needs_ranks = unittest.skipIf(SERIAL, "this build has no MPI")
LONG = "long" in sys.argv  # a test's first word: more of it, for the long tier
in_long_tier = unittest.skipUnless(LONG, "in the long tier")  # where the short one has its like


def need_data():
    """End the test as skipped on a machine without the real data sets."""
    if DATA is None:
        print("skipped: the real data sets are not on this machine")
        sys.exit(SKIPPED)


def checkout(folder):
    """What git has of this source, as it stands here."""
    listed = subprocess.run(["git", "-c", f"safe.directory={SOURCE}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=SOURCE, stdout=subprocess.PIPE, text=True, timeout=100, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (SOURCE / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(SOURCE / name, folder / name)
    return folder


def command(*words, ranks, program=RFMPI):
    """What starts rfmpi on so many ranks; ranks=0, and every start of a build without MPI, is plain."""
    mpirun = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", str(ranks)] if ranks and not SERIAL else []
    return [*mpirun, program, *map(str, words)]


def launch(*words, ranks=1, env=None, timeout=100, program=RFMPI):
    return subprocess.run(command(*words, ranks=ranks, program=program), env={**os.environ, **(env or {})}, timeout=timeout, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors="backslashreplace")  # paths are shown as they are


def errors(result):
    """Our own error lines, without mpirun's banner and our log. There must never be more than one."""
    return [line for line in result.stderr.splitlines() if line.startswith("rfmpi: error: ")]


class Case(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="rfmpi-e2e-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def terminate_a_rank(self, process, out):
        """SIGTERM to one of those that write to `out`: not to mpirun, where there is one."""
        found = subprocess.run(["pgrep", "-f", f"output.dir={self.dir / out}"], capture_output=True, text=True).stdout.split()
        ranks = [pid for pid in map(int, found) if pid != process.pid] or [process.pid]
        os.kill(ranks[-1], signal.SIGTERM)

    def rfmpi(self, *words, code=0, **how):
        result = launch(*words, **how)
        self.assertEqual(result.returncode, code, f"{words}\n{result.stdout}\n{result.stderr}")
        return result

    def generate(self, events=50000, customers=4000, days=60, parts=1, seed=1, name="events"):
        out = self.dir / name
        self.rfmpi("generate", "--customers", customers, "--events", events, "--days", days, "--seed", seed, "--parts",
                   parts, "--out", out)
        return sorted(str(path) for path in out.glob("part-*.csv"))

    def run_job(self, job, paths, out, *words, task="run", **how):
        """A task of a job of conf/, on these inputs, into a directory of this test; returns run.json."""
        out = self.dir / out
        self.rfmpi(task, SOURCE / "conf" / job, "--set", "input.paths=" + json.dumps([str(path) for path in paths]),
                   "--set", f"output.dir={out}", *words, **how)
        return read_report(out)


def read_report(run):
    return json.loads((pathlib.Path(run) / "run.json").read_text())


def note_other_version(run, product):
    """What an rfmpi with another form of checkpoints would have noted of this product."""
    report = read_report(run)
    report["products"][product]["origin"]["version of checkpoints"] = "other"
    (pathlib.Path(run) / "run.json").write_text(json.dumps(report))


def read_customers(run):
    """All rows of customers/, as dictionaries, in order."""
    rows = []
    for part in sorted(glob.glob(str(pathlib.Path(run) / "customers" / "part-*.csv.gz"))):
        with gzip.open(part, "rt", newline="") as file:
            rows.extend(csv.DictReader(file))
    return rows


def read_features(run):
    """features.h5 as (ids, names, values)."""
    import h5py

    with h5py.File(pathlib.Path(run) / "features.h5") as file:
        ids = file["customers/id"][...]
        names = [name.decode().rstrip("\0") for name in file["features/names"][...]]
        return ids, names, file["features/values"][...]


def main():
    unittest.main(verbosity=2, argv=[word for word in sys.argv if word != "long"])
