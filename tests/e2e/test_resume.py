"""Reading that is stopped on request or killed goes on where it was, at any number of ranks, and ends as if nothing had been."""

import contextlib
import gzip
import itertools
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import time

import case
import h5py
import numpy
import zstandard

# Sanitizers make a start ten times as long; what is shown is the same.
SANITIZED = "ASAN_OPTIONS" in os.environ
EVENTS = 40000 if SANITIZED else 120000
COUNTS = ("digest", "n_rows", "n_events", "n_filtered", "n_after_as_of", "n_duplicates", "n_rejected", "n_bytes", "rejected", "n_customers")
KILLED = (137, -9)
MANY = 2 if SANITIZED else 12   # times the events where a reading has to last
FILES = 48                      # which a process may have open, of which MPI takes half
SEEDS = range(20 if case.LONG else 1)


def spoil(lines, draw):
    """Some rows that are refused, and some that are there twice."""
    out = []
    for line in lines:
        if draw.random() < 0.001:
            out.append(line.replace(b",", b";", 3) if draw.random() < 0.5 else b"2019-13-01" + line[10:])
        out.append(line)
        if draw.random() < 0.01:
            out.append(out[-draw.randint(1, min(50, len(out)))])
    return out


def read_state(path):
    found = {}
    with h5py.File(path) as file:
        def note(name, what):
            found[name] = {key: str(value) for key, value in what.attrs.items()}
            if isinstance(what, h5py.Dataset):
                found[name]["values"] = what[...]
        file.visititems(note)
    return found


