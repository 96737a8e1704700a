"""OAuth client credentials fetch a token first, from a server that a test has here, and log in with it."""

import base64
import contextlib
import http.server
import json
import threading
import urllib.parse

import case
import warehouse

ID, SECRET = "loader app", "s3cret/with+signs & a blank"


class Endpoint(http.server.BaseHTTPRequestHandler):
    """A token endpoint: `script` has the answers to come, each a status and a body."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append((self.headers["Authorization"], dict(urllib.parse.parse_qsl(body))))
        status, answer = self.server.script.pop(0) if len(self.server.script) > 1 else self.server.script[0]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def endpoint(*script):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        server.script, server.asked = list(script), []
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(timeout=10)


class Client(case.Case):
    def check(self, house, server, code=0, url=None):
        settings = house.environment("oauth", SNOWFLAKE_AUTHENTICATOR="OAUTH_CLIENT_CREDENTIALS", SNOWFLAKE_TOKEN=None,
                                     SNOWFLAKE_OAUTH_CLIENT_ID=ID, SNOWFLAKE_OAUTH_CLIENT_SECRET=SECRET,
                                     SNOWFLAKE_OAUTH_TOKEN_REQUEST_URL=url or f"http://127.0.0.1:{server.server_address[1]}/token")
        said = self.rfmpi("store", "--check", "--set", "store.to=snowflake", "--set", "store.retry=5", "--set", "log.level=debug",
                          env=settings, ranks=0, code=code)
        for secret in (SECRET, urllib.parse.quote(SECRET, safe=""), *house.secrets()):
            self.assertNotIn(secret, said.stdout + said.stderr)
        return said

    def test_the_token_that_is_fetched_lets_in(self):
        with warehouse.Warehouse() as house:
            token = house.environment("oauth")["SNOWFLAKE_TOKEN"]
            with endpoint((200, {"access_token": token, "token_type": "Bearer"})) as server:
                self.assertIn("LOADER", self.check(house, server).stdout)
                (authorization, form), = server.asked
            pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
            self.assertEqual([urllib.parse.unquote(part) for part in pair.split(":")], [ID, SECRET])
            self.assertEqual(form["grant_type"], "client_credentials")
            self.assertEqual(form["scope"], "session:role:LOADER_ROLE")

    def test_a_busy_endpoint_is_asked_again_and_a_refusal_is_told(self):
        with warehouse.Warehouse() as house:
            token = house.environment("oauth")["SNOWFLAKE_TOKEN"]
            with endpoint((503, {}), (200, {"access_token": token})) as server:
                self.check(house, server)
                self.assertEqual(len(server.asked), 2)
            with endpoint((401, {"error": "invalid_client"})) as server:
                self.assertIn("invalid_client", self.check(house, server, code=77).stderr)
            with endpoint((200, {"access_token": "another"})) as server:
                self.assertIn("390303", self.check(house, server, code=77).stderr)

    def test_the_secret_goes_to_no_other_machine_without_tls(self):
        with warehouse.Warehouse() as house, endpoint((200, {})) as server:
            said = self.check(house, server, code=64, url="http://tokens.example/token")
            self.assertIn("not a place to send a secret to", said.stderr)
            self.assertEqual(server.asked, [])


if __name__ == "__main__":
    warehouse.need()
    case.main()
