"""Faults of the world around a run: file systems that are full, read-only or gone, a node that sees other files or has less memory than
the others, two runs in one directory, ranks of different versions."""

import ctypes
import fcntl
import json
import os
import pathlib
import random
import re
import signal
import struct
import subprocess
import time
import unittest

import case
from faults import LIMIT_S, SANITIZED, Faults

SEED = int(os.environ.get("TEST_SEED", "1"))
CLONE_NEWNS = 0x00020000
EXT4_SHUTDOWN, WITHOUT_JOURNAL = 0x8004587D, 2   # as if the power were cut


def own_mounts():
    """What this process and its children mount is theirs alone, and goes with them. False where that cannot be."""
    if os.geteuid() != 0 or ctypes.CDLL(None).unshare(CLONE_NEWNS) != 0:
        return False
    return subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True).returncode == 0


MOUNTS = own_mounts()


def mount(*words):
    subprocess.run(["mount", *map(str, words)], check=True, capture_output=True)


@unittest.skipUnless(MOUNTS, "nothing can be mounted here")
class FileSystem(Faults):
    def setUp(self):
        super().setUp()
        self.digest()
        self.disk = self.dir / "disk"
        self.disk.mkdir()
        self.out = self.disk / "out"

    def unmount(self):
        subprocess.run(["umount", self.disk], check=True, capture_output=True)

    def on_small(self, option, more, ranks):
        """A start on a file system this small, and the next when there is room. Whether the first one failed."""
        mount("-t", "tmpfs", "-o", option, "none", self.disk)
        try:
            result = self.launch(ranks=ranks)
            if result.returncode:
                self.assert_fails(result, (74,), "No space left on device")
                self.assertEqual([name for name in os.listdir(self.out) if name.endswith(".tmp")] if self.out.exists() else [], [])
            mount("-o", "remount," + more, self.disk)
            self.assert_next_start_finishes(ranks=ranks)
            return result.returncode != 0
        finally:
            self.unmount()

    def walk(self, sizes, option, more, ranks):
        failed = []
        for size in sizes:
            with self.subTest(option=option.format(size), ranks=ranks):
                failed.append(self.on_small(option.format(size), more, ranks))
        self.assertTrue(failed[0])
        return failed

    def test_a_full_disk_of_any_size(self):
        sizes = range(4, 260, 4) if case.LONG else (4, 12, 16, 24, 40, 56, 72, 88, 104, 120)
        failed = self.walk(sizes, "size={}k", "size=64m", 0)
        self.assertFalse(case.LONG and failed[-1], "the largest is not large enough to meet all places")
        self.walk(sizes[3::4], "size={}k", "size=64m", 3)

    def test_a_disk_without_room_for_another_name(self):
        self.walk(range(2, 24) if case.LONG else (2, 3, 4, 6, 8, 10, 12), "size=64m,nr_inodes={}", "nr_inodes=1000", 0)

    def test_a_file_system_that_is_read_only(self):
        mount("-t", "tmpfs", "-o", "size=64m", "none", self.disk)
        self.addCleanup(self.unmount)
        for task in ("prepare", "run"):
            mount("-o", "remount,ro", self.disk)
            self.assert_fails(self.launch(), (74,), "Read-only file system")
            mount("-o", "remount,rw", self.disk)
            self.rfmpi(task, *self.words()[1:])
        self.assert_next_start_finishes()

    def test_the_power_is_cut_at_any_moment(self):
        """What was synced is there afterwards, and nothing that was not is taken for a product."""
        image = self.dir / "image"
        with open(image, "wb") as file:
            file.truncate(32 << 20)
        subprocess.run(["mkfs.ext4", "-q", image], check=True, capture_output=True)
        try:
            mount("-o", "loop", image, self.disk)
        except subprocess.CalledProcessError:
            self.skipTest("no loop device here")
        self.addCleanup(self.unmount)
        began = time.monotonic()
        self.assert_next_start_finishes()
        lasts, draw, n_cut = time.monotonic() - began, random.Random(SEED), 0
        for _ in range(40 if case.LONG else 8):
            case.shutil.rmtree(self.out)
            process = subprocess.Popen(case.command(*self.words(), ranks=0), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True)
            time.sleep(draw.uniform(0, lasts))
            self.cut_power()
            said = process.communicate(timeout=LIMIT_S)[1]
            self.unmount()
            mount("-o", "loop", image, self.disk)
            self.assertIn(process.returncode, (0, 74), said)
            n_cut += process.returncode == 74
            self.assertEqual(len([line for line in said.splitlines() if "rfmpi: error" in line]), process.returncode == 74, said)
            self.assert_nothing_half_written()
            self.assert_next_start_finishes()
        self.assertGreater(n_cut, 0)

    def cut_power(self):
        fd = os.open(self.disk, os.O_RDONLY)
        fcntl.ioctl(fd, EXT4_SHUTDOWN, struct.pack("I", WITHOUT_JOURNAL))
        os.close(fd)


