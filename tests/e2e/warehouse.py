"""A warehouse for a test to load into: started here, told what shall go wrong, asked what it saw, and read back independently.

    with warehouse.Warehouse(stage="s3") as service:
        service.order(at="copy", what="503")
        ... SNOWFLAKE_* variables: service.environment(login="keypair") ...
        service.rows('SELECT * FROM "T"')
"""

import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import urllib.request

SOURCE = pathlib.Path(os.environ["RFMPI_SOURCE"])
PYTHON = SOURCE / "build" / "venv-warehouse" / "bin" / "python"
OFFICIAL = SOURCE / "build" / "venv-connector" / "bin" / "python"
PARTS = SOURCE / "tests" / "warehouse"
SKIPPED = 125
START_SECONDS, READ_SECONDS = 60, 120


def need(*pythons):
    """End the test as skipped where these virtual environments are absent."""
    for python in pythons or (PYTHON,):
        if not python.exists():
            print(f"skipped: there is no {python.relative_to(SOURCE)} (jobs/install.sh test makes it)")
            sys.exit(SKIPPED)


def outside(**more):
    """The environment for a server or reader: nothing in it of a proxy or of somebody's own accounts."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("SNOWFLAKE_", "AWS_")) and not name.lower().endswith("_proxy")}
    return {**kept, "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1", **more}


class Server:
    """A program that says in one line that it is ready, and ends when we let go of its standard input."""

    def __init__(self, program, **options):
        self.program, self.options = program, options
        self.reader = None

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rfmpi-warehouse-"))
        self.log_file = open(self.folder / "server.log", "w+")
        settings = self.folder / "options.json"
        settings.write_text(json.dumps({"folder": str(self.folder), **self.options}))
        self.process = subprocess.Popen([PYTHON, PARTS / self.program, settings], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.log_file, env=outside(TMPDIR=str(self.folder)))
        ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        line = self.process.stdout.readline() if ready else b""
        if not line:
            said = (self.folder / "server.log").read_text()
            self.__exit__()
            raise RuntimeError(f"the warehouse did not start: {said}")
        self.ready = json.loads(line)
        return self

    def __exit__(self, *_):
        for process in filter(None, (self.reader, self.process)):
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
        self.log_file.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log_text(self):
        """What the server wrote to its standard error: nothing, unless it is broken."""
        return (self.folder / "server.log").read_text()

    def connection(self):
        """How Snowflake's own connector gets in, for reading."""
        raise NotImplementedError

    def rows(self, *statements):
        """The rows that the last statement gives, read through Snowflake's own connector; what JSON lacks comes as text."""
        asked = {"connect": {**self.connection(), "login_timeout": 20, "network_timeout": 60, "protocol": "http",
                             "session_parameters": {"PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": "JSON"}},
                 "statements": statements}
        self.reader = self.reader or self._start_reader()
        self.reader.stdin.write(json.dumps(asked).encode() + b"\n")
        self.reader.stdin.flush()
        ready, _, _ = select.select([self.reader.stdout], [], [], READ_SECONDS)
        line = self.reader.stdout.readline() if ready else b""
        told = json.loads(line) if line else {"error": (self.folder / "reader.log").read_text() or "no answer"}
        if "error" in told:
            raise RuntimeError(told["error"])
        return told["rows"]

    def _start_reader(self):
        """Importing the connector takes half a second: once for all that is read."""
        with open(self.folder / "reader.log", "w") as log:
            return subprocess.Popen([PYTHON, PARTS / "read.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                                    env=outside(HOME=str(self.folder)))


class Fakesnow(Server):
    """fakesnow as it is: no credential is checked, and only what it knows works."""

    def __init__(self):
        super().__init__("bare.py")

    def connection(self):
        return {"account": "fakesnow", "user": "anybody", "password": "anything", "database": "LOAD_DB", "schema": "PUBLIC",
                "host": "127.0.0.1", "port": self.ready["port"]}

    def environment(self):
        return {"SNOWFLAKE_ACCOUNT": "fakesnow", "SNOWFLAKE_USER": "anybody", "SNOWFLAKE_PASSWORD": "anything",
                "SNOWFLAKE_DATABASE": "LOAD_DB", "SNOWFLAKE_SCHEMA": "PUBLIC", "SNOWFLAKE_HOST": "127.0.0.1",
                "SNOWFLAKE_PORT": str(self.ready["port"]), "SNOWFLAKE_PROTOCOL": "http"}


class Warehouse(Server):
    """The whole service, as far as a loader sees it. Options: see serve.py."""

    def __init__(self, stage="s3", **options):
        super().__init__("serve.py", stage=stage, **options)

    def __enter__(self):
        super().__enter__()
        self.ca, self.crl, self.proxy = self.ready["ca"], self.ready["crl"], self.ready["proxy"]
        self.files = self.ready["files"]
        return self

    def connection(self):
        return {"account": self.ready["account"], "user": self.ready["user"], "password": self.ready["password"],
                "role": self.ready["role"], "warehouse": self.ready["warehouse"], "database": "LOAD_DB", "schema": "PUBLIC",
                "host": "127.0.0.1", "port": self.ready["quiet_port"]}

    def environment(self, login="password", **changed):
        """The SNOWFLAKE_* variables of a login that is let in; changed ones replace these, None removes one."""
        logins = {
            "password": {"SNOWFLAKE_PASSWORD": self.ready["password"]},
            "keypair": {"SNOWFLAKE_AUTHENTICATOR": "SNOWFLAKE_JWT", "SNOWFLAKE_PRIVATE_KEY_FILE": self.files["key"]},
            "encrypted-keypair": {"SNOWFLAKE_AUTHENTICATOR": "SNOWFLAKE_JWT",
                                  "SNOWFLAKE_PRIVATE_KEY_FILE": self.files["key_encrypted"],
                                  "PRIVATE_KEY_PASSPHRASE": self.ready["passphrase"]},
            "pat": {"SNOWFLAKE_AUTHENTICATOR": "PROGRAMMATIC_ACCESS_TOKEN", "SNOWFLAKE_TOKEN": self.ready["pat"]},
            "pat-file": {"SNOWFLAKE_AUTHENTICATOR": "PROGRAMMATIC_ACCESS_TOKEN",
                         "SNOWFLAKE_TOKEN_FILE_PATH": self.files["pat"]},
            "oauth": {"SNOWFLAKE_AUTHENTICATOR": "oauth", "SNOWFLAKE_TOKEN": self.ready["oauth"]},
        }
        variables = {
            "SNOWFLAKE_ACCOUNT": self.ready["account"], "SNOWFLAKE_USER": self.ready["user"], "SNOWFLAKE_ROLE": self.ready["role"],
            "SNOWFLAKE_WAREHOUSE": self.ready["warehouse"], "SNOWFLAKE_DATABASE": "LOAD_DB", "SNOWFLAKE_SCHEMA": "PUBLIC",
            "SNOWFLAKE_HOST": "127.0.0.1", "SNOWFLAKE_PORT": str(self.ready["port"]), "SNOWFLAKE_PROTOCOL": self.ready["protocol"],
            **logins[login], **changed}
        return {name: value for name, value in variables.items() if value is not None}

    def ask(self, name, **body):
        url = f"http://127.0.0.1:{self.ready['control_port']}/_test/{name}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(url, json.dumps(body).encode(), method="POST"), timeout=30) as answer:
            return json.load(answer)

    def order(self, **fault):
        """Let something go wrong: see orders.py for the words."""
        self.ask("order", **fault)

    def orders(self):
        """The orders so far, each with how many requests it has `seen` and to how many it was `done`."""
        return self.ask("orders")

    def expire(self, what):
        """Let tokens or storage credentials run out at once: expire-session, expire-master, lose-session, expire-storage."""
        self.ask("expire", what=what)

    def log(self, at=None):
        """Everything that was asked since the last reset, in order, or what was asked at one point."""
        entries = self.ask("log")["entries"]
        return [entry for entry in entries if at in (None, entry["at"], entry.get("kind"))]

    def counts(self):
        return self.ask("log")["counts"]

    def reset(self):
        self.ask("reset")

    def stage_files(self):
        """{stage: [{name, size, md5}]} of all named stages."""
        return self.ask("stages")

    def secrets(self):
        """Every word that must never be seen outside: what was to log in with, and what was handed out since."""
        return self.ask("secrets")

    def proxied(self):
        """What went through the proxy: {counts: {"host:port": n}, refused}."""
        return self.ask("proxy")
