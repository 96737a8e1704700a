"""`rfmpi store` killed at any point, or asked to stop: the next start finishes the job, once, and uploads nothing that is there.

At each point a request is held, before the warehouse has done it or when only its answer is missing; then the process is killed.
"""

import signal
import time

import case
import storing
import warehouse
from storing import OLD, Store
from test_store_faults import PLACES

HELD = 60                           # seconds: until well after the kill


class Interrupted(Store):
    words = ("store.parallel=2", "store.retry=20")

    def hold(self, mode, **order):
        """Start a store and wait until the warehouse holds the request that is ordered."""
        self.service.order(what="hang", seconds=HELD, **order)
        process = self.begin_store(mode=mode)
        self.wait_until(lambda: any(entry.get("status") == "hang" for entry in self.service.log()), process)
        return process

    def finish_it(self, mode, old):
        """The next start; the table has the rows once, and what was in the stage was not sent again."""
        there = self.staged()
        self.service.reset()
        self.store(mode=mode)
        self.assertEqual(set(self.uploads()) & set(there), set())
        self.assertEqual(self.rows(), sorted([*storing.wanted(self.out), *old]))
        self.assert_tidy()


class Killed(Interrupted):
    def kill_at(self, mode, when="before", times=1, **place):
        """Kill stores at this point, one after the other, and let the next one finish."""
        old = self.prepare(mode)
        new = sorted([*storing.wanted(self.out), *old])
        for _ in range(times):
            self.kill(self.hold(mode, when=when, **place))
            self.service.expire("lose-session")  # as the service does when a transaction that nobody goes on with is in the way
            self.assertIn(self.rows(), (OLD, new))
            self.service.reset()
        self.finish_it(mode, old)

    def test_while_anything_is_asked_for(self):
        few = {"overwrite": ("insert", "commit"), "append": ("begin", "insert", "delete", "commit", "drop")}
        for mode, places in PLACES.items():
            for name in places if case.LONG else few.get(mode, places):
                for when in ("before", "after"):
                    with self.subTest(mode=mode, place=name, when=when):
                        self.kill_at(mode, when, **places[name])

    def test_while_parts_are_on_their_way(self):
        for nth in range(1, 7) if case.LONG else (2, 6):
            for when in ("before", "after"):
                with self.subTest(nth=nth, when=when):
                    self.kill_at("replace", when, at="storage-put", nth=nth)

    def test_again_and_again(self):
        for mode, name in (("replace", "swap"), ("append", "commit"), ("append", "copy"), ("overwrite", "remove"))[:4 if case.LONG else 2]:
            for when in ("before", "after"):
                with self.subTest(mode=mode, place=name, when=when):
                    self.kill_at(mode, when, times=3, **PLACES[mode][name])

    def test_while_a_statement_is_asked_after(self):
        for mode, name in (("replace", "copy"), ("append", "insert")):
            with self.subTest(mode=mode, place=name):
                old = self.prepare(mode)
                self.service.order(**PLACES[mode][name], what="in-progress", polls=2, seconds=0.1)
                self.kill(self.hold(mode, at="poll"))
                self.service.expire("lose-session")
                self.assertEqual(self.rows(), OLD)
                self.finish_it(mode, old)

    def test_statements_that_the_service_gets_to_only_then_do_no_harm(self):
        """They were sent, and are carried out while the next start is under way, or before, or after it."""
        for mode, name in (("replace", "make the table aside"), ("replace", "copy"), ("replace", "swap"), ("overwrite", "insert"),
                           ("append", "copy"), ("append", "commit")):
            for seconds in (0.1, 0.4, 0.8, 1.5) if case.LONG else [0.4]:
                with self.subTest(mode=mode, place=name, seconds=seconds):
                    old = self.prepare(mode)
                    self.service.order(**PLACES[mode][name], what="delay", seconds=seconds)
                    process = self.begin_store(mode=mode)
                    self.wait_until(lambda: any(entry.get("fault") for entry in self.service.log()), process)
                    self.kill(process)
                    self.finish_late(mode, old, seconds)

    def finish_late(self, mode, old, seconds):
        until = time.monotonic() + seconds + 0.5
        next_one = self.begin_store(mode=mode)
        next_one.wait(60)
        while time.monotonic() < until:
            time.sleep(0.05)
        self.service.expire("lose-session")
        if next_one.returncode:     # one was in the way of the other: then a third start finishes
            self.assertIn(next_one.returncode, (69, 75))
            self.store(mode=mode)
        self.assertEqual((self.rows(), self.staged()), (sorted([*storing.wanted(self.out), *old]), []))


