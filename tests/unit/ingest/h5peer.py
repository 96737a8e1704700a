"""The other side of test_h5table: event tables made by hand with h5py, as users make them and as nobody should.

h5peer.py good DIR   NAME.h5, and what it holds as text in NAME.txt: the columns' names, then the rows
h5peer.py bad DIR    NAME.h5, and in NAME.txt the words of the refusal
"""

import datetime
import pathlib
import sys

import h5py
import numpy as np

FIELD, LINE = "\x1f", "\n"


def write_good(folder, name, columns, rows, make):
    """columns: of name -> texts of all rows."""
    with h5py.File(folder / f"{name}.h5", "w") as file:
        make(file)
    lines = [FIELD.join(columns)]
    lines += [FIELD.join(texts[i] for texts in columns.values()) for i in range(rows)]
    (folder / f"{name}.txt").write_text(LINE.join(lines) + LINE)


def group_of(file, rows=None, **how):
    group = file.create_group("events", **how)
    group.attrs["format"] = "rfmpi events 1"
    if rows is not None:
        group.attrs["rows"] = rows
    return group


def write_plain(folder):
    """Datasets as h5py writes them by default, without a word about their meaning."""
    n = 20000
    at = np.arange(n)
    words = ["", "view", "cart, or not", "dé \"à vu\"", "x" * 300]
    integers = {name: np.array([np.iinfo(name).min, np.iinfo(name).max, 0, 1, 77] * (n // 5), dtype=name)
                for name in ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", ">i4", ">u8"]}
    floats = np.array([0.1, -2.5, 1e300, 3.0, np.nan, 1 / 3, 2.0**60, 1e-7] * (n // 8))
    float_texts = ["0.1", "-2.5", "1e+300", "3", "", "0.3333333333333333", "1.152921504606847e+18", "1e-07"] * (n // 8)
    single_texts = ["0.1", "-2.5", "inf", "3", "", "0.33333334", "1.1529215e+18", "1e-07"] * (n // 8)
    columns = {name: [str(int(v)) for v in values] for name, values in integers.items()}
    columns["f2"] = ["0.25", "-7"] * (n // 2)
    columns["f4"], columns["f8"] = single_texts, float_texts
    columns["flag"] = ["false", "true"] * (n // 2)
    columns["text"] = [words[i % 5] for i in at]
    columns["fixed"] = [words[i % 3] for i in at]
    columns["empty"] = [""] * n

    def make(file):
        group = file.create_group("events")
        for name, values in integers.items():
            group[name] = values
        group["f2"] = np.array([0.25, -7] * (n // 2), dtype="f2")
        with np.errstate(over="ignore"):
            group["f4"], group["f8"] = floats.astype("f4"), floats
        group["flag"] = at % 2 == 1
        group["text"] = np.array(columns["text"], dtype=object)
        group["fixed"] = np.array([t.encode() for t in columns["fixed"]], dtype="S12")
        group["empty"] = np.array([""] * n, dtype=object)

    write_good(folder, "plain", dict(sorted(columns.items())), n, make)


def write_meant(folder):
    """All meanings, NULL, dictionaries of both kinds of string, a name that HDF5 cannot have, the order of making."""
    n = 5000
    at = np.arange(n)
    start = datetime.datetime(2019, 10, 1, tzinfo=datetime.timezone.utc)
    stamps = [start + datetime.timedelta(seconds=7777 * int(i)) for i in at]
    seconds = 1569888000 + 7777 * at
    cities = ["Köln", "", "Graz", "Oslo"]
    columns = {
        "time": [t.strftime("%Y-%m-%d %H:%M:%S UTC") for t in stamps],
        "iso": [t.strftime("%Y-%m-%dT%H:%M:%SZ") for t in stamps],
        "iso_us": [t.strftime("%Y-%m-%dT%H:%M:%S.%fZ") for t in stamps],
        "berlin": [(t + datetime.timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S,250+0200") for t in stamps],
        "day": [t.strftime("%Y-%m-%d") for t in stamps],
        "price": ["" if i % 11 == 0 else f"{(i - 50) / 100:.2f}" for i in at],
        "large": [str(2**64 - 1 - int(i)) for i in at],
        "exact": [f"{2**64 - 1 - int(i)}"[:2] + "." + f"{2**64 - 1 - int(i)}"[2:] for i in at],
        "count": ["" if i % 3 == 0 else str(i) for i in at],
        "city": [cities[i % 4] for i in at],
        "codes": ["" if i % 5 == 0 else cities[2 + i % 2] for i in at],
        "a/b": [f"{i:x}" for i in at],
        "": ["1"] * n,
        "again": ["2"] * n,
        "zeit": [t.strftime("%d.%m.%Y %H:%M:%S") for t in stamps],
        "date": [t.strftime("%m/%d/%Y") for t in stamps],
        "preis": [f"{(i - 50) / 100:.2f}".replace(".", ",") for i in at],
        "genau": [f"{2**64 - 1 - int(i)}"[:2] + "," + f"{2**64 - 1 - int(i)}"[2:] for i in at],
        "ganz": [str(i) for i in at],
    }

    def make(file):
        group = group_of(file, n, track_order=True)

        def column(link, values, **attributes):
            group[link] = values
            group[link].attrs.update(attributes)

        column("time", seconds.astype("i4"), meaning="time", unit="s", pattern="YYYY-MM-DD hh:mm:ss UTC")
        column("iso", seconds, meaning="time", unit="s")
        column("iso_us", seconds * 10**6, meaning="time", unit="us")
        column("berlin", seconds * 1000 + 250, meaning=np.bytes_("time"), unit="ms",
               pattern=np.bytes_("YYYY-MM-DDThh:mm:ss,fff+0200"))
        column("day", (seconds // 86400).astype("u2"), meaning="date")
        column("price", np.where(at % 11 == 0, -2**31, at - 50).astype("i4"), meaning="decimal", scale=2, null=-2**31)
        column("large", np.uint64(2**64 - 1) - at.astype("u8"), meaning="integer")
        column("exact", np.uint64(2**64 - 1) - at.astype("u8"), meaning="decimal", scale=18)
        column("count", np.where(at % 3 == 0, 65535, at).astype("u2"), meaning="integer", null=np.uint16(65535))
        column("city", (at % 4).astype("u1"), meaning="dictionary", dictionary="/dictionaries/city")
        column("codes", np.where(at % 5 == 0, -1, at % 2).astype("i1"), meaning="dictionary", null=-1,
               dictionary="/words")
        column("column-12", np.array(columns["a/b"], dtype="S"), meaning="text", name="a/b")
        column("column-13", np.ones(n, "u1"), name="")
        column("again", np.full(n, 2, ">i2"))
        column("zeit", seconds, meaning="time", unit="s", pattern="DD.MM.YYYY hh:mm:ss", time_format="day-first")
        column("date", seconds // 86400, meaning="date", pattern="MM/DD/YYYY")
        column("preis", at - 50, meaning="decimal", scale=2, decimal_mark="comma")
        column("genau", np.uint64(2**64 - 1) - at.astype("u8"), meaning="decimal", scale=18, decimal_mark=np.bytes_("comma"))
        column("ganz", at, meaning="decimal", scale=0, decimal_mark="comma")
        file["dictionaries/city"] = np.array([c.encode() for c in cities], "S8")
        file["words"] = np.array(cities[2:], dtype=object)

    write_good(folder, "meant", columns, n, make)


def write_packed(folder):
    """Chunks of all sizes, filters, and a few rows more than whole chunks; one chunk is larger than HDF5's cache."""
    n = 150007
    at = np.arange(n)
    columns = {"a": [str(i) for i in at], "b": [f"{i % 1000:03d}" for i in at], "c": [str(i * i) for i in at],
               "d": [str(i % 7) for i in at]}

    def make(file):
        group = group_of(file, track_order=True)
        group.create_dataset("a", data=at.astype("i4"), chunks=(1000,), compression="gzip", shuffle=True)
        group.create_dataset("b", data=np.array([t.encode() for t in columns["b"]]), chunks=True, compression="gzip")
        group.create_dataset("c", data=at * at, chunks=(n - 1,), compression="gzip", fletcher32=True)
        group.create_dataset("d", data=at % 7, chunks=(4096,), maxshape=(None,))

    write_good(folder, "packed", columns, n, make)


def write_small(folder):
    write_good(folder, "none", {}, 0, lambda file: group_of(file, 0))
    write_good(folder, "no_rows", {"a": [], "b": []}, 0,
               lambda file: group_of(file).update({"a": np.zeros(0, "i4"), "b": np.array([], "S3")}))

    def make(file):
        group = group_of(file)
        group["a"] = [5]
        group["link"] = h5py.SoftLink("/elsewhere")
        group["lost"] = h5py.SoftLink("/nowhere")
        group["other"] = h5py.ExternalLink("none.h5", "/events")
        group.create_group("inner")
        file["elsewhere"] = [7]

    write_good(folder, "links", {"a": ["5"], "link": ["7"]}, 1, make)


def write_bad(folder):
    def bad(name, words, make, n=10):
        with h5py.File(folder / f"{name}.h5", "w") as file:
            group = group_of(file)
            group["a"] = np.arange(n)
            make(file, group)
        (folder / f"{name}.txt").write_text(words)

    def column(link, values, **attributes):
        def make(file, group):
            group[link] = values
            group[link].attrs.update(attributes)
        return make

    at = np.arange(10)
    bad("lengths", "dataset /events/b has 11 rows, and the table 10", column("b", np.arange(11)))
    bad("rows", "dataset /events/a has 10 rows, and the table 12", lambda f, g: g.attrs.update({"rows": 12}))
    bad("rows_negative", "says that it has -1 rows, in 1 columns", lambda f, g: g.attrs.update({"rows": -1}))
    bad("rows_of_nothing", "says that it has 10 rows, in 0 columns", lambda f, g: (g.pop("a"), g.attrs.update(rows=10)))
    bad("rows_text", "is not an integer", lambda f, g: g.attrs.update({"rows": "ten"}))
    bad("format", 'is of the format "rfmpi events 2"', lambda f, g: g.attrs.update({"format": "rfmpi events 2"}))
    bad("no_group", "there is no group /events", lambda f, g: f.move("events", "event"))
    bad("group_elsewhere", "there is no group /events", lambda f, g: (f.move("events", "event"), f.update(
        {"events": h5py.ExternalLink("lengths.h5", "/events")})))
    bad("table", "must have one dimension", column("b", np.zeros((10, 2))))
    bad("scalar", "must have one dimension", column("b", 3.0))
    bad("compound", "neither integers", column("b", np.zeros(10, dtype="i4,f8")))
    bad("complex", "neither integers", column("b", np.zeros(10, dtype="c16")))
    bad("enumeration", "neither integers", column("b", np.zeros(10, h5py.enum_dtype({"x": 0, "y": 1}, "u1"))))
    bad("long_double", "neither integers", column("b", np.zeros(10, np.longdouble)))
    bad("wide", "neither integers", lambda f, g: g.create_dataset("b", data=np.zeros(10, "S1048577"), chunks=(1,),
                                                                  compression="gzip"))
    bad("absurd", "was not written to its end", lambda f, g: g.create_dataset("b", shape=(2**40,), dtype="i8"))
    bad("immense", "2^43 rows", lambda f, g: g.create_dataset("b", shape=(2**60,), dtype="i1", chunks=(1024,)))
    bad("sparse", "was not written to its end", lambda f, g: g.create_dataset("b", shape=(10,), dtype="i8", chunks=(5,)))
    bad("half", "was not written to its end", lambda f, g: g.create_dataset("b", shape=(10,), dtype="i8", chunks=(5,))
        .__setitem__(slice(0, 5), at[:5]))
    bad("chunks", "chunks of more than 2^28 bytes",
        lambda f, g: g.create_dataset("b", shape=(10,), maxshape=(None,), dtype="i8", chunks=(2**26,)))

    bad("filter", "cannot read dataset /events/b from row 1 on",
        lambda f, g: g.create_dataset("b", data=at, chunks=True, compression="lzf"))

    def raw_elsewhere(file, group):
        file.create_dataset("x", data=at)
        (folder / "raw.bin").write_bytes(at.tobytes())
        group.create_dataset("b", shape=(10,), dtype="i8", external=[(str(folder / "raw.bin"), 0, 80)])

    def seen_elsewhere(file, group):
        layout = h5py.VirtualLayout(shape=(10,), dtype="i8")
        layout[:] = h5py.VirtualSource(str(folder / "lengths.h5"), "/events/a", shape=(10,))
        group.create_virtual_dataset("b", layout)

    bad("raw_elsewhere", "keeps its rows in another file", raw_elsewhere)
    bad("seen_elsewhere", "keeps its rows in another file", seen_elsewhere)

    def long_texts(file, group):
        group["b"] = np.array(["x" * (i << 18) for i in at], dtype=object)

    bad("long_texts", "texts of more than 2^20 bytes", long_texts)
    bad("meaning", "an unknown meaning", column("b", at, meaning="money"))
    bad("meaning_type", "is an integer", column("b", at / 2, meaning="decimal", scale=2))
    bad("meaning_number", "is not a text", column("b", at, meaning=3))
    bad("text_type", "a text is a string", column("b", at, meaning="text"))
    bad("scale", "scale from 0 to 18", column("b", at, meaning="decimal"))
    bad("scale_wide", "scale from 0 to 18", column("b", at, meaning="decimal", scale=19))
    bad("scale_below", "scale from 0 to 18", column("b", at, meaning="decimal", scale=-1))
    bad("unit", "has no attribute unit", column("b", at, meaning="time"))
    bad("unit_unknown", "s, ms or us", column("b", at, meaning="time", unit="ns"))
    bad("pattern", "its pattern is none", column("b", at, meaning="time", unit="s", pattern="DD.MM.YY"))
    bad("mark", "neither point nor comma", column("b", at, meaning="decimal", scale=2, decimal_mark="."))
    bad("pattern_long", "its pattern is none", column("b", at, meaning="date", pattern="YYYY-MM-DD" + " " * 100000))
    bad("finer", "row 2: a time that its pattern cannot say",
        column("b", at, meaning="time", unit="ms", pattern="YYYY-MM-DD hh:mm:ss"))
    bad("far", "row 1: a time", column("b", at + 2**60, meaning="time", unit="s"))
    bad("far_unsigned", "row 1: a time", column("b", at.astype("u8") + np.uint64(2**63), meaning="time", unit="us"))
    bad("time_format", "its time_format is none", column("b", at, time_format="years"))
    bad("null", "is not an integer", column("b", at, null="none"))
    bad("null_wide", "passes 2^63", column("b", at, null=np.uint64(2**63)))
    bad("no_dictionary", "has no attribute dictionary", column("b", at, meaning="dictionary"))
    bad("dictionary_missing", "cannot open dataset /words", column("b", at, meaning="dictionary", dictionary="/words"))

    def indices(values, words=("x", "y"), **attributes):
        def make(file, group):
            file["words"] = np.array([w.encode() for w in words]) if isinstance(words, tuple) else words
            column("b", values, meaning="dictionary", dictionary="/words", **attributes)(file, group)
        return make

    bad("beyond", "dataset /events/b: row 3: an index beyond the dictionary", indices(at))
    bad("below", "row 1: an index beyond the dictionary", indices(at - 1))
    bad("beyond_unsigned", "row 1: an index beyond", indices(at.astype("u8") + np.uint64(2**64 - 10)))
    bad("numbers", "a dictionary holds strings", indices(at, at))
    bad("dictionary_table", "must have one dimension", indices(at, np.zeros((10, 2), "S2")))
    bad("floats", "is an integer", indices(at / 2))

    def much(file, group):
        file.create_dataset("words", shape=(2**14,), dtype="S1000000", chunks=(1,), compression="gzip")
        column("b", at, meaning="dictionary", dictionary="/words")(file, group)

    bad("dictionary_absurd", "was not written to its end", much)

    def neither(file, group):
        kind = h5py.h5t.py_create(np.dtype("bool"), logical=True)
        space = h5py.h5s.create_simple((10,))
        h5py.h5d.create(group.id, b"b", kind, space).write(space, space, np.full(10, 2, "i1"), mtype=kind)

    bad("neither", "row 1: neither true nor false", neither)

    # A type of integers that says it has no bytes, which no library writes.
    bad("no_size", "has cells of no size", column("b", at.astype("<i2")))
    file = folder / "no_size.h5"
    before = file.read_bytes()
    after = before.replace(b"\x10\x08\0\0\2\0\0\0\0\0\x10\0", b"\x10\x08\0\0\0\0\0\0\0\0\x10\0", 1)
    assert before != after
    file.write_bytes(after)


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[2])
    if sys.argv[1] == "good":
        for write in [write_plain, write_meant, write_packed, write_small]:
            write(target)
    else:
        write_bad(target)
