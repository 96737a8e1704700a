"""The other side of test_parquet: pyarrow writes files, and beside each NAME.parquet the texts its values stand for.

parquet_peer.py FOLDER all|seeds      seeds: only the small files that are to be damaged

NAME.txt has a line of column names, then a line for each row: fields between 0x1f, NULL as nothing. The texts are made
from the values by other means than the program's: Decimal, datetime and numpy's own shortest digits.
"""

import datetime
import decimal
import pathlib
import random
import sys
import uuid

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

EPOCH = datetime.datetime(1970, 1, 1)


def number_text(value, kind):
    value = kind(value)
    if np.isnan(value):
        return ""
    if np.isinf(value):
        return "-inf" if value < 0 else "inf"
    if value == 0 or 1e-5 <= abs(value) < 1e17:
        return np.format_float_positional(value, unique=True, trim="-")
    return np.format_float_scientific(value, unique=True, trim="-", exp_digits=2)


def local_text(us):
    at = EPOCH + datetime.timedelta(microseconds=us)
    text = f"{at.year:04d}-{at.month:02d}-{at.day:02d}T{at.hour:02d}:{at.minute:02d}:{at.second:02d}"
    return text + (f".{at.microsecond:06d}" if at.microsecond else "")


def timestamp_text(kind, ticks):
    a_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[kind.unit]
    us = ticks * 10**6 // a_second
    return str(us) if kind.tz else local_text(us)


def texts(column, as_int96=False):
    kind = column.type
    if pa.types.is_dictionary(kind):
        return texts(column.cast(kind.value_type))
    if isinstance(kind, pa.ExtensionType):
        return ["" if v is None else str(uuid.UUID(bytes=v)) for v in column.combine_chunks().storage.to_pylist()]
    if pa.types.is_timestamp(kind):
        ticks = column.cast(pa.int64()).to_pylist()
        return ["" if v is None else timestamp_text(pa.timestamp(kind.unit) if as_int96 else kind, v) for v in ticks]
    values = column.to_pylist()
    if pa.types.is_floating(kind):
        of = np.float32 if kind == pa.float32() else np.float64
        return ["" if v is None else number_text(v, of) for v in values]
    if pa.types.is_decimal(kind):
        return ["" if v is None else f"{v:f}" for v in values]
    if pa.types.is_boolean(kind):
        return ["" if v is None else str(v).lower() for v in values]
    if pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return ["" if v is None else v.decode() for v in values]
    return ["" if v is None else str(v) for v in values]


class Folder:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.names = []

    def write(self, name, table, as_int96=False, **options):
        pq.write_table(table, self.path / f"{name}.parquet", use_deprecated_int96_timestamps=as_int96, **options)
        self.expect(name, table, as_int96)

    def expect(self, name, table, as_int96=False):
        columns = [texts(c, as_int96) for c in table.columns]
        lines = ["\x1f".join(table.column_names), *("\x1f".join(row) for row in zip(*columns))]
        (self.path / f"{name}.txt").write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="")
        self.names.append(name)

    def close(self):
        (self.path / "names").write_text("".join(name + "\n" for name in self.names))


def holed(values, chance, rng):
    return [None if rng.random() < chance else v for v in values]


def integers(rng, bits, signed, n):
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    values = [low, high, 0, 1] + [rng.randint(low, high) >> rng.randrange(bits) for _ in range(n)]
    return values[:n]


