"""What the tests' warehouse does at the edges of the protocol, where the official connector does not lead: asked by hand."""

import base64
import contextlib
import gzip
import http.client
import json
import socket
import ssl
import subprocess
import time
import unittest
import uuid

import warehouse

MAKE_JWT = """
import json, sys, jwt
asked = json.load(sys.stdin)
print(jwt.encode(asked["claims"], open(asked["key"]).read(), asked["algorithm"]))
"""


class Client:
    """One HTTP request after another, without any cleverness."""

    def __init__(self, service, port=None, tls=None, tunnel=None):
        self.ready, self.token, self.master = service.ready, None, None
        make = http.client.HTTPSConnection if tls else http.client.HTTPConnection
        self.connect = lambda: make("127.0.0.1", tunnel or port or self.ready["port"], timeout=20, **({"context": tls} if tls else {}))
        self.tunnel = tunnel and (port or self.ready["port"])

    def http(self, method, path, body=b"", headers=None):
        """(status, headers, body) of one request on a connection of its own."""
        with contextlib.closing(self.connect()) as connection:
            if self.tunnel:
                connection.set_tunnel("127.0.0.1", self.tunnel, self.tunnel_headers)
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    tunnel_headers = {}

    def post(self, path, body, token=None, headers=None):
        headers = {"Content-Type": "application/json", **(headers or {})}
        if token or self.token:
            headers["Authorization"] = f'Snowflake Token="{token or self.token}"'
        status, got, content = self.http("POST", path, json.dumps(body).encode(), headers)
        if got.get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        return {"http": status, **json.loads(content)}

    def login(self, **changed):
        data = {"ACCOUNT_NAME": self.ready["account"], "LOGIN_NAME": self.ready["user"], "PASSWORD": self.ready["password"],
                "SESSION_PARAMETERS": {"C_API_QUERY_RESULT_FORMAT": "JSON"}, **changed}
        where = "databaseName=LOAD_DB&schemaName=PUBLIC&warehouse=LOAD_WH&roleName=LOADER_ROLE"
        answer = self.post(f"/session/v1/login-request?requestId={uuid.uuid4()}&{where}", {"data": data})
        if answer["success"]:
            self.token, self.master = answer["data"]["token"], answer["data"]["masterToken"]
        return answer

    def query(self, sql, request=None, **how):
        return self.post(f"/queries/v1/query-request?requestId={request or uuid.uuid4()}", {"sqlText": sql}, **how)

    def rows(self, sql):
        answer = self.query(sql)
        if not answer["success"]:
            raise AssertionError(f"{sql}: {answer}")
        return answer["data"].get("rowset")

    def renew(self):
        answer = self.post("/session/token-request?requestId=1", {"oldSessionToken": self.token, "requestType": "RENEW"}, self.master)
        if answer["success"]:
            self.token, self.master = answer["data"]["sessionToken"], answer["data"]["masterToken"]
        return answer


class Case(unittest.TestCase):
    options = {"stage": "gcs"}

    @classmethod
    def setUpClass(cls):
        cls.service = warehouse.Warehouse(**cls.options)
        cls.enterClassContext(cls.service)

    def setUp(self):
        self.service.reset()
        self.client = Client(self.service)
        self.assertTrue(self.client.login()["success"])

    def tearDown(self):
        self.assertEqual(self.service.log_text(), "")


