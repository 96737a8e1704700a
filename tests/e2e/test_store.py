"""Results in a table of the warehouse: what is there afterwards, on every kind of stage and in every mode; and results as a copy.

Tables are read through Snowflake's own connector and compared with customers/, row by row.
"""

import json
import random
import shutil
import unittest

import case
import storing
import warehouse
from storing import ODD_IDS, OLD, Store, wanted

COLUMNS = {"ID": "VARCHAR", "RECENCY_DAYS": "DOUBLE", "FREQUENCY": "DOUBLE", "MONETARY": "DOUBLE", "SEGMENT": "NUMBER(38,0)",
           "SEGMENT_NAME": "VARCHAR", "DISTANCE": "DOUBLE", "R_SCORE": "NUMBER(38,0)", "F_SCORE": "NUMBER(38,0)",
           "M_SCORE": "NUMBER(38,0)", "RFM_SEGMENT": "VARCHAR"}
SCORES = ("R_SCORE", "F_SCORE", "M_SCORE", "RFM_SEGMENT")
MODES = ("replace", "overwrite", "append")


def columns_sql(columns):
    return ", ".join(f"{storing.quoted(name)} {kind}" for name, kind in columns.items())


class Created(Store):
    def test_a_table_is_made_with_types_and_comments_and_gets_the_rows(self):
        told = self.store("store.create=true")
        self.assertIn(f"111 customers stored in \"LOAD_DB\".\"PUBLIC\".\"{self.table}\"", told.stdout)
        self.assert_stored()
        self.assertEqual({row[0] for row in self.rows('"ID"')} & set(ODD_IDS), set(ODD_IDS))
        found = self.service.rows("SELECT COLUMN_NAME, DATA_TYPE, COMMENT FROM LOAD_DB.INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = "
                                  f"'{self.table}' ORDER BY ORDINAL_POSITION")
        self.assertEqual([name for name, _, _ in found], list(COLUMNS))
        self.assertEqual([kind for _, kind, _ in found], ["TEXT", "FLOAT", "FLOAT", "FLOAT", "NUMBER", "TEXT", "FLOAT", "NUMBER", "NUMBER",
                                                          "NUMBER", "TEXT"])
        comments = {name: comment for name, _, comment in found}
        self.assertEqual({name: comments[name] for name in ("RECENCY_DAYS", "FREQUENCY", "MONETARY")},
                         {"RECENCY_DAYS": "days", "FREQUENCY": "orders", "MONETARY": "amount"})
        self.assertTrue(all(comments.values()), comments)

    def test_what_was_done_is_in_the_report(self):
        self.store("store.create=true")
        told = case.read_report(self.out)["store"]
        self.assertEqual((told["to"], told["n_rows"], told["n_parts"]), ("snowflake", 111, len(self.parts())))
        self.assertEqual(told["bytes"], sum(part["bytes"] for part in storing.manifest(self.out)["parts"]))
        self.assertIn(self.table, told["where"])
        ids = [entry["query_id"] for entry in self.service.log("swap")]
        self.assertEqual([told["query_id"]], ids)

    def test_integer_ids_are_numbers(self):
        folder = self.dir / "integers"
        folder.mkdir()
        storing.write_events(folder / "events.csv", [f"{i:04}" for i in range(-3, 40)] + [str(2**63 - 1), str(-2**63)])
        self.start("run", storing.job_of(folder, input__id="integer"))
        self.store("store.create=true", run=folder / "out")
        self.assertEqual(self.rows(), wanted(folder / "out"))
        self.assertEqual(self.rows('"ID"')[0], [-2**63])

    def test_a_table_is_not_made_unasked(self):
        told = self.store(code=69)
        self.assertRegex(told.error, f'"{self.table}".*does not exist.*002003.*store\\.create')
        self.assertEqual(self.uploads(), [])
        self.assert_tidy()