def doubles(rng, n):
    special = [0.0, -0.0, 0.1, 35.96, -1e-5, 9.99e-6, 1e17, 123456789.25, 5e-324, 1.7976931348623157e308,
               float("nan"), float("inf"), float("-inf"), 2.0**53, 0.1 + 0.2]
    values = special + [rng.randrange(10**6) / 100 for _ in range(n // 2)] + [rng.gauss(0, 1) for _ in range(n)]
    return values[:n]


def decimals(rng, precision, scale, n):
    top = 10**precision - 1
    values = [top, -top, 0, 1, -1] + [rng.randint(-top, top) // 10 ** rng.randrange(precision) for _ in range(n)]
    context = decimal.Context(prec=precision)
    return [decimal.Decimal(v).scaleb(-scale, context) for v in values[:n]]


def all_types(n, chance=0.2, seed=1):
    rng = random.Random(seed)
    day_us = 86400 * 10**6
    times_us = [-1, 0, -62135596800000000, 253402300799999999] + [
        rng.randint(-2 * 10**9, 2 * 10**9) * 10**6 + rng.choice([0, rng.randrange(10**6)]) for _ in range(n)]
    times_us = times_us[:n]
    # 64 bits of nanoseconds go from 1677 to 2262.
    times_ns = [-1, -999, -1000, -1001, 999] + [rng.randint(-(2**62), 2**62) for _ in range(n)]
    words = ["view", "cart", "purchase", "", 'with "quotes", and commas', "naïve Ünïcode 東京", "x" * 300]
    columns = {}
    for bits in (8, 16, 32, 64):
        columns[f"i{bits}"] = pa.array(holed(integers(rng, bits, True, n), chance, rng), getattr(pa, f"int{bits}")())
        columns[f"u{bits}"] = pa.array(holed(integers(rng, bits, False, n), chance, rng), getattr(pa, f"uint{bits}")())
    columns["flag"] = pa.array(holed([rng.random() < 0.5 for _ in range(n)], chance, rng))
    columns["f64"] = pa.array(holed(doubles(rng, n), chance, rng), pa.float64())
    columns["f32"] = pa.array(holed(np.clip(doubles(rng, n), -3e38, 3e38).astype("f4").tolist(), chance, rng), pa.float32())
    for precision, scale in ((5, 2), (9, 0), (18, 4), (20, 0), (38, 10), (38, 38)):
        values = holed(decimals(rng, precision, scale, n), chance, rng)
        columns[f"d{precision}_{scale}"] = pa.array(values, pa.decimal128(precision, scale))
    columns["day"] = pa.array(holed([v // day_us for v in times_us], chance, rng), pa.int32()).cast(pa.date32())
    for zone in (None, "UTC", "Europe/Paris"):
        name = {None: "local", "UTC": "utc"}.get(zone, "paris")
        columns[f"{name}_ms"] = pa.array(holed([v // 1000 for v in times_us], chance, rng), pa.int64()).cast(pa.timestamp("ms", zone))
        columns[f"{name}_us"] = pa.array(holed(times_us, chance, rng), pa.int64()).cast(pa.timestamp("us", zone))
        columns[f"{name}_ns"] = pa.array(holed(times_ns[:n], chance, rng), pa.int64()).cast(pa.timestamp("ns", zone))
    columns["word"] = pa.array(holed([rng.choice(words) for _ in range(n)], chance, rng), pa.string())
    columns["name"] = pa.array(holed([f"{rng.getrandbits(64):016x}"[: rng.randrange(17)] for _ in range(n)], chance, rng), pa.string())
    columns["binary"] = pa.array(holed([b"b%d" % rng.randrange(50) for _ in range(n)], chance, rng), pa.binary())
    columns["fixed"] = pa.array(holed([b"f%04d" % rng.randrange(10000) for _ in range(n)], chance, rng), pa.binary(5))
    columns["code"] = columns["word"].dictionary_encode()
    ids = [uuid.UUID(int=rng.getrandbits(128)).bytes for _ in range(n)]
    columns["uuid"] = pa.ExtensionArray.from_storage(pa.uuid(), pa.array(holed(ids, chance, rng), pa.binary(16)))
    return pa.table(columns)


def required(table):
    return table.cast(pa.schema([pa.field(f.name, f.type, nullable=False) for f in table.schema]))


def write_types(folder):
    table, full = all_types(3000), required(all_types(3000, chance=0))
    for version in ("1.0", "2.0"):
        for codec in ("none", "snappy", "gzip", "zstd", "lz4"):
            folder.write(f"types_{codec}_{version[0]}", table, compression=codec, data_page_version=version,
                         row_group_size=1234, write_page_checksum=codec == "zstd")
        for name, rows in (("optional", table), ("required", full)):
            folder.write(f"plain_{name}_{version[0]}", rows, use_dictionary=False, data_page_version=version,
                         data_page_size=2000, write_batch_size=64, compression="snappy")
            folder.write(f"dictionary_{name}_{version[0]}", rows, data_page_version=version, data_page_size=1000,
                         write_batch_size=64, write_page_checksum=True)
    folder.write("fallback", all_types(20000, seed=2), dictionary_pagesize_limit=2000, data_page_size=4000,
                 write_batch_size=100, store_decimal_as_integer=True)
    folder.write("integers_as_decimals", full, store_decimal_as_integer=True, compression="none", use_dictionary=False)
    folder.write("all_null", all_types(2500, chance=1))
    times = table.select([n for n in table.column_names if n.endswith("_ns")])
    folder.write("int96", times, as_int96=True, row_group_size=700)


def write_encodings(folder):
    table, full = all_types(3000, seed=3), required(all_types(3000, chance=0, seed=3))
    for name, rows in (("optional", table), ("required", full)):
        integers_only = rows.select(["i8", "i16", "i32", "i64", "u32", "u64", "utc_us", "local_ns", "day"])
        strings = rows.select(["word", "name", "binary"])
        for version in ("1.0", "2.0"):
            options = {"use_dictionary": False, "data_page_version": version, "data_page_size": 3000, "write_batch_size": 100}
            folder.write(f"delta_{name}_{version[0]}", integers_only, column_encoding=dict.fromkeys(
                integers_only.column_names, "DELTA_BINARY_PACKED"), **options)
            for encoding in ("DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"):
                folder.write(f"{encoding}_{name}_{version[0]}".lower(), strings, column_encoding=dict.fromkeys(
                    strings.column_names, encoding), compression="zstd", **options)
            split = rows.select(["f32", "f64", "i32", "i64", "fixed"])
            folder.write(f"split_{name}_{version[0]}", split, column_encoding=dict.fromkeys(
                split.column_names, "BYTE_STREAM_SPLIT"), **options)
            folder.write(f"flags_{name}_{version[0]}", rows.select(["flag"]), column_encoding={"flag": "RLE"}, **options)


def write_shapes(folder):
    table = all_types(50, seed=4)
    folder.write("no_rows", table.slice(0, 0))
    folder.write("one_row", table.slice(0, 1))
    with pq.ParquetWriter(folder.path / "empty_groups.parquet", table.schema) as writer:
        for part in (table.slice(0, 0), table.slice(0, 20), table.slice(0, 0), table.slice(0, 0), table.slice(20)):
            writer.write_table(part)
        writer.write_table(table.slice(0, 0))
    folder.expect("empty_groups", table)
    rng = random.Random(5)
    sessions = pa.table({"session": [f"{rng.getrandbits(400):0100x}" for _ in range(250000)],
                         "event": [rng.choice(["view", "cart"]) for _ in range(250000)]})
    folder.write("long_texts", sessions, row_group_size=240000)
    folder.write("many_groups", all_types(3000, seed=6).select(["i64", "word", "utc_us"]), row_group_size=7)


def write_refused(folder):
    """Files of which some columns cannot be read."""
    n = 10
    mixed = pa.table({
        "before": list(range(n)),
        "list": [[i, i + 1] for i in range(n)],
        "struct": [{"a": i, "b": str(i)} for i in range(n)],
        "map": pa.array([[("k", i)] for i in range(n)], pa.map_(pa.string(), pa.int64())),
        "clock32": pa.array(range(n), pa.int32()).cast(pa.time32("ms")),
        "clock64": pa.array(range(n), pa.int64()).cast(pa.time64("us")),
        "half": pa.array(np.arange(n, dtype="f2")),
        "after": [f"after {i}" for i in range(n)],
    })
    pq.write_table(mixed, folder.path / "mixed.parquet", row_group_size=4)
    folder.expect("mixed", mixed.select(["before", "after"]))
    pq.write_table(mixed.select(["before"]), folder.path / "brotli.parquet", compression="brotli")


def write_seeds(folder):
    """Small files to be damaged."""
    table = all_types(60, seed=7)
    for i, options in enumerate((
            {"compression": "none"},
            {"compression": "none", "use_dictionary": False},
            {"compression": "snappy", "data_page_version": "2.0"},
            {"compression": "zstd", "write_page_checksum": True},
            {"compression": "gzip", "use_dictionary": False},
            {"compression": "none", "use_dictionary": False, "column_encoding": {
                "i64": "DELTA_BINARY_PACKED", "i32": "DELTA_BINARY_PACKED", "word": "DELTA_BYTE_ARRAY",
                "name": "DELTA_LENGTH_BYTE_ARRAY", "f64": "BYTE_STREAM_SPLIT", "flag": "RLE"}},
            {"compression": "lz4", "data_page_version": "2.0", "use_dictionary": False})):
        pq.write_table(table.select(["i64", "i32", "word", "name", "f64", "flag", "utc_us", "d20_0", "day", "fixed"]),
                       folder.path / f"seed{i}.parquet", row_group_size=25, **options)


def main():
    folder = Folder(sys.argv[1])
    for write in [write_seeds] if sys.argv[2] == "seeds" else [write_types, write_encodings, write_shapes, write_refused]:
        write(folder)
    folder.close()


if __name__ == "__main__":
    main()
