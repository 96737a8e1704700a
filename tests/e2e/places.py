"""The directories in which the commands of the docs are run: each is made by a function here, which `<!-- run: NAME -->` names."""

import contextlib
import csv
import datetime
import gzip
import os
import pathlib
import shutil
import subprocess
import tempfile

import case

JOB = """
input:
  paths: [october/*.csv]
  columns: {customer: user_id, time: event_time, event: event_type, amount: price,
            session: user_session, order: user_session, product: product_id, category: category_id}
  id: integer
features: {as_of: latest, list: rfm}
cluster: {k: 5, seed: 1}
output: {dir: runs/%s}
"""


def start(folder, *words):
    said = subprocess.run([case.RFMPI, *map(str, words)], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert said.returncode == 0, said.stderr


def generate(folder, days=61, events=12000, customers=900):
    folder.mkdir(parents=True, exist_ok=True)
    start(folder, "generate", "--customers", customers, "--events", events, "--days", days, "--out", "made")
    return folder / "made" / "part-00000.csv"


def split_by_month(path, folder):
    """october/ and november/, two files each."""
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    header, rows = rows[0], rows[1:]
    when = header.index("event_time")
    for month, number in (("october", "10"), ("november", "11")):
        mine = [row for row in rows if row[when][5:7] == number]
        (folder / month).mkdir()
        for part, some in enumerate((mine[: len(mine) // 2], mine[len(mine) // 2:])):
            with open(folder / month / f"{part}.csv", "w", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows([header, *some])


class Place:
    """A directory, and the variables and programs that commands find there."""

    def __init__(self, folder):
        self.folder, self.environment = folder, {}
        self.lacks = ""  # what would be needed and is not on this machine
        self.made_up = False  # the data are not those that pages show
        self.stack = contextlib.ExitStack()
        folder.mkdir(parents=True)
        self.programs = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="rfmpi-programs-")))
        (self.programs / "rfmpi").symlink_to(case.RFMPI)
        if case.SERIAL:
            self.program("mpirun", 'while true; do case "$1" in -n | --bind-to) shift 2 ;; -*) shift ;; *) exec "$@" ;; esac; done')

    def program(self, name, script):
        """One that stands in for another."""
        (self.programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.programs / name).chmod(0o755)

    def run(self, *words):
        environment = {**os.environ, "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_hwloc_base_binding_policy": "none",
                       **self.environment, "PATH": f"{self.programs}:{os.environ['PATH']}"}
        return subprocess.run(words, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=200)

    def close(self):
        self.stack.close()


def two_months(place, run):
    split_by_month(generate(place.folder), place.folder)
    shutil.rmtree(place.folder / "made")
    (place.folder / "job.yml").write_text(JOB % run)


def shop(place):
    """job.yml over october/ and november/ of a made-up shop; its run directory is runs/shop."""
    two_months(place, "shop")


def parquet(place):
    """The same, where rfmpi can write Parquet."""
    shop(place)
    said = place.run("rfmpi", "--version").stdout
    place.lacks = "" if "Parquet" in said else "this rfmpi was built without Parquet"


def examples(place):
    """The same with runs/october: what the examples of the commands begin with."""
    two_months(place, "october")


def rees46(place):
    """conf/ and the sample of the REES46 log."""
    if case.DATA is None:
        place.lacks = "the real data sets are not on this machine"
        return
    shutil.copytree(case.SOURCE / "conf", place.folder / "conf", ignore=shutil.ignore_patterns("local"))
    shutil.copy(case.DATA / "rees46" / "2019-Oct-head.csv", place.folder)


def semicolons(place):
    """events/part-00000.csv and 2019/*.csv.gz, with semicolons."""
    text = generate(place.folder).read_text().replace(",", ";")
    (place.folder / "events").mkdir()
    (place.folder / "events" / "part-00000.csv").write_text(text)
    (place.folder / "2019").mkdir()
    (place.folder / "2019" / "december.csv").write_text(text)
    subprocess.run(["gzip", place.folder / "2019" / "december.csv"], check=True)


def matrix(place):
    """x.h5: three blobs."""
    import h5py
    import numpy

    random = numpy.random.default_rng(1)
    with h5py.File(place.folder / "x.h5", "w") as file:
        file["features/values"] = random.normal(size=(3000, 4)) + 8 * random.integers(0, 3, size=(3000, 1))


NEWCOMER = ["Order No", "Article", "Text", "Pieces", "Ordered at", "Price", "Client", "Land"]


def newcomer(place):
    """shop.csv: a month of a shop's invoice lines, with headings of its own."""
    place.made_up = not case.DATA
    with open(place.folder / "shop.csv", "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(NEWCOMER)
        for path in sorted((case.DATA / "online_retail").glob("*.csv.gz"))[:25] if case.DATA else ():
            with gzip.open(path, "rt", newline="", encoding="utf-8") as day:
                rows.writerows(list(csv.reader(day))[1:])
        for i in range(0 if case.DATA else 4000):
            when = datetime.datetime(2010, 12, 1, 8) + datetime.timedelta(minutes=7 * i)
            rows.writerow([536365 + i // 3, f"A{i * 13 % 90}", "a thing, or two", 1 + i % 7, f"{when:%Y-%m-%d %H:%M:%S}", f"{i % 50}.25",
                           17000 + i * i % 307, "France"])


def checkout(place):
    """This source, in which build/release is the build under test: `cmake` only installs there, and `cpack` packs elsewhere."""
    for path in case.SOURCE.iterdir():
        if path.name not in ("build", ".git"):
            (place.folder / path.name).symlink_to(path)
    (place.folder / "build").mkdir()
    if (case.SOURCE / "build" / "carquet").exists():
        (place.folder / "build" / "carquet").symlink_to(case.SOURCE / "build" / "carquet")
    (place.folder / "build" / "release").symlink_to(os.environ["RFMPI_BUILD"])
    place.environment["HOME"] = str(place.folder / "home")
    place.program("cmake", f'case "$1" in --preset | --build) exit 0 ;; esac; exec {shutil.which("cmake")} "$@"')
    place.program("cpack", f'exec {shutil.which("cpack")} "$@" -B {place.folder / "packages"}')


def library(place):
    """checkout, where librfmpi is one that any program can be linked with."""
    checkout(place)
    settings = (pathlib.Path(os.environ["RFMPI_BUILD"]) / "CMakeCache.txt").read_text()
    if case.SERIAL or "RFMPI_SANITIZE:BOOL=ON" in settings:
        place.lacks = "librfmpi of this build is without MPI, or with sanitizers"


# ---- the tests' warehouse -------------------------------------------------------------------------------------------------------------

FIRST_DAY = datetime.datetime(2019, 10, 1)
WAREHOUSE_JOB = """
unload: {table: EVENTS, time_column: EVENT_TIME}
input:
  paths: [october/*.csv]
  columns: {customer: USER_ID, time: EVENT_TIME, event: EVENT_TYPE, amount: PRICE, session: USER_SESSION, order: USER_SESSION,
            product: PRODUCT_ID, category: CATEGORY_ID}
features: {as_of: latest, list: rfm}
cluster: {k: 4, seed: 1}
output: {dir: runs/october}
store: {to: snowflake, table: CUSTOMER_SEGMENTS, mode: merge, create: true, retry: 20}
"""
COLUMNS = ("USER_ID", "EVENT_TIME", "EVENT_TYPE", "PRICE", "USER_SESSION", "PRODUCT_ID", "CATEGORY_ID")


def events_of(day, n=400):
    for i in range(n):
        when = FIRST_DAY + datetime.timedelta(days=day, minutes=3 * i)
        yield (f"{1000 + i * 7 % 83 + 5 * day}", f"{when:%Y-%m-%d %H:%M:%S}", ("view", "cart", "purchase")[i % 3], f"{i % 97}.5",
               f"s{day}-{i // 4}", f"p{i % 31}", f"c{i % 5}")


def fill(house, day):
    rows = ", ".join("(" + ", ".join(f"'{value}'" for value in row) + ")" for row in events_of(day))
    house.rows(f"insert into events values {rows}")


def warehouse(place):
    """An account with a table EVENTS, a job that takes it up, and a finished run of the same rows in runs/october."""
    import warehouse as houses

    if not houses.PYTHON.exists():
        place.lacks = "the tests' warehouse is not on this machine"
        return
    place.house = place.stack.enter_context(houses.Warehouse(stage="local"))
    place.house.rows("create or replace table events (user_id varchar, event_time timestamp_ntz, event_type varchar, price double, "
                     "user_session varchar, product_id varchar, category_id varchar)")
    place.day = 0
    fill(place.house, 0)
    (place.folder / "october").mkdir()
    with open(place.folder / "october" / "0.csv", "w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *events_of(0)])
    (place.folder / "job.yml").write_text(WAREHOUSE_JOB)
    start(place.folder, "run", "job.yml", "--set", "store.to=files")
    place.environment.update(place.house.environment("password"), RFMPI_STORE_LOCAL_STAGE="true")


def a_day_passes(place):
    """Another day's rows come into the table."""
    place.day += 1
    fill(place.house, place.day)


PLACES = {made.__name__: made for made in (shop, newcomer, parquet, examples, rees46, semicolons, matrix, checkout, library, warehouse)}
BETWEEN = {done.__name__: done for done in (a_day_passes,)}
