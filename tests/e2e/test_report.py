"""report.html in a browser: quiet, whole, legible, in two languages, without scripts, and without a person in it."""

import csv
import json
import os
import re
import shutil
import sys
import tempfile

import browser
import case

import h5py
import numpy

WIDTHS = {"phone": 360, "desk": 1280}
PAPER = 718  # A4 between its margins, in CSS pixels
LEAST_CONTRAST = 4.5
SEGMENTS = ["<script>alert(1)</script>", 'Tom & "Jerry"', "l'été", "</svg><b>"]
FEATURES = [{"name": "recency_days", "since_last": "day", "where": {"event": "purchase"}, "never": "span", "transform": ["log1p"]},
            {"name": "frequency", "count": "*", "where": {"event": "purchase"}, "transform": ["log1p"]},
            {"name": "monetary", "sum": "amount", "where": {"event": "purchase"}, "transform": ["log1p"]},
            {"name": "views", "count": "*", "where": {"event": "view"}, "transform": ["log1p"]},
            {"name": "<i>\"most\" & 'least'</i>", "max": "amount", "never": 0},
            {"name": "active_days", "distinct": "day"}]


class Report(case.Case):
    """One batch and the next one, whose report tells of everything: a choice of k, rejected rows, what has changed."""

    @classmethod
    def setUpClass(cls):
        cls.place = case.pathlib.Path(tempfile.mkdtemp(prefix="rfmpi-report-"))
        cls.addClassCleanup(shutil.rmtree, cls.place, ignore_errors=True)
        cls.run_dir = cls.place / "now"
        first, second = (cls.write_events(seed) for seed in (1, 2))
        cls.make(first, cls.place / "before")
        cls.make(second, cls.run_dir, "--previous", cls.place / "before" / "model.h5")
        cls.page = cls.run_dir / "report.html"
        cls.french = cls.place / "fr.html"
        cls.launch("report", cls.run_dir, "--set", "report.language=fr", "--out", cls.french)
        cls.figures = json.loads((cls.run_dir / "figures.json").read_text())
        cls.script = (case.SOURCE / "tests" / "e2e" / "page.js").read_text()
        cls.browser = browser.Browser()
        cls.addClassCleanup(cls.browser.close)

    @classmethod
    def launch(cls, *words):
        result = case.launch(*words, ranks=2 if words[0] == "run" else 0)
        if result.returncode != 0:
            raise AssertionError(f"{words}\n{result.stderr}")

    @classmethod
    def write_events(cls, seed):
        """A generated log whose customers have names, with two torn rows."""
        folder = cls.place / f"events-{seed}"
        cls.launch("generate", "--customers", 2500, "--events", 40000, "--days", 60, "--seed", seed, "--out", folder)
        with open(folder / "part-00000.csv", newline="") as file:
            rows = list(csv.reader(file))
        who = rows[0].index("user_id")
        path = cls.place / f"a <b> & 'c' {seed}.csv"
        with open(path, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(rows[0])
            writer.writerows([*row[:who], f"person-{int(row[who]) % 99991:05}-x", *row[who + 1:]] for row in rows[1:])
            file.write("torn\n2019-13-01 00:00:00 UTC,purchase,1\n")
        return path

    @classmethod
    def make(cls, events, out, *more):
        cls.launch("run", case.SOURCE / "conf" / "quickstart.yml", "--set", f"input.paths={json.dumps([str(events)])}", "--set",
                   "input.id=text", "--set", "features.list=" + json.dumps(FEATURES), "--set", "features.population=all", "--set",
                   "cluster.k=[3, 4]", "--set", "cluster.names=" + json.dumps(SEGMENTS, ensure_ascii=False), "--set",
                   f"output.dir={out}", *more)

    def see(self, width, path=None, **how):
        self.browser.look(width, **how)
        self.browser.open(path or self.page)
        self.browser.ask(self.script + "; openAll()")
        self.browser.show_whole()

    def each_look(self):
        for path in (self.page, self.french):
            for width in WIDTHS.values():
                yield path, {"width": width}
            yield path, {"width": PAPER, "media": "print"}

    # ---- what is seen ------------------------------------------------------------------------------------------------

    def test_opens_without_a_word_and_asks_for_nothing(self):
        for path in (self.page, self.french):
            for dark in (False, True):
                self.browser.look(1280, dark=dark)
                self.browser.open(path)
                self.assertEqual((self.browser.said, self.browser.requests), ([], [path.as_uri()]))

    def test_reads_the_same_without_scripts(self):
        texts = []
        for allowed in (True, False):
            self.browser.allow_scripts(allowed)
            self.browser.look(1280)
            self.browser.open(self.page)
            texts.append(self.browser.ask("document.body.innerText"))
        self.browser.allow_scripts(True)
        self.assertEqual(texts[0], texts[1])
        self.assertGreater(len(texts[0]), 2000)
        self.assertEqual(self.browser.ask("document.scripts.length"), 0)

    def test_nothing_overlaps_and_nothing_leaves_its_place(self):
        for path, look in self.each_look():
            with self.subTest(path.name, **look):
                self.see(path=path, **look)
                self.assertEqual(self.browser.ask("overlaps()"), [])
                self.assertEqual(self.browser.ask("overflows()"), [])

    def test_many_segments_of_long_names_by_weight(self):
        draw, k = numpy.random.default_rng(1), 40
        with h5py.File(self.place / "wide.h5", "w") as file:
            file["features/values"] = draw.normal(size=(8000, 17)) + 9 * draw.normal(size=(k, 17))[draw.integers(0, k, 8000)]
            file["features/names"] = numpy.array([f"a_long_name_of_a_feature_of_the_shop_{j}" for j in range(17)], "S")
            file["features/weights"] = draw.uniform(0, 3, 8000)
        names = [f"A segment whose name is long, number {c}" for c in range(k)]
        self.launch("train", self.place / "wide.h5", "--set", f"cluster.k={k}", "--set", "cluster.names=" + json.dumps(names), "--set",
                    f"output.dir={self.place / 'wide'}")
        for look in (*({"width": width} for width in WIDTHS.values()), {"width": PAPER, "media": "print"}):
            self.see(path=self.place / "wide" / "report.html", **look)
            self.assertEqual(self.browser.ask("overlaps()"), [])
            self.assertEqual(self.browser.ask("overflows()"), [])
        self.assertEqual(len(self.browser.ask("[...document.querySelectorAll('.card')].map(one => one.id)")), k)

    def test_text_stands_out_in_light_and_dark_and_on_paper(self):
        for look in ({"width": 1280}, {"width": 1280, "dark": True}, {"width": 360, "dark": True}, {"width": PAPER, "media": "print"}):
            with self.subTest(**look):
                self.see(**look)
                self.assertEqual(self.browser.ask(f"contrasts({LEAST_CONTRAST})"), [])

    def test_the_checks_find_what_is_wrong(self):
        self.see(1280)
        self.browser.ask("document.querySelector('h1').style.color = '#bbb'; document.querySelector('h2').style.marginTop = '-60rem';"
                         "document.querySelector('svg text').setAttribute('x', 9999)")
        for check in (f"contrasts({LEAST_CONTRAST})", "overlaps()", "overflows()"):
            self.assertNotEqual(self.browser.ask(check), [], check)

    def test_every_chart_is_drawn(self):
        for path in (self.page, self.french):
            self.see(1280, path)
            told = self.browser.ask("charts()")
            for chart in told:
                self.assertTrue(chart["title"] and chart["width"] > 100 and chart["height"] > 50 and chart["drawn"] > 2, chart)
                self.assertGreaterEqual(chart["tables"], 1, chart)
            by = {}
            for chart in told:
                by.setdefault(chart["section"], []).append(chart)
            features, segments = self.figures["features"], self.figures["segments"]
            self.assertEqual(len(by["distributions"]), len(features))
            for feature, chart in zip(features, by["distributions"]):
                self.assertIn(feature["name"], chart["title"])
                self.assertEqual(chart["hills"], sum(sum(counts) > 0 for counts in feature["counts"]))
            self.assertEqual([chart["points"] for chart in by["map"]], [len(self.figures["projection"]["sample"])])
            bins = json.loads((self.run_dir / "run.json").read_text())["scores"]["bins"]
            self.assertEqual(by["scores"][0]["cells"], bins ** 2)
            self.assertLessEqual({"scores", "profiles", "distributions", "map", "silhouette", "convergence"}, set(by))
            self.assertEqual(len(self.browser.ask("[...document.querySelectorAll('.card')].map(card => card.innerText)")), len(segments))

    def test_headings_form_one_tree(self):
        self.see(1280)
        levels = [level for level, _ in self.browser.ask("headings()")]
        self.assertEqual((levels[0], levels.count(1)), (1, 1))
        self.assertTrue(all(after <= before + 1 for before, after in zip(levels, levels[1:])), levels)

    def test_prints(self):
        for path in (self.page, self.french):
            self.browser.look(1280)
            self.browser.open(path)
            paper = self.browser.print()
            self.assertTrue(paper.startswith(b"%PDF"))
            self.assertTrue(3 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 60)

    # ---- what is said ------------------------------------------------------------------------------------------------

    def words_of(self, path):
        """How many pieces of text there are, and those with a word which is no data: the names of things stand in run.json too."""
        self.see(1280, path)
        texts = self.browser.ask("[...new Set(visibleTexts().map(one => one.text))]")
        data = set(re.findall(r"[^\W\d_]{3,}", (self.run_dir / "run.json").read_text().lower())) | {"needs"}  # a name it could have had
        return len(texts), {text for text in texts if "…" not in text and any(word not in data for word in re.findall(r"[^\W\d_]{3,}", text.lower()))}

    def test_both_languages_are_whole(self):
        (n_english, english), (n_french, french) = self.words_of(self.page), self.words_of(self.french)
        self.assertGreater(len(english), 100)
        self.assertEqual({text for text in english & french if " " in text}, set())
        self.assertLess(len(english & french), 0.1 * len(english), english & french)  # single words may be the same
        self.assertLess(abs(n_english - n_french), 0.1 * n_english)
        for path, language in ((self.page, "en"), (self.french, "fr")):
            self.browser.open(path)
            self.assertEqual(self.browser.ask("document.documentElement.lang"), language)

    def test_texts_are_text(self):
        """Names of segments and features, and paths, whatever is in them."""
        for path in (self.page, self.french):
            text = path.read_text(encoding="utf-8")
            self.assertNotRegex(text, r"(?i)<script|<i>\"most|javascript:|\son\w+\s*=|<(iframe|object|embed|img)\b|<link(?! rel=\"icon\" href=\"data:)|@import|https?://(?!www\.w3\.org)")
            self.see(1280, path)
            cards = self.browser.ask("[...document.querySelectorAll('.card h3')].map(one => one.innerText)")
            for one in self.figures["segments"]:
                self.assertTrue(any(one["name"] in card for card in cards), (one["name"], cards))
            self.assertIn(FEATURES[4]["name"], self.browser.ask("document.body.innerText"))
            self.assertIn("a <b> & 'c' 2.csv", self.browser.ask("document.body.textContent"))

    def test_bytes_that_are_no_utf_8_are_shown_as_such(self):
        folder, out = self.place / "latin", self.place / "strange"
        self.launch("generate", "--customers", 300, "--events", 3000, "--days", 30, "--out", folder)
        os.rename(folder / "part-00000.csv", os.path.join(os.fsencode(folder), b"caf\xe9 <b>.csv"))
        self.launch("run", case.SOURCE / "conf" / "quickstart.yml", "--set", f"input.paths=[{folder}/caf*.csv]", "--set", f"output.dir={out}")
        (out / "report.html").read_text(encoding="utf-8")
        self.browser.look(1280)
        self.browser.open(out / "report.html")
        self.assertEqual(self.browser.said, [])
        self.assertRegex(self.browser.ask("document.body.textContent"), r"caf.{1,4} <b>\.csv")

    def test_nobody_is_named(self):
        ids = {row["id"] for row in case.read_customers(self.run_dir)} | {row["id"] for row in case.read_customers(self.place / "before")}
        self.assertGreater(len(ids), 2000)
        for path in (self.page, self.french, self.run_dir / "figures.json"):
            text = path.read_text()
            self.assertEqual([name for name in ids if name in text], [], path)


if __name__ == "__main__":
    if not browser.CHROMIUM:
        print("skipped: there is no chromium on this machine (Debian's package chromium)")
        sys.exit(case.SKIPPED)
    case.main()
