"""What a run tells while it works and afterwards: log.jsonl, the progress on stderr, what run.json measures, warnings."""

import json
import os
import pathlib
import pty
import re
import shutil
import signal
import subprocess
import tempfile
import time

import case

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
PROGRESS = re.compile(r"ingest +(\d+) %, ([\d.]+) of ([\d.]+) MB, [\d.]+ MB/s, \d+ (?:s|min) left")
LIMIT_S = 60


def screen(bytes_):
    """The lines that a terminal shows in the end."""
    lines, at = [""], 0
    for part in re.split(rb"(\r|\n|\x1b\[K)", bytes_):
        if part == b"\n":
            lines.append("")
            at = 0
        elif part == b"\r":
            at = 0
        elif part == b"\x1b[K":
            lines[-1] = lines[-1][:at]
        else:
            text = part.decode()
            lines[-1] = lines[-1][:at] + text + lines[-1][at + len(text):]
            at += len(text)
    return lines


class Watched(case.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.processors = len(os.sched_getaffinity(0))
        cls.shared = pathlib.Path(tempfile.mkdtemp(prefix="rfmpi-e2e-"))
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        made = case.launch("generate", "--customers", 3000, "--events", 60000, "--days", 60, "--parts", 2,
                           "--out", cls.shared / "events", ranks=0)
        assert made.returncode == 0, made.stderr
        cls.events = sorted(str(path) for path in (cls.shared / "events").glob("part-*.csv"))

    def setUp(self):
        super().setUp()
        self.out = self.dir / "out"

    def words(self, *more, task="run", paths=None):
        return (task, case.SOURCE / "conf" / "quickstart.yml", "--set", "input.paths=" + json.dumps(paths or self.events),
                "--set", f"output.dir={self.out}", *more)

    def start(self, *more, code=0, ranks=2, task="run", paths=None, env=None):
        return self.rfmpi(*self.words(*more, task=task, paths=paths), code=code, ranks=ranks, env=env)

    def log(self):
        """All lines, each of which is an object with what all have."""
        text = (self.out / "log.jsonl").read_text()
        self.assertTrue(text.endswith("\n"))
        lines = [json.loads(line) for line in text.splitlines()]
        for line in lines:
            self.assertRegex(line["time"], TIME)
            self.assertIn(line["level"], ("error", "warn", "info", "debug"))
            self.assertLessEqual({"stage", "rank", "attempt", "pid", "message"}, set(line))
        return lines

    def messages(self, level):
        return [line["message"] for line in self.log() if line["level"] == level]


def said(result):
    """Our lines on stderr, as log.jsonl has them."""
    lines = [line[len("rfmpi: "):] for line in result.stderr.splitlines() if line.startswith("rfmpi: ")]
    return [("warn", line[len("warning: "):]) if line.startswith("warning: ") else ("info", line) for line in lines]


class Log(Watched):
    def test_what_is_said_is_in_the_file_too_between_a_start_and_an_end(self):
        for ranks in (1, 2, 3):
            self.out = self.dir / f"by-{ranks}"
            result = self.start(ranks=ranks)
            lines = self.log()
            self.assertEqual([(line["level"], line["message"]) for line in lines[1:-1]], said(result))
            first, last = lines[0], lines[-1]
            report = case.read_report(self.out)
            self.assertEqual((first["event"], first["command"], first["version"]), ("start", "run", report["version"]))
            self.assertEqual((first["ranks"], first["threads"]), (report["ranks"], report["threads"]))
            self.assertEqual(sum(host["ranks"] for host in first["hosts"]), report["ranks"])
            self.assertEqual((last["event"], last["exit"], last["level"]), ("end", 0, "info"))
            self.assertEqual([line["stage"] for line in lines if line["message"].startswith("cluster ")], ["cluster"])

    def test_every_start_adds_to_it(self):
        self.start(task="prepare")
        self.start(task="run")
        self.start(task="run")
        lines = self.log()
        self.assertEqual([line["command"] for line in lines if line.get("event") == "start"], ["prepare", "run", "run"])
        self.assertEqual([line["attempt"] for line in lines if line.get("event") == "end"], [1, 2, 3])
        self.assertIn("finished already", lines[-2]["message"])
        self.rfmpi("store", self.out, "--set", f"store.dir={self.dir / 'copy'}", ranks=2)
        self.assertEqual([(line["command"], line["ranks"]) for line in self.log() if line.get("event") == "start"][3:],
                         [("store", case.read_report(self.out)["ranks"])])
        self.assertFalse((self.dir / "copy" / "log.jsonl").exists())
        self.rfmpi("info", self.out, ranks=0)

    def assert_failed(self, code, told):
        last = self.log()[-1]
        self.assertEqual((last["event"], last["level"], last["exit"]), ("end", "error", code))
        self.assertTrue(told.startswith("rfmpi: error: " + last["message"]), (told, last))
        return last

    def test_an_error_is_the_last_line_with_its_exit_code(self):
        line, = case.errors(self.start("--set", "input.columns.customer=nobody", code=65))
        self.assert_failed(65, line)
        line, = case.errors(self.start("--time-limit", "0.001", code=75))
        self.assert_failed(75, line)

    @case.needs_ranks
    def test_an_error_tells_which_rank_it_was(self):
        line, = case.errors(self.start(env={"RFMPI_FAULT": "cluster:1"}, code=70))
        last = self.assert_failed(70, line)
        self.assertEqual((last["rank"], last["ranks_failed"], last["stage"]), (1, 1, "cluster"))

    def test_a_quiet_terminal_costs_no_lines_and_debug_brings_more(self):
        quiet = self.start("--set", "log.level=error")
        self.assertEqual(said(quiet), [])
        self.assertTrue(any(message.startswith("read ") for message in self.messages("info")))
        self.assertEqual(self.messages("debug"), [])
        self.out = self.dir / "loud"
        self.start("--set", "log.level=debug")
        self.assertTrue(any(message.startswith("k-means: iteration 1:") for message in self.messages("debug")))

    def test_what_was_said_before_there_was_a_directory_is_in_it(self):
        self.start(env={"RFMPI_CLUSTER_KK": "3"})
        self.assertTrue(any("RFMPI_CLUSTER_KK" in message for message in self.messages("warn")))

    def test_one_that_cannot_be_written_is_warned_of_once(self):
        self.start(task="prepare")
        (self.out / "log.jsonl").unlink()
        (self.out / "log.jsonl").mkdir()
        warnings = [text for level, text in said(self.start()) if level == "warn" and "log.jsonl" in text]
        self.assertEqual(len(warnings), 1)
        self.assertRegex(warnings[0], "cannot write: .*; the run goes on without it")
        self.assertEqual(case.read_report(self.out)["status"], "done")

    def test_a_killed_start_leaves_whole_lines(self):
        process = subprocess.Popen(case.command(*self.words("--set", "log.every=0", "--set", "cluster.restarts=100000"), ranks=2),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        limit = time.monotonic() + LIMIT_S
        while not ((self.out / "log.jsonl").exists() and "cluster " in (self.out / "log.jsonl").read_text()):
            self.assertLess(time.monotonic(), limit)
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        # Ranks are no children of ours, and of another group: they end by themselves, and may write until then.
        while subprocess.run(["pgrep", "-f", f"output.dir={self.out}"], stdout=subprocess.DEVNULL).returncode == 0:
            self.assertLess(time.monotonic(), limit)
            time.sleep(0.05)
        with open(self.out / "log.jsonl", "a") as file:
            file.write('{"time":"torn')
        self.start("--force")
        self.assertEqual([(line.get("event"), line["attempt"]) for line in self.log() if "event" in line],
                         [("start", 1), ("start", 2), ("end", 2)])


class Progress(Watched):
    def every(self, seconds=0):
        return ("--set", f"log.every={seconds}")

    def shares(self, lines):
        """Of reading, as told; they grow, and so do the bytes."""
        told = [PROGRESS.fullmatch(line) for line in lines if line.startswith("ingest ") and "%" in line]
        self.assertTrue(all(told), lines)
        for before, now in zip(told, told[1:]):
            self.assertLessEqual(int(before[1]), int(now[1]))
            self.assertLessEqual(float(before[2]), float(now[2]))
        return [int(match[1]) for match in told]

    def test_lines_where_stderr_is_no_terminal(self):
        for ranks in (1, 2):
            self.out = self.dir / f"by-{ranks}"
            result = self.start(*self.every(), ranks=ranks)
            self.assertNotIn("\r", result.stderr)
            self.assertNotIn("\033", result.stderr)
            lines = [text for level, text in said(result)]
            shares = self.shares(lines)
            self.assertGreater(len(shares), 3)
            self.assertLessEqual(shares[-1], 100)
            total = sum(os.path.getsize(path) for path in self.events) / 1e6
            self.assertIn(f" of {total:.1f} MB, ", "\n".join(lines))
            fits = [line for line in lines if re.match(r"cluster +\d+ iterations, ", line)]
            self.assertRegex(fits[0], r"6 clusters, start 1 of \d+, iteration 1, \d+ s left at most, inertia ")
            self.assertTrue(any("trial 1 of the search" in line for line in fits))
            self.assertTrue(any(re.match(r"write +100 %, (\d+) of \1 rows", line) for line in lines))
            self.assertEqual([line["message"] for line in self.log()[1:-1]], lines)

    def test_one_each_time_it_is_due(self):
        """Of a fit that does not end by itself."""
        words = self.words(*self.every(0.5), "--set", "cluster.restarts=100000", "--time-limit", f"{LIMIT_S}s")
        process = subprocess.Popen(case.command(*words, ranks=2), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   text=True)
        told = []
        with process.stderr:
            for line in process.stderr:
                if re.match(r"rfmpi: cluster +\d+ iterations, ", line):
                    told.append(time.monotonic())
                    if len(told) == 6:
                        (self.out / "stop").touch()
        self.assertEqual(process.wait(LIMIT_S), 75)
        self.assertGreaterEqual(len(told), 6, "they do not come as long as it lasts")
        self.assertGreater(told[5] - told[0], 2.0, "they come before it is time")

    def test_none_before_it_is_due_nor_when_nobody_wants_it(self):
        for words in ((), (*self.every(), "--set", "log.progress=none"), (*self.every(), "--set", "log.level=warn")):
            self.out = self.dir / f"quiet-{len(words)}-{words[-1:]}"
            self.assertEqual([line for line in self.start(*words).stderr.splitlines() if " %" in line], [])

    def test_compressed_text_that_is_decoded_for_others(self):
        packed = self.dir / "events.csv.gz"
        with open(packed, "wb") as out:
            subprocess.run(["gzip", "-c", self.events[0]], stdout=out, check=True)
        shares = self.shares([text for _, text in said(self.start(*self.every(), paths=[str(packed)]))])
        self.assertGreater(len(shares), 3)
        self.assertEqual(shares[-1], 100)

    def on_terminal(self, *more, term="xterm"):
        """What a plain start writes to a terminal: stderr, and stdout apart."""
        master, slave = pty.openpty()
        process = subprocess.Popen([case.RFMPI, *map(str, self.words(*more))], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=slave, env={**os.environ, "TERM": term})
        os.close(slave)
        pieces = []
        try:
            while piece := os.read(master, 65536):
                pieces.append(piece)
        except OSError:  # the other end is closed
            pass
        os.close(master)
        process.communicate(timeout=LIMIT_S)
        self.assertEqual(process.returncode, 0)
        return b"".join(pieces).replace(b"\r\n", b"\n")

    def test_one_line_is_rewritten_on_a_terminal_and_gives_way_to_others(self):
        told = self.on_terminal(*self.every())
        shown = re.findall(rb"rfmpi: (ingest +\d+ %[^\r\n\x1b]*)", told)
        self.assertGreater(len(self.shares([text.decode() for text in shown])), 3)
        self.assertEqual(told.count(b"\n"), len(screen(told)) - 1)
        lines = [line for line in screen(told) if line]
        self.assertEqual([line for line in lines if " %" in line or not line.startswith("rfmpi: ")], [])
        self.assertEqual([line.split()[1] for line in lines[:4]], ["input", "plan", "output", "read"])
        self.assertTrue(any(message.startswith("ingest ") and "%" in message for message in self.messages("info")))

    def test_a_terminal_that_knows_no_rewriting_gets_lines(self):
        told = self.on_terminal(*self.every(), term="dumb")
        self.assertNotIn(b"\r", told)
        self.assertGreater(len(self.shares([line[len("rfmpi: "):] for line in told.decode().splitlines()])), 3)

    @case.needs_ranks
    def test_a_launcher_between_us_and_the_terminal_can_be_told_of(self):
        result = subprocess.run(case.command(*self.words(*self.every(), "--set", "log.progress=terminal"), ranks=2),
                                capture_output=True, timeout=LIMIT_S)
        self.assertEqual(result.returncode, 0)
        self.assertIn(b"\r\033[K", result.stderr)
        self.assertEqual([line for line in screen(result.stderr) if " %" in line], [])


class Measures(Watched):
    def check_spread(self, stage, name):
        least, mean, most = (stage[f"{name}_{which}"] for which in ("min", "mean", "max"))
        self.assertLessEqual(least, mean + 1e-5)
        self.assertLessEqual(mean, most + 1e-5)

    def test_stages_are_measured_by_rank(self):
        size = sum(os.path.getsize(path) for path in self.events)
        for ranks in (1, 2, 3):
            self.out = self.dir / f"by-{ranks}"
            self.start(ranks=ranks)
            report = case.read_report(self.out)
            self.assertEqual(list(report["stages"]), ["ingest", "features", "cluster", "score", "figures", "write"])
            for stage in report["stages"].values():
                for name in ("seconds", "working_seconds", "processor_seconds", "bytes_read", "bytes_sent", "bytes_collective", "peak_memory_bytes"):
                    self.check_spread(stage, name)
                self.assertGreaterEqual(stage["imbalance"], 1)
                self.assertLessEqual(stage["working_seconds"], stage["seconds"] + 1e-5)
                self.assertEqual(stage["seconds"], stage["seconds_max"])
            ingest = report["stages"]["ingest"]
            self.assertEqual(ingest["bytes_read"], size)
            self.assertEqual(report["stages"]["cluster"]["bytes_read"], 0)
            self.assertEqual(ingest["bytes_sent"] > 0, report["ranks"] > 1)
            self.assertLessEqual(ingest["peak_memory_bytes_max"], report["peak_memory_bytes_max"])

    def test_the_site_is_told(self):
        for ranks in (1, 3):
            self.out = self.dir / f"by-{ranks}"
            self.start(ranks=ranks)
            site = case.read_report(self.out)["site"]
            host, = site["hosts"]
            self.assertEqual((site["n_hosts"], host["host"]), (1, os.uname().nodename))
            self.assertEqual(host["ranks"], site["ranks"])
            self.assertEqual((host["processors_per_rank_min"], host["processors_per_rank_max"]), (self.processors, self.processors))
            told = set()
            for part in host["processors"].split(","):
                first, _, last = part.partition("-")
                told.update(range(int(first), int(last or first) + 1))
            self.assertEqual(told, os.sched_getaffinity(0))
            self.assertEqual(site["environment"]["OMP_NUM_THREADS"], "1")
            version = self.rfmpi("--version", ranks=0).stdout
            for key in ("compiler", "mpi", "blas", "hdf5"):
                self.assertIn(f"{key:<9} {site[key]}\n", version)
            self.assertIn(site["vectors"], ("portable", "avx2", "avx512"))
            self.assertGreaterEqual(site["blas_threads"], 1)


    @case.needs_ranks
    def test_one_that_cannot_be_looked_at_is_no_failure(self):
        result = self.start(env={"RFMPI_FAULT": "site:1"})
        self.assertEqual(len([text for _, text in said(result) if text.startswith("where the ranks run is not known: ")]), 1)
        self.assertEqual(case.read_report(self.out)["site"]["hosts"], [])


class Warnings(Watched):
    def warnings(self, *launcher, ranks=1, **env):
        self.out = self.dir / f"warned-{len(list(self.dir.iterdir()))}"
        command = [*launcher, *case.command(*self.words(), ranks=ranks)]
        result = subprocess.run(command, env={**os.environ, **env}, timeout=LIMIT_S, stdin=subprocess.DEVNULL, capture_output=True,
                                text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        return [text for level, text in said(result) if level == "warn"]

    def test_none_where_all_goes_together(self):
        self.assertEqual(self.warnings(ranks=1), [])
        if self.processors >= 2:
            self.assertEqual(self.warnings(ranks=2), [])
        self.assertEqual(self.warnings(ranks=0, OPENBLAS_NUM_THREADS="2"), [])

    def test_more_threads_than_processors(self):
        n = 2 * self.processors
        warning, = self.warnings(ranks=0, OMP_NUM_THREADS=str(n))
        self.assertRegex(warning, rf"1 rank with {n} threads each share {self.processors} processors? on .*: "
                                  rf"set OMP_NUM_THREADS={self.processors}$")

    @case.needs_ranks
    def test_more_ranks_than_processors(self):
        n = self.processors + 1
        warning, = self.warnings(ranks=n)
        self.assertRegex(warning, rf"{n} ranks with 1 thread each share {self.processors} processors? on .*: "
                                  rf"start {self.processors} at most$")

    @case.needs_ranks
    def test_ranks_that_share_one_processor_of_several(self):
        if os.cpu_count() < 2 or not shutil.which("taskset"):
            self.skipTest("takes two processors, and taskset")
        one = str(min(os.sched_getaffinity(0)))
        warning, = self.warnings("taskset", "-c", one, ranks=2)
        self.assertRegex(warning, r"2 ranks share 1 of the \d+ processors of .*--bind-to none")

    @case.needs_ranks
    def test_threads_of_a_rank_that_is_bound_to_one_processor(self):
        if self.processors < 2:
            self.skipTest("takes two processors")
        launcher = ["mpirun", "-n", "2", "--bind-to", "core"]
        self.out = self.dir / "bound"
        result = subprocess.run([*launcher, case.RFMPI, *map(str, self.words())], env={**os.environ, "OMP_NUM_THREADS": "2"},
                                timeout=LIMIT_S, capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        warning, = [text for level, text in said(result) if level == "warn"]
        self.assertRegex(warning, r"a rank on .* may use 1 processor, but has 2 threads: .*PE=2.*OMP_NUM_THREADS=1")

    @case.needs_ranks
    def test_threads_of_blas_that_nobody_uses(self):
        if self.processors < 2:
            self.skipTest("takes two processors")
        warning, = self.warnings(ranks=2, OPENBLAS_NUM_THREADS="2")
        self.assertRegex(warning, r"OPENBLAS_NUM_THREADS=2: BLAS starts that many threads in each of 2 ranks on .*set it to 1")


if __name__ == "__main__":
    case.main()
