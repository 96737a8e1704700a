"""Killed at random moments over all stages and started again on another number of ranks: the same digest, nothing left behind, no person.

A moment is drawn by stage, not by time, so that short stages are met as often as long ones. What is killed is the whole job, the launcher
alone, or one rank; now and then an earlier start was asked to stop instead. A start that was through before it was killed does not count.
"""

import json
import os
import pathlib
import random
import re
import signal
import subprocess
import threading
import time

import case

SEED = int(os.environ.get("TEST_SEED", str(time.time_ns() % 10**6)))
RUNS = 50 if case.LONG else 10
STAGES = ["start", "ingest", "features", "cluster", "score", "figures", "write", "report"]  # the last has the copy behind it
KILLS, REQUESTS = ["job", "job", "rank", "rank", "launcher"], ["stop", "terminate"]
GONE_S = 30                            # a job that lost a rank has ended by then


class Job:
    """A start that is under way, and what it says."""

    def __init__(self, words, ranks, marker):
        self.marker = f"TEST_MARK={marker}"
        self.process = subprocess.Popen(case.command(*words, ranks=ranks), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True, start_new_session=True,
                                        env={**os.environ, "TEST_MARK": marker})
        self.said, self.ended = [], {stage: threading.Event() for stage in STAGES}
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            self.said.append(line)
            found = re.match(r"rfmpi: (\w+) +[0-9.]+ s$", line)
            if found and found.group(1) in self.ended:
                self.ended[found.group(1)].set()
        for event in self.ended.values():  # whoever waits for a stage that does not come
            event.set()

    def wait_for(self, stage, delay_s):
        """Until some time after the stage before this one has ended."""
        before = STAGES.index(stage) - 1
        if before > 0:
            self.ended[STAGES[before]].wait(60)
        time.sleep(delay_s)

    def ranks(self):
        """Its processes that run rfmpi."""
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if (entry / "comm").read_text() == "rfmpi\n" and self.marker.encode() in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:  # it has ended meanwhile
                continue
        return sorted(found)

    def send(self, pids, number):
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def end(self):
        """The exit code, and how long its last rank was there after the kill."""
        began = time.monotonic()
        self.process.wait(GONE_S)
        while self.ranks() and time.monotonic() - began < GONE_S:
            time.sleep(0.02)
        self.reader.join(GONE_S)
        self.process.stderr.close()
        return self.process.returncode


class Kill(case.Case):
    def setUp(self):
        super().setUp()
        print(f"TEST_SEED={SEED}", flush=True)
        self.events = self.generate(events=120000, customers=12000, parts=3)
        began = time.monotonic()
        self.rfmpi(*self.words("whole"), ranks=2)
        lasts = time.monotonic() - began
        report = case.read_report(self.dir / "whole")
        self.wanted = report["digest"]
        self.seconds = {stage: report["stages"].get(stage, {}).get("seconds", 0.1) for stage in STAGES}
        self.seconds["start"] = max(0.1, 0.7 * (lasts - sum(self.seconds.values())))  # the rest is its end

    def words(self, out):
        return ("run", case.SOURCE / "conf" / "quickstart.yml", "--set", "input.paths=" + json.dumps(self.events), "--set",
                f"output.dir={self.dir / out}", "--set", "cluster.k=[4,9]", "--set", "features.list=rfm-behaviour", "--set",
                "features.population=all", "--set", "output.checkpoint=0.000001", "--set", "output.part_rows=5000", "--memory", "2M", "--set",
                f"store.dir={self.dir / out}.copy")

    def interrupt(self, job, way, draw):
        """End a job in one of the ways there are; the exit codes that are right for it."""
        ranks = job.ranks()
        if way == "job":
            self.kill_group(job)
            return (-9, 0)
        if way == "launcher" or not ranks:
            job.send([job.process.pid], signal.SIGKILL)
            return (-9, 0)
        if way == "rank":
            job.send([draw.choice(ranks)], signal.SIGKILL)
            return (137, -9, 0)
        # Before a start has come to look for requests, they end it like any process.
        job.send([job.process.pid if way == "stop" else draw.choice(ranks)], signal.SIGUSR1 if way == "stop" else signal.SIGTERM)
        return (75, 0, 128 + signal.SIGUSR1, 128 + signal.SIGTERM, -signal.SIGUSR1, -signal.SIGTERM)

    @staticmethod
    def kill_group(job):
        try:
            os.killpg(job.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        job.send(job.ranks(), signal.SIGKILL)  # mpirun gives ranks groups of their own

    def interrupted_start(self, out, draw, ranks, stage, way):
        """Whether it was not through before."""
        job = Job(self.words(out), ranks, str(self.dir / out))
        try:
            until_then = self.seconds["start"] if stage == "ingest" else 0  # nothing is said when ingest begins
            job.wait_for(stage, until_then + draw.uniform(0, 1) * self.seconds[stage])
            codes = self.interrupt(job, way, draw)
            code = job.end()
            self.assertEqual(job.ranks(), [], f"ranks are left {GONE_S} s after {way} in {stage}")
        finally:
            self.kill_group(job)
        self.assertIn(code, codes, f"{way} in {stage}\n{''.join(job.said)}")
        return code != 0

    def finish(self, out, ranks, story):
        result = case.launch(*self.words(out), ranks=ranks)
        self.assertEqual(result.returncode, 0, f"{story}\n{result.stderr}")
        self.assertEqual(case.read_report(self.dir / out)["digest"], self.wanted, story)
        self.assertEqual(sorted(os.listdir(self.dir / out)), sorted(os.listdir(self.dir / "whole")), story)
        for made in (out, f"{out}.copy"):
            self.assertEqual(self.parts(made), self.parts("whole"), story)
        self.assertEqual(sorted(path.name for path in self.dir.glob(f"{out}*")), [out, f"{out}.copy"], story)

    def parts(self, made):
        return {path.name: path.read_bytes() for path in (self.dir / made / "customers").glob("part-*")}

    def run_of(self, i):
        """How often it was started, by whom it was ended and where, and whether the last kill met it at work."""
        draw, out = random.Random(f"{SEED}-{i}"), f"killed-{i}"
        numbers = draw.sample([1, 2, 3, 4], 3)
        ways = [(draw.choice(STAGES), draw.choice(KILLS + REQUESTS))] * draw.choice([0, 0, 1])
        ways.append((STAGES[i % len(STAGES)], draw.choice(KILLS)))
        story, met = [], False
        for (stage, way), ranks in zip(ways, numbers):
            met = self.interrupted_start(out, draw, ranks, stage, way)
            story.append(f"{way} in {stage} of {ranks}" + (", which was through" if not met else ""))
        with self.subTest(seed=SEED, run=i, story=story):
            self.finish(out, numbers[-1], story)
        for made in (out, f"{out}.copy"):
            case.shutil.rmtree(self.dir / made)
        print(" -> ".join(story), flush=True)
        return ways[-1][0], met

    def test_killed_at_random_moments_over_all_stages(self):
        killed = []
        for i in range(4 * RUNS):
            stage, met = self.run_of(i)
            killed += [stage] * met
            if len(killed) == RUNS:
                break
        self.assertEqual(len(killed), RUNS, "nearly all were through before they were killed")
        if case.LONG:
            self.assertEqual(set(killed), set(STAGES))


if __name__ == "__main__":
    case.main()
