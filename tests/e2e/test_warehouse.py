"""The control of the warehouse that our loader is tested with: Snowflake's official connector gets along with it, too.

What the connector does here is what the real service is used to, so the warehouse cannot drift away from it.
"""

import csv
import gzip
import json
import subprocess
import urllib.request

import case
import warehouse

FORMAT = (r"FILE_FORMAT=(TYPE=CSV COMPRESSION=GZIP FIELD_DELIMITER=',' SKIP_HEADER=0 FIELD_OPTIONALLY_ENCLOSED_BY='\"' "
          r"ESCAPE_UNENCLOSED_FIELD=NONE NULL_IF=('\\N') EMPTY_FIELD_AS_NULL=FALSE ENCODING='UTF8' TIMESTAMP_FORMAT='AUTO' "
          r"ERROR_ON_COLUMN_COUNT_MISMATCH=TRUE) ON_ERROR=ABORT_STATEMENT")
CREATE = 'CREATE OR REPLACE TABLE "T" ("ID" VARCHAR(20), "N" NUMBER(10,0), "WHEN" TIMESTAMP_NTZ, "X" DOUBLE)'
STAGE = "CREATE OR REPLACE STAGE ST ENCRYPTION=(TYPE='SNOWFLAKE_SSE')"
COPY = 'COPY INTO "T" FROM @ST/run/ ' + FORMAT


class Control(case.Case):
    stage, options = "s3", {}

    @classmethod
    def setUpClass(cls):
        cls.service = warehouse.Warehouse(stage=cls.stage, **cls.options)
        cls.enterClassContext(cls.service)

    def setUp(self):
        super().setUp()
        self.service.reset()

    def tearDown(self):
        self.assertEqual(self.service.log_text(), "")

    def official(self, *statements, timeout=60, env=None, **login):
        """What the official connector makes of these statements, one after the other."""
        ready = self.service.ready
        names = ("account", "user", "role", "warehouse", "protocol", "port")
        connect = {**{name: ready[name] for name in names}, "host": "127.0.0.1", "database": "LOAD_DB", "schema": "PUBLIC",
                   **(login or {"password": ready["password"]})}
        result = subprocess.run([warehouse.OFFICIAL, warehouse.PARTS / "official.py"], capture_output=True, text=True, timeout=timeout,
                                input=json.dumps({"connect": connect, "statements": statements}),
                                env=warehouse.outside(HOME=str(self.dir), **(env or {})))
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def good(self, *statements, **how):
        """The rows of each of them, where all went well."""
        told = self.official(*statements, **how)
        for statement, one in zip(statements, told):
            self.assertIn("rows", one, f"{statement}: {one}")
        return [one["rows"] for one in told]

    def parts(self, *sizes):
        """Files of so many rows each, and the statement that puts them."""
        for i, size in enumerate(sizes):
            with gzip.open(self.dir / f"part-{i}.csv.gz", "wt", newline="") as file:
                csv.writer(file).writerows([f"c{i}-{j}", j, "2024-01-02 03:04:05.25", "\\N" if j % 2 else j / 4] for j in range(size))
        return f"PUT 'file://{self.dir}/part-*.csv.gz' @ST/run/ PARALLEL=4 AUTO_COMPRESS=FALSE SOURCE_COMPRESSION=GZIP OVERWRITE=TRUE"


