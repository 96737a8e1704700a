"""Every command of README.md and docs/*.md runs, in order, where a newcomer would run it; those that cannot run on a machine like this
one are made of words that there are, and are counted. docs/reference.md is what the program's tables say.

    test_docs.py write     puts what the commands print now where a page shows what they printed
"""

import functools
import os
import pathlib
import re
import subprocess
import sys

import case
import pages
import places

BUILD = pathlib.Path(os.environ["RFMPI_BUILD"])
SECTIONS = "input|features|cluster|scores|predict|output|log|report|store|unload"
CHECKED = []  # commands that were looked up only
WRITE = "write" in sys.argv[1:]


@functools.cache
def told(*words):
    return subprocess.run([case.RFMPI, *words], capture_output=True, text=True, timeout=30).stdout


@functools.cache
def flags_of(command):
    """Of a command."""
    return {"--set", "--help", *re.findall(r"(?:^  |; flag )(--[a-z-]+)", told(command, "--help"), re.MULTILINE)}


def keys():
    return set(re.findall(r"^  ([a-z]+(?:\.[a-z_]+)+) ", told("run", "--help"), re.MULTILINE))


def faults_of(words):
    """What is wrong with the words behind `rfmpi`."""
    commands = set(re.findall(r"^  ([a-z]+) +\S", told("--help"), re.MULTILINE))
    if not words or words[0] not in commands | {"--version", "--help"}:
        return [f"no command: {words[:1]}"]
    flags = [word for word in words[1:] if re.match(r"--[a-z]", word)]
    return [f"no flag of {words[0]}: {flag}" for flag in flags if flag.split("=")[0] not in flags_of(words[0])] + faults_of_keys(words)


def faults_of_keys(words):
    given = [word.split("=")[0] for before, word in zip(words, words[1:]) if before == "--set"]
    return [f"no option: {key}" for key in given if not any(known == key or known.startswith(key + ".") for known in keys())]


def faults_of_command(words):
    """Of a command line that is not run here."""
    if "rfmpi" in words and words[:2] not in (["docker", "build"], ["module", "load"]):
        return faults_of(words[words.index("rfmpi") + 1:])
    scripts = [word for word in words if re.search(r"\.(sh|sbatch)$", word)]
    missing = [f"no such script: {script}" for script in scripts if not (case.SOURCE / script).exists()]
    return missing + (faults_of_keys(words) if scripts else [])


def without_measures(line):
    """A line of a run on any machine, with and without MPI."""
    for form, word in ((r"\d+\.\d\d s$", "TIME s"), (r"\d+ MiB", "N MiB"), (r"\d+ ranks? of \d+ threads?", "N ranks")):
        line = re.sub(form, word, line)
    return line


class Reader:
    """Who goes through one page from top to bottom."""

    def __init__(self, test):
        self.test, self.place, self.said, self.places, self.all = test, None, None, {}, []
        self.shift, self.rewritten = 0, []

    def close(self):
        for place in self.all:
            place.close()

    def go_to(self, name):
        new, name = name.startswith("new "), name.removeprefix("new ")
        if new or name not in self.places:
            self.places[name] = places.Place(self.test.dir / str(len(self.all)) / name)
            self.all.append(self.places[name])
            places.PLACES[name](self.places[name])
        self.place = self.places[name]

    def take(self, block):
        self.test.assertTrue(block.kind, f"{block.place}: a block without a mark")
        getattr(self, "quote" if block.kind == "from" else block.kind)(block)

    def look_up(self, block):
        for words in block.commands():
            self.test.assertEqual(faults_of_command(words), [], block.place)

    def run(self, block):
        if block.of:
            self.go_to(block.of)
        self.look_up(block)
        if self.place.lacks:
            return
        if block.before:
            places.BETWEEN[block.before](self.place)
        self.said = self.place.run("bash", "-euo", "pipefail", "-c", block.text)
        self.test.assertEqual(self.said.returncode, 0, f"{block.place}\n{block.text}\n{self.said.stdout}\n{self.said.stderr}")

    def shows(self, block):
        if self.place.lacks or self.place.made_up:
            return
        printed = [line for line in self.said.stderr.splitlines() if line.startswith("rfmpi: ")] + self.said.stdout.splitlines()
        if [without_measures(line) for line in block.text.splitlines()] == [without_measures(line) for line in printed]:
            return
        if WRITE:
            old = {without_measures(line): line for line in block.text.splitlines()}
            self.shift = pages.rewrite(block, [old.get(without_measures(line), line) for line in printed], self.shift)
            self.rewritten.append(block.place)
            return
        self.test.assertEqual(block.text.splitlines(), printed, f"{block.place}: test_docs.py write puts it right")

    def python(self, block):
        if not self.place.lacks:
            said = self.place.run(sys.executable, "-c", block.text)
            self.test.assertEqual(said.returncode, 0, f"{block.place}\n{said.stderr}")

    def options(self, block):
        job = self.test.dir / "part.yml"
        job.write_text(block.text)
        return self.test.rfmpi("config", job, ranks=0).stdout

    def file(self, block):
        shipped = case.SOURCE / block.of
        text = self.options(block)
        if shipped.exists():
            other = self.test.rfmpi("config", shipped, ranks=0).stdout
            self.test.assertEqual(re.sub(r" *#.*", "", text), re.sub(r" *#.*", "", other), block.place)

    def quote(self, block):
        """Its lines stand in the example in this order; the first may say which file it is."""
        said, rest = [line.strip() for line in block.text.splitlines() if line.strip()], (case.SOURCE / block.of).read_text()
        for line in said[1:] if block.of.endswith(said[0].removeprefix("# ")) else said:
            self.test.assertIn(line, rest, f"{block.place}: {block.of}")
            rest = rest.split(line, 1)[1]

    def elsewhere(self, block):
        self.look_up(block)
        script = (case.SOURCE / block.of).read_text()
        named = pathlib.Path(block.page).name in script or all(words[0].removeprefix("./") in script for words in block.commands())
        self.test.assertTrue(named, f"{block.place}: {block.of} runs neither this page nor these commands")

    def check(self, block):
        self.look_up(block)
        CHECKED.extend(f"{block.place}: {line.strip()}" for line in block.text.splitlines())

    def text(self, block):
        pass


