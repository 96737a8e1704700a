"""README.md and docs/*.md as blocks of commands, files and output, each with the mark in front of it, which readers do not see:

    <!-- run: PLACE -->        the commands below, in the directory that the function PLACE of places.py makes once for each page;
                               `new PLACE` for another such directory
    <!-- run -->               the commands below, where those before them ran; `; before: NAME` for what happens in between
    <!-- shows -->             what the commands before printed, but for times and sizes
    <!-- file: NAME -->        a job file, which becomes that file
    <!-- options -->           a part of a job file
    <!-- python -->            a program, run where the commands before it ran
    <!-- from: FILE -->        lines of an example of docs/, which a test runs
    <!-- elsewhere: TEST -->   commands that another test runs; their words are looked up here
    <!-- check -->             commands that cannot run on a machine like this one: their words are looked up
    <!-- text -->              nothing to run
"""

import dataclasses
import re
import shlex

import case

MARK = re.compile(r" *<!-- (run|shows|file|options|python|from|elsewhere|check|text)(?:: ([^;]+?))?(?:; before: (\w+))? -->$")


@dataclasses.dataclass
class Block:
    page: str
    line: int
    text: str
    kind: str = ""  # of its mark; "" where there is none
    of: str = ""
    before: str = ""

    @property
    def place(self):
        return f"{self.page}:{self.line}"

    def commands(self):
        """One by one, as words, without what joins them."""
        for line in self.text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            while words:
                end = next((i for i, word in enumerate(words) if word in ("&&", "||", "|", ";")), len(words))
                yield words[:end]
                words = words[end + 1:]


def paths():
    return [case.SOURCE / "README.md", *sorted((case.SOURCE / "docs").glob("*.md"))]


def blocks_of(path):
    """Fenced ones, and those that are indented by four behind an empty line."""
    name, lines = str(path.relative_to(case.SOURCE)), path.read_text().splitlines()
    mark, at = None, 0
    while at < len(lines):
        line, first = lines[at], at
        if MARK.match(line):
            mark = MARK.match(line)
        if line.startswith("```"):
            at = next(i for i in range(at + 1, len(lines)) if lines[i] == "```")
            text = "\n".join(lines[first + 1:at]) + "\n"
        elif line.startswith("    ") and (at == 0 or not lines[at - 1].strip()):
            while at + 1 < len(lines) and (lines[at + 1].startswith("    ") or
                                           not lines[at + 1] and lines[min(at + 2, len(lines) - 1)].startswith("    ")):
                at += 1
            text = "".join(line[4:] + "\n" for line in lines[first:at + 1])
        else:
            if line.strip() and not MARK.match(line):
                mark = None
            at += 1
            continue
        yield Block(name, first + 1, text, *(group or "" for group in (mark.groups() if mark else ("", "", ""))))
        mark, at = None, at + 1


def rewrite(block, lines, shift):
    """Other lines in the place of an indented block, which has moved by `shift` lines; returns by how many the rest moves now."""
    path = case.SOURCE / block.page
    page = path.read_text().splitlines(keepends=True)
    first, end = block.line - 1 + shift, block.line - 1 + shift + block.text.count("\n")
    path.write_text("".join([*page[:first], *(f"    {line}".rstrip() + "\n" for line in lines), *page[end:]]))
    return shift + len(lines) - (end - first)


def anchors(path):
    """Of its headings, as GitHub makes them."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE):
        found.add(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-"))
    return found
