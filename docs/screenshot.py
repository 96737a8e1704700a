#!/usr/bin/env python3
"""A picture of the terminal from a real start, as SVG:  screenshot.py RFMPI OUT.svg [EVENTS.csv]

The two commands of a newcomer are run on a terminal of 80 columns, in a directory that is thrown away; what a person would see
of them is drawn. Without event files, made-up ones are taken. Nothing but the standard library.
"""

import html
import itertools
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "e2e"))
import terminal  # noqa: E402

COLUMNS, CELL, LINE, MARGIN, TOP = 80, 8.4, 19, 18, 40
STYLE = """
  .sheet { fill: #fbfaf7; stroke: #d8d4ca } text { fill: #24292f; font: 14px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace }
  .b { font-weight: 700 } .c { fill: #0b7285 } .p { fill: #6a737d }
  @media (prefers-color-scheme: dark) { .sheet { fill: #16191d; stroke: #33383f } text { fill: #d6dae0 } .c { fill: #4fc3d7 } .p { fill: #8b949e } }
"""
CLASSES = {"1": "b", "36": "c", "prompt": "p"}


def prepare(rfmpi, events, place):
    """The event file, as the newcomer calls it."""
    if events:
        shutil.copy(events, place / ("shop" + "".join(pathlib.Path(events).suffixes)))
    else:
        subprocess.run([rfmpi, "generate", "--events", "500000", "--customers", "20000", "--days", "60", "--out", place / "made"], check=True,
                       capture_output=True)
        shutil.move(place / "made" / "part-00000.csv", place / "shop.csv")
    return next(place.glob("shop*")).name


def run(rfmpi, words, place):
    """What stands on the terminal, line by line, of one command; it is found by its name, as it is shown."""
    env = {"PATH": f"{pathlib.Path(rfmpi).resolve().parent}:{os.environ['PATH']}", "LANG": "C.UTF-8", "LC_ALL": "", "NO_COLOR": "", "OMP_NUM_THREADS": "1"}
    code, text = terminal.capture(words, cwd=place, columns=COLUMNS, env=env)
    if code != 0:
        sys.exit(f"{' '.join(words)} ended with {code}:\n{text}")
    prompt = [("prompt", c) for c in "$ "] + [("1", c) for c in " ".join(words)]
    return [prompt, *wrap(terminal.screen(text)), []]


def wrap(lines):
    """As a terminal does it with what is too long."""
    for line in lines:
        for begin in range(0, max(len(line), 1), COLUMNS):
            yield line[begin:begin + COLUMNS]


def draw_line(line, y):
    """One text a run of characters of one style; each is given its length, so that columns stay columns in any font."""
    at = 0
    for style, run_of in itertools.groupby(line, key=lambda cell: cell[0]):
        text = "".join(character for _, character in run_of)
        if text.strip():
            css = f' class="{CLASSES[style]}"' if style in CLASSES else ""
            yield (f'<text x="{MARGIN + at * CELL:.1f}" y="{y}" textLength="{len(text) * CELL:.1f}" lengthAdjust="spacingAndGlyphs"{css} '
                   f'xml:space="preserve">{html.escape(text)}</text>')
        at += len(text)


def draw(lines, title):
    width, height = 2 * MARGIN + COLUMNS * CELL, TOP + len(lines) * LINE + MARGIN
    dots = "".join(f'<circle cx="{MARGIN + 6 + 18 * i}" cy="18" r="5" fill="{colour}"/>' for i, colour in enumerate(("#e0645c", "#dfb44a", "#6bb35f")))
    body = "\n".join(text for number, line in enumerate(lines) for text in draw_line(line, TOP + 14 + number * LINE))
    spoken = html.escape("\n".join("".join(character for _, character in line).rstrip() for line in lines))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" height="{height}" role="img">\n'
            f'<title>{html.escape(title)}</title>\n<desc>{spoken}</desc>\n<style>{STYLE}</style>\n'
            f'<rect class="sheet" x="0.5" y="0.5" width="{width - 1:.0f}" height="{height - 1}" rx="8"/>\n{dots}\n{body}\n</svg>\n')


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    rfmpi, out = sys.argv[1], pathlib.Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as place:
        name = prepare(rfmpi, sys.argv[3] if len(sys.argv) == 4 else None, pathlib.Path(place))
        lines = run(rfmpi, ["rfmpi", "init", name], place)
        lines += run(rfmpi, ["mpirun", "-n", "2", "rfmpi", "run", "shop.yml"], place)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(draw(lines[:-1], "rfmpi init and rfmpi run on a terminal"), encoding="utf-8")


if __name__ == "__main__":
    main()