@case.needs_ranks
class Nodes(Faults):
    """Rank 1 finds another world than rank 0."""

    script = pathlib.Path(__file__).with_name("launch_on.sh")
    hidden = """set -- unshare -m sh -c 'mount -t tmpfs none {} && exec "$0" "$@"' "$@" """
    replaced = """set -- unshare -m sh -c 'mount --bind {} {} && exec "$0" "$@"' "$@" """

    def launch_apart(self, shell, *words):
        return case.launch(1, shell, case.RFMPI, *words, ranks=2, program=self.script, timeout=LIMIT_S)

    @unittest.skipUnless(MOUNTS, "nothing can be mounted here")
    def test_files_that_one_node_does_not_have(self):
        events = pathlib.Path(self.events[0]).parent
        result = self.launch_apart(self.hidden.format(events), *self.words())
        self.assert_fails(result, (65,), r"events/part-0000\d.csv: .*\(rank 1; 1 of 2 ranks failed\)")
        self.assert_next_start_finishes(ranks=2)

    @unittest.skipUnless(MOUNTS, "nothing can be mounted here")
    def test_a_file_that_is_shorter_on_one_node(self):
        short = self.dir / "short"
        short.write_bytes(pathlib.Path(self.events[1]).read_bytes()[:-1000])
        result = self.launch_apart(self.replaced.format(short, self.events[1]), *self.words())
        self.assert_fails(result, (65,), "part-00001.csv: changed while being read")
        self.assert_next_start_finishes(ranks=2)

    @unittest.skipUnless(MOUNTS, "nothing can be mounted here")
    def test_a_run_directory_that_is_not_shared(self):
        parent = self.dir / "parent"
        parent.mkdir()
        self.out = parent / "out"
        self.assert_fails(self.launch_apart(self.hidden.format(parent), *self.words()), (74,), r"out/.*\(rank 1; 1 of 2 ranks failed\)")
        self.assert_next_start_finishes(ranks=2)

    @unittest.skipUnless(MOUNTS, "nothing can be mounted here")
    def test_products_that_one_node_does_not_have(self):
        made = self.dir / "made"
        self.rfmpi(*self.words(out=made / "out"))
        for words in (("train", made / "out" / "features.h5", "--set", "cluster.k=3"),
                      ("predict", made / "out", "--model", made / "out" / "model.h5")):
            words = (*words, "--set", f"output.dir={self.out}")
            result = self.launch_apart(self.hidden.format(made), *words)
            self.assert_fails(result, (65,), r"made/out/\w*.h5: there is no such file \(rank 1; 1 of 2")
            self.rfmpi(*words, ranks=2)
            case.shutil.rmtree(self.out)

    @unittest.skipIf(SANITIZED, "sanitizers reserve more addresses than any limit leaves")
    def test_memory_that_runs_out_on_one_node(self):
        """Limits from below what MPI itself needs up to enough."""
        self.events = self.generate(events=300000, customers=80000, name="many")
        words = self.words("--set", "features.list=rfm-behaviour", "--set", "output.checkpoint=60")
        self.rfmpi(*words, ranks=2)
        wanted, kib, n_early, n_late, code = case.read_report(self.out)["digest"], 100000 if case.LONG else 170000, 0, 0, -1
        while code != 0:
            self.begin()
            result = case.launch(1, f"ulimit -v {kib}", case.RFMPI, *words, ranks=2, program=self.script, timeout=2 * LIMIT_S)
            code, said = result.returncode, case.errors(result)
            self.assertLessEqual(len(said), 1, result.stderr)
            if code != 0:
                self.assertEqual(code, 71, f"{kib} KiB: {result.stderr}")
                self.assertRegex(said[0], r"\(rank 1; 1 of 2 ranks failed\)|rank 1: .* MiB that MPI takes to start")
                self.assert_nothing_half_written()
                n_early += "to start" in said[0]
                n_late += "to start" not in said[0]
            kib += kib // (20 if case.LONG else 10)
            self.assertLess(kib, 4 << 20)
        self.assertGreater(n_early, 0)
        self.assertGreater(n_late, 0)
        self.assertEqual(case.read_report(self.out)["digest"], wanted)

    def other_version(self):
        """This program as it calls itself one version earlier."""
        text = pathlib.Path(case.RFMPI).read_bytes()
        version = re.search(rb"\0\d+\.\d+\.\d+ \([^)\0]*\)\0", text).group()
        other = self.dir / "rfmpi-other"
        other.write_bytes(text.replace(version, version.replace(b" (", b"!(")))
        other.chmod(0o700)
        return other

    def test_ranks_of_different_versions(self):
        other = self.other_version()
        words = [str(word) for word in self.words()]
        for programs in ((case.RFMPI, other), (other, case.RFMPI), (case.RFMPI, case.RFMPI, other)):
            command = ["mpirun", "--oversubscribe", "--bind-to", "none"]
            for i, program in enumerate(programs):
                command += [":"] * (i > 0) + ["-n", "1", str(program), *words]
            result = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, stdin=subprocess.DEVNULL)
            self.assert_fails(result, (64,), rf"rank {len(programs) - 1} is rfmpi .*, but rank 0 is rfmpi .*: start one version")
            self.assertFalse(self.out.exists())
        self.assert_next_start_finishes(ranks=2)