class Resume(case.Case):
    def setUp(self):
        super().setUp()
        plain, = self.generate(events=EVENTS, customers=5000)
        header, _, rest = pathlib.Path(plain).read_bytes().partition(b"\n")
        self.header, self.lines = header + b"\n", spoil(rest.splitlines(keepends=True), random.Random(5))

    def write(self, name, begin=0.0, end=1.0, pack=bytes, times=1):
        n = len(self.lines)
        path = self.dir / name
        path.write_bytes(pack(self.header + b"".join(self.lines[int(begin * n):int(end * n)] * times)))
        return path

    def words(self, paths, out, *more):
        return ("prepare", case.SOURCE / "conf" / "quickstart.yml", "--set", f"input.paths=[{','.join(map(str, paths))}]", "--set",
                "features.list=rfm-behaviour", "--set", "input.max_rejected=0.01", "--set", f"output.dir={self.dir / out}", *more)

    def interrupt(self, paths, out, draw, *more, looks):
        """A start that is stopped or killed at some look of some rank; False when it was through before."""
        ranks = 1 if case.SERIAL else draw.randint(1, 4)
        what, every = draw.choice(("stop", "kill")), draw.choice((0, 2, 5))
        trial = f"ingest:{draw.randrange(ranks)}:{draw.randint(1, looks // ranks)}:{what}:{every}"
        result = case.launch(*self.words(paths, out, *more), ranks=ranks, env={"RFMPI_TRIAL": trial})
        self.assertIn(result.returncode, (0, 75, *KILLED), f"{trial}\n{result.stderr}")
        if result.returncode == 75:
            ours = case.errors(result)
            self.assertEqual(len(ours), 1, result.stderr)
            self.assertIn("stopped on request", ours[0])
            self.assertEqual(case.read_report(self.dir / out)["status"], "stopped")
        return result.returncode != 0

    def outcome(self, out, state=True):
        report = case.read_report(self.dir / out)
        self.assertEqual(report["n_rows"], sum(report[key] for key in COUNTS[2:7]))
        rejects = (self.dir / out / "rejects" / "rejects.csv").read_text()
        return {key: report.get(key) for key in COUNTS}, rejects, read_state(self.dir / out / "state.h5") if state else None

    def assert_same(self, got, wanted):
        self.assertEqual(got[:2], wanted[:2])
        if wanted[2] is not None:
            self.assertEqual(got[2].keys(), wanted[2].keys())
            for name in wanted[2]:
                numpy.testing.assert_equal(got[2][name], wanted[2][name], name)

    def assert_nothing_left(self, out):
        words = ("rounds", "tmp", "scratch", "checkpoint")
        self.assertEqual([name for name in os.listdir(self.dir / out) if any(word in name for word in words)], [])

    def check(self, paths, *more, state=True, looks=60, seeds=SEEDS):
        self.rfmpi(*self.words(paths, "alone", *more), ranks=2)
        wanted, resumed = self.outcome("alone", state), 0
        for seed in itertools.chain(seeds, range(100, 120)):
            if seed >= 100 and resumed > 0:
                break
            draw, out = random.Random(seed), f"seed-{seed}"
            for _ in range(draw.randint(1, 4)):
                if not self.interrupt(paths, out, draw, *more, looks=looks):
                    break
            self.rfmpi(*self.words(paths, out, *more), ranks=1 if case.SERIAL else draw.randint(1, 4))
            self.assert_same(self.outcome(out, state), wanted)
            self.assert_nothing_left(out)
            resumed += case.read_report(self.dir / out).get("checkpoints", {}).get("rows_resumed", 0) > 0
        self.assertGreater(resumed, 0, "no start went on from a round")

    def test_plain_files(self):
        self.check([self.write("a.csv", 0, 0.2), self.write("b.csv", 0.2, 0.9), self.write("c.csv", 0.9, 1)])

    @case.in_long_tier
    def test_many_small_files(self):
        n = 60
        self.check([self.write(f"{i:02}.csv{'.gz' if i % 2 else ''}", i / n, (i + 1) / n, gzip.compress if i % 2 else bytes) for i in range(n)],
                   looks=50)

    def test_one_plain_file_without_a_state(self):
        self.check([self.write("a.csv")], "--set", "output.state=false", state=False)

    @case.in_long_tier
    def test_several_compressed_files(self):
        self.check([self.write("a.csv.gz", 0, 0.5, gzip.compress), self.write("b.csv.zst", 0.5, 0.8, zstandard.ZstdCompressor().compress),
                    self.write("c.csv.gz", 0.8, 0.9, gzip.compress), self.write("d.csv", 0.9, 1)])

    def test_one_compressed_file_that_all_ranks_parse(self):
        self.check([self.write("a.csv.gz", pack=gzip.compress)])

    @case.in_long_tier
    def test_a_table_of_columns(self):
        plain = self.write("a.csv")
        self.rfmpi("convert", plain, "--set", "input.max_rejected=0.01",
                   "--out", self.dir / "tables")
        self.check(sorted((self.dir / "tables").glob("*.h5")))

    def test_parquet_also_within_a_row_group(self):
        if "Parquet" not in case.launch("--version", ranks=0).stdout:
            self.skipTest("this build is without Parquet")
        import pyarrow.csv
        import pyarrow.parquet
        self.lines = [line for line in self.lines if line.count(b",") == self.header.count(b",")]
        table = pyarrow.csv.read_csv(self.write("a.csv"), convert_options=pyarrow.csv.ConvertOptions(
            column_types={"event_time": pyarrow.string(), "price": pyarrow.decimal128(12, 2), "user_session": pyarrow.string()}))
        path = self.dir / "a.parquet"
        pyarrow.parquet.write_table(table, path, row_group_size=EVENTS // 3)
        self.check([path])

    @case.in_long_tier
    def test_line_ends_inside_quotes(self):
        for i in range(len(self.lines) // 2, len(self.lines), 977):
            fields = self.lines[i].split(b",")
            if len(fields) > 4:
                self.lines[i] = b",".join([*fields[:4], b'"two\nlines"', *fields[5:]])
        self.check([self.write("a.csv", 0, 0.3), self.write("b.csv", 0.3, 1)])

    @case.in_long_tier
    def test_line_ends_inside_quotes_of_a_compressed_file(self):
        fields = self.lines[-len(self.lines) // 3].split(b",")
        self.lines[-len(self.lines) // 3] = b",".join([*fields[:4], b'"two\nlines"', *fields[5:]])
        self.check([self.write("a.csv.gz", pack=gzip.compress)])

    def test_duplicates(self):
        self.check([self.write("a.csv", 0, 0.6), self.write("b.csv.gz", 0.5, 1, gzip.compress)], "--set", "input.dedupe=row")

    @case.in_long_tier
    def test_duplicates_by_a_column(self):
        self.check([self.write("a.csv")], "--set", "input.dedupe=user_session")

    def test_onto_a_base_past_the_memory(self):
        base = self.write("base.csv", 0, 0.3)
        self.rfmpi(*self.words([base], "base"), ranks=1)
        self.check([self.write("a.csv", 0.3, 1)], "--onto", self.dir / "base", "--memory", "1M", looks=240)

    def test_duplicates_past_the_memory(self):
        self.check([self.write("a.csv")], "--set", "input.dedupe=row", "--memory", "2M")

    # ---- requests ---------------------------------------------------------------------------------------------------

    def stop_while_reading(self, paths, out, ask, reason):
        """A round at every look makes reading slow enough; a start that was through before it heard does not count."""
        rounds = self.dir / out / "rounds"
        for _ in range(20):
            shutil.rmtree(self.dir / out, ignore_errors=True)
            process = subprocess.Popen(case.command(*self.words(paths, out), ranks=2), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True, env={**os.environ, "RFMPI_TRIAL": "ingest:0:0:stop:1"})
            while process.poll() is None and not rounds.exists():
                time.sleep(0.002)
            with contextlib.suppress(ProcessLookupError):
                ask(process)
            said = process.communicate(timeout=60)[1]
            self.assertIn(process.returncode, (0, 75), said)
            if process.returncode == 75 and rounds.exists():
                self.assertIn(f"stopped on request ({reason})", said)
                return
        self.fail("no request met a reading under way")

    def test_a_request_is_heard_while_the_content_of_inputs_is_hashed(self):
        """Of a file that is long, being mostly a hole: whoever hears nothing until then hashes for a quarter of a minute."""
        a = self.write("a.csv")
        os.truncate(a, 40 << 30)
        for wait in (0.2, 0.5, 1, 2, 4):   # after the first word of the log; what is heard before the stage does not count
            shutil.rmtree(self.dir / "hash", ignore_errors=True)
            process = subprocess.Popen(case.command(*self.words([a], "hash"), ranks=2), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True)
            while process.poll() is None and not (self.dir / "hash" / "log.jsonl").exists():
                time.sleep(0.01)
            time.sleep(wait)
            (self.dir / "hash" / "stop").touch()
            said = process.communicate(timeout=100)[1]
            self.assertEqual(process.returncode, 75, said)
            if "before stage ingest" not in said:
                break
        self.assertIn(f"stopped on request ({self.dir / 'hash' / 'stop'}) while inputs were hashed", said)

    def finish(self, paths, out, wanted):
        self.rfmpi(*self.words(paths, out), ranks=3)
        self.assert_same(self.outcome(out), wanted)
        self.assertGreater(case.read_report(self.dir / out)["checkpoints"]["rows_resumed"], 0)
        self.assert_nothing_left(out)

    def test_every_kind_of_request(self):
        paths = [self.write("a.csv", 0, 0.5, times=MANY), self.write("b.csv", 0.5, 1, times=MANY)]
        self.rfmpi(*self.words(paths, "alone"))
        wanted = self.outcome("alone")
        requests = {"file": (lambda _: (self.dir / "file" / "stop").touch(), self.dir / "file" / "stop"),
                    "term": (lambda process: self.terminate_a_rank(process, "term"), "SIGTERM")}
        if not case.SERIAL:
            requests["usr1"] = (lambda process: process.send_signal(signal.SIGUSR1), "SIGUSR1")
        for out, (ask, reason) in requests.items():
            self.stop_while_reading(paths, out, ask, reason)
            self.finish(paths, out, wanted)

    def test_a_time_limit_is_kept_start_after_start(self):
        paths, codes = [self.write("a.csv", times=MANY)], []
        self.rfmpi(*self.words(paths, "alone"))
        for start in range(1, 60):
            result = case.launch(*self.words(paths, "limit", "--time-limit", f"{0.1 * start}s"), ranks=1 + start % 3,
                                 env={"RFMPI_TRIAL": "ingest:0:0:stop:3"})
            codes.append(result.returncode)
            self.assertIn(result.returncode, (0, 75), result.stderr)
            if result.returncode == 0:
                break
        self.assertIn(75, codes)
        self.assertEqual(codes[-1], 0, "it never came to its end")
        self.assert_same(self.outcome("limit"), self.outcome("alone"))

    def test_rejects_are_the_first_of_the_files_however_many_rounds_there_are(self):
        """More of each reason than are shown, in plain text and in what all ranks parse."""
        spoilt = [line.replace(b",", b";", 3) if i % 20 == 7 else b"2019-13-01" + line[10:] if i % 20 == 3 else line
                  for i, line in enumerate(self.lines)]
        self.lines = spoilt
        more = ("--set", "input.max_rejected=0.5")
        for name, paths in (("plain", [self.write("a.csv")]), ("packed", [self.write("b.csv.gz", pack=gzip.compress)])):
            self.rfmpi(*self.words(paths, f"{name}-alone", *more))
            rejects = self.outcome(f"{name}-alone")[1]
            self.assertEqual(rejects.count("\n"), 2001)
            for ranks, trial, code in ((2, "ingest:0:30:stop:2", 75), (3, "ingest:0:100000:stop:2", 0)):
                self.rfmpi(*self.words(paths, name, *more), ranks=1 if case.SERIAL else ranks, code=code, env={"RFMPI_TRIAL": trial})
            self.assert_same(self.outcome(name), self.outcome(f"{name}-alone"))

    def test_a_rank_that_fails_stops_the_others(self):
        paths = [self.write("a.csv", 0, 0.5), self.write("b.csv.gz", 0.5, 1, gzip.compress)]
        self.rfmpi(*self.words(paths, "alone"))
        self.fail_in(paths, self.spoil_middle, ranks=2)
        self.rfmpi(*self.words(paths, "fails"), ranks=2)
        self.assert_same(self.outcome("fails"), self.outcome("alone"))
        self.assert_nothing_left("fails")

    @staticmethod
    def spoil_middle(content):
        return content[:len(content) // 2] + bytes(64) + content[len(content) // 2 + 64:]

    def fail_in(self, paths, spoil, **how):
        """A start that finds the last file broken, which is mended then as if nobody had touched it."""
        broken = paths[-1]
        content, at = broken.read_bytes(), os.stat(broken)
        broken.write_bytes(spoil(content))
        os.utime(broken, ns=(at.st_atime_ns, at.st_mtime_ns))
        result = self.rfmpi(*self.words(paths, "fails"), code=65, **how)
        self.assertEqual(len(case.errors(result)), 1, result.stderr)
        broken.write_bytes(content)
        os.utime(broken, ns=(at.st_atime_ns, at.st_mtime_ns))

    def test_what_was_read_of_a_broken_file_is_not_kept(self):
        """A byte of its text that only the checksum at the end tells of; until then there are rounds with it."""
        a = self.write("a.csv.gz", pack=lambda text: gzip.compress(text, 0))
        self.rfmpi(*self.words([a], "alone"))
        at = re.compile(rb",purchase,[^\n]*,(\d+)\.\d\d,").search(a.read_bytes(), EVENTS * 20).start(1)   # of a price

        def spoil(content):
            return content[:at] + (b"1" if content[at:at + 1] != b"1" else b"2") + content[at + 1:]

        for ranks in (1,) if case.SERIAL else (1, 2):
            self.fail_in([a], spoil, ranks=ranks, env={"RFMPI_TRIAL": "ingest:0:100000:stop:2"})
            self.assertFalse((self.dir / "fails" / "rounds").exists())
            self.rfmpi(*self.words([a], "fails"))
            self.assert_same(self.outcome("fails"), self.outcome("alone"))
            shutil.rmtree(self.dir / "fails")

    # ---- rounds -----------------------------------------------------------------------------------------------------

    def refused(self, out, paths, *more, message):
        result = self.rfmpi(*self.words(paths, out, *more), code=64)
        self.assertIn(message, case.errors(result)[0])

    def stop(self, paths, out, *more, n=20):
        result = case.launch(*self.words(paths, out, *more), ranks=1, env={"RFMPI_TRIAL": f"ingest:0:{n}:stop"})
        self.assertEqual(result.returncode, 75, result.stderr)

    def test_rounds_of_other_options_and_inputs_are_refused(self):
        a = self.write("a.csv")
        self.stop([a], "other")
        message = "rounds: input.decimals was 4, now 3: use another output.dir or --force"
        self.refused("other", [a], "--set", "input.decimals=3", message=message)
        self.refused("other", [a], "--set", "output.state=false", message="rounds: output.state was true, now false")
        self.write("a.csv", 0, 0.99)
        self.refused("other", [a], message="rounds: input files was 1 file with hash")
        self.rfmpi(*self.words([a], "other", "--force"))
        self.rfmpi(*self.words([a], "alone"))
        self.assert_same(self.outcome("other"), self.outcome("alone"))
        self.assert_nothing_left("other")
        self.assertNotIn("rows_resumed", case.read_report(self.dir / "other")["checkpoints"])

    def test_rounds_of_another_version_are_refused_and_stay_unless_forced(self):
        a = self.write("a.csv")
        self.stop([a], "later")
        case.note_other_version(self.dir / "later", "rounds")
        kept = {path.name: path.read_bytes() for path in (self.dir / "later" / "rounds").iterdir()}
        self.refused("later", [a], message="rounds: version of checkpoints was other, now ")
        self.assertEqual({path.name: path.read_bytes() for path in (self.dir / "later" / "rounds").iterdir()}, kept)
        self.rfmpi(*self.words([a], "later", "--force"))
        self.rfmpi(*self.words([a], "alone"))
        self.assert_same(self.outcome("later"), self.outcome("alone"))

    def test_what_is_damaged_is_told_and_read_again(self):
        a = self.write("a.csv")
        self.rfmpi(*self.words([a], "alone"))
        wanted = self.outcome("alone")
        for seed in range(6):
            draw, out = random.Random(seed), f"damaged-{seed}"
            result = case.launch(*self.words([a], out), ranks=1, env={"RFMPI_TRIAL": "ingest:0:40:stop:12"})
            self.assertEqual(result.returncode, 75, result.stderr)
            path = self.dir / out / "rounds" / "1-0"
            content = bytearray(path.read_bytes())
            if seed % 2:
                content = content[:draw.randrange(len(content))]
            else:
                content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
            path.write_bytes(content)
            said = self.rfmpi(*self.words([a], out), ranks=2).stderr
            self.assertIn("not used", said)
            self.assert_same(self.outcome(out), wanted)
            self.assert_nothing_left(out)

    def test_a_stop_is_heard_while_what_is_done_is_passed_over(self):
        """Of a compressed file, which is decoded from its beginning: the second start ends with what it had found."""
        a = self.write("a.csv.gz", pack=gzip.compress)
        self.rfmpi(*self.words([a], "alone"))
        for ranks in (1,) if case.SERIAL else (1, 2):
            out, resumed = f"passed-{ranks}", []
            for trial, code in ((f"ingest:0:{15 if SANITIZED else 30}:stop", 75), ("ingest:0:10:stop", 75), ("", 0)):
                self.rfmpi(*self.words([a], out), ranks=ranks, code=code, env={"RFMPI_TRIAL": trial})
                resumed.append(case.read_report(self.dir / out).get("checkpoints", {}).get("rows_resumed", 0))
            self.assertEqual(resumed, [0, resumed[1], resumed[1]])
            self.assertGreater(resumed[1], EVENTS // 10)
            self.assert_same(self.outcome(out), self.outcome("alone"))

    def test_more_files_of_rounds_than_may_be_open(self):
        a, starts = self.write("a.csv"), 12 if SANITIZED else 40
        self.rfmpi(*self.words([a], "alone"))
        for _ in range(starts):
            self.rfmpi(*self.words([a], "many"), ranks=0, code=75, env={"RFMPI_TRIAL": "ingest:0:4:stop"})
        self.assertEqual(len(list((self.dir / "many" / "rounds").iterdir())), starts)
        few = self.dir / "few"
        few.write_text(f'#!/bin/sh\nulimit -n {FILES}\nexec {case.RFMPI} "$@"\n')
        few.chmod(0o700)
        said = self.rfmpi(*self.words([a], "many"), ranks=0, program=few).stderr
        self.assertNotIn("not used", said)
        self.assert_same(self.outcome("many"), self.outcome("alone"))
        self.assertGreater(case.read_report(self.dir / "many")["checkpoints"]["rows_resumed"], 0)

    def test_a_state_that_is_finished_needs_no_rounds(self):
        a = self.write("a.csv")
        self.stop([a], "state")
        for stage in ("features",):
            result = case.launch(*self.words([a], "state"), ranks=1, env={"RFMPI_TRIAL": f"{stage}:0:1:stop"})
            self.assertEqual(result.returncode, 75, result.stderr)
            self.assertTrue((self.dir / "state" / "state.h5").exists())
            self.assert_nothing_left("state")
        self.rfmpi(*self.words([a], "state"))

    def test_without_checkpoints_only_a_stop_makes_rounds(self):
        a = self.write("a.csv")
        self.stop([a], "off", "--set", "output.checkpoint=0")
        self.rfmpi(*self.words([a], "off", "--set", "output.checkpoint=0"))
        kept = case.read_report(self.dir / "off")["checkpoints"]
        self.assertEqual(kept["written"], 0)
        self.assertGreater(kept["rows_resumed"], 0)

    def test_checkpoints_come_by_the_clock(self):
        a = self.write("a.csv")
        self.rfmpi(*self.words([a], "clock", "--set", "output.checkpoint=0.0001"))
        kept = case.read_report(self.dir / "clock")["checkpoints"]
        self.assertGreater(kept["written"], 0)
        self.assertGreater(kept["bytes"], 0)
        self.assert_nothing_left("clock")


class Stages(case.Case):
    """Behind reading, what is under way when a request comes is given up, and made again from what is finished."""

    def launch(self, task, paths, out, *more, trial="", ranks=2):
        return case.launch(task, case.SOURCE / "conf" / "quickstart.yml", "--set", f"input.paths=[{','.join(map(str, paths))}]", "--set",
                           f"output.dir={self.dir / out}", *more, ranks=ranks, env={"RFMPI_TRIAL": trial})

    def start(self, *words, code=0, **how):
        result = self.launch(*words, **how)
        self.assertEqual(result.returncode, code, result.stderr)

    def of(self, out):
        return case.read_report(self.dir / out)["digest"], case.read_customers(self.dir / out)

    def stop_at_every_look(self, task, stage, paths, *more, step=1):
        """Starts that stop at the first look of a stage, then at later ones, until one is through."""
        wanted, ranks = self.of("alone"), 1 if case.SERIAL else 2
        for n in range(1, 400, step):
            out = f"{task}-{stage}-{n}"
            result = self.launch(task, paths, out, *more, trial=f"{stage}:{n % ranks}:{n}:stop", ranks=ranks)
            if result.returncode == 0:
                self.assertGreater(n, 1, f"{stage} never looks")
                return
            self.assertEqual(result.returncode, 75, result.stderr)
            self.assertIn("stopped on request (RFMPI_TRIAL) in stage " + stage, case.errors(result)[0])
            self.start(task, paths, out, *more, ranks=1 + n % 3)
            self.assertEqual(self.of(out), wanted)
            self.assertEqual([name for name in os.listdir(self.dir / out) if "tmp" in name or name == "rounds"], [])
            shutil.rmtree(self.dir / out)
        self.fail(f"{stage} looks without end")

    def test_stages_of_a_run(self):
        paths = self.generate(events=20000, customers=1500)
        self.start("run", paths, "alone")
        for stage, step in (("features", 9), ("score", 4), ("figures", 17), ("write", 6)):
            self.stop_at_every_look("run", stage, paths, step=step)

    def test_labels_of_a_prediction(self):
        paths = self.generate(events=20000, customers=1500)
        self.start("run", paths, "trained")
        model = ("--model", self.dir / "trained" / "model.h5")
        self.start("predict", paths, "alone", *model)
        self.stop_at_every_look("predict", "label", paths, *model, step=3)

    def test_settling_is_given_up_once_all_is_in_rounds(self):
        paths = self.generate(events=100000, customers=4000)
        self.start("run", paths, "alone")
        wanted, given_up = self.of("alone"), 0
        for n in range(15, 65, 7):
            out = f"settle-{n}"
            self.start("prepare", paths, out, trial="ingest:0:30:stop", code=75, ranks=1)
            result = self.launch("run", paths, out, trial=f"ingest:0:{n}:stop")
            self.assertIn(result.returncode, (0, 75), result.stderr)
            given_up += "in stage ingest" in result.stderr and (self.dir / out / "rounds").exists()
            self.start("run", paths, out, ranks=3)
            self.assertEqual(self.of(out), wanted)
        self.assertGreater(given_up, 0)


if __name__ == "__main__":
    case.main()