class Sessions(Case):
    def test_tokens_run_out_and_are_renewed(self):
        client, old = self.client, self.client.token
        self.assertTrue(client.post("/session/heartbeat", {})["success"])
        self.assertTrue(client.renew()["success"])
        self.assertEqual(client.query("SELECT 1", token=old)["code"], "390112")
        self.assertEqual(client.rows("SELECT 1"), [["1"]])
        self.service.expire("expire-session")
        self.assertEqual(client.post("/session/heartbeat", {})["code"], "390112")
        self.assertTrue(client.renew()["success"])
        self.service.expire("expire-master")
        self.assertEqual([client.query("SELECT 1")["code"], client.renew()["code"]], ["390112", "390114"])

    def test_a_session_ends_with_its_logout(self):
        client = self.client
        self.assertTrue(client.post("/session?delete=true", {})["success"])
        self.assertEqual(client.query("SELECT 1")["code"], "390111")
        self.assertEqual(client.query("SELECT 1", token="none-such")["http"], 401)

    def test_a_repeated_request_gets_the_first_answer(self):
        client, request = self.client, str(uuid.uuid4())
        client.rows("CREATE OR REPLACE TABLE R (A INT)")
        first, second = (client.query("INSERT INTO R VALUES (1)", request) for _ in range(2))
        self.assertEqual(first, second)
        self.assertEqual(client.rows("SELECT COUNT(*) FROM R"), [["1"]])
        self.assertEqual(client.query("INSERT INTO R VALUES (2)", request)["code"], "390400")
        self.assertEqual(self.service.counts()["replays"], 1)

    def test_a_statement_is_polled_for_and_may_be_aborted(self):
        client, request = self.client, str(uuid.uuid4())
        client.rows("CREATE OR REPLACE TABLE P (A INT)")
        self.service.order(at="insert", what="run-slowly", seconds=30)
        self.service.order(at="insert", what="in-progress", nth=2, polls=1, seconds=0)
        with contextlib.closing(client.connect()) as connection:
            connection.request("POST", f"/queries/v1/query-request?requestId={request}", b'{"sqlText": "INSERT INTO P VALUES (1)"}',
                               {"Authorization": f'Snowflake Token="{client.token}"'})
            while not self.service.log("insert"):
                time.sleep(0.02)
            self.assertTrue(client.post("/queries/v1/abort-request?requestId=2", {"sqlText": "", "requestId": request})["success"])
            self.assertEqual(json.load(connection.getresponse())["code"], "000604")
        answer = client.query("INSERT INTO P VALUES (2)")
        self.assertEqual(answer["code"], "333333")
        self.service.expire("expire-session")
        self.assertEqual(self.poll(answer)["code"], "390112")
        client.renew()
        self.assertEqual(self.poll(answer)["data"]["rowset"], [["1"]])
        self.assertEqual(client.rows("SELECT A FROM P"), [["2"]])

    def poll(self, answer):
        return json.loads(self.client.http("GET", answer["data"]["getResultUrl"], headers={
            "Authorization": f'Snowflake Token="{self.client.token}"'})[2])

    def test_bodies_come_and_go_packed(self):
        headers = {"Authorization": f'Snowflake Token="{self.client.token}"', "Content-Encoding": "gzip", "Accept-Encoding": "gzip"}
        status, got, content = self.client.http("POST", "/queries/v1/query-request?requestId=packed",
                                                gzip.compress(json.dumps({"sqlText": "SELECT 7"}).encode()), headers)
        self.assertEqual((status, got["Content-Encoding"]), (200, "gzip"))
        self.assertEqual(json.loads(gzip.decompress(content))["data"]["rowset"], [["7"]])

    def test_each_fault_of_a_token_has_its_code(self):
        ready, now = self.service.ready, int(time.time())
        good = {"iss": f"RFMTEST.LOADER.{ready['fingerprint']}", "sub": "RFMTEST.LOADER", "iat": now, "exp": now + 60}
        cases = [(None, {}), ("394300", {"iss": f"RFMTEST.NOBODY.{ready['fingerprint']}"}), ("394301", {"exp": None}),
                 ("394302", {"iat": now - 300}), ("394303", {"iat": now - 30, "exp": now - 1}), ("390144", {"sub": "RFMTEST.NOBODY"}),
                 ("390144", {"exp": now + 7200}), ("394304", {"iss": "RFMTEST.LOADER.SHA256:none"})]
        for code, changed in cases:
            claims = {name: value for name, value in {**good, **changed}.items() if value is not None}
            self.assertEqual(self.jwt_login(claims)["code"], code, changed)
        self.assertEqual(self.jwt_login(good, key="key_other")["code"], "394306")
        self.assertEqual(self.jwt_login(good, algorithm="RS512")["code"], "394305")

    def jwt_login(self, claims, key="key", algorithm="RS256"):
        asked = {"claims": claims, "key": self.service.files[key], "algorithm": algorithm}
        made = subprocess.run([warehouse.PYTHON, "-c", MAKE_JWT], input=json.dumps(asked), capture_output=True, text=True, check=True)
        return Client(self.service).login(PASSWORD=None, AUTHENTICATOR="SNOWFLAKE_JWT", TOKEN=made.stdout.strip())

    def test_what_is_not_there_cannot_be_entered(self):
        answer = self.client.post("/session/v1/login-request?warehouse=NONE&databaseName=NONE&schemaName=PUBLIC", {"data": {
            "ACCOUNT_NAME": "RFMTEST", "LOGIN_NAME": "LOADER", "PASSWORD": self.service.ready["password"]}})
        self.assertEqual(answer["data"]["sessionInfo"],
                         {"databaseName": None, "schemaName": None, "warehouseName": None, "roleName": "LOADER_ROLE"})
        self.assertEqual(self.client.query("INSERT INTO X VALUES (1)", token=answer["data"]["token"])["code"], "000606")


