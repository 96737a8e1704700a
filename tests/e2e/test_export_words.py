"""What `export` is asked for on the command line: any number of ranks prints one statement, and slips are told in one line."""

import stat

import case

import h5py
import numpy

EVENTS = ("--to", "sql", "--events", "EVENTS", "--column", "customer=user_id", "--column", "time=event_time")


class Words(case.Case):
    def setUp(self):
        super().setUp()
        self.run_job("rees46.yml", self.generate(events=2000, customers=100, days=20), "run", "--set", "cluster.k=2")
        self.model = self.dir / "run" / "model.h5"

    def refuse(self, says, *words, model=None, code=64, ranks=0):
        result = self.rfmpi("export", *([model or self.model] if model != "" else []), *words, code=code, ranks=ranks)
        self.assertEqual(result.stdout, "")
        self.assertEqual(len(case.errors(result)), 1, result.stderr)
        self.assertIn(says, case.errors(result)[0])

    def test_one_statement_whoever_prints_it_and_where(self):
        out = self.dir / "score.sql"
        sql = self.rfmpi("export", self.model, *EVENTS, ranks=0).stdout
        self.assertTrue(sql.startswith("WITH ") and sql.endswith(";\n") and sql.count(";") == 1, sql)
        self.assertEqual(self.rfmpi("export", self.model, *EVENTS, ranks=3).stdout, sql)
        self.assertEqual(self.rfmpi("export", self.model, *EVENTS, f"--out={out}").stdout, "")
        self.assertEqual(out.read_text(), sql)
        self.assertEqual(stat.S_IMODE(out.stat().st_mode), 0o600)
        view = self.rfmpi("export", self.model, *EVENTS, "--view", "marts.now").stdout
        self.assertEqual(view, 'CREATE OR REPLACE VIEW "MARTS"."NOW" COPY GRANTS AS\n' + sql)

    def test_a_job_says_as_much_as_flags(self):
        job = self.dir / "job.yml"
        job.write_text("{input: {columns: {customer: user_id, time: event_time, amount: [n, price]}, rows: [{column: brand, not: x}]},"
                       " features: {as_of: 2019-10-07}}")
        sql = self.rfmpi("export", self.model, "--to", "sql", "--events", "EVENTS", "--job", job).stdout
        flags = self.rfmpi("export", self.model, *EVENTS, "--column", "amount=[n, price]", "--as-of", "2019-10-07", "--set",
                           "input.rows=[{column: brand, not: x}]").stdout
        self.assertEqual(sql, flags)
        self.assertIn('"t"."N" AS NUMBER(19, 4)', sql)
        self.assertIn("SELECT 1570492799999999 AS", sql)
        self.assertIn("""AND COALESCE(CAST("t"."BRAND" AS VARCHAR), '') <> 'x'""", sql)

    def test_help_names_its_flags(self):
        text = self.rfmpi("export", "--help", ranks=0).stdout
        for flag in ("--to sql", "--events", "--features", "--column", "--times", "--as-of", "--view", "--out", "--job"):
            self.assertIn(flag, text)

    def test_slips_are_told_in_one_line(self):
        self.refuse("export wants a model", *EVENTS, model="")
        self.refuse("--to sql", *EVENTS[2:])
        self.refuse("--to sql", *EVENTS, "--to", "text")
        self.refuse("one table is read", *EVENTS, "--features", "F")
        self.refuse("one table is read", "--to", "sql")
        self.refuse("--column customer=NAME", *EVENTS[:4])
        self.refuse("--column time=NAME", *EVENTS[:6])
        self.refuse("--column wants NAME=COLUMN", *EVENTS, "--column", "session")
        self.refuse("'sesion' is neither a role nor a column", *EVENTS, "--column", "sesion=S")
        self.refuse("--view wants a value", *EVENTS, "--view")
        self.refuse("--view: 'a b' is no name", *EVENTS, "--view", "a b")
        self.refuse("--events: 'e; drop table e' is no name", *EVENTS, "--events", "e; drop table e", ranks=3)
        self.refuse("--times is clock, instant or date", *EVENTS, "--times", "seconds")
        self.refuse("features.as_of", *EVENTS, "--as-of", "yesterday")
        self.refuse("let duplicates be left out by a view", *EVENTS, "--set", "input.dedupe=row")
        self.refuse("the model counts days in UTC", *EVENTS, "--set", "input.timezone=Europe/Paris")
        self.refuse("let a view make numbers of texts", *EVENTS, "--set", "input.thousands=blank")
        self.refuse("let a view make timestamps", *EVENTS, "--set", "input.time_format=day-first")
        self.refuse("let a view make timestamps", *EVENTS, "--set", "input.time_format=month-first")
        self.refuse("unknown flag --evens", *EVENTS, "--evens", "E")
        self.refuse("there is no such file", *EVENTS, model=self.dir / "none.h5", code=65)
        self.refuse("cannot", *EVENTS, "--out", self.dir / "none" / "score.sql", code=74)

    def test_a_matrix_has_no_events(self):
        matrix, run = self.dir / "matrix.h5", self.dir / "matrix"
        with h5py.File(matrix, "w") as file:
            file["features/values"] = numpy.random.default_rng(1).normal(size=(600, 60))
        self.rfmpi("train", "--set", f"input.features={matrix}", "--set", f"output.dir={run}", "--set", "cluster.k=300", "--set",
                   "cluster.max_iterations=2", "--set", "cluster.search=none")
        self.refuse("defines no features", *EVENTS, model=run / "model.h5")
        self.refuse("the statement for 300 segments of 60 features has", "--to", "sql", "--features", "F", "--column", "customer=id",
                    model=run / "model.h5")


if __name__ == "__main__":
    case.main()