class Modes(Store):
    def test_each_mode_leaves_what_it_promises(self):
        for mode in MODES:
            for copy in ("files", "prefix"):
                with self.subTest(mode=mode, copy=copy):
                    self.table = f"T_{mode}_{copy}_{next(storing.COUNTER)}".upper()
                    self.make_table()
                    self.store(f"store.copy={copy}", mode=mode)
                    self.assert_stored(OLD if mode == "append" else ())

    def test_columns_are_found_by_name(self):
        columns = {name.lower() if i % 2 else name: kind for i, (name, kind) in enumerate(COLUMNS.items())}
        columns.update({"Loaded At": "TIMESTAMP_NTZ", "NOTE": "VARCHAR", "ANSWER": "NUMBER(10,0) NOT NULL DEFAULT 42"})
        for seed, mode in enumerate(MODES):
            order = list(columns)
            random.Random(seed).shuffle(order)
            for copy in ("files", "prefix"):
                with self.subTest(mode=mode, copy=copy, order=order):
                    self.table = f"T_{mode}_{copy}_{next(storing.COUNTER)}".upper()
                    self.make_table(columns_sql({name: columns[name] for name in order}))
                    self.store(f"store.copy={copy}", mode=mode)
                    names = ", ".join(map(storing.quoted, columns))
                    self.assertEqual(self.rows(names), [[*row, None, None, 42] for row in wanted(self.out)])
                    found = self.service.rows(f'SELECT * FROM "{self.table}" LIMIT 1', f'DESCRIBE TABLE "{self.table}"')
                    self.assertEqual([row[0] for row in found], order)

    def test_a_table_without_columns_for_scores_gets_the_others(self):
        lists = [SCORES, SCORES[:1], SCORES[1:3]]
        for mode in (*MODES, "merge", "history"):
            for lacking in lists if mode == "replace" else lists[:1]:
                with self.subTest(mode=mode, lacking=lacking):
                    self.table = f"T{next(storing.COUNTER)}"
                    kept = {name: kind for name, kind in COLUMNS.items() if name not in lacking}
                    extras = {"merge": {"FIRST_SEEN_AT": "TIMESTAMP_NTZ", "FIRST_SEGMENT": "NUMBER(38,0)", "CHANGED_AT": "TIMESTAMP_NTZ",
                                        "PREVIOUS_SEGMENT": "NUMBER(38,0)"},
                              "history": {"RUN_ID": "VARCHAR", "AS_OF": "TIMESTAMP_NTZ"}}.get(mode, {})
                    self.make_table(columns_sql({**kept, **extras}))
                    for word in ("log.level=info", "output.force=true"):  # the second finds the rows of the first
                        told = self.store(word, mode=mode)
                        self.assertIn(f'"{self.table}" has no column {", ".join(lacking).lower()}: left out', told.stderr)
                    left = [list(COLUMNS).index(name) for name in lacking]
                    rows = sorted([value for i, value in enumerate(row) if i not in left] for row in wanted(self.out))
                    times = 2 if mode == "append" else 1
                    self.assertEqual(self.rows(", ".join(map(storing.quoted, kept))), sorted(rows * times))
                    self.assert_tidy()

    def test_a_column_for_scores_of_another_type_is_refused(self):
        self.refuse({**COLUMNS, "R_SCORE": "BOOLEAN"}, r"of another type: r_score \(is BOOLEAN\)", "replace")

    def test_a_text_column_takes_anything(self):
        self.make_table(columns_sql(dict.fromkeys(COLUMNS, "VARCHAR")))
        self.store()
        self.assertEqual(self.rows(), sorted([row[name] for name in row] for row in case.read_customers(self.out)))

    def refuse(self, columns, pattern, mode):
        self.make_table(columns_sql(columns))
        self.service.rows(f'INSERT INTO "{self.table}" SELECT {", ".join(["1"] * len(columns))}')
        before = self.service.rows(f'SELECT * FROM "{self.table}"')
        told = self.store(mode=mode, code=69)
        self.assertRegex(told.error, pattern)
        self.assertEqual(self.service.rows(f'SELECT * FROM "{self.table}"'), before)
        self.assertEqual(self.uploads(), [])
        self.assert_tidy()

    def test_what_does_not_fit_is_named_and_nothing_is_touched(self):
        lacking = {name: kind for name, kind in COLUMNS.items() if name not in ("FREQUENCY", "DISTANCE")}
        wrong = {**COLUMNS, "MONETARY": "BOOLEAN", "SEGMENT": "DATE"}
        del wrong["MONETARY"], wrong["SEGMENT"]
        wrong.update(MONETARY="NUMBER(10,0)", SEGMENT="NUMBER(10,2)")
        unfilled = {**COLUMNS, "REGION": "VARCHAR NOT NULL", "NOTE": "VARCHAR"}
        for mode in MODES:
            with self.subTest(mode=mode):
                self.refuse(lacking, r"no column frequency, distance\b", mode)
                self.refuse(wrong, r"monetary \(is NUMBER\(10,0\)\).*segment \(is NUMBER\(10,2\)\)", mode)
                self.refuse(unfilled, r"NOT NULL.*REGION", mode)

    def test_a_value_that_does_not_fit_is_told_with_file_line_and_query(self):
        self.make_table(columns_sql({**COLUMNS, "ID": "VARCHAR(100)"}))
        self.service.rows(f'INSERT INTO "{self.table}" ("ID") VALUES (\'old\')')
        told = self.store(code=69)
        self.assertRegex(told.error, r"String 'é+' is too long and would be truncated +File '.*part-\d{5}\.csv\.gz', line \d+")
        self.assertIn(self.service.log("copy")[0]["query_id"], told.error)
        self.assertEqual(self.rows('"ID"'), [["old"]])
        self.assertEqual(self.aside(), [])
        self.assert_logged_out()
        self.make_table()
        self.store()
        self.assert_stored()
        self.assertEqual(self.uploads(), self.parts())  # the first start's are used

    def test_a_swap_that_is_refused_becomes_an_overwrite(self):
        self.make_table()
        self.service.order(at="swap", what="refuse", code="003001", message="SQL access control error:\nInsufficient privileges")
        self.store()
        self.assert_stored()
        self.assertIn("INSERT OVERWRITE", self.service.log("insert")[0]["sql"])


