"""store.uploaders: all has every rank upload parts of its own, once each, with credentials that only rank 0 asks for."""

import case
import warehouse

JOB = ("--set", "store.to=snowflake", "--set", "store.table=SEGMENTS", "--set", "store.create=true", "--set", "store.uploaders=all",
       "--set", "store.retry=20", "--set", "log.level=debug")


@case.needs_ranks
class Ranks(case.Case):
    def setUp(self):
        super().setUp()
        self.run_job("rees46.yml", self.generate(customers=900, events=30000), "run", "--set", "output.part_rows=20", ranks=2)
        self.run_dir = self.dir / "run"
        self.ids = sorted(int(row["id"]) for row in case.read_customers(self.run_dir))
        self.parts = len(list((self.run_dir / "customers").glob("part-*")))

    def store(self, house, ranks, *more, code=0, login="password"):
        return self.rfmpi("store", self.run_dir, *JOB, *more, ranks=ranks, env=house.environment(login), code=code)

    def fresh(self):
        (self.run_dir / "store.jsonl").unlink(missing_ok=True)

    def check(self, house):
        self.assertEqual(sorted(row[0] for row in house.rows("select id from segments")), self.ids)

    def test_each_part_is_sent_once_at_any_number_of_ranks(self):
        for ranks in (1, 2, 3, 4):
            with self.subTest(ranks=ranks), warehouse.Warehouse(stage="s3") as house:
                self.fresh()
                said = self.store(house, ranks)
                self.check(house)
                self.assertEqual(len(house.log("storage-put")), self.parts)
                self.assertEqual(house.counts().get("login"), 1)
                for secret in house.secrets():
                    self.assertNotIn(secret, said.stdout + said.stderr)

    def test_credentials_that_expire_are_asked_for_again(self):
        for stage, encrypted in (("s3", False), ("gcs", False), ("s3", 256), ("azure", False), ("azure", 128)):
            with self.subTest(stage=stage, encrypted=encrypted), warehouse.Warehouse(stage=stage, encrypted=encrypted) as house:
                self.fresh()
                house.order(at="storage-put", what="expire-storage", nth=4)
                self.store(house, 3, "--set", "store.parallel=1")
                self.check(house)
                self.assertGreater(len(house.log("put-statement")), 2)

    def test_one_rank_s_refusal_is_told_once_and_the_next_start_sends_what_is_missing(self):
        with warehouse.Warehouse(stage="s3") as house:
            self.fresh()
            house.order(at="storage-put", match="part-00004", what="403", times=1)
            said = self.store(house, 3, "--set", "store.parallel=1", code=77)
            self.assertEqual(len(case.errors(said)), 1, said.stderr)
            self.assertIn("part-00004", case.errors(said)[0])
            sent = len(house.log("storage-put")) - 1
            self.assertGreater(sent, 0)
            self.store(house, 2)
            self.check(house)
            self.assertEqual(len(house.log("storage-put")), self.parts + 1)

    def test_where_a_place_is_for_one_file_rank_0_sends_them_all(self):
        with warehouse.Warehouse(stage="gcs-presigned") as house:
            self.fresh()
            self.store(house, 2)
            self.check(house)


if __name__ == "__main__":
    warehouse.need()
    case.main()
