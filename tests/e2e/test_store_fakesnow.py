"""Another's emulator, unmodified: fakesnow knows no LIST, SWAP or REMOVE and answers in Arrow, and has the rows nonetheless."""

import case
import storing
import warehouse


class Unmodified(case.Case):
    @classmethod
    def setUpClass(cls):
        cls.house = warehouse.Fakesnow()
        cls.enterClassContext(cls.house)

    def store(self, table, mode, *more, code=0, ranks=0):
        return self.rfmpi("store", storing.finished_run(), "--set", "store.to=snowflake", "--set", f"store.table={table}", "--set",
                          f"store.mode={mode}", "--set", "store.copy=prefix", "--set", "store.create=true", "--set", "store.retry=20", *more,
                          env=self.house.environment(), ranks=ranks, code=code)

    def setUp(self):
        super().setUp()
        (storing.finished_run() / "store.jsonl").unlink(missing_ok=True)
        self.wanted = storing.wanted(storing.finished_run())

    def rows(self, table):
        return sorted(self.house.rows(f"SELECT * FROM {table}"))

    def test_rows_are_appended_once(self):
        said = self.store("APPENDED", "append")
        self.assertIn("customers stored", said.stdout)
        self.assertEqual(self.rows("APPENDED"), self.wanted)
        self.assertIn("already", self.store("APPENDED", "append").stdout)
        self.assertEqual(self.rows("APPENDED"), self.wanted)
        self.store("APPENDED", "append", "--force")
        self.assertEqual(self.rows("APPENDED"), sorted(2 * self.wanted))

    def test_rows_are_written_over(self):
        self.store("OVERWRITTEN", "overwrite")
        self.assertEqual(self.rows("OVERWRITTEN"), self.wanted)
        self.house.rows("INSERT INTO OVERWRITTEN SELECT * FROM OVERWRITTEN LIMIT 5")
        self.store("OVERWRITTEN", "overwrite", "--force", ranks=2)
        self.assertEqual(self.rows("OVERWRITTEN"), self.wanted)

    def test_a_replacement_writes_over_where_there_is_no_swap(self):
        for again in ((), ("--force",)):
            self.store("REPLACED", "replace", *again)
            self.assertEqual(self.rows("REPLACED"), self.wanted)

    def test_merge_and_history_and_the_table_of_models(self):
        self.store("MERGED", "merge")
        self.assertEqual([row[:len(self.wanted[0])] for row in self.rows("MERGED")], self.wanted)
        self.store("HISTORY", "history", "--set", "store.model_table=MODELS")
        self.assertEqual([row[:len(self.wanted[0])] for row in self.rows("HISTORY_LATEST")], self.wanted)
        self.assertEqual(self.house.rows("SELECT COUNT(*) FROM MODELS"), [[1]])


if __name__ == "__main__":
    warehouse.need()
    case.main()
