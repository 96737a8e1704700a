#!/usr/bin/env python3
"""The colours of report.html, light and dark: text has contrast, and segments differ to eyes that lack a kind of cone.

Contrast is that of WCAG 2. What colour-blind eyes see: Machado, Oliveira, Fernandes, IEEE TVCG 2009, at full severity;
distances are Euclidean in CIELAB.
"""
import itertools
import math
import os
import pathlib
import re
import unittest

STYLE = pathlib.Path(os.environ["RFMPI_SOURCE"]) / "src" / "report" / "page.css"
TEXT, DRAWN = 4.5, 3.0  # contrast that WCAG asks of text, and of what is drawn
APART = 12
EYES = {
    "all cones": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
WHITE = (0.9505, 1.0, 1.089)


def linear(colour):
    values = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    return [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]


def times(matrix, vector):
    return [sum(m * v for m, v in zip(row, vector)) for row in matrix]


def contrast(a, b):
    low, high = sorted(times(XYZ, linear(colour))[1] for colour in (a, b))
    return (high + 0.05) / (low + 0.05)


def lab(seen):
    x, y, z = (v / w for v, w in zip(times(XYZ, seen), WHITE))
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def seen_by(eye, colour):
    return lab([min(1, max(0, v)) for v in times(EYES[eye], linear(colour))])


class Palette(unittest.TestCase):
    def setUp(self):
        blocks = re.findall(r":root \{([^}]*--c0[^}]*)\}", STYLE.read_text())
        self.modes = dict(zip(("light", "dark"), (dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block)) for block in blocks)))
        self.assertEqual(len(blocks), 2)

    def test_text_can_be_read(self):
        pairs = [("ink", "paper"), ("ink", "card"), ("soft", "paper"), ("soft", "card"), ("accent", "paper"), ("accent", "card"),
                 *((f"k{i}", f"c{i}") for i in range(8)), *((f"i{i}", f"h{i}") for i in range(7))]
        for mode, colours in self.modes.items():
            for text, ground in pairs:
                self.assertGreaterEqual(contrast(colours[text], colours[ground]), TEXT, (mode, text, ground))

    def test_segments_stand_out_from_the_ground(self):
        for mode, colours in self.modes.items():
            for i in range(8):
                self.assertGreaterEqual(contrast(colours[f"c{i}"], colours["card"]), DRAWN, (mode, i))

    def test_segments_differ_to_all_eyes(self):
        for mode, colours in self.modes.items():
            for eye in EYES:
                for a, b in itertools.combinations([colours[f"c{i}"] for i in range(8)], 2):
                    self.assertGreater(math.dist(seen_by(eye, a), seen_by(eye, b)), APART, (mode, eye, a, b))

    def test_heat_rises_in_even_steps(self):
        for mode, colours in self.modes.items():
            lightness = [lab(linear(colours[f"h{i}"]))[0] for i in range(7)]
            steps = [b - a if mode == "dark" else a - b for a, b in zip(lightness, lightness[1:])]
            self.assertGreater(min(steps), 3, (mode, lightness))


if __name__ == "__main__":
    unittest.main()