class Faults(Case):
    def test_answers_go_wrong_to_order(self):
        client = self.client
        self.service.order(at="select", match="SELECT 1", what="429", nth=2, times=2, headers={"Retry-After": "1"})
        self.assertEqual([client.http("POST", "/queries/v1/query-request?requestId=" + str(uuid.uuid4()), b'{"sqlText": "SELECT 1"}', {
            "Authorization": f'Snowflake Token="{client.token}"'})[0] for _ in range(4)], [200, 429, 429, 200])
        self.service.order(at="select", what="truncated-json")
        self.assertRaises(json.JSONDecodeError, client.query, "SELECT 2")
        self.service.order(at="select", what="error-in-200", code="000605", message="cannot now")
        self.assertEqual(client.query("SELECT 3")["message"], "cannot now")
        for what in ("reset", "reset-mid-body"):
            self.service.order(at="select", what=what)
            self.assertRaises(ConnectionError, client.query, "SELECT 4")
        self.service.order(at="heartbeat", what="401", code="390112")
        self.assertEqual(client.post("/session/heartbeat", {})["code"], "390112")
        self.assertEqual([order["done"] for order in self.service.orders()], [2, 1, 1, 1, 1, 1])

    def test_answers_come_late_to_order(self):
        client = self.client
        for what, seconds in (("slow", 1), ("delay", 1)):
            self.service.order(at="select", what=what, seconds=seconds)
            began = time.monotonic()
            self.assertEqual(client.rows("SELECT 1"), [["1"]])
            self.assertGreater(time.monotonic() - began, 0.8, what)
        self.service.order(at="select", what="hang", seconds=1)
        self.assertRaises((ConnectionError, socket.timeout), client.query, "SELECT 1")


