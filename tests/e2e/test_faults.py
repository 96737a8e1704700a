"""Files and memory that fail a run: each call into the file system that it makes, and each time it asks for memory.

faulty.c lets one call fail, or all from one on; the sites are found by a run that nothing happens to. The long tier fails each of them.
"""

import errno
import gzip
import json
import os
import pathlib
import random
import unittest

import case
import faults
from faults import FOREVER, Faults

SEED = int(os.environ.get("TEST_SEED", "1"))


@unittest.skipIf(faults.SANITIZED, "sanitizers want to be loaded before all others")
class Walk(Faults):
    def fail_at(self, kind, number, calls, *more, ranks=0, rank=0, path=None, lasting=False, codes=(74,)):
        """Start after start, fail one of these calls, and see that the next start finishes what that one began."""
        n_failed = 0
        for n in calls:
            with self.subTest(kind=kind, n=n, ranks=ranks, rank=rank):
                self.begin()
                result = self.launch(*more, ranks=ranks, env=self.faulty(kind, rank, path, FAULTY_FROM=n, FAULTY_TO=FOREVER if lasting else n,
                                                                        FAULTY_ERROR=number))
                if result.returncode:
                    self.assert_fails(result, codes)
                    n_failed += 1
                else:  # it was nothing that a result depends on
                    self.assertEqual(case.read_report(self.out)["digest"], self.digest())
                self.assert_next_start_finishes(*more, ranks=ranks)
        return n_failed

    def walk(self, kind, number, *more, ranks=0, rank=0, most=10**6, **how):
        self.digest(*more)
        found = faults.sites(self.calls(kind, *more, ranks=ranks, rank=rank), case.LONG)
        chosen = found if case.LONG or len(found) <= most else sorted(random.Random(SEED).sample(found, most))
        self.assertGreater(self.fail_at(kind, number, chosen, *more, ranks=ranks, rank=rank, **how), 0.5 * len(chosen))


