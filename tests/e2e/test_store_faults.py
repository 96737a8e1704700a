"""`rfmpi store` against a network and a warehouse that fail: at every request, in every way, before the work is done and after it.

However it goes, the rows are in the table once, or the table is as it was. What can pass ends well at once; what lasts ends with
exit code 75, what is refused with 69 or 77, and the next start finishes. Every fault at every place is a long
test ("long" as the first argument); otherwise those that matter most.
"""

import email.utils
import socket
import time

import case
import storing
import warehouse
from storing import OLD, Store

# Every kind of request there is, as orders name them.
COMMON = {"login": {"at": "login"}, "describe": {"at": "describe"}, "make the stage": {"at": "create", "match": "STAGE IF"},
          "put": {"at": "put-statement"}, "upload": {"at": "storage-put"}, "list": {"at": "list"},
          "make the table aside": {"at": "create", "match": "TABLE.*RFMPI_"}, "copy": {"at": "copy"}, "drop": {"at": "drop"},
          "remove": {"at": "remove"}}
BEGIN, INSERT, DELETE, COMMIT = ({"at": name} for name in ("begin", "insert", "delete", "commit"))
PLACES = {"replace": {**COMMON, "swap": {"at": "swap"}}, "overwrite": {**COMMON, "begin": BEGIN, "insert": INSERT, "commit": COMMIT},
          "append": {**COMMON, "begin": BEGIN, "insert": INSERT, "delete": DELETE, "commit": COMMIT}}
PASSING = ("429", "500", "502", "503", "reset", "reset-mid-body", "truncated-json", "slow")
RETRY = "store.retry=5"


class Faults(Store):
    words = ("store.parallel=2",)

    def order_everywhere(self, mode, places=None, **fault):
        for place in places or PLACES[mode].values():
            self.service.order(**place, **fault)

    def assert_met(self, n=None):
        """Each of the orders was carried out."""
        met = [order["done"] for order in self.service.orders()]
        self.assertEqual(met, [1] * (n or len(met)))


class Passing(Faults):
    """Faults that pass: the store ends well as if nothing had been."""

    def survive(self, mode, **fault):
        old = self.prepare(mode)
        self.order_everywhere(mode, **fault)
        self.store(RETRY, mode=mode, timeout=120)
        self.assert_met(len(PLACES[mode]))
        self.assert_stored(old)

    def test_answers_that_do_not_come(self):
        few = {"overwrite": ("503", "truncated-json"), "append": ("reset", "reset-mid-body")}
        for mode in PLACES:
            for what in PASSING if case.LONG else few.get(mode, PASSING):
                with self.subTest(mode=mode, what=what):
                    self.survive(mode, what=what, when="after", seconds=0.3)

    def test_requests_that_do_not_arrive(self):
        for mode in PLACES if case.LONG else ["replace"]:
            for what in PASSING if case.LONG else ("503", "reset"):
                with self.subTest(mode=mode, what=what):
                    self.survive(mode, what=what)

    def survive_session(self, mode, places, *faults):
        old = self.prepare(mode)
        for fault in faults:
            self.order_everywhere(mode, places, **fault)
        self.store(RETRY, mode=mode)
        self.assert_met(len(places) * len(faults))
        self.assertEqual(self.rows(), sorted([*storing.wanted(self.out), *old]))
        self.assertEqual(self.aside(), [])

    def test_sessions_that_expire_at_every_request_are_renewed(self):
        for mode in PLACES:
            for when in ("before", "after") if case.LONG else ["after"]:
                with self.subTest(mode=mode, when=when):
                    places = [place for name, place in PLACES[mode].items() if name not in ("login", "upload")]
                    self.survive_session(mode, places, {"what": "expire-session", "when": when})

    def test_sessions_that_end_between_two_steps_are_opened_anew(self):
        places = [COMMON[name] for name in ("describe", "make the stage", "put", "list", "drop", "remove")]
        for what in ("expire-master", "lose-session"):
            for when in ("before", "after") if case.LONG else ["before"]:
                with self.subTest(what=what, when=when):
                    self.survive_session("replace", places, {"what": what, "when": when})

    def test_sessions_that_end_while_rows_are_published_take_nothing_along(self):
        every = {"replace": ("make the table aside", "copy", "swap"), "overwrite": ("copy", "begin", "insert", "commit"),
                 "append": ("copy", "begin", "insert", "delete", "commit")}
        few = {"replace": ("swap",), "overwrite": ("insert", "commit"), "append": ("insert", "delete", "commit")}
        for mode, names in (every if case.LONG else few).items():
            for name in names:
                for what in ("expire-master", "lose-session") if case.LONG else ["lose-session"]:
                    for when in ("before", "after") if case.LONG or name == "commit" else ["after"]:
                        with self.subTest(mode=mode, place=name, what=what, when=when):
                            self.survive_session(mode, [PLACES[mode][name]], {"what": what, "when": when})

    def test_an_answer_is_lost_and_then_the_session(self):
        """The same request in another session would be another one."""
        every = {"replace": ("describe", "put", "copy", "swap", "drop"), "overwrite": ("insert", "commit"),
                 "append": ("insert", "delete", "commit")}
        few = {"replace": ("put", "swap"), "append": ("insert", "commit")}
        for mode, names in (every if case.LONG else few).items():
            for name in names:
                with self.subTest(mode=mode, place=name):
                    self.survive_session(mode, [PLACES[mode][name]], {"what": "reset", "when": "after"}, {"what": "lose-session"})

    def test_statements_that_take_long_everywhere(self):
        for mode in PLACES if case.LONG else ["append"]:
            with self.subTest(mode=mode):
                old = self.prepare(mode)
                places = [place for name, place in PLACES[mode].items() if name not in ("login", "upload")]
                self.order_everywhere(mode, places, what="in-progress", polls=3, seconds=0.1)
                for nth, what in ((2, "503"), (5, "expire-session"), (8, "reset"), (11, "truncated-json")):
                    self.service.order(at="poll", what=what, nth=nth)
                self.store(RETRY, mode=mode)
                self.assert_met()
                self.assert_stored(old)

    def test_a_statement_outlives_many_session_tokens(self):
        self.prepare("replace")
        self.service.order(at="copy", what="in-progress", polls=16, seconds=0.1)
        for nth in range(1, 16, 3):
            self.service.order(at="poll", what="expire-session", nth=nth)
        self.store(RETRY)
        self.assert_met()
        self.assert_stored()