class Tables(Case):
    def test_values_are_written_as_the_service_writes_them(self):
        rows = self.client.rows("SELECT 12::NUMBER(10,0), 1.50::NUMBER(10,2), 0.1::DOUBLE, TRUE, '2024-01-02'::DATE, 'é', NULL, "
                                "'2024-01-02 03:04:05.5'::TIMESTAMP_NTZ, '1969-12-31 23:59:59.5'::TIMESTAMP_NTZ, '10:00:00'::TIME")
        self.assertEqual(rows, [["12", "1.50", "0.1", "1", "19724", "é", None, "1704164645.500000000", "-0.500000000", "36000.000000000"]])

    def test_a_table_made_like_another_keeps_its_limits(self):
        client = self.client
        client.rows("CREATE OR REPLACE TABLE M (A VARCHAR(3) NOT NULL COMMENT 'an (odd), ''name''', B NUMBER(5,1) COMMENT 'b') "
                    "COMMENT='all'")
        client.rows("CREATE OR REPLACE TABLE L LIKE M")
        client.rows("ALTER TABLE L RENAME TO K")
        for name in "MK":
            self.assertEqual(client.rows("SELECT COLUMN_NAME, CHARACTER_MAXIMUM_LENGTH, IS_NULLABLE, COMMENT FROM "
                                         f"INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = '{name}' ORDER BY 1"),
                             [["A", "3", "NO", "an (odd), 'name'"], ["B", None, "YES", "b"]])
        self.assertEqual(client.query("INSERT INTO K VALUES (NULL, 1)")["code"], "100072")

    def test_an_overwrite_that_fails_leaves_the_table(self):
        client = self.client
        client.rows("CREATE OR REPLACE TABLE O (A INT NOT NULL)")
        client.rows("INSERT INTO O VALUES (1)")
        self.assertFalse(client.query("INSERT OVERWRITE INTO O SELECT NULL")["success"])
        self.assertEqual(client.rows("SELECT * FROM O"), [["1"]])
        client.rows("INSERT OVERWRITE INTO O SELECT 2")
        self.assertEqual(client.rows("SELECT * FROM O"), [["2"]])

    def test_a_transaction_whose_client_died_is_in_nobodys_way(self):
        dead, client = Client(self.service), self.client
        dead.login()
        for statement in ("CREATE OR REPLACE TABLE X (A INT)", "CREATE OR REPLACE TABLE Y (A INT)", "BEGIN", "INSERT INTO X VALUES (1)"):
            dead.rows(statement)
        client.rows("INSERT INTO X VALUES (2)")
        client.rows("ALTER TABLE X SWAP WITH Y")
        self.assertEqual([client.rows(f"SELECT * FROM {name}") for name in "XY"], [[], [["2"]]])
        client.rows("CREATE OR REPLACE TABLE Y LIKE X")
        client.rows("DROP TABLE Y")

    def test_ddl_commits_what_came_before(self):
        client = self.client
        client.rows("CREATE OR REPLACE TABLE C (A INT)")
        for statement in ("BEGIN", "INSERT INTO C VALUES (1)", "CREATE OR REPLACE TABLE D (A INT)", "ROLLBACK"):
            client.rows(statement)
        self.assertEqual(client.rows("SELECT * FROM C"), [["1"]])


class Secure(Case):
    options = {"stage": "gcs", "tls": True, "proxy": "p-word"}

    def setUp(self):
        self.tls = ssl.create_default_context(cafile=self.service.ca)

    def test_through_a_tunnel_that_asks_for_a_password(self):
        client = Client(self.service, tls=self.tls, tunnel=self.service.ready["proxy_port"])
        self.assertRaises(OSError, client.login)
        client.tunnel_headers = {"Proxy-Authorization": "Basic " + base64.b64encode(b"proxy:p-word").decode()}
        self.assertTrue(client.login()["success"])
        self.assertEqual(self.service.proxied(), {"counts": {f"127.0.0.1:{self.service.ready['port']}": 1}, "refused": 1})

    def test_a_reset_reaches_through_tls(self):
        client = Client(self.service, tls=self.tls)
        self.service.order(at="login", what="reset")
        self.assertRaises((ConnectionError, ssl.SSLError), client.login)
        self.assertTrue(client.login()["success"])

    def test_certificates_that_must_not_be_accepted(self):
        for kind, words in (("expired", "certificate has expired"), ("other-host", "mismatch"), ("revoked", "revoked")):
            with warehouse.Warehouse(stage="local", tls=kind) as service:
                tls = ssl.create_default_context(cafile=service.ca)
                tls.load_verify_locations(service.crl)
                tls.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
                with self.assertRaisesRegex(ssl.SSLCertVerificationError, words):
                    Client(service, tls=tls).login()


if __name__ == "__main__":
    warehouse.need()
    unittest.main(verbosity=2)