class Disk(Walk):
    def test_a_disk_that_is_full_from_any_call_on(self):
        self.walk("grow", errno.ENOSPC, lasting=True)

    def test_a_quota_that_refuses_a_single_call(self):
        self.walk("grow", errno.EDQUOT, most=10)

    def test_a_file_system_that_is_read_only_from_any_call_on(self):
        self.walk("change", errno.EROFS, lasting=True, most=25)

    def test_a_disk_that_errs_once(self):
        self.walk("change", errno.EIO, most=25)

    @case.needs_ranks
    def test_a_disk_that_fails_one_of_several_ranks(self):
        for ranks, rank in ((2, 0), (2, 1), (3, 2)) if case.LONG else ((2, 0), (3, 1)):
            self.walk("change", errno.EROFS, ranks=ranks, rank=rank, lasting=True, most=3)
            self.walk("grow", errno.ENOSPC, ranks=ranks, rank=rank, lasting=True, most=3)

    @case.needs_ranks
    def test_a_rank_that_fails_comes_before_another_that_cannot_keep_what_it_read(self):
        """Rank 0 has the larger of two compressed files, rank 1 the other, which is broken, and both some of the third."""
        self.events = [self.dir / "0.csv.gz", self.dir / "1.csv.gz", *self.generate(events=20000, customers=2000, name="more")]
        lines = pathlib.Path(self.events[2]).read_bytes().splitlines(keepends=True)
        for path, n in zip(self.events, (len(lines) // 2, len(lines) // 3)):
            path.write_bytes(gzip.compress(b"".join(lines[:n])))
        broken = self.events[1].read_bytes()
        middle = len(broken) // 2
        self.events[1].write_bytes(broken[:middle] + bytes(100) + broken[middle + 100:])
        self.events = list(map(str, self.events))
        env = self.faulty("grow", 0, "/rounds", FAULTY_FROM=1, FAULTY_TO=FOREVER, FAULTY_ERROR=errno.ENOSPC)
        self.assert_fails(self.launch(ranks=2, env=env), (65,), "1.csv.gz: near byte")

    def test_a_full_disk_for_what_passes_the_memory(self):
        scratch = self.dir / "scratch"
        scratch.mkdir()
        self.events = self.generate(events=60000, customers=20000, name="many")
        more = ("--memory", "1M", "--set", "features.list=rfm-behaviour", "--set", f"output.scratch={scratch}")
        self.digest(*more)
        calls = self.calls("grow", *more, path=scratch)
        self.assertGreater(len(calls), 10)
        for n in faults.sites(calls, False) + [len(calls) // 2]:
            env = self.faulty("grow", 0, scratch, FAULTY_FROM=n, FAULTY_TO=FOREVER, FAULTY_ERROR=errno.ENOSPC)
            self.begin()
            result = self.launch(*more, env=env)
            if result.returncode == 0:  # a close of a file that has no name any more
                self.assertIn("close", calls[n - 1])
                continue
            self.assert_fails(result, (74,), "output.scratch")
            self.assert_next_start_finishes(*more)
            self.assertEqual(os.listdir(scratch), [])


class Reading(Walk):
    def test_an_input_that_cannot_be_read_on_one_rank(self):
        self.digest()
        for ranks, rank in ((0, 0), (2, 1)) if not case.SERIAL else ((0, 0),):
            calls = self.calls("read", ranks=ranks, rank=rank, path="/events/")
            for number, code in ((errno.EIO, 74), (errno.EACCES, 77)):
                for n in faults.sites(calls, case.LONG):
                    with self.subTest(ranks=ranks, n=n, call=calls[n - 1], number=number):
                        self.begin()
                        result = self.launch(ranks=ranks, env=self.faulty("read", rank, "/events/", FAULTY_FROM=n, FAULTY_TO=n,
                                                                          FAULTY_ERROR=number))
                        self.assert_fails(result, (code,), "/events/.*")
                        self.assert_next_start_finishes(ranks=ranks)

    @case.needs_ranks
    def test_what_others_have_parsed_is_kept_where_the_rank_that_decodes_cannot_read(self):
        lines = pathlib.Path(self.generate(events=300000, customers=5000, name="more")[0]).read_bytes()
        packed = self.dir / "packed.csv.gz"
        packed.write_bytes(gzip.compress(lines, 0))
        self.events = [str(packed)]
        more = ("--set", "output.checkpoint=0")   # no round before the last
        self.digest(*more)
        calls = self.calls("read", *more, ranks=2, rank=0, path=packed)
        self.begin()
        env = self.faulty("read", 0, packed, FAULTY_FROM=len(calls) - 5, FAULTY_TO=FOREVER, FAULTY_ERROR=errno.EIO)
        self.assert_fails(self.launch(*more, ranks=2, env=env), (74,), "packed.csv.gz: cannot be read")
        self.assertGreater(len(list((self.out / "rounds").iterdir())), 0)
        self.assert_next_start_finishes(*more, ranks=2)
        self.assertGreater(case.read_report(self.out)["checkpoints"]["rows_resumed"], 0)

    def test_products_of_an_earlier_start_that_cannot_be_read(self):
        """The second start reads what the first has made; what fails it is not taken for damage."""
        self.digest()
        self.rfmpi("prepare", *self.words()[1:])
        prepared = self.dir / "prepared"
        case.shutil.copytree(self.out, prepared)
        for ranks, rank in ((0, 0), (2, 0), (2, 1)) if not case.SERIAL else ((0, 0),):
            calls = self.calls("read", ranks=ranks, rank=rank, begun=prepared)
            chosen = faults.sites(calls, case.LONG)
            for n in chosen if case.LONG or ranks == 0 else random.Random(SEED).sample(chosen, min(4, len(chosen))):
                with self.subTest(ranks=ranks, rank=rank, n=n, call=calls[n - 1]):
                    self.begin(prepared)
                    result = self.launch(ranks=ranks, env=self.faulty("read", rank, FAULTY_FROM=n, FAULTY_TO=n, FAULTY_ERROR=errno.EIO))
                    if result.returncode:
                        self.assert_fails(result, (74,))
                    self.assert_next_start_finishes(ranks=ranks)

    def test_what_cannot_be_looked_for_is_not_taken_for_absent(self):
        """Customers without ids would be numbered."""
        digest = self.digest()
        self.rfmpi("prepare", *self.words()[1:])
        prepared, features = self.dir / "prepared", self.out / "features.h5"
        case.shutil.copytree(self.out, prepared)
        calls = self.calls("read", begun=prepared, path=features)
        self.assertGreater(len(calls), 10)
        for n in range(1, len(calls) + 1):
            with self.subTest(n=n):
                self.begin(prepared)
                result = self.launch(env=self.faulty("read", 0, features, FAULTY_FROM=n, FAULTY_TO=n, FAULTY_ERROR=errno.EIO))
                if result.returncode:
                    self.assert_fails(result, (74,))
                else:
                    self.assertEqual(case.read_report(self.out)["digest"], digest)

    def test_short_and_interrupted_transfers_change_nothing(self):
        self.digest()
        for kind, path in (("read", "/events/"), ("read", self.out), ("change", self.out)):
            with self.subTest(kind=kind, path=path):
                self.begin()
                how = {"FAULTY_FROM": 1, "FAULTY_TO": FOREVER, "FAULTY_ERROR": 0}
                result = self.launch(env=self.faulty(kind, 0, path, **how))
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assert_next_start_finishes()


class Memory(Walk):
    def test_memory_that_runs_out_at_any_place(self):
        more = ("--set", "features.list=rfm-behaviour", "--set", "input.dedupe=row")
        self.digest(*more)
        draw, n_chosen, n_failed = random.Random(SEED), 0, 0
        for ranks, rank, most in ((0, 0, 40), (2, 0, 2), (3, 1, 2)) if not case.SERIAL else ((0, 0, 40),):
            calls = self.calls("memory", *more, ranks=ranks, rank=rank)
            chosen = sorted(draw.sample(range(1, len(calls) + 1), min(len(calls), 10 * most if case.LONG else most)))
            n_chosen += len(chosen)
            n_failed += self.fail_at("memory", errno.ENOMEM, chosen, *more, ranks=ranks, rank=rank, codes=(71,))
        self.assertGreater(n_failed, n_chosen // 2)


@unittest.skipIf(faults.SANITIZED, "sanitizers want to be loaded before all others")
class Others(Faults):
    """The commands beside the batch that write: what they were to make is there whole, or not at all."""

    def walk(self, words, path, check):
        env = self.faulty("grow", 0, path)
        log = self.dir / "calls"
        self.rfmpi(*words, ranks=0, env={**env, "FAULTY_LOG": str(log)})
        check(True)
        calls = log.read_text().splitlines()
        log.unlink()
        for n in faults.sites(calls, case.LONG):
            with self.subTest(words=words[0], n=n, call=calls[n - 1]):
                case.shutil.rmtree(path)
                result = case.launch(*words, ranks=0, env={**env, "FAULTY_FROM": str(n), "FAULTY_TO": str(FOREVER),
                                                           "FAULTY_ERROR": str(errno.ENOSPC)})
                if result.returncode:
                    self.assertEqual((result.returncode, len(case.errors(result))), (74, 1), result.stderr)
                check(result.returncode == 0)
                if result.returncode:  # of what is done some refuse to do it again
                    self.rfmpi(*words, ranks=0)
                    check(True)

    def test_convert(self):
        out = self.dir / "tables"

        def check(done):
            for path in out.rglob("*.h5"):  # those that wait for their names as well
                with faults.h5py.File(path) as file:
                    self.assertGreater(len(file), 0)
            if done:
                self.assertEqual(sorted(path.name for path in out.iterdir()), [f"part-{i:05}.h5" for i in range(len(self.events))])

        self.walk(("convert", *self.events, "--out", out), out, check)

    def test_store_into_a_folder(self):
        self.rfmpi(*self.words())
        copy = self.dir / "copy"

        def check(done):
            for path in copy.rglob("*.csv.gz") if copy.exists() else []:
                faults.gzip.decompress(path.read_bytes())
            self.assertTrue(not done or list(copy.rglob("*.csv.gz")))

        job = self.dir / "store.yml"
        job.write_text(json.dumps({"store": {"to": "files", "dir": str(copy)}}))
        self.walk(("store", self.out, "--job", job), copy, check)


if __name__ == "__main__":
    case.main()