class S3(Control):
    def test_a_load_aside_is_swapped_in(self):
        put = self.parts(300, 200)
        told = self.good(CREATE, "INSERT INTO T (ID) VALUES ('old')", 'CREATE OR REPLACE TABLE "T__NEW" LIKE "T"', STAGE, put,
                         'COPY INTO "T__NEW" ("ID","N","WHEN","X") FROM @ST/run/ FILES=(\'part-0.csv.gz\',\'part-1.csv.gz\') ' + FORMAT,
                         'ALTER TABLE "T" SWAP WITH "T__NEW"', 'SELECT COUNT(*), COUNT("X"), MAX("WHEN") FROM "T"',
                         'SELECT ID FROM T__NEW', 'DROP TABLE "T__NEW"', "LIST @ST/run/", "REMOVE @ST/run/", "LIST @ST/run/")
        self.assertEqual([row[:4] for row in told[5]], [[f"st/run/part-{i}.csv.gz", "LOADED", n, n] for i, n in enumerate((300, 200))])
        self.assertEqual(told[7:9], [[[500, 250, "2024-01-02 03:04:05.250000"]], [["old"]]])
        self.assertEqual([[row[0], row[1]] for row in told[10]],
                         [[f"st/run/part-{i}.csv.gz", (self.dir / f"part-{i}.csv.gz").stat().st_size] for i in range(2)])
        self.assertEqual(told[11:], [[[f"st/run/part-{i}.csv.gz", "removed"] for i in range(2)], []])
        self.assertEqual(self.service.rows("SELECT COUNT(*) FROM T"), [[500]])

    def test_a_file_is_loaded_once_into_a_table(self):
        put = self.parts(10)
        named = COPY.replace("@ST/run/", "@ST/run/ FILES=('part-0.csv.gz')")
        told = self.good(CREATE, STAGE, put, COPY, COPY, named, COPY + " FORCE=TRUE", 'SELECT COUNT(*) FROM "T"', CREATE, COPY,
                         'TRUNCATE TABLE "T"', COPY, "BEGIN", 'CREATE OR REPLACE TABLE "U" LIKE "T"', COPY.replace('"T"', '"U"'),
                         'ALTER TABLE "U" RENAME TO "V"', COPY.replace('"T"', '"V"'))
        self.assertEqual([rows[0][1] for rows in (told[3], told[5], told[6], told[9], told[11], told[14])],
                         ["LOADED", "LOAD_SKIPPED", "LOADED", "LOADED", "LOADED", "LOADED"])
        self.assertEqual([told[4], told[16]], [[["Copy executed with 0 files processed."]]] * 2)
        self.assertEqual(told[7], [[20]])

    def test_what_a_rollback_undoes_was_not_loaded(self):
        told = self.good(CREATE, STAGE, self.parts(10), "BEGIN", COPY, "ROLLBACK", "SELECT COUNT(*) FROM T", COPY, "SELECT COUNT(*) FROM T")
        self.assertEqual([told[6], told[7][0][1], told[8]], [[[0]], "LOADED", [[10]]])

    def test_a_bad_row_fails_the_whole_statement_and_is_named(self):
        put = self.parts(10, 10)
        cases = [("c,many,2024-01-01,1", "100038", "Numeric value 'many' is not recognized", '"T"["N":2]'),
                 ("c,1,yesterday,1", "100035", "Timestamp 'yesterday' is not recognized", '"T"["WHEN":3]'),
                 ("c,1,2024-01-01", "100080", "Number of columns in file (3) does not match", '"T"'),
                 ("c" * 21 + ",1,2024-01-01,1", "100078", "is too long and would be truncated", '"T"["ID":1]')]
        for row, code, words, place in cases:
            with gzip.open(self.dir / "part-1.csv.gz", "wt") as file:
                file.write(f"a,1,2024-01-01,1\nb,2,2024-01-01,2\n{row}\n")
            told = self.official(CREATE, STAGE, put, COPY, "SELECT COUNT(*) FROM T")
            self.assertEqual(told[3]["error"], int(code), told[3])
            for word in (words, "File 'st/run/part-1.csv.gz', line 3", "Row 3, column " + place):
                self.assertIn(word, told[3]["message"])
            self.assertEqual(told[4]["rows"], [[0]])

    def test_quotes_and_nulls_are_told_apart(self):
        self.parts()
        with gzip.open(self.dir / "part-0.csv.gz", "wt") as file:
            file.write('"",1,\\N,\\N\n\\N,2,\\N,1e3\n"a ""b"", c\n",3,\\N,\\N\n"a\\b",4,\\N,\\N\n')
        told = self.good(CREATE, STAGE, self.parts(), COPY, "SELECT ID, N, X FROM T ORDER BY N")
        self.assertEqual(told[4], [["", 1, None], [None, 2, 1000.0], ['a "b", c\n', 3, None], ["a\\b", 4, None]])

    def test_each_login_is_checked(self):
        ready = self.service.ready
        key = lambda name, **more: {"authenticator": "SNOWFLAKE_JWT", "private_key_file": ready["files"][name], **more}
        pat = {"authenticator": "PROGRAMMATIC_ACCESS_TOKEN"}
        for login in ({"password": ready["password"]}, key("key"), key("key_encrypted", private_key_file_pwd=ready["passphrase"]),
                      {**pat, "token": ready["pat"]}, {"authenticator": "oauth", "token": ready["oauth"]}):
            self.assertEqual(self.good("SELECT CURRENT_USER(), CURRENT_ROLE(), CURRENT_WAREHOUSE()", **login),
                             [[["LOADER", "LOADER_ROLE", "LOAD_WH"]]])
        for code, login in ((390100, {"password": "wrong"}), (394304, key("key_other")), (394400, {**pat, "token": "pat-wrong"}),
                            (390318, {"authenticator": "oauth", "token": ready["oauth_expired"]}),
                            (390303, {"authenticator": "oauth", "token": "wrong"}),
                            (390100, {"user": "OTHER", "password": ready["password"]})):
            self.assertEqual(self.official("SELECT 1", **login)[0]["error"], code, login)
        self.assertEqual(self.service.counts()["logout"], 5)

    def test_an_encrypted_stage_is_read_back(self):
        told = self.good(CREATE, "CREATE OR REPLACE STAGE ST", self.parts(300, 200), COPY, 'SELECT COUNT(*) FROM "T"', "LIST @ST/run/")
        self.assertEqual(told[4], [[500]])
        self.assertEqual([row[1] % 16 for row in told[5]], [0, 0])

    def test_a_session_that_has_run_out_is_renewed(self):
        self.service.order(at="select", what="expire-session")
        self.assertEqual(self.good("SELECT 1", "SELECT 2"), [[[1]], [[2]]])
        self.assertEqual(self.service.counts()["renew"], 1)
        self.assertEqual([entry.get("code") for entry in self.service.log("select")], ["390112", None, None])

    def test_statements_in_progress_are_waited_for(self):
        self.service.order(at="copy", what="in-progress", polls=3, seconds=0.3)
        told = self.good(CREATE, STAGE, self.parts(10), COPY, "SELECT COUNT(*) FROM T")
        self.assertEqual((told[3][0][1], told[4]), ("LOADED", [[10]]))
        self.assertEqual(self.service.counts()["poll"], 3)

    def test_a_repeated_request_is_not_run_twice(self):
        for what, replays in (("503", 1), ("reset", 1), ("reset-mid-body", 0), ("truncated-json", 0)):
            self.service.reset()
            self.service.order(at="insert", what=what, when="after")
            told = self.official(CREATE, "INSERT INTO T (ID) VALUES ('one')", "SELECT COUNT(*) FROM T")
            self.assertEqual(told[2]["rows"], [[1]], what)
            # Half an answer is nothing that the connector asks for again.
            self.assertEqual((self.service.counts()["replays"], "error" in told[1]), (replays, replays == 0), (what, told))

    def test_answers_that_fail_are_asked_for_again(self):
        for at in ("login", "put-statement", "copy", "storage-put"):
            self.service.order(at=at, what="503")
        self.assertEqual(self.good(CREATE, STAGE, self.parts(10, 5), COPY, "SELECT COUNT(*) FROM T")[4], [[15]])
        self.assertEqual([order["done"] for order in self.service.orders()], [1] * 4)

    def test_an_upload_cut_short_is_repeated(self):
        self.service.order(at="storage-put", what="reset-mid-body", match="part-1")
        self.assertEqual(self.good(CREATE, STAGE, self.parts(10, 20000), COPY, "SELECT COUNT(*) FROM T")[4], [[20010]])
        self.assertEqual(len(self.service.log("storage-put")), 3)

    def test_storage_credentials_that_have_run_out_are_asked_for_again(self):
        self.service.order(at="storage-put", what="expire-storage", match="part-1")
        self.assertEqual(self.good(CREATE, STAGE, self.parts(10, 5), COPY, "SELECT COUNT(*) FROM T")[4], [[15]])
        self.assertIn(400, [entry["status"] for entry in self.service.log("storage-put")])
        self.assertGreaterEqual(len(self.service.log("put-statement")), 2)

    def test_a_swap_may_be_refused(self):
        self.service.order(at="swap", what="refuse", code="003001", message="SQL access control error:\nInsufficient privileges")
        told = self.official(CREATE, "CREATE OR REPLACE TABLE U LIKE T", "ALTER TABLE T SWAP WITH U", "SELECT COUNT(*) FROM T")
        self.assertEqual((told[2]["error"], told[2]["state"], told[3]["rows"]), (3001, "42501", [[0]]))

    def test_no_secret_is_in_the_log(self):
        self.good(CREATE, STAGE, self.parts(10), COPY)
        log, secrets = json.dumps(self.service.log()), self.service.secrets()
        self.assertGreater(len(secrets), 15)
        self.assertEqual([secret for secret in secrets if secret in log], [])


