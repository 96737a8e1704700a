"""However the same events come and whatever reads them, the digest is one: formats, ranks, memory, vectors and folding drawn at random."""

import gzip
import json
import pathlib
import random
import shutil

import case

import zstandard

N_STARTS = 60
LISTS = ["rfm", "rfm-behaviour",
         "[{name: a, distinct: product, where: {event: view, last: 9d}}, {name: b, distinct: day},"
         " {name: c, sum: amount, where: {event: purchase, last: 20d}}, {name: d, mean_gap: week}, {name: e, max: amount},"
         " {name: f, since_last: hour, where: {event: cart}}]"]


class AnyWay(case.Case):
    def setUp(self):
        super().setUp()
        self.draw = random.Random(20191001)
        self.formats = ["csv", "csv.gz", "csv.zst", "h5"]
        self.parts = self.generate(events=100000, customers=8000, days=40, parts=5)
        self.rfmpi("convert", *self.parts, "--out", self.dir / "tables", ranks=2)
        for i, part in enumerate(self.parts):
            text = pathlib.Path(part).read_bytes()
            self.at(i, "csv").write_bytes(text)
            self.at(i, "csv.gz").write_bytes(gzip.compress(text, 1))
            self.at(i, "csv.zst").write_bytes(zstandard.ZstdCompressor().compress(text))
            shutil.copy(self.dir / "tables" / f"part-{i:05}.h5", self.at(i, "h5"))
        if "Parquet" in case.launch("--version", ranks=0).stdout:
            self.make_parquet()

    def at(self, i, ending):
        return self.dir / f"events-{i}.{ending}"

    def make_parquet(self):
        import pyarrow
        import pyarrow.csv
        import pyarrow.parquet
        texts = {name: pyarrow.string() for name in ("event_time", "price", "product_id", "category_id", "user_id")}
        for i, part in enumerate(self.parts):
            table = pyarrow.csv.read_csv(part, convert_options=pyarrow.csv.ConvertOptions(column_types=texts))
            pyarrow.parquet.write_table(table, self.at(i, "parquet"), row_group_size=3000)
        self.formats.append("parquet")

    def start(self, task, paths, out, how, *words):
        shutil.rmtree(self.dir / out, ignore_errors=True)
        self.run_job("quickstart.yml", paths, out, *how, *words, task=task, ranks=self.draw.choice([0, 1, 2, 3, 4, 5]),
                     env={"RFMPI_VECTOR": "portable"} if self.draw.random() < 0.3 else None)

    def digest(self, how):
        """One start, in a way of its own: all at once, or some events folded onto the others."""
        files = [self.at(i, self.draw.choice(self.formats)) for i in range(5)]
        self.draw.shuffle(files)
        memory = self.draw.choice([(), (), ("--memory", "1M"), ("--memory", "8M")])
        if self.draw.random() < 0.35:
            n = self.draw.randrange(1, 5)
            self.start("prepare", files[:n], "base", how, *memory)
            self.start("run", files[n:], "out", how, *memory, "--onto", self.dir / "base")
        else:
            self.start("run", files, "out", how, *memory)
        return case.read_report(self.dir / "out")["digest"]

    def test_one_digest_for_one_job(self):
        digests = {}
        for _ in range(N_STARTS):
            how = ("--set", f"features.list={self.draw.choice(LISTS)}", "--set",
                   f"input.dedupe={self.draw.choice(['none', 'none', 'row'])}", "--set",
                   f"input.id={self.draw.choice(['integer', 'text'])}", "--set", "features.population=all", "--set",
                   "cluster.k=4", "--set", "cluster.restarts=1")
            digests.setdefault(json.dumps(how), set()).add(self.digest(how))
        self.assertEqual({how: digest for how, digest in digests.items() if len(digest) > 1}, {})
        self.assertEqual(len(digests), 12)


if __name__ == "__main__":
    case.main()