class Names(Store):
    def test_names_are_taken_as_they_are_written(self):
        for given, schema, name in (
                ('"say ""hi"" to, (it); --"', "PUBLIC", 'say "hi" to, (it); --'), ('"lower case"', "PUBLIC", "lower case"),
                ('"with.point"', "PUBLIC", "with.point"), ("plain_name$1", "PUBLIC", "PLAIN_NAME$1"), ("other.t", "OTHER", "T"),
                ('load_db."OTHER"."é 日本"', "OTHER", "é 日本"), ('"' + "n" * 255 + '"', "PUBLIC", "n" * 255)):
            with self.subTest(given=given):
                self.store("store.create=true", table=given)
                full = f'"LOAD_DB"."{schema}".{storing.quoted(name)}'
                self.assertEqual(sorted(self.service.rows(f"SELECT * FROM {full}")), wanted(self.out))
                self.assert_tidy()

    def test_what_is_no_name_is_refused_before_anything_is_done(self):
        for given in ("a b", "a;DROP TABLE x", '"open', "a.b.c.d", "", "a..b", '""', "a)", "1a"):
            with self.subTest(given=given):
                self.assertIn("store.table", self.store(table=given, code=64).error)
        self.assertEqual(self.service.log("query"), [])

    def test_features_of_any_name_become_columns_of_that_name(self):
        folder = self.dir / "named"
        folder.mkdir()
        storing.write_events(folder / "events.csv", ["a", "b", "c", "d"])
        names = ['say "x"', "Mixed", "group", "it's é", "1st"]
        entries = [{"name": name, "count": "*"} for name in names] + [{"name": "spent", "sum": "amount"}]
        self.start("run", storing.job_of(folder, features__list=entries, cluster={"k": 2}))
        self.store("store.create=true", run=folder / "out")
        self.assertEqual(self.rows(), wanted(folder / "out"))
        told = [row[0] for row in self.service.rows(f'DESCRIBE TABLE "{self.table}"')]
        self.assertEqual(told, ["ID", 'say "x"', "MIXED", "GROUP", "it's é", "1st", "SPENT", "SEGMENT", "SEGMENT_NAME", "DISTANCE"])

    def test_a_stage_that_is_there_is_used_and_what_else_is_in_it_stays(self):
        self.service.rows('CREATE OR REPLACE STAGE "it\'s a ""stage""" ENCRYPTION = (TYPE = \'SNOWFLAKE_SSE\')')
        self.make_table()
        self.store("store.stage=" + storing.yaml('"it\'s a ""stage"""'))
        self.assert_stored()
        self.assertEqual([entry for entry in self.service.log("create") if "STAGE" in entry["sql"]], [])
        self.assertNotIn("RFMPI_STAGE", str(self.service.stage_files()))


