"""A fit that is stopped on request or killed goes on where it was, at any number of ranks, and ends with the same bits."""

import contextlib
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time

import case
import h5py
import numpy


# Sanitizers make a fit ten times as long; what is shown is the same.
SANITIZED = "ASAN_OPTIONS" in os.environ
ROWS, STARTS = (30000, 4) if SANITIZED else (250000, 20) if case.LONG else (100000, 4)


def make_matrix(path, n, d=6, blobs=30, weighted=False):
    draw = numpy.random.default_rng(7)
    centres = draw.normal(0, 2, (blobs, d))
    with h5py.File(path, "w") as file:
        file["/features/values"] = (centres[draw.integers(0, blobs, n)] + draw.normal(0, 1, (n, d))).astype("f4")
        if weighted:
            file["/features/weights"] = draw.exponential(1, n)


def outcome(run):
    """All that must not depend on how often the fit was interrupted."""
    report = case.read_report(run)
    keys = ("iterations", "iterations_total", "iterations_search", "inertia", "trace", "restart", "converged")
    return report["digest"], report.get("sweep"), {key: report["cluster"][key] for key in keys}


class Checkpoint(case.Case):
    @classmethod
    def setUpClass(cls):
        """The matrix, and what an uninterrupted fit of it says."""
        first = cls()
        first.dir = pathlib.Path(tempfile.mkdtemp(prefix="rfmpi-e2e-"))
        cls.addClassCleanup(shutil.rmtree, first.dir, ignore_errors=True)
        cls.matrix = first.dir / "matrix.h5"
        make_matrix(cls.matrix, ROWS)
        began = time.monotonic()
        cls.wanted = first.fit_alone()
        cls.lasts_s = time.monotonic() - began
        cls.fit_s = case.read_report(first.dir / "alone")["stages"]["cluster"]["seconds"]

    def fit_alone(self, **how):
        self.rfmpi(*self.words("alone", **how), ranks=2)
        return outcome(self.dir / "alone")

    def words(self, out, *more, k="[9,16]"):
        return ("train", "--set", f"input.features={self.matrix}", "--set", f"cluster.k={k}", "--set", "cluster.restarts=2", "--set",
                "cluster.tolerance=0", "--set", "output.checkpoint=0.000001", "--set", f"output.dir={self.dir / out}", *more)

    def begin(self, out, *more, ranks=2, **how):
        return subprocess.Popen(case.command(*self.words(out, *more, **how), ranks=ranks), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)

    def wait_for_checkpoint(self, out, process):
        files = [self.dir / out / f"checkpoint-{i}" for i in (0, 1)]
        while process.poll() is None and not any(path.exists() for path in files):
            time.sleep(0.005)

    def finish(self, out, wanted, *more, ranks=1, **how):
        self.rfmpi(*self.words(out, *more, **how), ranks=ranks)
        self.assertEqual(outcome(self.dir / out), wanted)
        self.assertEqual([name for name in os.listdir(self.dir / out) if "checkpoint" in name or "tmp" in name], [])

    def kill(self, out, process, delay_s):
        """Whether a checkpoint was left."""
        time.sleep(delay_s)
        with contextlib.suppress(ProcessLookupError):  # it may be through
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return any((self.dir / out).glob("checkpoint-?"))

    def kill_in_fit(self, out, draw):
        """A start that was through with its fit before it was killed does not count."""
        for _ in range(20):
            process = self.begin(out, ranks=draw.randint(1, 3))
            self.wait_for_checkpoint(out, process)
            if self.kill(out, process, draw.uniform(0, 0.7) * self.fit_s):
                return
            shutil.rmtree(self.dir / out, ignore_errors=True)
        self.fail("no kill met a fit under way")

    def test_killed_at_random_moments_it_ends_with_the_same_bits(self):
        for seed in range(STARTS):
            draw, out = random.Random(seed), f"killed-{seed}"
            for _ in range(draw.randint(1, 2)):
                if seed % 4:
                    self.kill_in_fit(out, draw)
                else:  # anywhere
                    self.kill(out, self.begin(out, ranks=draw.randint(1, 3)), draw.uniform(0, 0.9) * self.lasts_s)
            self.finish(out, self.wanted, ranks=1 + seed % 4)

    def stop_in_fit(self, out, stop, *more):
        """What it said. A start that was through with its fit before the request came does not count."""
        for _ in range(20):
            shutil.rmtree(self.dir / out, ignore_errors=True)
            process = self.begin(out, *more)
            self.wait_for_checkpoint(out, process)
            with contextlib.suppress(ProcessLookupError):
                stop(process)
            said = process.communicate(timeout=60)[1]
            self.assertIn(process.returncode, (0, 75), said)
            if process.returncode == 75 and not (self.dir / out / "model.h5").exists():
                return said
        self.fail("no request to stop met a fit under way")

    def stop_and_finish(self, out, stop, reason):
        said = self.stop_in_fit(out, stop, "--set", "log.level=debug")
        ours = [line for line in said.splitlines() if line.startswith("rfmpi: error: ")]
        self.assertEqual(len(ours), 1, said)
        self.assertIn("stopped on request", ours[0])
        self.assertIn("run it again", ours[0])
        self.assertIn(reason, ours[0])
        self.assertEqual(case.read_report(self.dir / out)["status"], "stopped")
        self.finish(out, self.wanted, ranks=3)

    def test_requests_to_stop_leave_a_checkpoint_and_exit_75(self):
        if not case.SERIAL:
            self.stop_and_finish("usr1", lambda process: process.send_signal(signal.SIGUSR1), "clusters")
        self.stop_and_finish("file", lambda process: (self.dir / "file" / "stop").touch(), "clusters")

    def test_one_rank_that_is_terminated_stops_all(self):
        self.stop_and_finish("term", lambda process: self.terminate_a_rank(process, "term"), "clusters")

    def test_a_time_limit_is_kept_start_after_start(self):
        codes = []
        for start in range(1, 40):
            result = case.launch(*self.words("limit", "--time-limit", f"{0.2 * start}s"), ranks=1 + start % 3)
            codes.append(result.returncode)
            self.assertIn(result.returncode, (0, 75), result.stderr)
            if result.returncode == 0:
                break
        self.assertIn(75, codes)
        self.assertEqual(codes[-1], 0, "it never came to its end")
        self.assertEqual(outcome(self.dir / "limit"), self.wanted)
        wrong = self.rfmpi(*self.words("wrong", "--time-limit", "soon"), code=64)
        self.assertIn("'soon' is no time", wrong.stderr)

    def stop_early(self, out):
        self.stop_in_fit(out, lambda process: (self.dir / out / "stop").touch())

    def test_a_weighted_fit_goes_on_too(self):
        self.matrix = self.dir / "matrix.h5"
        make_matrix(self.matrix, ROWS, weighted=True)
        wanted = self.fit_alone()
        self.stop_early("weighted")
        self.finish("weighted", wanted, ranks=3)

    def test_a_damaged_checkpoint_is_told_and_not_used(self):
        self.stop_early("damaged")
        for i in (0, 1):
            path = self.dir / "damaged" / f"checkpoint-{i}"
            if path.exists():
                bytes_ = bytearray(path.read_bytes())
                bytes_[len(bytes_) // 2] ^= 1
                path.write_bytes(bytes_)
        result = self.rfmpi(*self.words("damaged"))
        self.assertIn("not whole, and not used", result.stderr)
        self.assertNotIn("going on after", result.stderr)
        self.assertEqual(outcome(self.dir / "damaged"), self.wanted)

    def test_a_checkpoint_that_was_being_written_is_no_damage(self):
        self.stop_early("begun")
        files = sorted((path.stat().st_mtime_ns, path) for path in (self.dir / "begun").glob("checkpoint-?"))
        newest = files[-1][1]
        os.truncate(newest, newest.stat().st_size // 2)
        result = self.rfmpi(*self.words("begun"))
        self.assertNotIn("not whole", result.stderr)
        self.assertEqual(outcome(self.dir / "begun"), self.wanted)

    def test_a_checkpoint_of_other_options_is_refused_unless_forced(self):
        wanted = self.fit_alone(k="[9,17]")
        self.stop_early("other")
        result = self.rfmpi(*self.words("other", k="[9,17]"), code=64)
        self.assertIn("other/checkpoint: cluster.k was [9, 16], now [9, 17]: use another output.dir or --force", case.errors(result)[0])
        result = self.rfmpi(*self.words("other", "--force", k="[9,17]"))
        self.assertNotIn("going on after", result.stderr)
        self.assertEqual(outcome(self.dir / "other"), wanted)

    def test_a_checkpoint_of_another_version_is_refused_and_stays_unless_forced(self):
        self.stop_early("later")
        case.note_other_version(self.dir / "later", "checkpoint")
        kept = [path.read_bytes() for path in sorted((self.dir / "later").glob("checkpoint-?"))]
        result = self.rfmpi(*self.words("later"), code=64)
        self.assertIn("later/checkpoint: version of checkpoints was other, now ", case.errors(result)[0])
        self.assertEqual([path.read_bytes() for path in sorted((self.dir / "later").glob("checkpoint-?"))], kept)
        self.assertNotIn("going on after", self.rfmpi(*self.words("later", "--force")).stderr)
        self.assertEqual(outcome(self.dir / "later"), self.wanted)


if __name__ == "__main__":
    case.main()
