"""The same events in every format, and what the machine can do at most with each: reading, decompressing."""

import pathlib
import shutil
import subprocess

import measure

PLAIN, GZ50, GZ1, ZST, PARQUET, HDF5 = FORMATS = ["plain", "gz50", "gz1", "zst", "parquet", "hdf5"]
NAMES = {PLAIN: "CSV", GZ50: "CSV, 50 gz files", GZ1: "CSV, one gz file", ZST: "CSV, one zst file",
         PARQUET: "Parquet", HDF5: "HDF5 event table"}
NOT_FOR_PEERS = {HDF5}  # they have no reader of it
BYTES_AN_EVENT = 134  # of plain CSV
N_PARTS = 50
AT_ONCE = 2


def disk_bytes(events, names):
    """Of one shape: plain always, for a while twice; the others well below half of it each."""
    return int(events * BYTES_AN_EVENT * (2 + 0.5 * len(set(names) - {PLAIN})))


def plain_of(place):
    return place / PLAIN / "part-00000.csv"


def make_plain(target, place, events, shape):
    measure.generate(target, events, shape)


def make_gz50(target, place, events, shape):
    measure.generate(target, events, shape, parts=N_PARTS)
    parts = [str(path) for path in sorted(target.glob("part-*.csv"))]
    subprocess.run(["xargs", "-n", "1", "-P", str(AT_ONCE), "gzip", "-6"], input="\n".join(parts), text=True, check=True)


def compress(command, source, target):
    with open(target, "wb") as out:
        measure.run([*command, str(source)], output=out)


def make_gz1(target, place, events, shape):
    target.mkdir()
    compress(["gzip", "-6", "-c"], plain_of(place), target / "part-00000.csv.gz")


def make_zst(target, place, events, shape):
    target.mkdir()
    compress(["zstd", "-q", "-3", "-c"], plain_of(place), target / "part-00000.csv.zst")


def make_parquet(target, place, events, shape):
    target.mkdir()
    measure.run([measure.PYTHON, "bench/to_parquet.py", str(target / "part-00000.parquet"), str(plain_of(place))])


def make_hdf5(target, place, events, shape):
    measure.run([*measure.mpirun(2), measure.RFMPI, "convert", str(plain_of(place)), "--out", str(target)])


MAKE = {PLAIN: make_plain, GZ50: make_gz50, GZ1: make_gz1, ZST: make_zst, PARQUET: make_parquet, HDF5: make_hdf5}


def make(place, name, events, shape):
    """The files of a format, made where they are not there yet, and read once so that they lie in the page cache."""
    target = place / name
    place.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        measure.say(f"{shape}: making {NAMES[name]}")
        unfinished = place / f"{name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        MAKE[name](unfinished, place, events, shape)
        unfinished.rename(target)
    paths = sorted(target.glob("part-*"))
    measure.run_together([["cat", *map(str, paths)]])
    return paths


# ---- limits ---------------------------------------------------------------------------------------------------------


def read_alone(paths, n_processes):
    """Seconds to read the files from the page cache in blocks of 256 KiB, shared by the processes."""
    blocks = [(path, pathlib.Path(path).stat().st_size // 2**18 + 1) for path in paths]
    commands = []
    for i in range(n_processes):
        reads = [f"dd if={path} of=/dev/null bs=256K status=none skip={n * i // n_processes} "
                 f"count={n * (i + 1) // n_processes - n * i // n_processes}" for path, n in blocks]
        commands.append(["sh", "-ec", "\n".join(reads)])
    return measure.run_together(commands)


def decompress_alone(name, paths):
    """Seconds of a decompressor that throws its output away: several files two at a time."""
    tool = ["zstd", "-q", "-dc"] if name == ZST else ["igzip", "-dc"]
    shares = [paths[i::AT_ONCE] for i in range(AT_ONCE)]
    return measure.run_together([[*tool, *map(str, share)] for share in shares if share])


def limits_of(name, paths):
    """What to time beside the runs of a format: name -> function that gives seconds."""
    limits = {"read, 2 processes": lambda: read_alone(paths, 2)}
    if name == PLAIN:
        limits["read, 1 process"] = lambda: read_alone(paths, 1)
    if name in (GZ50, GZ1, ZST):
        limits["decompressor"] = lambda: decompress_alone(name, paths)
    return limits
