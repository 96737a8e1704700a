"""What people see of a run: on a terminal of 80 columns and through a pipe, whatever k, d, names and numbers there are; --quiet and --json."""

import json
import re
import subprocess
import unicodedata

import case
import terminal


def width(line):
    """Columns on a terminal."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


class Terminal(case.Case):
    def setUp(self):
        super().setUp()
        self.events, = self.generate(events=20000, customers=2000)

    def words(self, *more, task="run"):
        return (task, case.SOURCE / "conf" / "quickstart.yml", "--set", f"input.paths={json.dumps([self.events])}", "--set", "output.dir=out", *more)

    def on_terminal(self, *more, ranks=0, env=None, columns=80, **how):
        code, text = terminal.capture(list(map(str, case.command(*self.words(*more, **how), ranks=ranks))), cwd=self.dir, env={"LANG": "C.UTF-8", "LC_ALL": "", **(env or {})},
                                      columns=columns)
        self.assertEqual(code, 0, text)
        return text

    def by_pipe(self, *more, code=0, ranks=0, env=None, **how):
        result = subprocess.run(list(map(str, case.command(*self.words(*more, **how), ranks=ranks))), cwd=self.dir, capture_output=True, text=True, timeout=100,
                                env={**case.os.environ, **(env or {})})
        self.assertEqual(result.returncode, code, result.stderr)
        return result

    def table_of(self, lines):
        first = next(i for i, line in enumerate(lines) if re.match(r" *id segment", line))
        last = next(i for i, line in enumerate(lines) if " customers in " in line)
        return lines[max(first - 1, 0):last]

    def assert_fits(self, lines, columns=80):
        for line in self.table_of(lines):
            self.assertLessEqual(width(line), columns, line)

    def test_by_pipe_nothing_but_text(self):
        for ranks in (0, 2):
            with self.subTest(ranks=ranks):
                result = self.by_pipe("--force", "--set", f"cluster.seed={ranks + 1}", ranks=ranks)
                self.assertNotIn("\x1b", result.stdout + result.stderr)
                self.assertNotIn("\r", result.stdout + result.stderr)
                self.assert_fits(result.stdout.splitlines())
                self.assertEqual([line for line in result.stdout.splitlines() if line != line.rstrip()], [])

    def test_on_a_terminal_bold_and_bars(self):
        text = self.on_terminal()
        self.assertIn("\x1b[1m", text)
        lines = terminal.plain(text)
        self.assert_fits(lines)
        self.assertRegex("\n".join(lines), "[\u2588\u2589-\u258f]")
        self.assertTrue(any("customers in 6 segments: out" in line for line in lines))
        bars = [sum("\u2588" <= c <= "\u258f" for c in line) for line in self.table_of(lines)]
        self.assertGreater(max(bars), 1)

    @case.needs_ranks
    def test_on_a_terminal_behind_mpirun(self):
        text = self.on_terminal(ranks=2)
        self.assertIn("\x1b[1m", text)
        self.assert_fits(terminal.plain(text))

    def test_no_color_and_dumb_terminals(self):
        text = self.on_terminal(env={"NO_COLOR": "1"})
        self.assertNotRegex(text, r"\x1b\[[0-9;]*m")
        self.assertRegex(text, "[\u2588\u2589-\u258f]")
        text = self.on_terminal("--force", "--set", "cluster.seed=2", env={"TERM": "dumb"})
        self.assertNotIn("\x1b", text)
        self.assertNotRegex(text, "[\u2588-\u258f]")
        text = self.on_terminal("--force", "--set", "cluster.seed=3", env={"LANG": "C"})
        self.assertTrue(text.isascii())
        text = self.on_terminal("--force", "--set", "cluster.seed=4", env={"LANG": "C"}, columns=90)
        self.assertTrue(text.isascii())
        self.assertIn("##", text)

    def test_the_lines_of_a_run_fit_80_columns(self):
        said = self.by_pipe(ranks=2).stderr.splitlines()
        self.assertGreater(len(said), 8)
        self.assertLessEqual(max(map(len, said)), 80 + len(" of 2 threads"), said)

    def test_the_plan_is_said_before_anything_is_done(self):
        said = self.by_pipe(ranks=2).stderr.splitlines()
        self.assertRegex(said[0], r"input    .*part-00000.csv, [0-9.]+ MB of text$")
        ranks, threads = 1 if case.SERIAL else 2, case.read_report(self.dir / "out")["threads"]
        each = f" of {threads} threads" if threads > 1 else ""
        self.assertEqual(said[1], f"rfmpi: plan     ingest, features, cluster, score, figures, write; {ranks} rank{'s' * (ranks > 1)}{each}")
        self.assertEqual(said[2], "rfmpi: output   out")
        both = self.by_pipe("--dry-run", ranks=2)  # a plan of another kind, and nothing else
        self.assertEqual(both.stderr, "")
        again = self.by_pipe("--set", "output.part_rows=1000", "--force").stderr
        self.assertRegex(again, r"plan     .*score, figures, write \(.*features.*: there already\)")

    def test_many_segments_many_features_and_long_names(self):
        names = ["Très fidèles à la marque depuis toujours", "最好的顾客和最忠诚的顾客们都在这里", "e\u0301" * 30] + [f"Name {i}" for i in range(37)]
        result = self.by_pipe("--set", "cluster.k=40", "--set", "features.list=rfm-behaviour", "--set", "cluster.names=" + json.dumps(names, ensure_ascii=False))
        lines = result.stdout.splitlines()
        self.assert_fits(lines)
        self.assertEqual(len([line for line in self.table_of(lines) if "%" in line]), 20)
        rest, = [line for line in lines if " more segments" in line]
        self.assertRegex(rest, r"and 20 more segments, \d+ more features in segments.csv")
        for columns in (60, 100, 200):
            lines = terminal.plain(self.on_terminal("--set", "cluster.k=40", "--set", "features.list=rfm-behaviour", "--force", "--set", f"cluster.seed={columns}",
                                                    "--set", "cluster.names=" + json.dumps(names, ensure_ascii=False), columns=columns))
            self.assert_fits(lines, columns)

    def test_big_numbers(self):
        path = self.dir / "big.csv"
        path.write_text("user_id,event_time,event_type,price,product_id,category_id,user_session\n" + "".join(
            f"{i},2019-10-0{i % 9 + 1},purchase,{-1 if i % 3 else 1}{'9' * (i % 14)}.5,1,1,s{i}\n" for i in range(1, 300)))
        result = self.by_pipe("--set", f"input.paths=[{path}]", "--set", "features.list=[{name: a_name_of_more_than_thirty_columns_in_all, sum: amount}, "
                              "{name: montant_énorme, sum: amount}, {name: monetary, sum: amount}]", "--set", "cluster.k=5")
        self.assert_fits(result.stdout.splitlines())
        self.assertRegex(result.stdout, r"\d\.\d\d[MGTP]")

    def test_revenue_is_the_share_of_the_money(self):
        self.by_pipe("--set", "cluster.k=3")
        rows = case.read_customers(self.dir / "out")
        total = sum(float(row["monetary"]) for row in rows)
        shares = {segment: 100 * sum(float(row["monetary"]) for row in rows if row["segment"] == segment) / total for segment in {row["segment"] for row in rows}}
        shown = self.by_pipe("--set", "cluster.k=3", "--set", "cluster.seed=1", "--set", "output.part_rows=99", "--force", ranks=3).stdout
        for line in shown.splitlines():
            match = re.match(r" *(\d+) .*% +([\d.]+)% ", line)
            if match:
                self.assertAlmostEqual(float(match.group(2)), shares.pop(match.group(1)), delta=0.051)
        self.assertEqual(shares, {})

    def test_quiet(self):
        result = self.by_pipe("--quiet")
        self.assertEqual((result.stdout, result.stderr), ("", ""))
        self.assertEqual(case.read_report(self.dir / "out")["status"], "done")
        result = self.by_pipe("--quiet", "--set", "cluster.k=0", code=64)
        self.assertEqual(len(result.stderr.splitlines()), 1)

    def test_json(self):
        for task, more in (("prepare", ()), ("train", ()), ("run", ("--quiet",))):
            result = self.by_pipe("--json", *more, task=task, ranks=2)
            self.assertEqual(json.loads(result.stdout), case.read_report(self.dir / "out"))
        self.assertEqual(self.by_pipe("--json", "--set", "cluster.k=0", code=64).stdout, "")
        model = ("--model", "out/model.h5", "--set", "output.dir=new")
        result = self.by_pipe("--json", *model, task="predict")
        self.assertEqual(json.loads(result.stdout)["command"], "predict")
        stored = subprocess.run([case.RFMPI, "store", "out", "--json", "--set", "store.dir=copy"], cwd=self.dir, capture_output=True, text=True, timeout=60)
        self.assertEqual(json.loads(stored.stdout)["store"]["to"], "files", stored.stderr)

    def test_config_as_json(self):
        said = self.by_pipe("--json", "--set", "cluster.seed=7", task="config", ranks=2)
        options = json.loads(said.stdout)
        self.assertEqual((options["cluster.seed"]["value"], options["cluster.seed"]["from"]), (7, "--set cluster.seed"))
        self.assertEqual((options["cluster.k"]["value"], options["input.header"]["value"], options["input.paths"]["value"]), (6, True, [self.events]))
        self.assertTrue(options["input.columns.customer"]["from"].endswith("quickstart.yml"))
        self.assertEqual(options["input.columns.customer"]["line"], 5)
        self.assertEqual(options["store.table"], {"value": None, "from": None})

    def test_one_customer_in_one_segment(self):
        with open(self.events, encoding="utf-8") as events:
            rows = [line for i, line in enumerate(events) if i == 0 or ",purchase," in line][:2]
        one = self.dir / "one.csv"
        one.write_text("".join(rows))
        self.assertIn("1 customer in 1 segment: out\n", self.by_pipe("--set", f"input.paths=[{one}]").stdout)

    def test_what_comes_next_can_be_done(self):
        lines = self.by_pipe().stdout.splitlines()
        commands = [line.split("rfmpi ", 1)[1] for line in lines if "rfmpi " in line]
        self.assertEqual(len(commands), 2)
        self.assertIn("another output.dir", lines[-1])  # beside the run, not in it
        for command in commands:
            words = command.replace("JOB.yml", str(case.SOURCE / "conf" / "quickstart.yml")).split()
            more = ["--set", f"input.paths=[{self.events}]", "--set", "output.dir=new"] if words[0] == "predict" else []
            subprocess.run([case.RFMPI, *words, *more], cwd=self.dir, check=True, capture_output=True, timeout=60)


if __name__ == "__main__":
    case.main()
