"""A file above the stage's threshold goes to S3 in pieces: whole in the end, with faults on the way, and with nothing left behind
where it fails."""

import case
import warehouse

JOB = ("--set", "store.to=snowflake", "--set", "store.table=SEGMENTS", "--set", "store.create=true", "--set", "store.retry=20")
CUSTOMERS = 300000


class Large(case.Case):
    @classmethod
    def setUpClass(cls):
        cls.keeper = case.Case()
        cls.keeper.setUp()
        cls.addClassCleanup(cls.keeper.doCleanups)
        out = cls.keeper.dir / "events"
        cls.keeper.rfmpi("generate", "--shape", "wide", "--customers", CUSTOMERS, "--events", 2 * CUSTOMERS, "--days", 30, "--out", out)
        cls.keeper.rfmpi("run", case.SOURCE / "bench" / "full.yml", "--set", f"input.paths=[{out}/part-*]", "--set",
                         f"output.dir={cls.keeper.dir / 'run'}", ranks=2)
        cls.run_dir = cls.keeper.dir / "run"
        cls.customers = case.read_report(cls.run_dir)["n_customers"]

    def store(self, house, *more, code=0):
        (self.run_dir / "store.jsonl").unlink(missing_ok=True)
        return self.rfmpi("store", self.run_dir, *JOB, *more, env=house.environment("password"), code=code)

    def check(self, house):
        self.assertEqual(house.rows("select count(*), count(distinct id) from segments"), [[self.customers, self.customers]])

    def test_pieces_become_one_file_whatever_happens_to_one_of_them(self):
        self.assertGreater((self.run_dir / "customers" / "part-00000.csv.gz").stat().st_size, 9 << 20)
        for fault in (None, "503", "expire-storage", "reset-mid-body", "slow-read"):
            for nth in (1, 2, 4) if fault == "503" else (3,):
                with self.subTest(fault=fault, nth=nth), warehouse.Warehouse(stage="s3", threshold=1 << 20) as house:
                    if fault:
                        house.order(at="storage", what=fault, nth=nth)
                    self.store(house)
                    self.check(house)
                    self.assertGreaterEqual(len(house.log("storage-put")), 2)
                    self.assertGreaterEqual(len(house.log("storage-post")), 2)

    def test_a_refused_piece_ends_it_and_what_was_sent_is_told_to_go(self):
        with warehouse.Warehouse(stage="s3", threshold=1 << 20) as house:
            house.order(at="storage-put", what="403", nth=2)
            said = self.store(house, code=77)
            self.assertIn("refuses a piece", said.stderr)
            self.assertEqual(len(house.log("storage-delete")), 1)
            self.assertEqual([files for files in house.stage_files().values() if files], [])

    def test_sealed_files_go_whole(self):
        with warehouse.Warehouse(stage="s3", encrypted=256, threshold=1 << 20) as house:
            self.store(house)
            self.check(house)
            self.assertEqual(len(house.log("storage-put")), 1)


if __name__ == "__main__":
    warehouse.need()
    case.main()
