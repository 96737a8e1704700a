"""conf/cdnow.yml gives the published numbers of the CDNOW sample (Fader and Hardie), for all 2,357 customers."""

import csv

import case


class Cdnow(case.Case):
    def test_published_frequency_recency_and_age(self):
        self.run_job("cdnow.yml", [case.DATA / "cdnow" / "CDNOW_sample.txt"], "run", ranks=2)
        ids, names, values = case.read_features(self.dir / "run")
        ours = {int(i): dict(zip(names, row)) for i, row in zip(ids, values)}
        with open(case.DATA / "cdnow" / "cdnow_customers_summary.csv", newline="") as file:
            published = list(csv.DictReader(file))
        self.assertEqual(len(published), 2357)
        self.assertEqual(len(ours), 2357)
        for row in published:
            mine = ours[int(row["ID"])]
            self.assertEqual(mine["purchase_days"] - 1, int(row["frequency"]), row)
            self.assertAlmostEqual(mine["recency_weeks"], float(row["recency"]), delta=0.01, msg=row)
            self.assertAlmostEqual(mine["age_weeks"], float(row["T"]), delta=0.01, msg=row)

    def test_later_purchases_are_counted_as_after_as_of(self):
        report = self.run_job("cdnow.yml", [case.DATA / "cdnow" / "CDNOW_sample.txt"], "run", task="prepare")
        text = (case.DATA / "cdnow" / "CDNOW_sample.txt").read_text()
        rows = [line.split() for line in text.splitlines() if line.strip()]
        self.assertEqual(report["n_rows"], len(rows))
        self.assertEqual(report["n_after_as_of"], sum(row[2] > "19970930" for row in rows))
        self.assertEqual(report["n_events"], sum(row[2] <= "19970930" for row in rows))


if __name__ == "__main__":
    case.need_data()
    case.main()