class Again(Store):
    def test_a_second_time_says_so_and_changes_nothing(self):
        for mode in MODES:
            with self.subTest(mode=mode):
                self.table = f"T_{mode}_{next(storing.COUNTER)}".upper()
                old = self.make_table() if mode == "append" else self.make_table() and ()
                self.store(mode=mode)
                self.service.reset()
                told = self.store(mode=mode)
                self.assertRegex(told.stdout, "already.*nothing to do")
                self.assertEqual({entry["kind"] for entry in self.service.log("query")}, set())
                self.assertEqual(self.uploads(), [])
                self.assert_stored(old)

    def test_another_target_in_between_does_not_matter(self):
        self.make_table()
        self.store(mode="append")
        self.store("store.create=true", table="ELSEWHERE")
        self.store("store.create=true", table="ELSEWHERE", mode="append")
        self.service.reset()
        self.assertIn("already", self.store(mode="append").stdout)
        self.assertIn("already", self.store("store.create=true", table="elsewhere").stdout)
        self.assertEqual(self.uploads(), [])
        self.assert_stored(OLD)
        self.assertEqual(self.rows(table="ELSEWHERE"), sorted(wanted(self.out) * 2))

    def test_force_stores_once_more(self):
        self.make_table()
        self.store(mode="append")
        self.store("output.force=true", mode="append")
        self.assert_stored([*OLD, *wanted(self.out)])

    def test_new_results_in_the_same_directory_are_stored(self):
        self.store("store.create=true")
        self.start("run", storing.job_of(storing.finished_run().parent, output__dir=str(self.out)), "--set", "cluster.k=2", "--set",
                   "cluster.names=[one,two]", "--force")
        self.store("store.create=true")
        self.assert_stored()
        self.assertEqual({row[0] for row in self.rows("SEGMENT_NAME")}, {"one", "two"})


class LastStage(Store):
    """`run`, whose job says where its results go."""

    def setUp(self):
        super().setUp()
        shutil.rmtree(self.out)
        storing.write_events(self.dir / "events.csv", ODD_IDS)
        self.job = storing.job_of(self.dir, store={"to": "snowflake", "table": self.table, "create": True, "mode": "append"},
                                  log={"level": "debug"})

    def run_job(self, *more, ranks=0, env=None, **how):
        return self.start("run", self.job, *more, ranks=ranks, env={**self.service.environment(), **(env or {})}, **how)

    def test_at_any_number_of_ranks(self):
        for ranks in (1, 2, 3):
            with self.subTest(ranks=ranks):
                self.run_job("--set", f"output.dir={self.dir}/out{ranks}", "--set", f"store.table=R{ranks}", ranks=ranks)
                self.assertEqual(self.rows(table=f"R{ranks}"), wanted(self.dir / f"out{ranks}"))
                self.assertEqual(case.read_report(self.dir / f"out{ranks}")["store"]["n_rows"], len(ODD_IDS))
        self.assert_tidy()
        self.assertEqual(len(self.service.log("login")), 3)  # rank 0 alone talks to the warehouse

    def test_a_run_that_is_repeated_does_not_store_again(self):
        self.run_job()
        self.service.reset()
        self.assertIn("already", self.run_job().stdout)
        self.assertEqual(self.uploads(), [])
        self.assert_stored()

    def test_the_run_directory_alone_is_enough(self):
        self.run_job("--set", "store.table=WRONG", "--set", "store.create=false", code=69)
        self.start("store", self.out, "--set", f"store.table={self.table}", "--set", "store.create=true", env=self.service.environment())
        self.assert_stored()
        self.service.reset()
        told = self.start("store", self.out, "--set", "store.create=true", code=0, env=self.service.environment())
        self.assertIn('"WRONG"', told.stdout)
        self.assertEqual(self.rows(table="WRONG"), wanted(self.out))

    def test_a_run_whose_store_was_refused_is_stored_by_either_command(self):
        for command in ("run", "store"):
            with self.subTest(command=command):
                out = self.dir / f"after-{command}"
                told = self.run_job("--set", f"output.dir={out}", env={"SNOWFLAKE_PASSWORD": "wrong"}, code=77)
                self.assertIn("390100", told.error)
                table = f"{self.table}_{command}".upper()
                if command == "run":
                    self.run_job("--set", f"output.dir={out}", "--set", f"store.table={table}")
                else:
                    self.start("store", out, "--job", self.job, "--set", f"store.table={table}", env=self.service.environment())
                self.assertEqual(self.rows(table=table), wanted(out))

    def test_a_run_whose_store_was_stopped_is_stored_by_either_command(self):
        for command in ("run", "store"):
            with self.subTest(command=command):
                out, table = self.dir / f"after-{command}", f"{self.table}_{command}".upper()
                words = ("--set", f"output.dir={out}", "--set", f"store.table={table}")
                self.service.order(at="copy", what="503", times=0)
                self.run_job(*words, "--set", "store.retry=1", code=75)
                self.service.reset()
                self.run_job(*words) if command == "run" else self.start("store", out, env=self.service.environment())
                self.assertEqual(self.rows(table=table), wanted(out))
                self.assertEqual(self.uploads(), [])

    def test_what_is_not_finished_is_not_stored(self):
        self.start("prepare", self.job)
        self.assertIn("no results yet", self.store(code=64).error)
        self.start("run", self.job, code=70, env={**self.service.environment(), "RFMPI_FAULT": "write:0"})
        self.assertIn("not finished", self.store(code=64).error)
        self.assertEqual(self.service.log("login"), [])
        nowhere = self.dir / "nowhere"
        self.store(run=nowhere, code=65)
        self.assertFalse(nowhere.exists())


