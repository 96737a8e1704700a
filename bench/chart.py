"""A picture of the figures of bench/ingest.sh or kmeans.sh, with nothing but the standard library:

    chart.py RESULTS.json >OUT.svg
"""

import json
import sys
from html import escape

import formats
import report

WIDTH, LEFT, RIGHT, BAR, GAP, GROUP = 760, 190, 70, 15, 3, 14
COLOURS = {"rfmpi": "#0b6e6e", "duckdb": "#c9a227", "polars": "#7d8ca3", "rfmpi, 2 ranks": "#0b6e6e", "rfmpi, 1 rank": "#6fb0ae",
           "scikit-learn-lloyd": "#c9a227", "scikit-learn-elkan": "#e3cf85", "scikit-learn-intelex": "#7d8ca3",
           "faiss": "#b9a3c4"}
NAMES = {"rfmpi": "rfmpi", **report.PEERS}
INK, PALE, RULE = "#1f2933", "#5f6c7b", "#e1e5ea"


class Picture:
    """Lines of SVG from the top down."""

    def __init__(self):
        self.lines, self.y = [], 0

    def text(self, x, words, size=12, colour=INK, anchor="start", weight="normal", dy=0.0):
        self.lines.append(f'<text x="{x:.1f}" y="{self.y + dy:.1f}" font-size="{size}" fill="{colour}" '
                          f'text-anchor="{anchor}" font-weight="{weight}">{escape(words)}</text>')

    def bar(self, x, width, colour):
        self.lines.append(f'<rect x="{x:.1f}" y="{self.y:.1f}" width="{max(width, 1):.1f}" height="{BAR}" rx="2" '
                          f'fill="{colour}"/>')

    def line(self, x, y, height, colour, width=1.0):
        self.lines.append(f'<path d="M{x:.1f} {y:.1f}v{height:.1f}" stroke="{colour}" stroke-width="{width}"/>')

    def svg(self):
        head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.y:.0f}" width="{WIDTH}" '
                f'height="{self.y:.0f}" font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif">')
        return "\n".join([head, f'<rect width="{WIDTH}" height="{self.y:.0f}" fill="#ffffff"/>', *self.lines, "</svg>"])


def tick_step(most):
    """1, 2 or 5 times a power of ten, so that there are at most six."""
    step = 0.001
    while most / step > 6:
        step *= 2.5 if f"{step:e}"[0] == "2" else 2
    return step


class Panel:
    """Groups of bars over one axis of seconds. A group: (label, [(who, seconds, note, limit or None)])."""

    def __init__(self, picture, groups, digits=2):
        self.picture, self.groups, self.digits = picture, groups, digits
        self.most = max(seconds for _, bars in groups for _, seconds, _, _ in bars)
        self.scale = (WIDTH - LEFT - RIGHT) / self.most

    def draw_axis(self, height):
        step, i = tick_step(self.most), 0
        while i * step <= self.most:
            x = LEFT + i * step * self.scale
            self.picture.line(x, self.picture.y, height, RULE)
            self.picture.text(x, f"{i * step:g} s", 10, PALE, "middle", dy=height + 13)
            i += 1

    def draw_group(self, label, bars):
        picture = self.picture
        picture.text(LEFT - 10, label, anchor="end", dy=len(bars) * (BAR + GAP) / 2 + 3)
        for who, seconds, note, limit in bars:
            width = seconds * self.scale
            picture.bar(LEFT, width, COLOURS[who])
            picture.text(LEFT + width + 6, f"{seconds:.{self.digits}f}{note}", 11, INK if who.startswith("rfmpi") else PALE,
                         dy=BAR - 3.5)
            if limit is not None:
                picture.line(LEFT + limit * self.scale, picture.y - 2, BAR + 4, "#c2410c", 2.0)
            picture.y += BAR + GAP
        picture.y += GROUP - GAP

    def draw(self):
        self.draw_axis(sum(len(bars) * (BAR + GAP) + GROUP - GAP for _, bars in self.groups))
        self.picture.y += GROUP / 2
        for label, bars in self.groups:
            self.draw_group(label, bars)
        self.picture.y += 24