class Lasting(Faults):
    """What does not pass: exit code 75, and the next start goes on from there."""

    words = ("store.parallel=2", "store.retry=1")

    def away(self, mode, **fault):
        """Let something be away until rfmpi gives up; returns what it said, and what is to stay of the old rows."""
        old = self.prepare(mode)
        self.service.order(**fault, times=0)
        told = self.store(mode=mode, code=75, timeout=30)
        self.assertIn("run the same command again", told.error)
        return told, old

    def finish_it(self, mode, old):
        """The next start: what is in the stage is not sent again."""
        there = self.staged()
        self.service.reset()
        self.store(mode=mode)
        self.assertEqual(set(self.uploads()) & set(there), set())
        self.assert_stored(old)

    def test_before_the_table_has_its_rows_it_stays_as_it_was(self):
        every = {"replace": ("login", "describe", "make the stage", "put", "upload", "list", "make the table aside", "copy", "swap"),
                 "overwrite": ("begin", "insert", "commit"), "append": ("insert", "delete", "commit")}
        few = {"replace": ("login", "upload", "copy"), "overwrite": ("commit",), "append": ("delete",)}
        for mode, names in (every if case.LONG else few).items():
            for name in names:
                with self.subTest(mode=mode, place=name):
                    _, old = self.away(mode, **PLACES[mode][name], what="503")
                    self.assertEqual(self.rows(), OLD)
                    self.finish_it(mode, old)

    def test_after_it_has_them_only_the_rest_is_to_be_done(self):
        few = {"replace": ["remove"], "append": ["drop"]}
        for mode, names in (dict.fromkeys(PLACES, ("drop", "remove")) if case.LONG else few).items():
            for name in names:
                with self.subTest(mode=mode, place=name):
                    _, old = self.away(mode, **PLACES[mode][name], what="reset")
                    self.assertEqual(self.rows(), sorted([*storing.wanted(self.out), *old]))
                    self.finish_it(mode, old)
                    self.assertEqual({entry["kind"] for entry in self.service.log("query")} - {"drop", "remove"}, set())

    def test_answers_that_never_come_leave_open_what_was_done_and_it_is_not_done_twice(self):
        few = [("replace", "swap"), ("overwrite", "commit"), ("append", "commit")]
        more = [("replace", "copy"), ("overwrite", "insert"), ("append", "copy"), ("append", "insert"), ("append", "delete")]
        for mode, name in few + (more if case.LONG else []):
            with self.subTest(mode=mode, place=name):
                _, old = self.away(mode, **PLACES[mode][name], what="reset", when="after")
                self.finish_it(mode, old)

    def test_after_giving_up_nothing_is_tried_for_long_and_nothing_committed_by_chance(self):
        for name in ("insert", "commit"):
            self.prepare("overwrite")
            for at in (name, "rollback", "drop", "logout"):
                self.service.order(at=at, what="503", times=0)
            self.store(mode="overwrite", code=75)
            self.assertGreater(len(self.service.log(name)), 3)
            # A table that is dropped would commit what could not be rolled back.
            self.assertEqual([len(self.service.log(at)) for at in ("rollback", "drop", "logout")], [1, 0, 1])
            self.assertEqual(self.rows(), OLD)

    def test_a_server_that_is_not_there(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        told = self.store(code=75, env={"SNOWFLAKE_PORT": str(port)})
        self.assertRegex(told.error, f"127.0.0.1:{port}.*run the same command again")

    def test_storage_that_is_away_ends_all_uploads(self):
        for what in ("503", "reset", "reset-mid-body", "500") if case.LONG else ["reset-mid-body"]:
            with self.subTest(what=what):
                _, old = self.away("replace", at="storage-put", match="part-0000[2-5]", what=what)
                self.assertEqual(self.rows(), OLD)
                self.finish_it("replace", old)


class Refusals(Faults):
    """What the warehouse will not do: exit code 69 or 77 at once, the table as it was, nothing left behind but the parts."""

    words = ("store.parallel=2", RETRY)

    def refuse(self, mode, place, exit_code, **fault):
        self.prepare(mode)
        self.service.order(**PLACES[mode][place], what="refuse", message="not you,\nnot here", **fault)
        told = self.store(mode=mode, code=exit_code)
        self.assert_met()
        self.assertIn("not you, not here", told.error)
        self.assertEqual(self.rows(), OLD)
        self.assert_logged_out()
        if mode != "append":        # which has to know in its next start how far this one came
            self.assertEqual(self.aside(), [])
        return told

    def finish_it(self, mode):
        self.service.reset()
        self.store(mode=mode)
        self.assert_stored(OLD if mode == "append" else ())

    def test_a_statement_that_is_refused(self):
        every = {"replace": ("describe", "make the stage", "put", "make the table aside", "copy"),
                 "overwrite": ("begin", "insert", "commit"), "append": ("insert", "delete", "commit")}
        few = {"replace": ("describe", "put", "copy"), "overwrite": ("commit",), "append": ("delete",)}
        for mode, names in (every if case.LONG else few).items():
            for name in names:
                for code, status in (("003001", 77), ("002140", 69))[:2 if case.LONG or name == "copy" else 1]:
                    with self.subTest(mode=mode, place=name, code=code):
                        told = self.refuse(mode, name, status, code=code)
                        query_id, = [entry["query_id"] for entry in self.service.log("query") if entry.get("fault")]
                        self.assertRegex(told.error, f"{code}.*{query_id}")
                self.finish_it(mode)

    def test_what_is_refused_after_publishing_does_not_undo_it(self):
        for name in ("drop", "remove") if case.LONG else ["remove"]:
            with self.subTest(place=name):
                self.prepare("replace")
                self.service.order(**COMMON[name], what="refuse", code="003001")
                process = self.begin_store()
                process.wait(60)
                self.assertIn(process.returncode, (0, 77))
                self.assertEqual(self.rows(), storing.wanted(self.out))
                self.service.reset()
                self.store()
                self.assertEqual((self.rows(), self.service.log("copy")), (storing.wanted(self.out), []))

    def test_an_error_in_a_good_answer(self):
        every = {"replace": ("login", "describe", "put", "copy", "swap"), "append": ("insert", "delete", "commit")}
        few = {"replace": ("login", "swap"), "append": ("commit",)}
        for mode, names in (every if case.LONG else few).items():
            for name in names:
                with self.subTest(mode=mode, place=name):
                    self.prepare(mode)
                    self.service.order(**PLACES[mode][name], what="error-in-200", code="000603", message="internal error of the day")
                    process = self.begin_store(mode=mode)
                    process.wait(60)
                    if process.returncode:
                        told = self.finish(process, 77 if name == "login" else 69)
                        self.assertRegex(told.error, "internal error of the day.*000603")
                        self.assertEqual(self.rows(), OLD)
                        self.store(mode=mode)
                    self.assert_stored(OLD if mode == "append" else ())

    def test_storage_that_refuses_is_asked_once(self):
        for status, code, exit_code in (("403", "AccessDenied", 77), ("403", "SignatureDoesNotMatch", 77), ("400", "InvalidRequest", 69),
                                        ("404", "NoSuchBucket", 69)):
            with self.subTest(code=code):
                self.prepare("replace")
                self.service.order(at="storage-put", match="part-00001", what=status, code=code, times=0)
                told = self.store(code=exit_code)
                self.assertRegex(told.error, f"part-00001.*{code}")
                self.assertEqual(sum("part-00001" in entry["path"] for entry in self.service.log("storage-put")), 1)
                self.assertEqual(self.rows(), OLD)
                self.finish_it("replace")

    def test_storage_that_says_yes_and_keeps_nothing_is_found_out(self):
        self.prepare("replace")
        self.service.order(at="storage-put", match="part-00003", what="error-in-200", code="InternalError")
        process = self.begin_store()
        process.wait(60)
        if process.returncode:
            self.assertRegex(self.finish(process, 69).error, "part-00003")
            self.assertEqual(self.rows(), OLD)
            self.store()
        self.assert_stored()


class Storage(Faults):
    """An object store that fails while parts are on their way."""

    words = (RETRY,)
    expired = 400

    def test_each_fault_at_some_part(self):
        for parallel in (1, 8):
            with self.subTest(parallel=parallel):
                self.prepare("replace")
                for i, what in enumerate(("503", "reset", "reset-mid-body", "500", "429", "408")):
                    self.service.order(at="storage-put", match=f"part-0000{i}", what=what)
                    self.service.order(at="storage-put", match=f"part-0000{(i + 1) % 6}", what=what, when="after")
                for i, what in enumerate(("slow", "slow-read", "delay")):
                    self.service.order(at="storage-put", match=f"part-0000{i}", what=what, seconds=0.1)
                self.store(f"store.parallel={parallel}")
                self.assert_met(15)
                self.assert_stored()

    def test_credentials_that_run_out_on_the_way_are_asked_for_again(self):
        for nth in (1, 3, 6) if case.LONG else [3]:
            with self.subTest(nth=nth):
                self.prepare("replace")
                self.service.order(at="storage-put", what="expire-storage", nth=nth)
                self.store("store.parallel=2")
                self.assert_met()
                self.assertIn(self.expired, [entry["status"] for entry in self.service.log("storage-put")])
                self.assert_stored()
                self.assertEqual(sorted(self.uploads()), self.parts())  # none of them twice

    def test_the_session_ends_while_credentials_are_asked_for(self):
        self.prepare("append")
        self.service.order(at="storage-put", what="expire-storage", nth=2)
        self.service.order(at="put-statement", what="lose-session", nth=2)
        self.service.order(at="put-statement", what="503", nth=3)
        self.store("store.parallel=2", mode="append")
        self.assert_met()
        self.assertEqual((self.rows(), self.staged(), self.aside()), (sorted([*storing.wanted(self.out), *OLD]), [], []))


class Heartbeat(Faults):
    options = {"stage": "s3", "session_seconds": 2}
    words = (RETRY,)

    def test_a_session_is_kept_while_nothing_but_the_upload_goes_on(self):
        for fault in (None, "503", "expire-session", "lose-session") if case.LONG else ["lose-session"]:
            with self.subTest(fault=fault):
                self.prepare("replace")
                self.service.order(at="storage-put", what="delay", seconds=2.5)
                if fault:
                    self.service.order(at="heartbeat", what=fault)
                self.store()
                self.assertGreater(len(self.service.log("heartbeat")), 2)
                self.assert_met()
                self.assertEqual((self.rows(), self.staged(), self.aside()), (storing.wanted(self.out), [], []))


class StorageOfGcs(Storage):
    options = {"stage": "gcs"}
    expired = 401


class StorageOfAzure(Storage):
    options = {"stage": "azure"}
    expired = 403


class StorageByAddress(Storage):
    options = {"stage": "gcs-presigned"}


class Clock(Faults):
    def test_a_clock_that_is_wrong_is_set_by_the_servers(self):
        self.prepare("replace")
        later = email.utils.formatdate(time.time() + 300, usegmt=True)
        self.service.order(at="storage-put", what="403", code="RequestTimeTooSkewed", headers={"Date": later})
        self.store(RETRY)
        self.assert_met()
        self.assert_stored()


class Secure(Faults):
    """TLS with an authority of our own, for the service and for the storage."""

    options = {"stage": "s3", "tls": True}

    def test_an_authority_that_is_given_is_trusted(self):
        self.prepare("replace")
        self.store(f"store.ca_file={self.service.ca}", f"store.crl_file={self.service.crl}")
        self.assert_stored()
        self.assertEqual(self.service.ready["protocol"], "https")

    def test_others_are_not_and_nothing_is_told_to_them(self):
        with warehouse.Warehouse(tls=True) as other:
            for words, code in (((), 69), ((f"store.ca_file={other.ca}",), 69), (("store.ca_file=none.pem",), 64),
                                ((f"store.ca_file={self.service.ca}", "store.crl_file=none.pem"), 64)):
                with self.subTest(words=words):
                    self.assertRegex(self.store(*words, code=code).error, "store.ca_file")
        self.assertEqual(self.service.log(), [])

    def test_the_storage_is_held_to_the_same(self):
        self.prepare("replace")
        self.service.order(at="storage-put", what="reset", nth=2)
        self.store(f"store.ca_file={self.service.ca}", RETRY)
        self.assert_met()
        self.assert_stored()


class Certificates(case.Case):
    def test_a_certificate_that_does_not_hold_is_refused(self):
        for kind in ("expired", "other-host", "revoked"):
            with self.subTest(kind=kind), warehouse.Warehouse(tls=kind) as service:
                words = ["store", "--check", "--set", "store.to=snowflake", "--set", "store.table=T", "--set",
                         f"store.ca_file={service.ca}"]
                env = {**warehouse.outside(HOME=str(self.dir)), **service.environment()}
                if kind == "revoked":
                    self.rfmpi(*words, ranks=0, env=env)
                    words += ["--set", f"store.crl_file={service.crl}"]
                n_asked = len(service.log())
                told = self.rfmpi(*words, code=69, ranks=0, env=env)
                self.assertRegex(case.errors(told)[0], "certificate does not hold")
                self.assertEqual(len(service.log()), n_asked)


class Proxies(Faults):
    options = {"stage": "s3", "tls": True, "proxy": True}

    def setUp(self):
        super().setUp()
        self.prepare("replace")
        self.trust = f"store.ca_file={self.service.ca}"

    def through(self, *words, env=None):
        """How much of a store went through the proxy to the service, and to the storage."""
        before = self.service.proxied()["counts"]
        self.store(self.trust, *words, env=env)
        self.assert_stored()
        ports = [self.service.ready[name] for name in ("port", "storage_port")]
        return [self.service.proxied()["counts"].get(f"127.0.0.1:{port}", 0) - before.get(f"127.0.0.1:{port}", 0) for port in ports]

    def test_everything_goes_through_the_proxy_that_is_given(self):
        for words, env in (((f"store.proxy={self.service.proxy}",), {}), ((), {"HTTPS_PROXY": self.service.proxy}),
                           ((), {"https_proxy": self.service.proxy}), ((), {"ALL_PROXY": self.service.proxy})):
            with self.subTest(words=words, env=env):
                self.prepare("replace")
                self.assertNotIn(0, self.through(*words, env=env))

    def test_hosts_that_need_none(self):
        for variable in ("NO_PROXY", "no_proxy"):
            self.prepare("replace")
            self.assertEqual(self.through(env={"HTTPS_PROXY": self.service.proxy, variable: "example.com,127.0.0.1"}), [0, 0])

    def test_a_proxy_that_is_not_there(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        told = self.store(self.trust, f"store.proxy=http://127.0.0.1:{port}", "store.retry=1", code=75)
        self.assertIn("run the same command again", told.error)
        self.assertEqual(self.service.log("login"), [])


class ProxyWithPassword(Faults):
    options = {"stage": "s3", "proxy": "proxy-pass-word"}
    words = (RETRY,)

    def test_a_proxy_that_asks_for_a_password(self):
        self.prepare("replace")
        told = self.store(f"store.proxy={self.service.proxy}")
        self.assert_stored()
        self.assertEqual(len(self.service.proxied()["counts"]), 2)
        for content in (told.stderr, told.stdout, (self.out / "run.json").read_text(), (self.out / "store.jsonl").read_text(),
                        (self.out / "log.jsonl").read_text()):
            self.assertNotIn("proxy-pass-word", content)

    def test_without_it_nothing_goes_through(self):
        wrong = self.service.proxy.replace("proxy-pass-word", "wrong")
        for proxy in (wrong, wrong.replace("proxy:wrong@", "")):
            told = self.store(f"store.proxy={proxy}", code=77)
            self.assertRegex(told.error, "the proxy wants a user and a password")
        self.assertEqual(self.service.proxied()["refused"], 2)
        self.assertEqual(self.service.log("login"), [])


class TunnelWithPassword(ProxyWithPassword):
    options = {"stage": "s3", "proxy": "proxy-pass-word", "tls": True}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.words = (RETRY, f"store.ca_file={cls.service.ca}")


if __name__ == "__main__":
    warehouse.need()
    case.main()