class Docs(case.Case):
    def read(self, path):
        reader = Reader(self)
        self.addCleanup(reader.close)
        for block in pages.blocks_of(path):
            reader.take(block)
        self.assertEqual(reader.rewritten, [], "these places show something else now: look at them, and run this again")
        lacking = {place.lacks for place in reader.all if place.lacks}
        if lacking:
            self.skipTest(f"but for commands that lack something, {path.name} was run: {', '.join(sorted(lacking))}")

    def test_nearly_all_commands_run(self):
        blocks = [block for path in pages.paths() for block in pages.blocks_of(path)]
        n_run = sum(len(list(block.commands())) for block in blocks if block.kind == "run")
        n_checked = sum(len(list(block.commands())) for block in blocks if block.kind == "check")
        self.assertGreater(n_run, 40)
        self.assertLess(n_checked, n_run / 4)


def add_pages():
    for path in pages.paths():
        setattr(Docs, f"test_{path.stem.replace('-', '_')}", lambda self, path=path: self.read(path))


class Words(case.Case):
    def test_every_link_leads_somewhere(self):
        for path in pages.paths():
            for target in re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", path.read_text()):
                target = "".join(target)
                if re.match(r"https?:", target):
                    continue
                name, _, anchor = target.partition("#")
                to = path.parent / name if name else path
                self.assertTrue(to.exists(), f"{path.name}: {target}")
                if anchor:
                    self.assertIn(anchor, pages.anchors(to), f"{path.name}: {target}")

    def test_every_option_that_is_named_exists(self):
        known = keys() | set(re.findall(r"`([a-z]+\.[a-zA-Z_.\[\]|]+)`", (case.SOURCE / "docs" / "reference.md").read_text()))
        for path in pages.paths():
            for name in re.findall(rf"`((?:{SECTIONS})\.[a-z_.]+)(?::[^`]*)?`", path.read_text()):
                self.assertTrue(any(name == key or key.startswith(name + ".") for key in known), f"{path.name}: {name}")

    def test_every_flag_that_is_named_exists(self):
        commands = re.findall(r"^  ([a-z]+) +\S", told("--help"), re.MULTILINE)
        known = set().union(*map(flags_of, commands), {"--version"})
        for path in pages.paths():
            for name in re.findall(r"rfmpi [a-z]+ [^`\n]*?(--[a-z-]+)", path.read_text()):
                self.assertIn(name, known, path.name)

    def test_what_is_compared_was_measured(self):
        measured = (case.SOURCE / "bench" / "README.md").read_text()
        rows = re.findall(r"^\|.*\|$", (case.SOURCE / "docs" / "comparison.md").read_text(), re.MULTILINE)
        figures = [figure for row in rows for figure in re.findall(r"\b\d+\.\d\d\b", row)]
        self.assertGreater(len(figures), 30)
        for figure in figures:
            self.assertRegex(measured, rf"\b{re.escape(figure)}\b")

    def test_the_reference_is_what_the_tables_say(self):
        made = (BUILD / "pages" / "reference.md").read_text()
        self.assertTrue(made == (case.SOURCE / "docs" / "reference.md").read_text(),
                        "docs/reference.md is not what the program's tables say: cmake --build --preset release --target reference")


if __name__ == "__main__":
    add_pages()
    sys.argv[1:] = [word for word in sys.argv[1:] if word != "write"]
    try:
        case.main()
    finally:
        print(f"{len(CHECKED)} lines were looked up only, not run:", *CHECKED, sep="\n  ", file=sys.stderr)
