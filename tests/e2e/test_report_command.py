"""rfmpi report, and the page that every batch leaves: when there is one, in which words, and what happens where there can be none."""

import json
import os
import stat
import unittest

import case


class ReportCommand(case.Case):
    @classmethod
    def setUpClass(cls):
        cls.job = case.SOURCE / "conf" / "quickstart.yml"

    def setUp(self):
        super().setUp()
        self.events = self.generate(events=4000, customers=300)
        self.out = self.dir / "out"
        self.page = self.out / "report.html"

    def batch(self, *more, task="run", **how):
        return self.rfmpi(task, self.job, "--set", "input.paths=" + json.dumps(self.events), "--set", f"output.dir={self.out}", "--set",
                          "cluster.k=3", *more, **how)

    def report(self, *words, **how):
        return self.rfmpi("report", *words, **{"ranks": 0, **how})

    def refused(self, *words, code, **how):
        line, = case.errors(self.report(*words, code=code, **how))
        return line

    # ---- what a batch leaves -----------------------------------------------------------------------------------------

    def test_a_batch_leaves_a_private_page_in_the_language_and_under_the_title_it_was_given(self):
        self.batch("--set", "report.language=fr", "--set", "report.title=Clients & <amis>", ranks=2)
        self.assertEqual(stat.S_IMODE(self.page.stat().st_mode), 0o600)
        text = self.page.read_text()
        self.assertIn('<html lang="fr">', text)
        self.assertIn("<h1>Clients &amp; &lt;amis&gt;</h1>", text)

    def test_none_where_none_is_wanted_and_none_of_prepare(self):
        self.batch(task="prepare")
        self.assertFalse(self.page.exists())
        self.batch("--set", "report.write=false", task="train")
        self.assertFalse(self.page.exists())

    def test_one_that_is_gone_comes_again_and_one_that_is_there_stays(self):
        self.batch()
        before = self.page.stat().st_mtime_ns
        self.batch()
        self.assertEqual(self.page.stat().st_mtime_ns, before)
        self.page.unlink()
        self.assertIn("finished already", self.batch().stderr)
        self.assertTrue(self.page.exists())

    def test_a_finished_run_gets_it_in_another_language_and_nothing_else_is_made(self):
        self.batch("--set", "report.title=Ours", ranks=2)
        before = {path.name: path.stat().st_mtime_ns for path in self.out.iterdir()}
        site = case.read_report(self.out)["site"]
        self.assertIn("finished already", self.batch("--set", "report.language=fr", ranks=0).stderr)
        text = self.page.read_text()
        self.assertIn('<html lang="fr">', text)
        self.assertNotIn("Ours", text)
        touched = {path.name for path in self.out.iterdir() if path.stat().st_mtime_ns != before.get(path.name)}
        self.assertEqual(touched - {"log.jsonl", "lock"}, {"report.html", "run.json"})
        report = case.read_report(self.out)
        self.assertEqual(report["options"]["report"], {"write": "true", "language": "fr"})
        self.assertEqual((report["site"], report["status"]), (site, "done"))
        self.report(self.out)
        self.assertEqual(self.page.read_text(), text)

    def test_a_page_of_another_kind_is_put_right_by_the_next_start(self):
        self.batch()
        first = self.page.read_bytes()
        self.report(self.out, "--set", "report.title=Other")
        self.assertNotEqual(self.page.read_bytes(), first)
        self.batch()
        self.assertEqual(self.page.read_bytes(), first)

    def test_of_other_segments_the_old_page_does_not_stay(self):
        self.batch()
        self.batch("--set", "cluster.k=2", "--set", "report.write=false", "--force")
        self.assertFalse(self.page.exists())

    def test_a_page_that_cannot_be_written_is_an_error_and_the_next_start_makes_it(self):
        self.out.mkdir()
        self.page.mkdir()
        (self.page / "in the way").write_text("")
        (self.out / "run.json").write_text('{"format": 1, "attempt": 1, "status": "running", "products": {}}')
        line, = case.errors(self.batch(code=74))
        self.assertIn("report.html", line)
        self.assertEqual([name for name in os.listdir(self.out) if name.endswith(".tmp")], [])
        self.assertEqual(case.read_report(self.out)["status"], "done")
        (self.page / "in the way").unlink()
        self.page.rmdir()
        self.batch()
        self.assertIn("</html>", self.page.read_text())

    def test_predict_leaves_one_too(self):
        self.batch()
        new = self.dir / "new"
        self.rfmpi("predict", self.out, "--model", self.out / "model.h5", "--set", f"output.dir={new}")
        self.assertIn("</html>", (new / "report.html").read_text())

    # ---- the command -------------------------------------------------------------------------------------------------

    def test_makes_the_page_again_as_the_run_wanted_it_or_otherwise(self):
        self.batch("--set", "report.language=fr", "--set", "report.title=Ours")
        first = self.page.read_bytes()
        self.page.unlink()
        self.assertEqual(self.report(self.out).stdout, f"{self.page}\n")
        self.assertEqual(self.page.read_bytes(), first)
        other = self.dir / "other.html"
        self.assertEqual(self.report(self.out, "--set", "report.language=en", "--out", other, ranks=2).stdout, f"{other}\n")
        self.assertIn('<html lang="en">', other.read_text())
        self.assertIn("<h1>Ours</h1>", other.read_text())
        self.assertEqual(self.page.read_bytes(), first)

    def test_says_what_it_wants(self):
        self.assertIn("wants a run directory", self.refused(code=64))
        self.assertIn("--out wants a file", self.refused(self.out, "--out", code=64))
        self.batch(task="prepare")
        self.assertIn("run train", self.refused(self.out, code=64))
        self.assertIn("'de'", self.refused(self.out, "--set", "report.language=de", code=64))

    def test_no_directory_no_permission_no_room(self):
        self.batch()
        self.assertIn("run.json", self.refused(self.dir / "absent", code=65))
        self.assertIn("absent", self.refused(self.out, "--out", self.dir / "absent" / "a.html", code=74))
        os.mkfifo(self.dir / "pipe")
        self.assertIn("name another", self.refused(self.out, "--out", self.dir / "pipe", code=74))
        self.assertTrue(stat.S_ISFIFO((self.dir / "pipe").stat().st_mode))
        self.assertIn("no run.json", self.refused(self.job, code=65))
        (self.out / "figures.json").write_text("{")
        self.assertIn("figures.json: line 1", self.refused(self.out, code=65))


if __name__ == "__main__":
    unittest.main()
