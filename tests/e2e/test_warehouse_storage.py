"""The object stores behind the tests' warehouse, asked by hand: what is let in, what is found, what COPY makes of it."""

import base64
import concurrent.futures
import hashlib
import json
import subprocess
import unittest
import urllib.parse

import warehouse
from test_warehouse_protocol import Case, Client

SIGN = """
import json, sys
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
asked = json.load(sys.stdin)
request = AWSRequest("PUT", asked["url"], asked["headers"], asked["body"].encode())
S3SigV4Auth(Credentials(*asked["credentials"]), "s3", "us-east-1").add_auth(request)
json.dump(dict(request.headers.items()), sys.stdout)
"""


class Stages(Case):
    def put(self, content, below="", **changed):
        """Upload bytes as run/a.csv by hand, or to another prefix; returns the status."""
        self.client.rows("CREATE OR REPLACE STAGE S ENCRYPTION=(TYPE='SNOWFLAKE_SSE')")
        info = self.client.query("PUT 'file:///none/a.csv' @S/run/")["data"]["stageInfo"]
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        headers = {"Authorization": "Bearer " + info["creds"]["GCS_ACCESS_TOKEN"], "x-goog-meta-sfc-digest": digest, **changed}
        port = urllib.parse.urlsplit(info["endPoint"]).port
        return Client(self.service, port).http("PUT", f"/{below or info['location']}a.csv", content, headers)[0]

    def test_bytes_that_are_not_those_of_the_digest_are_refused(self):
        self.client.rows("CREATE OR REPLACE TABLE T (A INT)")
        self.assertEqual(self.put(b"1\n", **{"x-goog-meta-sfc-digest": "other"}), 200)
        self.assertEqual(self.client.query("COPY INTO T FROM @S/run/")["code"], "091003")
        self.assertEqual(self.put(b"1\n"), 200)
        self.assertEqual(self.client.rows("COPY INTO T FROM @S/run/ PURGE=TRUE")[0][:3], ["s/run/a.csv", "LOADED", "1"])
        self.assertEqual(self.service.stage_files()['"LOAD_DB"."PUBLIC"."S"'], [])

    def test_a_file_that_was_not_committed_was_not_loaded(self):
        dead = Client(self.service)
        dead.login()
        dead.rows("CREATE OR REPLACE TABLE T (A INT)")
        self.put(b"1\n")
        copy = "COPY INTO T FROM @S/run/ FILES=('a.csv')"
        dead.rows("BEGIN")
        self.assertEqual([rows[0][1] for rows in (dead.rows(copy), dead.rows(copy))], ["LOADED", "LOAD_SKIPPED"])
        self.assertEqual([rows[0][1] for rows in (self.client.rows(copy), self.client.rows(copy))], ["LOADED", "LOAD_SKIPPED"])
        self.assertEqual(self.client.rows("SELECT * FROM T"), [["1"]])

    def test_copies_at_the_same_time_load_a_file_once(self):
        self.client.rows("CREATE OR REPLACE TABLE T (A INT)")
        self.put(b"1\n" * 1000)
        clients = [Client(self.service) for _ in range(4)]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(Client.login, clients))
            list(pool.map(lambda client: client.rows("COPY INTO T FROM @S/run/"), clients))
        self.assertEqual(self.client.rows("SELECT COUNT(*) FROM T"), [["1000"]])

    def test_values_of_many_forms_are_read(self):
        self.client.rows("CREATE OR REPLACE TABLE T (A NUMBER(6,2), B DATE, C TIMESTAMP_NTZ, D BOOLEAN, E DOUBLE)")
        self.put(b"x\n1.239,02/01/2024,2024-01-02T03:04:05.123456Z,true,1e-3\n-0,31/12/1969,1969-12-31T23:59:59.5Z,0,NaN\n")
        self.client.rows("""COPY INTO T FROM @S/run/ FILE_FORMAT=(TYPE=CSV SKIP_HEADER=1 DATE_FORMAT='DD/MM/YYYY'
                            TIMESTAMP_FORMAT='YYYY-MM-DD"T"HH24:MI:SS.FF"Z"')""")
        self.assertEqual(self.client.rows("SELECT * FROM T ORDER BY A DESC"),
                         [["1.24", "19724", "1704164645.123456000", "1", "0.001"], ["0.00", "-1", "-0.500000000", "0", "NaN"]])

    def test_a_credential_is_for_its_prefix(self):
        self.assertEqual(self.put(b"1\n", below="gcs-test-customer-stage/stages/other/"), 403)
        self.assertEqual(self.put(b"1\n", Authorization="Bearer none"), 403)
        self.service.order(at="storage-put", what="503", code="SlowDown")
        self.assertEqual(self.put(b"1\n"), 503)
        self.service.order(at="storage-put", what="expire-storage")
        self.assertEqual([self.put(b"1\n"), self.put(b"1\n")], [401, 200])

    def test_statements_that_are_wrong_are_told_where(self):
        for sql, code in (("COPY INTO NONE FROM @S/run/", "002003"), ("COPY INTO T FROM @NONE", "002003"), ("LIST @NONE/x", "002003"),
                          ("COPY INTO T FROM @S/run/ FILES=('none.csv')", "091016"), ("PUT 'file:///a' @S PARALLEL=128", "001012"),
                          ("COPY INTO T FROM @S FILE_FORMAT=(TYP=CSV)", "001012"), ("COPY INTO T FORM @S", "001003"),
                          ("SELECT 1; SELECT 2", "000008")):
            self.client.rows("CREATE OR REPLACE TABLE T (A INT)")
            self.put(b"1\n")
            self.assertEqual(self.client.query(sql)["code"], code, sql)


