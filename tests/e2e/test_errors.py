"""Every failure ends all ranks with one message of ours and its exit code, and leaves no half product."""

import gzip
import json
import os

import case

EVERY = case.LONG  # failure of a walk, instead of a few in each stage

HEADER = "event_time,event_type,price,user_id,user_session,product_id,category_id\n"
ROW = "2019-10-0{day} 00:00:00 UTC,purchase,{price},{user},s{user},p,c\n"


class Errors(case.Case):
    def setUp(self):
        super().setUp()
        self.good = self.write("good.csv", HEADER + self.rows(300))

    def rows(self, n):
        return "".join(ROW.format(day=1 + i % 9, price=i % 50 + 1, user=i % 40) for i in range(n))

    def write(self, name, text):
        path = self.dir / name
        path.write_text(text) if isinstance(text, str) else path.write_bytes(text)
        return path

    def start(self, paths, *words, code, task="run", ranks=2, env=None):
        result = self.rfmpi(task, case.SOURCE / "conf" / "quickstart.yml", "--set",
                            "input.paths=" + json.dumps([str(path) for path in paths]), "--set",
                            f"output.dir={self.dir / 'out'}", "--set", "cluster.k=3", *words, code=code, ranks=ranks,
                            env=env)
        if code:
            lines = case.errors(result)
            self.assertEqual(len(lines), 1, result.stderr)
            return lines[0]
        return case.read_report(self.dir / "out")

    def assert_no_leftovers(self):
        out = self.dir / "out"
        names = sorted(os.listdir(out)) if out.exists() else []
        self.assertEqual([name for name in names if ".tmp" in name], [])
        return names

    # ---- memory and disk ---------------------------------------------------------------------------------------------

    def test_a_budget_that_is_none_names_the_least(self):
        for budget in ("1000K", "2X", "M", "0", "99999999999999999999T"):
            self.assertRegex(self.start([self.good], "--memory", budget, code=64), f"'{budget}' is no .*at least 1M")

    def test_a_scratch_directory_that_is_not_there_is_named(self):
        many = self.generate(events=60000, customers=20000)
        absent = self.dir / "absent"
        line = self.start(many, "--memory", "1M", "--set", "features.list=rfm-behaviour", "--set",
                          f"output.scratch={absent}", code=74)
        self.assertRegex(line, f"{absent}/.scratch.*output.scratch")
        self.assertNotIn("state.h5", self.assert_no_leftovers())

    # ---- input -----------------------------------------------------------------------------------------------------

    def test_missing_file(self):
        self.assertRegex(self.start([self.dir / "absent.csv"], code=65), "absent.csv")

    def test_glob_without_match(self):
        self.assertRegex(self.start([self.dir / "absent-*.csv"], code=65), r"absent-\*.csv")

    def test_directory_without_event_files(self):
        bare = self.dir / "bare"
        bare.mkdir()
        (bare / "notes.md").write_text("no events here")
        self.assertRegex(self.start([bare], code=65), "bare: is a directory without a file")

    def test_a_name_that_says_another_format_than_the_bytes(self):
        packed = self.write("packed.csv", gzip.compress(b"a,b\n1,2\n"))
        self.assertRegex(self.start([self.good, packed], code=65), "packed.csv: its name says text, .* say gzip")

    def test_a_format_that_is_not_read_is_named(self):
        packed = self.write("packed.zip", b"PK\x03\x04 and so on")
        self.assertRegex(self.start([self.good, packed], code=65), "packed.zip is a zip archive.*unpack")

    def test_missing_column_names_file_line_and_what_is_there(self):
        bad = self.write("bad.csv", HEADER.replace("user_id", "userid") + self.rows(3))
        self.assertRegex(self.start([self.good, bad], code=65, ranks=3), r"bad.csv: line 1: .*user_id.*userid")

    def test_one_field_alone_asks_for_the_delimiter(self):
        semicolons = self.write("bad.csv", (HEADER + self.rows(3)).replace(",", ";"))
        self.assertRegex(self.start([semicolons], code=65), r"no column .*one field: is input.delimiter right\?")

    def test_duplicate_column(self):
        bad = self.write("bad.csv", HEADER.replace("category_id", "user_id") + self.rows(3))
        self.assertRegex(self.start([bad], code=65), r"bad.csv: line 1: .*user_id")

    def test_empty_file_beside_others_is_no_rows(self):
        report = self.start([self.good, self.write("empty.csv", ""), self.write("header.csv", HEADER)], code=0)
        self.assertEqual(report["n_rows"], 300)

    def test_no_event_at_all(self):
        self.assertRegex(self.start([self.write("header.csv", HEADER)], code=65), "no events")

    def test_rejected_rows_within_the_limit_are_kept_with_file_line_and_reason(self):
        rows = self.rows(300).splitlines(keepends=True)
        rows[100] = rows[100].replace("2019-10-0", "2019-13-0")
        rows[250] = rows[250].replace(",purchase,", ",purchase,x")
        bad = self.write("bad.csv", HEADER + "".join(rows) + "2019-10-01 00:00:00 UTC,purch")
        report = self.start([bad], "--set", "input.max_rejected=0.02", code=0, ranks=4)
        self.assertEqual((report["n_rows"], report["n_events"], report["n_rejected"]), (301, 298, 3))
        self.assertEqual({key: n for key, n in report["rejected"].items() if n}, {"time": 1, "number": 1, "fields": 1})
        lines = (self.dir / "out" / "rejects" / "rejects.csv").read_text().splitlines()
        self.assertEqual([line.split(",")[:3] for line in lines[1:]],
                         [[str(bad), "102", "time"], [str(bad), "252", "number"], [str(bad), "302", "fields"]])

    def test_too_many_rejected_rows(self):
        bad = self.write("bad.csv", HEADER + self.rows(100) + "x\n" * 5)
        self.assertRegex(self.start([bad], code=65, ranks=3), r"5 of 105 rows rejected.*bad.csv: line 102")
        self.assertEqual(self.assert_no_leftovers(), ["lock", "log.jsonl", "rejects", "run.json"])

    def test_masked_rejects_hide_the_row(self):
        bad = self.write("bad.csv", HEADER + self.rows(300) + "2019-13-01 00:00:00 UTC,purchase,1,77777,s,p,c\n")
        self.start([bad], "--set", "input.max_rejected=0.5", "--set", "output.mask=true", code=0)
        text = (self.dir / "out" / "rejects" / "rejects.csv").read_text()
        self.assertIn(",302,time,", text)
        self.assertNotIn("77777", text)
        self.assertNotIn("2019-13", text)

    def test_quoted_line_ends_are_read_whole_and_numbered_right(self):
        header = HEADER.replace("category_id", "note")
        rows = [ROW.format(day=1 + i % 9, price=2, user=i % 40).replace(",c\n", ',"a ""b"",\nc"\n') for i in range(20000)]
        rows.append("torn\n")
        path = self.write("quoted.csv", header + self.rows(20000) + "".join(rows))
        report = self.start([path], "--set", "input.columns.category=note", code=0, ranks=4)
        self.assertEqual((report["n_events"], report["n_rejected"]), (40000, 1))
        line = (self.dir / "out" / "rejects" / "rejects.csv").read_text().splitlines()[1]
        self.assertTrue(line.startswith(f"{path},60002,fields"), line)

    # ---- job ---------------------------------------------------------------------------------------------------------

    def test_unknown_key_names_the_nearest_with_its_place(self):
        job = self.write("job.yml", "input:\n  paths: [x.csv]\ncluster:\n  kk: 3\n")
        result = self.rfmpi("run", job, code=64, ranks=2)
        self.assertRegex(case.errors(result)[0], r"job.yml:4:3: .*cluster.kk.*cluster.k\b")

    def test_an_unknown_vector_level_is_refused(self):
        line = self.start([self.good], code=64, env={"RFMPI_VECTOR": "avx3"})
        self.assertRegex(line, "RFMPI_VECTOR='avx3'.*portable")

    def test_secrets_are_refused_on_the_command_line(self):
        result = self.rfmpi("run", "--set", "store.password=hunter2", code=64, ranks=0)
        self.assertRegex(result.stderr, "environment")
        self.assertNotIn("hunter2", result.stderr)

    def test_unknown_command_flag_and_missing_output(self):
        events = self.write("events.csv", "a: b\n")
        for words, pattern in ((["fly"], "fly"), (["run", "--fly"], "--fly"), (["runn"], "nearest is 'run'"),
                               (["run", "--forse"], "nearest is --force"), (["info", "--json=x"], "takes no value"),
                               (["predict", events], "rfmpi init .*events.csv.*input.paths="),
                               (["run", self.dir / "absent.yml"], "rfmpi init FILE"), (["run"], "rfmpi init FILE"),
                               (["run", "--set", f"input.paths=[{self.good}]"], "output.dir"), (["run"], "nothing to read")):
            lines = case.errors(self.rfmpi(*words, code=64, ranks=2))
            self.assertEqual(len(lines), 1)
            self.assertRegex(lines[0], pattern)

    def test_what_is_wrong_with_a_job_is_said_before_any_work(self):
        for word, code, pattern in (("cluster.names=[{name: V, monetary: huge}]", 64, "low, middle or high"),
                                    ("cluster.names=[Only]", 64, "1 names for 3 clusters"),
                                    ("features.as_of=soon", 64, "soon"),
                                    ("cluster.init=file:absent.h5", 65, "absent.h5")):
            self.assertRegex(self.start([self.good], "--set", word, code=code), pattern)
            self.assertFalse((self.dir / "out").exists())

    # ---- injected failures -------------------------------------------------------------------------------------------

    def strike(self, stage, rank, n, words, ranks):
        """One start that fails at the n-th agreement of a stage; False when the stage has no such agreement."""
        result = case.launch(*words, "--set", f"output.dir={self.dir / 'out'}", ranks=ranks, timeout=60,
                             env={"RFMPI_FAULT": f"{stage}:{rank}:{n}"})
        if result.returncode == 0:
            self.assertNotIn("failure injected", result.stderr, "it went on after a failure")
            return False
        lines = case.errors(result)
        self.assertEqual(len(lines), 1, f"{stage}:{rank}:{n}\n{result.stderr}")
        self.assertIn(f"rank {rank}", lines[0])
        self.assertEqual(result.returncode, 70, lines[0])
        self.assert_no_leftovers()
        return True

    def walk(self, stages, words, ranks, most):
        """Fail at the first `most` agreements of each stage on each rank, or at all of them; the start after a stage's
        failures comes to the same result as one without any. Returns how many there were."""
        self.rfmpi(*words, "--set", f"output.dir={self.dir / 'whole'}", ranks=ranks)
        digest = case.read_report(self.dir / "whole")["digest"]
        n_struck = 0
        for stage in stages:
            for rank in range(ranks):
                n = 1
                while (n <= most or EVERY) and self.strike(stage, rank, n, words, ranks):
                    n_struck, n = n_struck + 1, n + 1
                self.rfmpi(*words, "--set", f"output.dir={self.dir / 'out'}", ranks=ranks)
                self.assertEqual(case.read_report(self.dir / "out")["digest"], digest, stage)
                case.shutil.rmtree(self.dir / "out")
        case.shutil.rmtree(self.dir / "whole")
        return n_struck

    def job(self, task, *words):
        return (task, case.SOURCE / "conf" / "quickstart.yml", "--set", "cluster.k=3", "--set", "cluster.restarts=1", *words)

    @case.needs_ranks
    def test_a_failure_at_any_agreement_of_any_stage_on_any_rank(self):
        stages = ("start", "ingest", "features", "cluster", "score", "figures", "write", "report")
        words = self.job("run", "--set", f"input.paths=[{self.good}]")
        self.assertGreater(self.walk(stages, words, ranks=3, most=2), 30)

    @case.needs_ranks
    def test_a_failure_at_any_agreement_of_folding_and_of_predicting(self):
        base, model = self.dir / "base", self.dir / "model"
        dedupe = ("--set", "input.dedupe=row")
        more = self.write("more.csv", HEADER + self.rows(100).replace("2019-10", "2019-11") + self.rows(50))
        self.rfmpi(*self.job("prepare", "--set", f"input.paths=[{self.good}]", *dedupe, "--set", f"output.dir={base}"))
        self.rfmpi("train", base / "features.h5", "--set", "cluster.k=3", "--set", f"output.dir={model}")
        fold = self.job("prepare", "--set", f"input.paths=[{more}]", *dedupe, "--onto", base)
        self.assertGreater(self.walk(("start", "ingest", "features", "report"), fold, ranks=2, most=2), 10)
        predict = ("predict", base, "--model", model / "model.h5")
        self.assertGreater(self.walk(("ingest", "label", "figures", "write"), predict, ranks=2, most=2), 6)


if __name__ == "__main__":
    case.main()
