"""The same events are the same result in any format, mixed, cut, and at any number of ranks; damaged files are named."""

import gzip
import json
import pathlib
import random
import time

import case

import zstandard


def split(text, n):
    """A CSV text as n texts with the header each, cut between rows at random places."""
    header, _, rest = text.partition(b"\n")
    lines = rest.splitlines(keepends=True)
    cuts = [0, *sorted(random.Random(n).sample(range(1, len(lines)), n - 1)), len(lines)]
    return [header + b"\n" + b"".join(lines[a:b]) for a, b in zip(cuts, cuts[1:])]


def members(text, n):
    """One gzip file of n members, cut anywhere."""
    cuts = [0, *sorted(random.Random(n).sample(range(1, len(text)), n - 1)), len(text)]
    return b"".join(gzip.compress(text[a:b], 1) for a, b in zip(cuts, cuts[1:]))


def zstd(text, **options):
    return zstandard.ZstdCompressor(**options).compress(text)


class Formats(case.Case):
    def setUp(self):
        super().setUp()
        plain, = self.generate(events=40000, customers=3000)
        self.text = pathlib.Path(plain).read_bytes()
        self.expected = self.digest([plain], "plain", ranks=1)

    def write(self, name, content):
        path = self.dir / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return path

    def digest(self, paths, out, ranks, job="quickstart.yml"):
        return self.run_job(job, paths, f"{out}-{ranks}", "--set", "features.list=rfm-behaviour", ranks=ranks)["digest"]

    def assert_same(self, paths, name, all_ranks=(1, 3)):
        for ranks in all_ranks:
            self.assertEqual(self.digest(paths, name, ranks), self.expected, f"{name} at {ranks} ranks")

    def test_gzip_of_one_member_is_parsed_by_all_ranks(self):
        self.assert_same([self.write("one.csv.gz", gzip.compress(self.text))], "gz", (1, 2, 3, 4))

    def test_gzip_of_many_members_with_padding(self):
        self.assert_same([self.write("many.csv.gz", members(self.text, 40) + b"\0" * 512)], "members")

    def test_fifty_gzip_files_by_directory(self):
        for i, piece in enumerate(split(self.text, 50)):
            self.write(f"fifty/part-{i:02}.csv.gz", gzip.compress(piece, 1))
        self.assert_same([self.dir / "fifty"], "fifty")

    def test_zstd_of_one_and_of_many_frames(self):
        half = self.text.index(b"\n", len(self.text) // 2) + 10
        frames = zstd(self.text[:half]) + zstd(self.text[half:], write_checksum=True)
        self.assert_same([self.write("one.csv.zst", zstd(self.text))], "zst")
        self.assert_same([self.write("two.csv.zst", frames)], "frames")

    def parquet(self, name, text, **options):
        """The text as a user's Parquet: numbers, decimals and times where they can be, and NULL for nothing."""
        if "Parquet" not in case.launch("--version", ranks=0).stdout:
            self.skipTest("this build is without Parquet")
        import pyarrow
        import pyarrow.compute
        import pyarrow.csv
        import pyarrow.parquet
        types = {"event_time": pyarrow.string(), "price": pyarrow.decimal128(12, 2), "category_id": pyarrow.int64(),
                 "user_session": pyarrow.string()}
        table = pyarrow.csv.read_csv(pyarrow.BufferReader(text), convert_options=pyarrow.csv.ConvertOptions(
            column_types=types, strings_can_be_null=True))
        times = pyarrow.compute.strptime(pyarrow.compute.utf8_rtrim(table["event_time"], " UTC"), "%Y-%m-%d %H:%M:%S", "us")
        table = table.set_column(0, "event_time", times.cast(pyarrow.timestamp("us", "UTC")))
        path = self.dir / name
        path.parent.mkdir(exist_ok=True)
        pyarrow.parquet.write_table(table, path, **options)
        return path

    def test_parquet_of_any_codec_and_many_row_groups(self):
        for codec in ("snappy", "gzip", "zstd", "none"):
            path = self.parquet(f"{codec}.parquet", self.text, compression=codec, row_group_size=3000)
            self.assert_same([path], codec)
        path = self.parquet("plain.parquet", self.text, use_dictionary=False, row_group_size=7919)
        self.assert_same([path], "no-dictionary", (1, 2, 3, 4))

    def test_a_nul_byte_in_the_id_of_a_customer_costs_its_row(self):
        if "Parquet" not in case.launch("--version", ranks=0).stdout:
            self.skipTest("this build is without Parquet")
        import pyarrow
        import pyarrow.parquet
        table = pyarrow.table({"user_id": ["a", "b\0c", "d", None], "event_time": ["2019-10-01"] * 4,
                               "event_type": ["purchase"] * 4, "price": [1.5, 2.5, 3.5, 4.5]})
        path = self.dir / "nul.parquet"
        pyarrow.parquet.write_table(table, path)
        job = self.write("nul.yml", b"input: {columns: {customer: user_id, time: event_time, event: event_type, amount: price}}")
        self.rfmpi("prepare", job, "--set", f"input.paths=[{path}]", "--set", f"output.dir={self.dir / 'nul'}", "--set",
                   "input.max_rejected=1")
        report = case.read_report(self.dir / "nul")
        self.assertEqual((report["rejected"]["bytes"], report["rejected"]["customer"], report["n_events"]), (1, 1, 2))
        rejects = (self.dir / "nul" / "rejects" / "rejects.csv").read_text()
        self.assertIn("nul.parquet,2,bytes,a NUL byte,", rejects)

    def test_event_tables_of_hdf5(self):
        pieces = split(self.text, 3)
        for i, piece in enumerate(pieces):
            self.write(f"text/part-{i}.csv", piece)
        self.rfmpi("convert", *sorted((self.dir / "text").iterdir()), "--out", self.dir / "tables", ranks=2)
        self.assert_same([self.dir / "tables"], "h5", (1, 2, 3, 4))

    def test_tabs_by_name(self):
        self.assert_same([self.write("tabs.tsv", self.text.replace(b",", b"\t"))], "tsv")
        self.assert_same([self.write("tabs.tsv.gz", gzip.compress(self.text.replace(b",", b"\t")))], "tsv-gz")

    def test_all_formats_mixed_in_one_run(self):
        pieces = split(self.text, 6)
        self.write("mixed/a.csv", pieces[0])
        self.write("mixed/b.csv.gz", members(pieces[1], 3))
        self.write("mixed/c.csv.zst", zstd(pieces[2]))
        self.write("mixed/d.tsv", pieces[3].replace(b",", b"\t"))
        self.parquet("mixed/e.parquet", pieces[4], row_group_size=1000)
        self.rfmpi("convert", self.write("f.csv", pieces[5]), "--out", self.dir / "table", ranks=1)
        (self.dir / "table" / "f.h5").rename(self.dir / "mixed" / "f.h5")
        self.write("list.txt", f"{self.dir}/mixed/*.csv\n{self.dir}/mixed/**/*.gz\n{self.dir}/mixed/c.csv.zst\n"
                               f"{self.dir}/mixed/d.tsv\n{self.dir}/mixed/*.parquet\n{self.dir}/mixed/f.h5\n".encode())
        self.assert_same([self.dir / "mixed"], "mixed")
        self.assert_same([f"@{self.dir}/list.txt"], "list")

    def test_dialects_of_a_warehouse_unload(self):
        """One table as Snowflake unloads it: NULL as \\N or empty, fields enclosed or escaped, its forms of time."""
        draw = random.Random(7)
        names = ["plain", "with, comma", 'say "hi"', "two\nlines", "back\\slash", None, "tab\there", "N"]
        rows = [(f"c{draw.randrange(300)}", draw.randrange(0, 86400 * 40), draw.choice(["view", "purchase", None]),
                 draw.choice([f"{draw.randrange(9999) / 100:.2f}", None]), draw.choice(names)) for _ in range(4000)]

        def enclosed(value):
            return "" if value is None else '"' + value.replace('"', '""') + '"'

        def optional(value):
            return "\\N" if value is None else enclosed(value) if set(value) & set(',"\n') else value

        def escaped(value):
            return "\\N" if value is None else "".join("\\" + c if c in ",\n\\" else c for c in value)

        def both(value):
            if value is None:
                return '""'
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

        forms = {"enclosed": (enclosed, "%Y-%m-%d %H:%M:%S", "+0000", {}),
                 "optional": (optional, "%Y-%m-%d %H:%M:%S.000", " Z", {}),
                 "escaped": (escaped, "%Y-%m-%d %H:%M:%S.000", " +0000", {"quote": "none", "escape": "\\"}),
                 "both": (both, "%Y-%m-%dT%H:%M:%S.000000000", "+00:00", {"escape": "\\"})}
        digests = {}
        for name, (write, form, zone, keys) in forms.items():
            text = "who,at,what,paid,name\n" + "".join(
                ",".join([write(who), write(time.strftime(form, time.gmtime(1577836800 + at)) + zone),
                          write(what or "other"), write(paid), write(label)]) + "\n" for who, at, what, paid, label in rows)
            job = {"input": {"paths": [str(self.write(f"{name}.csv.gz", gzip.compress(text.encode())))],
                             "columns": {"customer": "who", "time": "at", "event": "what", "amount": "paid",
                                         "product": "name"}, **keys},
                   "features": {"population": "all", "list": [{"name": "names", "distinct": "product"},
                                                               {"name": "paid", "sum": "amount"},
                                                               {"name": "n_paid", "count": "amount"},
                                                               {"name": "views", "count": "*", "where": {"event": "view"}},
                                                               {"name": "last", "since_last": "day"}]},
                   "cluster": {"k": 3}}
            path = self.write(f"{name}.yml", json.dumps(job).encode())
            for ranks in (1, 3):
                out = self.dir / f"{name}-{ranks}"
                self.rfmpi("run", path, "--set", f"output.dir={out}", ranks=ranks)
                report = case.read_report(out)
                self.assertEqual((report["n_events"], report["n_rejected"]), (4000, 0), name)
                digests[name, ranks] = report["digest"]
        self.assertEqual(len(set(digests.values())), 1, digests)
        _, _, values = case.read_features(self.dir / "both-1")
        self.assertEqual(values[:, 2].sum(), sum(paid is not None for _, _, _, paid, _ in rows))

    def test_rejects_have_the_same_lines_as_in_plain_text(self):
        rows = self.text.splitlines(keepends=True)
        for i in range(5, len(rows), 997):
            rows[i] = b"torn\n"
        wanted = None
        for name, pack in (("bad.csv", bytes), ("bad.csv.gz", gzip.compress), ("bad.csv.zst", zstd)):
            path = self.write(name, pack(b"".join(rows)))
            for ranks in (1, 2, 4):
                self.run_job("quickstart.yml", [path], f"{name}-{ranks}", "--set", "input.max_rejected=1", ranks=ranks)
                rejects = (self.dir / f"{name}-{ranks}" / "rejects" / "rejects.csv").read_text()
                rejects = rejects.replace(str(path), "FILE")
                wanted = wanted or rejects
                self.assertEqual(rejects, wanted, f"{name} at {ranks} ranks")
        self.assertEqual(wanted.count("FILE"), len(range(5, len(rows), 997)))
        self.assertIn("FILE,6,fields,", wanted)

    def test_rejects_kept_are_the_first_of_each_reason_whoever_parsed_them(self):
        rows, draw = self.text.splitlines(keepends=True)[:1001], random.Random(1)
        for i in range(9, len(rows), 100):
            rows[i] = b"torn\n"
        torn = b"".join(draw.randbytes(100).hex().encode() + b"\n" for _ in range(12000))
        paths = [self.write("a.csv", b"".join(rows)), self.write("b.csv.gz", gzip.compress(rows[0] + torn))]
        kept = []
        for ranks in (1, 2, 4):
            self.run_job("quickstart.yml", paths, f"first-{ranks}", "--set", "input.max_rejected=1", ranks=ranks)
            lines = (self.dir / f"first-{ranks}" / "rejects" / "rejects.csv").read_text().splitlines()[1:]
            kept.append([line.split(",")[:3] for line in lines])
        wanted = [[str(paths[0]), str(i + 1), "fields"] for i in range(9, len(rows), 100)]
        wanted += [[str(paths[1]), str(i + 2), "fields"] for i in range(1000 - len(wanted))]
        self.assertEqual(kept, [wanted] * 3)

    def test_quoted_line_ends_and_long_rows_behind_the_first_block_are_read_by_one_rank(self):
        rows = self.text.splitlines(keepends=True)
        fields = rows[30000].split(b",")
        fields[4] = b'"two\nlines"'
        rows[30000] = b",".join(fields)
        fields[4] = b"x" * 600000
        rows[31000] = b",".join(fields)
        wanted = self.digest([self.write("quoted.csv", b"".join(rows))], "quoted", 1)
        packed = [self.write("quoted.csv.gz", gzip.compress(b"".join(rows)))]
        for ranks in (1, 2, 4):
            self.assertEqual(self.digest(packed, "quoted-gz", ranks), wanted)

    @case.needs_ranks
    def test_dry_run_says_who_reads_what_and_writes_nothing(self):
        plain, packed = self.write("a.csv", self.text), self.write("b.csv.gz", gzip.compress(self.text[:100000]))
        job = ("run", case.SOURCE / "conf" / "quickstart.yml", "--dry-run", "--set", f"output.dir={self.dir / 'none'}")
        text = self.rfmpi(*job, "--set", f"input.paths=[{plain}, {packed}]", ranks=2).stdout
        lines = [line.split() for line in text.splitlines()[2:]]
        self.assertEqual([(line[0], line[-1]) for line in lines], [("0", str(plain)), ("1", str(plain)), ("0", str(packed))])
        self.assertEqual(round(sum(float(line[1].rstrip("%")) for line in lines)), 100)
        text = self.rfmpi(*job, "--set", f"input.paths=[{self.write('one.csv.gz', gzip.compress(self.text))}]", ranks=2).stdout
        self.assertIn("decoded by rank 0, parsed by all", text)
        self.assertFalse((self.dir / "none").exists())

    def test_a_line_of_100_megabytes_and_a_nul_byte_cost_a_row_each(self):
        rows = self.text.splitlines(keepends=True)
        rows[20000:20000] = [b"x" * 100_000_000 + b"\n", rows[20000].replace(b"view", b"vi\0w"), b"\n"]
        for name, pack in (("long.csv", bytes), ("long.csv.gz", lambda text: gzip.compress(text, 1))):
            path = self.write(name, pack(b"".join(rows)))
            for ranks in (1, 2):
                report = self.run_job("quickstart.yml", [path], f"{name}-{ranks}", "--set", "features.list=rfm-behaviour",
                                      ranks=ranks)
                self.assertEqual((report["n_rejected"], report["rejected"]["bytes"]), (2, 2))
                self.assertLess(report["peak_memory_bytes_max"], 400_000_000)
                self.assertEqual(report["digest"], self.expected)
                rejects = (self.dir / f"{name}-{ranks}" / "rejects" / "rejects.csv").read_text().splitlines()
                self.assertEqual([line.split(",")[1:3] for line in rejects[1:]], [["20001", "bytes"], ["20002", "bytes"]])

    # ---- damage ----------------------------------------------------------------------------------------------------

    def complaint(self, path, ranks):
        result = self.rfmpi("run", case.SOURCE / "conf" / "quickstart.yml", "--set",
                            "input.paths=" + json.dumps([str(path)]), "--set", f"output.dir={self.dir / 'out'}", code=65,
                            ranks=ranks)
        lines = case.errors(result)
        self.assertEqual(len(lines), 1, result.stderr)
        self.assertFalse((self.dir / "out" / "state.h5").exists())
        return lines[0]

    def assert_damage_is_named(self, path, complaint):
        for ranks in (1, 2):
            self.assertRegex(self.complaint(path, ranks), f"{path.name}: near byte [0-9]+ of [0-9]+: {complaint}")

    def test_truncated_gzip(self):
        packed = gzip.compress(self.text)
        self.assert_damage_is_named(self.write("cut.csv.gz", packed[: len(packed) * 2 // 3]), "the file ends in the middle")
        self.assert_damage_is_named(self.write("tail.csv.gz", packed[:-3]), "the file ends in the middle")

    def test_gzip_with_a_wrong_checksum_or_garbage_behind_it(self):
        packed = gzip.compress(self.text)
        wrong = packed[:-8] + bytes([packed[-8] ^ 1]) + packed[-7:]
        self.assert_damage_is_named(self.write("crc.csv.gz", wrong), "the checksum differs")
        self.assert_damage_is_named(self.write("tail.csv.gz", packed + b"more than a header" * 9), "no gzip header")

    def test_damaged_zstd(self):
        packed = bytearray(zstd(self.text, write_checksum=True))
        self.assert_damage_is_named(self.write("cut.csv.zst", packed[: len(packed) // 2]), "the file ends in the middle")
        packed[len(packed) // 2] ^= 0x55
        self.assert_damage_is_named(self.write("bad.csv.zst", packed), "")

    def test_damaged_parquet_and_hdf5(self):
        packed = self.parquet("whole.parquet", self.text, write_page_checksum=True, row_group_size=10000).read_bytes()
        broken = bytearray(packed)
        broken[len(packed) // 2 : len(packed) // 2 + 64] = bytes(64)
        for name, content in (("cut.parquet", packed[:-100]), ("page.parquet", broken), ("empty.parquet", b"PAR1")):
            path = self.write(name, content)
            self.assertRegex(self.complaint(path, 2), f"{name}: ")
        self.rfmpi("convert", self.write("a.csv", self.text), "--out", self.dir / "tables", ranks=1)
        table = (self.dir / "tables" / "a.h5").read_bytes()
        self.assertRegex(self.complaint(self.write("cut.h5", table[: len(table) // 2]), 2), "cut.h5: ")

    def test_an_empty_compressed_file_is_no_rows(self):
        self.write("pair/a.csv", self.text)
        self.write("pair/b.csv.gz", b"")
        self.write("pair/c.csv.zst", b"")
        self.write("pair/d.csv.gz", gzip.compress(b""))
        self.assert_same([self.dir / "pair"], "empty")


if __name__ == "__main__":
    case.main()