class Folder(Case):
    options = {"stage": "local"}

    def test_a_stage_may_be_a_folder(self):
        self.client.rows("CREATE TABLE T (A INT)")
        self.client.rows("CREATE STAGE S")
        info = self.client.query("PUT 'file:///none/a.csv' @S/run/")["data"]["stageInfo"]
        self.assertEqual(info["locationType"], "LOCAL_FS")
        with open(info["location"] + "a.csv", "w") as file:
            file.write("1\n2\n")
        self.assertEqual(self.client.rows("COPY INTO T FROM @S/run/")[0][:3], ["s/run/a.csv", "LOADED", "2"])


class S3(Case):
    options = {"stage": "s3"}

    def put(self, name, sent=None, secret=None, token=None):
        """(status, code of an error) of an upload as botocore signs it, perhaps by another secret, or sent to another name."""
        self.client.rows("CREATE OR REPLACE STAGE S ENCRYPTION=(TYPE='SNOWFLAKE_SSE')")
        info = self.client.query("PUT 'file:///none/a.csv' @S/run/")["data"]["stageInfo"]
        creds, digest = info["creds"], base64.b64encode(hashlib.sha256(b"1\n").digest()).decode()
        asked = {"url": f"{info['endPoint']}/{info['location']}{name}", "body": "1\n", "headers": {"x-amz-meta-sfc-digest": digest},
                 "credentials": [creds["AWS_KEY_ID"], secret or creds["AWS_SECRET_KEY"], token or creds["AWS_TOKEN"]]}
        headers = json.loads(subprocess.run([warehouse.PYTHON, "-c", SIGN], input=json.dumps(asked), capture_output=True, text=True,
                                            check=True).stdout)
        port = urllib.parse.urlsplit(info["endPoint"]).port
        status, _, answer = Client(self.service, port).http("PUT", f"/{info['location']}{sent or name}", b"1\n", headers)
        return status, answer.decode().partition("<Code>")[2].partition("</Code>")[0]

    def test_a_request_has_to_be_signed(self):
        self.client.rows("CREATE OR REPLACE TABLE T (A INT)")
        self.assertEqual(self.put("a.csv", secret="wrong"), (403, "SignatureDoesNotMatch"))
        self.assertEqual(self.put("a.csv", sent="b.csv"), (403, "SignatureDoesNotMatch"))
        self.assertEqual(self.put("a.csv", token="wrong"), (400, "InvalidToken"))
        self.assertEqual(self.put("a%3Db%20c.csv"), (200, ""))
        self.assertEqual(self.client.rows("COPY INTO T FROM @S/run/")[0][:3], ["s/run/a=b c.csv", "LOADED", "1"])


if __name__ == "__main__":
    warehouse.need()
    unittest.main(verbosity=2)
