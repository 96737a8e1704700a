#!/usr/bin/env python3
"""Pictures of report.html for README, of a real run:  docs/pictures.py EVENTS [FOLDER]

EVENTS are the files of UCI's Online Retail; FOLDER is docs/images unless it is given. RFMPI names the program (build/release/bin/rfmpi
unless it is set). Debian's packages chromium, fonts-dejavu-core and pngquant are needed.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(SOURCE / "tests" / "e2e"))

import browser  # noqa: E402

RFMPI = os.environ.get("RFMPI", SOURCE / "build" / "release" / "bin" / "rfmpi")
MOST_BYTES = 300_000
# name: width of the window, dark or not, what is shown (a selector; none: the top of the page), its height at most
PICTURES = {"report-segments": (1200, False, None, 1060), "report-scores": (1200, False, "#scores", 715),
            "report-distributions": (1200, False, "#distributions", 900), "report-map": (1200, True, "#map", 900),
            "report-phone": (390, False, None, 844)}


def make_report(events, folder):
    paths = json.dumps([str(pathlib.Path(events).resolve())])
    subprocess.run([RFMPI, "run", SOURCE / "conf" / "online-retail.yml", "--set", f"input.paths={paths}", "--set", f"output.dir={folder}",
                    "--set", "report.title=Online Retail"], check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return folder / "report.html"


def place_of(page, selector, width, most):
    if selector is None:
        return 0, 0, width, most
    top, height = page.ask(f"(b => [b.top + scrollY, b.height])(document.querySelector({json.dumps(selector)}).getBoundingClientRect())")
    return 0, top, width, min(height + 24, most)


def take(page, report, name, to):
    width, dark, selector, most = PICTURES[name]
    page.look(width, dark=dark)
    page.open(report)
    png = page.picture(place_of(page, selector, width, most))
    small = subprocess.run(["pngquant", "--speed", "1", "--strip", "256", "-"], input=png, stdout=subprocess.PIPE, check=True).stdout
    if len(small) > MOST_BYTES:
        sys.exit(f"pictures: {name}.png has {len(small)} bytes, {MOST_BYTES} are the most")
    (to / f"{name}.png").write_bytes(small)
    print(f"{to / name}.png: {len(small)} bytes")


def main():
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    to = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else SOURCE / "docs" / "images"
    to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rfmpi-pictures-") as folder:
        report = make_report(sys.argv[1], pathlib.Path(folder) / "run")
        page = browser.Browser()
        try:
            for name in PICTURES:
                take(page, report, name, to)
        finally:
            page.close()


main()