class TwoRuns(Faults):
    def ranks_of(self, marker):
        """Processes of rfmpi with this word in their environment."""
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if marker.encode() in (entry / "environ").read_bytes() and (entry / "comm").read_text() == "rfmpi\n":
                    found.append(int(entry.name))
            except OSError:  # it has ended
                continue
        return found

    def test_a_directory_in_use_is_named_with_its_holder_after_a_wait(self):
        marker = f"TEST_MARK={self.out}"
        first = subprocess.Popen(case.command(*self.words("--set", "cluster.restarts=3"), ranks=2), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "TEST_MARK": str(self.out)})
        until = time.monotonic() + LIMIT_S
        while not (self.out / "run.json").exists() and time.monotonic() < until:
            time.sleep(0.001)
        ranks = self.ranks_of(marker)
        for pid in ranks:
            os.kill(pid, signal.SIGSTOP)
        try:
            self.assertIsNone(first.poll(), "it was through before it could be stopped")
            line = self.assert_fails(self.launch(ranks=2), (64,), "another run uses this directory")
            self.assertIn("started as process", line)
            self.assertIn(int(re.search(r"\(process (\d+)", line).group(1)), ranks)
        finally:
            for pid in ranks:
                os.kill(pid, signal.SIGCONT)
        self.assertEqual(first.wait(LIMIT_S), 0)
        self.rfmpi(*self.words("--set", "cluster.restarts=3"))
        self.digest("--set", "cluster.restarts=3")
        self.assert_next_start_finishes("--set", "cluster.restarts=3")


if __name__ == "__main__":
    case.main()
