"""Folding later events onto a state equals all events at once, bit for bit; what would not is refused."""

import json
import pathlib

import case

ENTRIES = [
    {"name": "recency_days", "since_last": "day", "where": {"event": "purchase"}},
    {"name": "frequency", "distinct": "order", "where": {"event": "purchase"}},
    {"name": "monetary", "sum": "amount", "where": {"event": "purchase"}, "transform": ["log1p", {"clip": [0.01, 0.99]}]},
    {"name": "views_30d", "count": "*", "where": {"event": "view", "last": "30d"}},
    {"name": "spent_10d", "sum": "amount", "where": {"event": "purchase", "last": "10d"}},
    {"name": "products_20d", "distinct": "product", "where": {"last": "20d"}},
    {"name": "sessions", "distinct": "session"},
    {"name": "gap_weeks", "mean_gap": "week"},
]


class Onto(case.Case):
    def setUp(self):
        super().setUp()
        self.months = self.generate(events=40000, customers=3000, days=60, parts=2)
        self.list = ("--set", "features.list=" + json.dumps(ENTRIES), "--set", "features.population=all")

    def prepare(self, paths, out, *words, **how):
        return self.run_job("quickstart.yml", paths, out, *self.list, *words, task="prepare", **how)

    def test_month_by_month_equals_both_at_once(self):
        both = self.run_job("quickstart.yml", self.months, "both", *self.list, ranks=2)
        self.prepare(self.months[:1], "first", ranks=3)
        folded = self.run_job("quickstart.yml", self.months[1:], "folded", *self.list, "--onto", self.dir / "first", ranks=2)
        self.assertEqual(folded["digest"], both["digest"])

    def test_dedupe_counts_a_row_of_the_base_once(self):
        words = ("--set", "input.dedupe=row")
        self.prepare(self.months[:1], "first", *words, ranks=2)
        text = pathlib.Path(self.months[1]).read_text().splitlines(keepends=True)
        again = pathlib.Path(self.months[0]).read_text().splitlines(keepends=True)[1:501]
        mixed = self.dir / "mixed.csv"
        mixed.write_text("".join(text + again))
        folded = self.prepare([mixed], "folded", *words, "--onto", self.dir / "first", ranks=3)
        both = self.prepare(self.months, "both", *words, ranks=2)
        self.assertEqual(folded["digest"], both["digest"])
        self.assertGreaterEqual(folded["n_duplicates"], 500)

    def refuse(self, pattern, paths, *words):
        result = self.rfmpi("prepare", case.SOURCE / "conf" / "quickstart.yml", "--set",
                            "input.paths=" + json.dumps(paths), "--set", f"output.dir={self.dir / 'refused'}", *self.list,
                            "--onto", self.dir / "first", *words, code=64, ranks=2)
        lines = case.errors(result)
        self.assertEqual(len(lines), 1, result.stderr)
        self.assertRegex(lines[0], pattern)

    def test_refusals(self):
        self.prepare(self.months[:1], "first")
        self.refuse("already", self.months[:1])
        self.refuse("decimals", self.months[1:], "--set", "input.decimals=3")
        self.refuse("timezone", self.months[1:], "--set", "input.timezone=Europe/Paris")
        self.refuse("later than features.as_of", self.months[1:], "--set", "features.as_of=2019-10-05")
        entries = ENTRIES + [{"name": "carts", "count": "*", "where": {"event": "cart"}}]
        self.refuse("cart", self.months[1:], "--set", "features.list=" + json.dumps(entries))

    def test_rows_dropped_after_an_as_of_cannot_come_back(self):
        self.prepare(self.months[:1], "first", "--set", "features.as_of=2019-10-10")
        self.refuse("after its as_of", self.months[1:])


if __name__ == "__main__":
    case.main()