class Gcs(Control):
    stage = "gcs"

    def test_a_load_by_token(self):
        self.service.order(at="storage-put", what="expire-storage", match="part-1")
        for stage in (STAGE, "CREATE OR REPLACE STAGE ST"):
            self.assertEqual(self.good(CREATE, stage, self.parts(10, 5), COPY, "SELECT COUNT(*) FROM T")[4], [[15]])
        self.assertIn(401, [entry["status"] for entry in self.service.log("storage-put")])


class Presigned(Control):
    stage = "gcs-presigned"

    def test_a_load_by_presigned_address(self):
        put = self.parts(10, 5)
        puts = [put.replace("*", str(i)) for i in range(2)]
        self.assertEqual(self.good(CREATE, STAGE, *puts, COPY, "SELECT COUNT(*) FROM T")[5], [[15]])


class Secure(Control):
    options = {"tls": True, "proxy": True}

    def test_a_load_over_tls(self):
        ca = {"SSL_CERT_FILE": self.service.ca}
        self.assertEqual(self.good(CREATE, STAGE, self.parts(10, 5), COPY, "SELECT COUNT(*) FROM T", env=ca)[4], [[15]])

    def test_the_proxy_counts_what_goes_through(self):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": self.service.proxy}))
        port = self.service.ready["quiet_port"]
        with self.assertRaises(urllib.error.HTTPError) as refused, opener.open(f"http://127.0.0.1:{port}/none", timeout=10):
            pass
        self.assertEqual(refused.exception.code, 404)
        self.assertEqual(self.service.proxied(), {"counts": {f"127.0.0.1:{port}": 1}, "refused": 0})


class Unmodified(case.Case):
    def test_fakesnow_itself_is_read_by_the_same_reader(self):
        with warehouse.Fakesnow() as service:
            self.assertEqual(service.rows("CREATE TABLE A (X INT)", "INSERT INTO A VALUES (1), (2)", "SELECT SUM(X) FROM A"), [[3]])


if __name__ == "__main__":
    warehouse.need(warehouse.PYTHON, warehouse.OFFICIAL)
    case.main()