class Check(Store):
    def check(self, *more, code=0, table=None, env=None):
        words = [*self.store_words(*more, table=table), "--check"]
        return self.start(*words, code=code, env={**self.service.environment(), **(env or {})})

    def test_it_names_what_is_there_and_writes_nothing(self):
        self.make_table()
        self.service.rows("CREATE OR REPLACE STAGE RFMPI_STAGE")
        before = sorted(path.name for path in self.out.iterdir())
        told = self.check().stdout
        for word in ("RFMTEST", "LOADER", "LOADER_ROLE", "LOAD_WH", "LOAD_DB", "PUBLIC", self.table, "OWNERSHIP", "USAGE"):
            self.assertIn(word, told)
        self.assertNotRegex(told, "not|none")
        self.assertEqual({entry["kind"] for entry in self.service.log("query")} - {"describe", "show", "list", "select"}, set())
        self.assertEqual(self.rows(), OLD)
        self.assertEqual(sorted(path.name for path in self.out.iterdir()), before)
        self.assert_logged_out()

    def test_it_names_what_is_missing(self):
        told = self.check(env={"SNOWFLAKE_WAREHOUSE": "NO_WH"}).stdout
        self.assertRegex(told, rf'(?s)table +.*"{self.table}": .*does not exist')
        self.assertRegex(told, r"(?s)stage +.*RFMPI_STAGE.*does not exist")
        self.assertRegex(told, r"warehouse +none")
        self.assertEqual(self.aside(), [])
        self.assertEqual({entry["kind"] for entry in self.service.log("query")} - {"describe", "show", "list", "select"}, set())

    def test_no_run_directory_is_needed(self):
        self.make_table()
        told = self.start("store", "--check", "--set", "store.to=snowflake", "--set", f"store.table={self.table}",
                          env=self.service.environment()).stdout
        self.assertIn("is there", told)


class OtherStages(Store):
    def load_each_way(self, *more):
        for mode in MODES:
            with self.subTest(mode=mode):
                self.table = f"T_{mode}_{next(storing.COUNTER)}".upper()
                old = self.make_table()
                self.store(*more, "store.parallel=3", mode=mode)
                self.assert_stored(old if mode == "append" else ())


class GcsToken(OtherStages):
    options = {"stage": "gcs"}

    def test_a_token_is_asked_for_once(self):
        self.load_each_way()
        self.assertEqual(len(self.service.log("put-statement")), 3)
        self.assertEqual(sorted(self.uploads()), sorted(self.parts() * 3))


