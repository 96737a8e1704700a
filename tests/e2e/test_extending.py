"""docs/extending.md does what it says: each of its four patches is applied to a copy of the source, the copy is built, and a format, a
verb, an assigner and a sink are there that were not."""

import csv
import datetime
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import case

PATCHES = case.SOURCE / "tests" / "extending"
KINDS = ("format", "verb", "assigner", "sink")
COPIED = ("src", "include", "cmake", "jobs", "conf", "docs", "CMakeLists.txt", "README.md", "ARCHITECTURE.md")
MOST_STEPS = 3


def call(*words, **how):
    said = subprocess.run([*map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=500, **how)
    if said.returncode != 0:
        raise AssertionError(f"{words}\n{said.stdout[-4000:]}\n{said.stderr[-4000:]}")
    return said.stdout


def copy_source(to):
    to.mkdir()
    for name in COPIED:
        path = case.SOURCE / name
        if path.is_dir():
            shutil.copytree(path, to / name, ignore=shutil.ignore_patterns("local"))
        else:
            shutil.copy(path, to)


def packed(text):
    """Bytes as the format of format.patch: runs of three or more are told by their length."""
    out, at = bytearray(b"PKB1"), 0
    while at < len(text):
        run = re.compile(rb"(.)\1{2,127}", re.DOTALL).match(text, at)
        if run:
            out += bytes([257 - len(run[0]), text[at]])
            at = run.end()
            continue
        following = re.compile(rb"(.)\1{2}", re.DOTALL).search(text, at)
        end = min(at + 128, following.start() if following else len(text))
        out += bytes([end - at - 1]) + text[at:end]
        at = end
    return bytes(out)


class Extending(case.Case):
    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="rfmpi-extending-"))
        cls.addClassCleanup(shutil.rmtree, folder)
        cls.source = folder / "source"
        copy_source(cls.source)
        for kind in KINDS:
            call("patch", "--quiet", "-p1", "-d", cls.source, "-i", PATCHES / f"{kind}.patch")
        build = cls.source / "build"
        call("cmake", "-S", cls.source, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DRFMPI_TESTS=OFF", "-DRFMPI_WERROR=ON",
             f"-DRFMPI_MPI={'OFF' if case.SERIAL else 'ON'}")
        call("cmake", "--build", build, "-j", str(min(2, os.cpu_count())), "--target", "rfmpi")
        (cls.program,) = [path for path in build.rglob("rfmpi") if path.is_file() and os.access(path, os.X_OK)]

    def extended(self, *words, **how):
        return self.rfmpi(*words, program=self.program, **how)

    def job(self, paths, out, *more, task="run", **how):
        self.extended(task, case.SOURCE / "conf" / "quickstart.yml", "--set", f"input.paths=[{', '.join(paths)}]", "--set",
                      f"output.dir={self.dir / out}", *more, **how)
        return case.read_report(self.dir / out)

    def test_a_format(self):
        (events,) = self.generate(events=5000, customers=300)
        text = (self.dir / "events" / "part-00000.csv").read_bytes()
        squeezed = self.dir / "events.csv.pkb"
        squeezed.write_bytes(packed(text))
        plain = self.job([events], "plain")
        self.assertEqual(self.job([str(squeezed)], "packed", ranks=2)["digest"], plain["digest"])
        squeezed.write_bytes(packed(text)[:-3])
        said = self.extended("run", case.SOURCE / "conf" / "quickstart.yml", "--set", f"input.paths=[{squeezed}]", "--set",
                             f"output.dir={self.dir / 'torn'}", code=65)
        self.assertIn("events.csv.pkb", said.stderr)

    def test_a_verb(self):
        (events,) = self.generate(events=5000, customers=300)
        job = self.dir / "job.yml"
        job.write_text("input:\n  columns: {customer: user_id, time: event_time, event: event_type, amount: price}\n"
                       "features:\n  as_of: 2019-12-01\n  population: all\n  list: [{name: weekly, rate: week, where: {event: view}}]\n"
                       "cluster: {k: 3}\n")
        self.extended("run", job, "--set", f"input.paths=[{events}]", "--set", f"output.dir={self.dir / 'out'}")
        got = {row["id"]: float(row["weekly"]) for row in case.read_customers(self.dir / "out")}
        self.assertEqual(got, {who: rate for who, rate in self.weekly_views(events)})
        said = self.extended("export", self.dir / "out" / "model.h5", "--to", "sql", "--events", "EVENTS", "--job", job).stdout
        self.assertIn('MIN(CASE WHEN "where_1" THEN "us" END)', said)

    def weekly_views(self, events):
        """What the verb should give, from the rows themselves: views a week, since the first one, at the end of as_of's day."""
        end, views, seen = datetime.datetime(2019, 12, 1, 23, 59, 59, 999999), {}, set()
        with open(events, newline="") as file:
            for row in csv.DictReader(file):
                seen.add(row["user_id"])
                if row["event_type"] == "view":
                    views.setdefault(row["user_id"], []).append(datetime.datetime.fromisoformat(row["event_time"].removesuffix(" UTC")))
        for who in seen:
            times = views.get(who, [])
            yield who, len(times) / ((end - min(times)) / datetime.timedelta(weeks=1)) if times else 0.0

    def test_an_assigner(self):
        (events,) = self.generate(events=20000, customers=2000)
        digests = {self.job([events], f"{name}-{ranks}", "--set", f"cluster.algorithm={name}", ranks=ranks)["digest"]
                   for name in ("partial", "definition", "auto") for ranks in (1, 2)}
        self.assertEqual(len(digests), 1)

    def test_a_sink(self):
        (events,) = self.generate(events=5000, customers=300)
        link = self.dir / "current"
        for out in ("monday", "tuesday"):
            self.job([events], out, "--set", "store.to=link", "--set", f"store.dir={link}")
            self.assertEqual(link.resolve(), (self.dir / out).resolve())
        said = self.extended("store", self.dir / "tuesday", "--set", "store.to=link", "--set", f"store.dir={link}")
        self.assertIn("nothing to do", said.stdout)
        said = self.extended("store", self.dir / "monday", "--set", "store.to=link", "--set", "store.dir=", code=64)
        self.assertIn("store.dir", said.stderr)


class Page(unittest.TestCase):
    def test_each_way_is_three_steps_at_most_and_names_its_patch(self):
        page = (case.SOURCE / "docs" / "extending.md").read_text()
        for kind in KINDS:
            section = re.search(rf"^## [^\n]*\n((?:(?!^## ).*\n)*?.*tests/extending/{kind}\.patch(?:(?!^## ).*\n?)*)", page, re.MULTILINE)
            self.assertIsNotNone(section, kind)
            steps = re.findall(r"^\d\. ", section.group(1), re.MULTILINE)
            self.assertTrue(1 <= len(steps) <= MOST_STEPS, (kind, steps))

    def test_what_the_patches_touch_is_told(self):
        page = (case.SOURCE / "docs" / "extending.md").read_text()
        for kind in KINDS:
            for path in re.findall(r"^\+\+\+ b/(\S+)", (PATCHES / f"{kind}.patch").read_text(), re.MULTILINE):
                self.assertIn(f"`{path}`", page, kind)


if __name__ == "__main__":
    case.main()