def against_peers(figures):
    for case in figures.cases:
        bars = []
        for who in NAMES:
            seconds = figures.seconds(case, formats.PLAIN, who)
            ratio = figures.ratio_to_peer(case, formats.PLAIN) if who == "rfmpi" and seconds else None
            if seconds:
                bars.append((who, seconds, f"  ({ratio:.1f} times as fast)" if ratio else "", None))
        if bars:
            yield ", ".join(case), bars


def by_format(figures):
    for case in figures.cases:
        for name in figures.formats(case):
            if case[0] == "log":
                yield (f"{formats.NAMES[name]}, {case[1]}",
                       [("rfmpi", figures.seconds(case, name, "rfmpi"), "", figures.limit(case, name))])


def draw_legend(picture, names):
    x = 20 if len(names) > 4 else LEFT
    for who, name in names.items():
        picture.lines.append(f'<rect x="{x:g}" y="{picture.y - 10}" width="11" height="11" rx="2" fill="{COLOURS[who]}"/>')
        picture.text(x + 17, name)
        x += 90 if len(names) <= 4 else 26 + 6.2 * len(name)
    picture.y += 12


def draw_ingest(results, picture):
    figures = report.Figures(results)
    picture.text(20, f"{results['events']:,} events to features, seconds", 16, weight="600")
    picture.y += 20
    picture.text(20, "Plain CSV in the page cache; rfmpi with 2 ranks, DuckDB and Polars with 2 threads; medians.", colour=PALE)
    picture.y += 26
    draw_legend(picture, NAMES)
    Panel(picture, list(against_peers(figures))).draw()
    groups = list(by_format(figures))
    if groups:
        picture.y += 24
        picture.text(20, "rfmpi by format, shape log", 14, weight="600")
        picture.y += 18
        picture.text(20, "The mark: only reading the file, or only decompressing it.", colour=PALE)
        picture.y += 14
        Panel(picture, groups).draw()


def middle(series, who):
    """Seconds an iteration, or in all where the fit goes on to convergence."""
    seconds = sorted(run["seconds"] / (1 if series["converges"] else run["iterations"]) for run in series["runs"][who])
    return seconds[len(seconds) // 2]


def draw_shape(series, picture):
    """A panel of its own: seconds of the shapes are far apart."""
    taken = {who: middle(series, who) for who in series["runs"]}
    best = min(seconds for who, seconds in taken.items() if not who.startswith("rfmpi"))
    bars = [(who, seconds, f"  ({best / seconds:.1f} times as fast as the best peer)" if who == "rfmpi, 2 ranks" else "", None)
            for who, seconds in taken.items()]
    picture.y += 22
    picture.text(20, f"{series['n']:,} x {series['d']}, k {series['k']}" + (", to convergence" if series["converges"] else ""),
                 13, weight="600")
    picture.y += 6
    Panel(picture, [("s in all" if series["converges"] else "s an iteration", bars)], digits=3).draw()


def draw_kmeans(results, picture):
    picture.text(20, "k-means from the same centroids, seconds", 16, weight="600")
    picture.y += 20
    picture.text(20, "The fit alone, the matrix in memory; peers with 2 threads; medians. Each shape has its own axis.",
                 colour=PALE)
    picture.y += 26
    draw_legend(picture, {who: who for series in results["series"] for who in series["runs"]})
    for series in results["series"]:
        draw_shape(series, picture)


def main():
    with open(sys.argv[1]) as file:
        results = json.load(file)
    picture = Picture()
    picture.y = 30
    (draw_kmeans if "k" in results["series"][0] else draw_ingest)(results, picture)
    print(picture.svg())


main()
