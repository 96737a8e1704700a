"""Every job in conf/ runs as it stands, on the data it names or on made-up files in their place."""

import csv
import datetime
import gzip
import json
import random
import re
import shlex
import shutil

import case
import places


def put_rees46(place):
    if case.DATA:
        shutil.copy(case.DATA / "rees46" / "2019-Oct-head.csv", place.folder / "2019-Oct.csv")
    else:
        shutil.move(places.generate(place.folder), place.folder / "2019-Oct.csv")


def put_cdnow(place):
    if case.DATA:
        shutil.copy(case.DATA / "cdnow" / "CDNOW_sample.txt", place.folder)
        return
    draw = random.Random(1)
    with open(place.folder / "CDNOW_sample.txt", "w") as file:
        for i in range(3000):
            day = datetime.date(1997, 1, 1) + datetime.timedelta(days=draw.randrange(270))
            file.write(f"{i:5d} {draw.randrange(400):4d} {day:%Y%m%d} {draw.randrange(1, 9)} {draw.randrange(500, 9000) / 100:8.2f}\n")


def put_online_retail(place):
    (place.folder / "online-retail").mkdir()
    if case.DATA:
        for path in sorted((case.DATA / "online_retail").glob("*.csv.gz"))[:30]:
            (place.folder / "online-retail" / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
        return
    draw = random.Random(1)
    with open(place.folder / "online-retail" / "lines.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"])
        for i in range(5000):
            when = datetime.datetime(2010, 12, 1, 8) + datetime.timedelta(hours=i)
            invoice, quantity = (f"C{i}", -1) if i % 50 == 0 else (str(i), draw.randrange(1, 20))
            who = "" if i % 9 == 0 else f"{17000 + draw.randrange(300)}.0"
            rows.writerow([invoice, f"P{draw.randrange(90)}", "a thing", quantity, f"{when:%Y-%m-%d %H:%M:%S}", 1.25, who, "France"])


def put_quickstart(place):
    places.start(place.folder, "generate", "--events", 50000, "--customers", 4000, "--days", 30, "--parts", 2, "--out", "events")
    (place.folder / "build" / "quickstart").mkdir(parents=True)
    (place.folder / "events").rename(place.folder / "build" / "quickstart" / "events")


class Conf(case.Case):
    def place(self):
        place = places.Place(self.dir / "here")
        self.addCleanup(place.close)
        (place.folder / "conf").symlink_to(case.SOURCE / "conf")
        return place

    def run_in(self, place, *words):
        said = place.run("rfmpi", *words)
        self.assertEqual(said.returncode, 0, f"{words}\n{said.stdout}\n{said.stderr}")
        return said

    def runs(self, name, put, least_customers):
        place = self.place()
        put(place)
        self.run_in(place, "run", f"conf/{name}.yml")
        run = re.search(r"^\s+dir: (\S+)", (case.SOURCE / "conf" / f"{name}.yml").read_text(), re.MULTILINE).group(1)
        report = case.read_report(place.folder / run)
        self.assertEqual(report["status"], "done")
        self.assertGreater(report["n_customers"], least_customers)
        self.assertEqual(report["cluster"]["k"], int(report["options"]["cluster"]["k"][0]))

    def test_rees46(self):
        self.runs("rees46", put_rees46, 50)

    def test_cdnow(self):
        self.runs("cdnow", put_cdnow, 300)

    def test_online_retail(self):
        self.runs("online-retail", put_online_retail, 200)

    def test_quickstart(self):
        self.runs("quickstart", put_quickstart, 300)

    def test_snowflake(self):
        """The lines at its head: a first day, by the same lines without what goes on from an earlier one, and the next."""
        lines = re.findall(r"^# +(rfmpi .*)$", (case.SOURCE / "conf" / "snowflake.yml").read_text(), re.MULTILINE)
        self.assertEqual(len(lines), 2)
        place = self.place()
        places.warehouse(place)
        if place.lacks:
            self.skipTest(place.lacks)
        first = [re.sub(r" --set unload\.after=\S+| --onto \S+", "", line).replace("tue", "mon") for line in lines]
        for line in first:
            self.run_in(place, *shlex.split(line)[1:])
        places.a_day_passes(place)
        for line in lines:
            self.run_in(place, *shlex.split(line)[1:])
        ((n_stored,),) = place.house.rows('select count(*) from "CUSTOMER_SEGMENTS"')
        ((n_runs,),) = place.house.rows('select count(*) from "SEGMENT_MODELS"')
        report = case.read_report(place.folder / "runs" / "tue")
        self.assertEqual((int(n_stored), int(n_runs)), (report["n_customers"], 2), json.dumps(report["store"]))

    def test_every_job_is_run_by_one_of_these(self):
        names = {path.stem.replace("-", "_") for path in (case.SOURCE / "conf").glob("*.yml")}
        self.assertEqual({f"test_{name}" for name in names} - set(dir(self)), set())


if __name__ == "__main__":
    case.main()