class Azure(OtherStages):
    options = {"stage": "azure"}

    def test_a_signature_is_good_for_all_parts(self):
        self.load_each_way()
        self.assertEqual(len(self.service.log("put-statement")), 3)
        self.assertEqual(sorted(self.uploads()), sorted(self.parts() * 3))


class AzureEncrypted(OtherStages):
    options = {"stage": "azure", "encrypted": 256}

    def test_files_are_sealed_on_the_way(self):
        self.load_each_way()


class GcsPresigned(OtherStages):
    options = {"stage": "gcs-presigned"}

    def test_each_part_has_its_own_address(self):
        self.load_each_way()
        self.assertEqual(sorted(self.uploads()), sorted(self.parts() * 3))


class LocalFolder(OtherStages):
    options = {"stage": "local"}

    def test_a_folder_is_a_stage_where_that_is_allowed(self):
        self.load_each_way("store.local_stage=true")

    def test_it_is_refused_otherwise(self):
        self.make_table()
        told = self.store(code=69)
        self.assertIn("store.local_stage", told.error)
        self.assertEqual(self.rows(), OLD)
        self.assert_tidy()


class Encrypted(OtherStages):
    options = {"stage": "s3", "encrypted": 128}

    def test_files_are_encrypted_where_the_stage_asks_for_it(self):
        self.load_each_way()
        self.assertEqual(sorted(self.uploads()), sorted(self.parts() * 3))


class Copy(Store):
    """A folder as the place that gets a copy of the results."""

    def copy(self, to, *more, code=0):
        return self.start("store", self.out, "--set", f"store.dir={to}", *more, code=code)

    def assert_copied(self, to):
        for name in ("segments.csv", "model.h5", "features.h5", "customers/manifest.json", *(f"customers/{name}" for name in self.parts())):
            self.assertEqual((to / name).read_bytes(), (self.out / name).read_bytes(), name)
        self.assertEqual([path.name for path in self.dir.iterdir() if "rfmpi-part" in path.name], [])

    def test_a_copy_appears_whole_and_once(self):
        to = self.dir / "copy"
        self.copy(to)
        self.assert_copied(to)
        before = {path: path.stat().st_mtime_ns for path in to.rglob("*")}
        self.assertRegex(self.copy(to).stdout, "already.*nothing to do")
        self.assertEqual({path: path.stat().st_mtime_ns for path in to.rglob("*")}, before)

    def test_other_results_take_the_place_of_a_copy(self):
        to = self.dir / "copy"
        folder = self.dir / "other"
        folder.mkdir()
        storing.write_events(folder / "events.csv", ["a", "b", "c", "d"])
        self.start("run", storing.job_of(folder))
        self.start("store", folder / "out", "--set", f"store.dir={to}")
        self.copy(to)
        self.assert_copied(to)
        self.assertEqual(len(list((to / "customers").iterdir())), len(self.parts()) + 1)

    def test_what_is_no_copy_stays(self):
        to = self.dir / "precious"
        to.mkdir()
        (to / "letter.txt").write_text("dear")
        self.assertIn("store.dir", self.copy(to, code=64).error)
        self.assertEqual([path.name for path in to.iterdir()], ["letter.txt"])

    def test_what_a_killed_start_left_is_cleared_away(self):
        to = self.dir / "copy"
        (self.dir / "copy.rfmpi-part" / "customers").mkdir(parents=True)
        (self.dir / "copy.rfmpi-part" / "customers" / "part-09999.csv.gz").write_text("torn")
        self.copy(to)
        self.assert_copied(to)
        self.assertFalse((to / "customers" / "part-09999.csv.gz").exists())

    def test_run_copies_as_its_last_stage(self):
        storing.write_events(self.dir / "events.csv", ["a", "b", "c", "d"])
        self.start("run", storing.job_of(self.dir, output__dir=str(self.dir / "run"), store={"dir": str(self.dir / "copy")}), ranks=2)
        self.out = self.dir / "run"
        self.assert_copied(self.dir / "copy")


del OtherStages

if __name__ == "__main__":
    warehouse.need()
    case.main()
