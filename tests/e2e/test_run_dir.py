"""The run directory: what is finished is not done again, other options are refused, a killed run goes on, predict agrees."""

import json
import os
import random
import shutil
import signal
import stat
import subprocess
import time

import h5py

import case


class RunDir(case.Case):
    def setUp(self):
        super().setUp()
        self.events = self.generate(events=40000, customers=3000, parts=2)
        self.out = self.dir / "out"

    def words(self, *more, task="run", paths=None):
        return (task, case.SOURCE / "conf" / "quickstart.yml", "--set", "input.paths=" + json.dumps(paths or self.events),
                "--set", f"output.dir={self.out}", *more)

    def start(self, *more, code=0, ranks=2, task="run", paths=None):
        return self.rfmpi(*self.words(*more, task=task, paths=paths), code=code, ranks=ranks)

    def products(self):
        return {name: (self.out / name).stat().st_mtime_ns
                for name in ("state.h5", "features.h5", "model.h5", "segments.csv", "figures.json", "customers")}

    def test_everything_of_the_contract_is_there_and_private(self):
        self.start()
        names = sorted(path.name for path in self.out.iterdir())
        self.assertEqual(names, ["customers", "features.h5", "figures.json", "lock", "log.jsonl", "model.h5", "rejects", "report.html", "run.json",
                                 "segments.csv", "state.h5"])
        self.assertEqual(stat.S_IMODE(self.out.stat().st_mode), 0o700)
        for name in ("state.h5", "features.h5", "figures.json", "report.html", "log.jsonl"):
            self.assertEqual(stat.S_IMODE((self.out / name).stat().st_mode), 0o600, name)
        report = case.read_report(self.out)
        for key in ("digest", "ranks", "threads", "n_rows", "n_events", "n_filtered", "n_after_as_of", "n_duplicates",
                    "n_rejected", "n_customers", "peak_memory_bytes", "peak_memory_bytes_max", "version"):
            self.assertIn(key, report)
        for key in ("k", "iterations", "inertia", "seconds_fit", "seconds_per_iteration"):
            self.assertIn(key, report["cluster"])
        for stage in ("ingest", "features", "cluster", "score", "figures", "write"):
            self.assertGreaterEqual(report["stages"][stage]["seconds"], 0)
        self.assertEqual(report["n_rows"], report["n_events"] + report["n_filtered"] + report["n_after_as_of"]
                         + report["n_duplicates"] + report["n_rejected"])
        rows = case.read_customers(self.out)
        self.assertEqual(len(rows), report["n_customers"])
        self.assertEqual(list(rows[0]), ["id", "recency_days", "frequency", "monetary", "segment", "segment_name", "distance", "r_score",
                                          "f_score", "m_score", "rfm_segment"])

    def test_nothing_of_other_options_is_left_in_what_is_made_anew(self):
        self.start("--set", "cluster.k=[4, 6]", "--set", "report.title=Ours", "--set", "output.spreadsheet=true")
        before = self.dir / "before"
        self.out.rename(before)
        self.start("--set", "cluster.k=[5, 7]", "--set", "cluster.choose=stability", "--previous", before, "--set", "report.title=Ours")
        report = case.read_report(self.out)
        self.assertLessEqual({"sweep", "drift", "migration", "scores"}, set(report))
        (before / "spreadsheet.xlsx").rename(self.out / "spreadsheet.xlsx")  # as if this run had made it
        self.start("--set", "cluster.k=3", "--set", "scores.bins=0", "--force")
        report = case.read_report(self.out)
        self.assertEqual({"sweep", "drift", "migration", "scores"} & set(report), set())
        self.assertEqual(sorted(report["segments"]), ["0", "1", "2"])
        self.assertNotIn("stability", report["quality"])
        self.assertNotIn("title", report["options"]["report"])
        self.assertFalse((self.out / "spreadsheet.xlsx").exists())
        self.assertNotIn('id="choice"', (self.out / "report.html").read_text())

    def test_finished_says_so_and_does_nothing(self):
        self.start()
        before = self.products()
        result = self.start(ranks=3)
        self.assertIn("finished already", result.stderr)
        self.assertEqual(self.products(), before)

    def test_another_option_is_refused_unless_forced(self):
        self.start()
        line, = case.errors(self.start("--set", "cluster.k=5", code=64))
        self.assertRegex(line, r"cluster\.k\b.*6.*5.*--force")
        before = self.products()
        self.start("--set", "cluster.k=5", "--force")
        after = self.products()
        self.assertEqual(case.read_report(self.out)["cluster"]["k"], 5)
        self.assertEqual({name for name in before if before[name] != after[name]}, {"model.h5", "segments.csv", "figures.json", "customers"})

    def test_another_input_is_refused(self):
        self.start()
        line, = case.errors(self.start(code=64, paths=self.events[:1]))
        self.assertIn("input", line)

    def test_a_foreign_directory_is_left_alone(self):
        self.out.mkdir()
        (self.out / "thesis.tex").write_text("years of work")
        self.start(code=64)
        self.assertEqual((self.out / "thesis.tex").read_text(), "years of work")

    def test_train_reads_what_prepare_wrote(self):
        self.start(task="prepare", ranks=3)
        before = (self.out / "features.h5").stat().st_mtime_ns
        self.start(task="train")
        self.assertEqual((self.out / "features.h5").stat().st_mtime_ns, before)
        digest = case.read_report(self.out)["digest"]
        self.out = self.dir / "at-once"
        self.start(ranks=1)
        self.assertEqual(case.read_report(self.out)["digest"], digest)

    def test_killed_at_any_moment_the_next_start_finishes(self):
        self.start()
        wanted = case.read_report(self.out)["digest"]
        for seed in range(6):
            self.out = self.dir / f"killed-{seed}"
            process = subprocess.Popen(case.command(*self.words(), ranks=2), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, start_new_session=True)
            time.sleep(random.Random(seed).uniform(0.2, 1.0))
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self.start(ranks=1 + seed % 3)
            self.assertEqual(case.read_report(self.out)["digest"], wanted)
            self.assertEqual([name for name in os.listdir(self.out) if "tmp" in name], [])

    def test_predict_says_what_the_fit_said_of_the_same_customers(self):
        self.start("--set", "features.list=rfm-behaviour")
        model, trained = self.out / "model.h5", {row["id"]: row["segment"] for row in case.read_customers(self.out)}
        first = self.out
        digest = case.read_report(first)["digest_parts"]["customers"]
        self.out = self.dir / "by-events"
        self.start("--model", model, task="predict", ranks=3)
        self.assertEqual({row["id"]: row["segment"] for row in case.read_customers(self.out)}, trained)
        self.assertEqual(case.read_report(self.out)["digest_parts"]["customers"], digest)
        self.out = self.dir / "by-state"
        self.rfmpi("predict", first, "--model", model, "--set", f"output.dir={self.out}", ranks=2)
        self.assertEqual({row["id"]: row["segment"] for row in case.read_customers(self.out)}, trained)
        before = model.read_bytes()
        self.out = self.dir / "later"
        later = self.generate(events=9000, customers=900, seed=8, name="later-events")
        self.start("--model", model, task="predict", paths=later)
        self.assertEqual(model.read_bytes(), before)
        self.assertEqual(case.read_report(self.out)["n_customers"], 900)

    def test_predict_of_a_run_directory_counts_days_as_the_model_does(self):
        words = ("--set", "features.list=rfm-behaviour", "--set")
        self.start(*words, "input.timezone=Asia/Tokyo")
        model, tokyo = self.out / "model.h5", self.out
        self.out = self.dir / "by-state"
        self.rfmpi("predict", tokyo, "--model", model, "--set", f"output.dir={self.out}", ranks=2)
        self.assertEqual(case.read_customers(self.out), case.read_customers(tokyo))
        self.out = self.dir / "utc"
        self.start(*words, "input.timezone=UTC", task="prepare")
        refused = self.rfmpi("predict", self.out, "--model", model, "--set", f"output.dir={self.dir / 'no'}", ranks=2, code=64)
        self.assertIn('was made with "input.timezone: UTC"', refused.stderr)

    def test_a_model_fitted_to_features_alone_predicts_customers(self):
        self.start(task="prepare")
        model = self.dir / "model"
        self.rfmpi("train", self.out / "features.h5", "--set", "cluster.k=4", "--set", f"output.dir={model}", ranks=2)
        fitted = [(row["id"], row["segment"]) for row in case.read_customers(model)]
        for name, words in (("by-run", (self.out,)), ("by-matrix", (self.out / "features.h5",)),
                            ("by-events", self.words()[1:4])):
            self.rfmpi("predict", *words, "--model", model / "model.h5", "--set", f"output.dir={self.dir / name}", ranks=3)
            self.assertEqual([(row["id"], row["segment"]) for row in case.read_customers(self.dir / name)], fitted, name)

    def test_predict_of_a_bare_matrix(self):
        import h5py
        import numpy

        rows = numpy.random.default_rng(1).normal(size=(5000, 3)).astype("float32")
        with h5py.File(self.dir / "x.h5", "w") as file:
            file["features/values"] = rows
        self.rfmpi("train", "--set", f"input.features={self.dir / 'x.h5'}", "--set", "cluster.k=4", "--set",
                   f"output.dir={self.out}", ranks=3)
        wanted = [row["segment"] for row in case.read_customers(self.out)]
        self.rfmpi("predict", self.dir / "x.h5", "--model", self.out / "model.h5", "--set",
                   f"output.dir={self.dir / 'predicted'}", ranks=2)
        self.assertEqual([row["segment"] for row in case.read_customers(self.dir / "predicted")], wanted)
        with h5py.File(self.dir / "far.h5", "w") as file:  # far outside the range of the fit
            file["features/values"] = rows[:10] * 1e4
        self.rfmpi("predict", self.dir / "far.h5", "--model", self.out / "model.h5", "--set",
                   f"output.dir={self.dir / 'far'}")
        with h5py.File(self.out / "model.h5") as file:
            centroids = file["centroids"][...]
        mean, deviation = rows.astype(float).mean(axis=0), rows.astype(float).std(axis=0)
        scaled = (rows[:10].astype("float32") * numpy.float32(1e4)).astype(float)
        scaled = (scaled - mean) / deviation
        nearest = ((scaled[:, None] - centroids[None]) ** 2).sum(axis=2).argmin(axis=1)
        self.assertEqual([int(row["segment"]) for row in case.read_customers(self.dir / "far")], nearest.tolist())

    def test_two_starts_at_once_do_not_mix(self):
        command = [case.RFMPI, *map(str, self.words())]
        both = [subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                for _ in range(2)]
        self.assertEqual([process.wait(timeout=100) for process in both], [0, 0])
        self.start()

    def tables(self):
        """Of state.h5 and features.h5: where each table begins in its file, how long it is, and what is in it."""
        found = {}
        for name in ("state.h5", "features.h5"):
            with h5py.File(self.out / name) as file:
                file.visititems(lambda path, item, name=name: found.update(
                    {f"{name}/{path}": (item.id.get_offset(), item.id.get_storage_size(), item[()].tobytes())}
                    if isinstance(item, h5py.Dataset) else {}))
        return found

    def test_large_tables_begin_with_a_stripe_and_hold_the_same(self):
        stripe = 4096
        self.start()
        digest, plain = case.read_report(self.out)["digest"], self.tables()
        for ranks in (1, 3):
            shutil.rmtree(self.out)
            self.start("--set", "output.stripe=4K", ranks=ranks)
            tables = self.tables()
            self.assertEqual(case.read_report(self.out)["digest"], digest)
            self.assertEqual({name: content for name, (_, _, content) in tables.items()},
                             {name: content for name, (_, _, content) in plain.items()})
            large = [name for name, (_, size, _) in tables.items() if size >= stripe]
            self.assertTrue({"state.h5/customers/id", "features.h5/features/values"} <= set(large), large)
            self.assertEqual([name for name in large if tables[name][0] % stripe], [])
        self.assertTrue([name for name in large if plain[name][0] % stripe], "they do so in any case")

    def test_what_is_no_stripe_is_refused(self):
        for text in ("1K", "2G", "16MB", "wide"):
            self.assertRegex(self.start("--set", f"output.stripe={text}", code=64).stderr, f"output.stripe.*'{text}' is no size of a stripe")

    def test_info_prints_the_digest_and_its_parts(self):
        self.start()
        text = self.rfmpi("info", self.out, ranks=0).stdout
        report = case.read_report(self.out)
        self.assertIn(report["digest"], text)
        for part in report["digest_parts"].values():
            self.assertIn(part, text)


if __name__ == "__main__":
    case.main()