class Stopped(Interrupted):
    """Exit code 75 soon: the statement that runs is ended on the server, and the table is as it was."""

    REQUESTS = {"SIGUSR1": lambda self, process: process.send_signal(signal.SIGUSR1),
                "SIGTERM": lambda self, process: process.send_signal(signal.SIGTERM),
                "file": lambda self, process: (self.out / "stop").touch()}

    def stop(self, mode, request, at, **fault):
        """Ask a store to stop while it is held up at some point; returns what was aborted."""
        self.prepare(mode)
        self.service.order(at=at, **fault)
        process = self.begin_store(mode=mode)
        self.wait_until(lambda: self.service.log(at), process)
        self.REQUESTS[request](self, process)
        told = self.finish(process, 75, timeout=30)
        self.assertRegex(told.error, "stopped on request.*run it again")
        self.assertEqual(self.rows(), OLD)
        self.assert_logged_out()
        return [entry["found"] for entry in self.service.log("abort")]

    def test_while_a_statement_runs_it_is_ended(self):
        for request in self.REQUESTS:
            with self.subTest(request=request):
                self.assertEqual(self.stop("replace", request, "copy", what="run-slowly", seconds=HELD), [True])
                self.assertEqual(self.aside(), [])
                self.finish_it("replace", ())

    def test_in_a_transaction(self):
        every = (("overwrite", "insert"), ("append", "commit"), ("append", "insert"), ("append", "delete"))
        for mode, name in every if case.LONG else every[:2]:
            with self.subTest(mode=mode, place=name):
                self.assertEqual(self.stop(mode, "SIGTERM", name, what="run-slowly", seconds=HELD), [True])
                self.finish_it(mode, OLD if mode == "append" else ())

    def test_while_a_statement_is_asked_after(self):
        self.prepare("replace")
        self.service.order(at="copy", what="in-progress", polls=1000, seconds=HELD)
        process = self.begin_store()
        self.wait_until(lambda: self.service.log("poll"), process)
        process.send_signal(signal.SIGTERM)
        self.assertIn("stopped on request", self.finish(process, 75, timeout=30).error)
        self.assertEqual(self.rows(), OLD)
        self.finish_it("replace", ())

    def test_while_parts_are_on_their_way(self):
        for request in self.REQUESTS:
            with self.subTest(request=request):
                self.assertEqual(self.stop("replace", request, "storage-put", what="hang", nth=4, seconds=HELD), [])
                self.finish_it("replace", ())

    def test_while_the_network_is_waited_for(self):
        for at in ("login", "storage-put", "swap"):
            with self.subTest(at=at):
                aborted = self.stop("replace", "SIGUSR1", at, what="503", times=0, headers={"Retry-After": "15"})
                self.assertNotIn(True, aborted)
                self.finish_it("replace", ())

    @case.needs_ranks
    def test_through_mpirun(self):
        self.prepare("replace")
        self.service.order(at="copy", what="run-slowly", seconds=HELD)
        process = self.begin(*self.store_words(), ranks=2, env=self.service.environment())
        self.wait_until(lambda: self.service.log("copy"), process)
        process.send_signal(signal.SIGUSR1)
        self.assertIn("stopped on request", self.finish(process, 75, timeout=30).error)
        self.assertEqual([entry["found"] for entry in self.service.log("abort")], [True])
        self.assertEqual(self.rows(), OLD)
        self.finish_it("replace", ())


if __name__ == "__main__":
    warehouse.need()
    case.main()
