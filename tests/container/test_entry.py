"""The entry point of the image by itself, with an mpirun and an rfmpi that only say how they were started."""

import os
import pathlib
import random
import signal
import subprocess
import time
import unittest

import case

ENTRY = case.SOURCE / "jobs" / "container.sh"
CORES = 8
SAYS = '#!/bin/sh\necho "$(basename "$0") $*"\n'
# Until it is asked to stop, which takes it a moment.
WAITS = SAYS + "trap 'sleep 0.1; exit 75' USR1\ntrap 'exit 13' TERM\necho waits\nwhile :; do sleep 0.02; done\n"


class Entry(case.Case):
    def setUp(self):
        super().setUp()
        for name in ("mpirun", "rfmpi"):
            self.pretend(name, SAYS)
        self.pretend("nproc", f'#!/bin/sh\n[ -z "$OMP_NUM_THREADS" ] && echo {CORES} || echo 1\n')

    def pretend(self, name, script):
        (self.dir / name).write_text(script)
        (self.dir / name).chmod(0o755)

    def environment(self, **more):
        return {**os.environ, "PATH": f"{self.dir}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1", **more}

    def start(self, *words, before=(), code=0, **more):
        result = subprocess.run([*before, ENTRY, *words], env=self.environment(**more), capture_output=True, text=True, timeout=20)
        self.assertEqual(result.returncode, code, result.stderr)
        return result.stdout

    def ranks(self, before=(), **more):
        words = self.start("run", "job.yml", before=before, **more).split()
        self.assertEqual(words[-3:], ["rfmpi", "run", "job.yml"])
        return int(words[words.index("-n") + 1])

    def begin(self, *words):
        """With SIGINT as a container has it: it is ignored below a script's `&`, and no shell can trap what it found ignored."""
        return subprocess.Popen([ENTRY, *words], env=self.environment(), stdout=subprocess.PIPE, text=True,
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))


class Start(Entry):
    def test_what_needs_ranks_has_as_many_as_there_are_cores(self):
        for task in ("run", "prepare", "train", "predict", "generate", "convert"):
            self.assertRegex(self.start(task, "x y"), rf"^mpirun .*-n {CORES} rfmpi {task} x y\n$")
        for words in (["store", "out"], ["info", "out"], ["--version"], []):
            self.assertEqual(self.start(*words), f"rfmpi {' '.join(words)}\n")
        self.assertEqual(self.ranks(RANKS="3"), 3)
        self.start("run", RANKS="many", code=64)

    def test_codes_come_back(self):
        for code in (64, 65, 75, 137):
            self.pretend("mpirun", f"#!/bin/sh\nexit {code}\n")
            self.start("run", code=code)

    @unittest.skipIf(os.geteuid() != 0, "only root can show it other cgroups")
    def test_a_quota_of_time_counts_as_whole_cores(self):
        for version, quota, ranks in ((2, "max 100000", CORES), (2, "350000 100000", 3), (2, "50000 100000", 1), (1, "-1 100000", CORES),
                                      (2, "9900000 100000", CORES), (1, "200000 100000", 2), (1, "20000 50000", 1), (0, "", CORES)):
            with self.subTest(version=version, quota=quota):
                self.assertEqual(self.ranks(before=self.see_quota(version, quota)), ranks)

    def see_quota(self, version, quota):
        """What starts a program that sees these limits below /sys/fs/cgroup, and nothing else there."""
        limits = self.dir / f"limits-{version}-{quota.replace(' ', '-')}"
        (limits / "cpu").mkdir(parents=True)
        if version == 2:
            (limits / "cpu.max").write_text(quota + "\n")
        elif version == 1:
            for name, value in zip(("cpu.cfs_quota_us", "cpu.cfs_period_us"), quota.split()):
                (limits / "cpu" / name).write_text(value + "\n")
        return "unshare", "--mount", "sh", "-c", 'mount --bind "$0" /sys/fs/cgroup && exec "$@"', limits


class Stop(Entry):
    def stop(self, process, number=signal.SIGTERM):
        process.send_signal(number)
        said = process.communicate(timeout=20)[0]
        return process.returncode, said

    def test_a_request_to_stop_reaches_mpirun_as_one_it_passes_on(self):
        self.pretend("mpirun", WAITS)
        for number in (signal.SIGTERM, signal.SIGINT):
            process = self.begin("run", "job.yml")
            while process.stdout.readline() != "waits\n":
                self.assertIsNone(process.poll())
            self.assertEqual(self.stop(process, number)[0], 75)

    def test_a_request_that_nobody_heard_is_made_again(self):
        self.pretend("mpirun", WAITS.replace("sleep 0.1; exit 75", 'heard=$((heard + 1)); [ $heard -lt 3 ] || exit 75'))
        process = self.begin("run", "job.yml")
        while process.stdout.readline() != "waits\n":
            self.assertIsNone(process.poll())
        self.assertEqual(self.stop(process)[0], 75)

    def test_what_has_no_ranks_is_terminated(self):
        self.pretend("rfmpi", WAITS)
        process = self.begin("store", "out")
        while process.stdout.readline() != "waits\n":
            self.assertIsNone(process.poll())
        self.assertEqual(self.stop(process)[0], 13)

    def test_at_any_moment_it_ends_with_75_and_leaves_nothing_running(self):
        self.pretend("mpirun", WAITS.replace("echo waits", f"echo $$ >>'{self.dir}/started'"))
        draw = random.Random(1)
        for _ in range(40):
            process = self.begin("run", "job.yml")
            # Before that it has no ears: as the first process of a container it would not hear it either.
            while "trap" not in self.seen(process) and process.poll() is None:
                pass
            time.sleep(draw.uniform(0, 0.2))
            self.assertEqual(self.stop(process)[0], 75)
        started = (self.dir / "started").read_text().split()
        self.assertGreater(len(started), 3, "hardly any request met mpirun")
        self.assertEqual([number for number in started if pathlib.Path(f"/proc/{number}").exists()], [])

    def seen(self, process):
        """"trap" once the entry point catches SIGTERM."""
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        caught = int(next(line for line in status.splitlines() if line.startswith("SigCgt")).split()[1], 16)
        return "trap" if caught >> (signal.SIGTERM - 1) & 1 else ""


if __name__ == "__main__":
    case.main()
