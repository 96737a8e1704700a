"""How `rfmpi store` logs in: every credential, from every source, in their order; what is refused; and that no secret gets out.

Whatever these tests let rfmpi write or say is searched for all secrets of the warehouse (storing.py), at log.level debug.
"""

import os
import os
import pathlib
import shutil
import subprocess
import unittest

import case
import warehouse
from storing import OLD, Store, core

AUTHENTICATORS = {"password": "SNOWFLAKE", "keypair": "SNOWFLAKE_JWT", "encrypted-keypair": "SNOWFLAKE_JWT",
                  "pat": "PROGRAMMATIC_ACCESS_TOKEN", "pat-file": "PROGRAMMATIC_ACCESS_TOKEN", "oauth": "OAUTH"}


def toml(text):
    """A text as a basic string of TOML; the same is a double-quoted one of YAML."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Login(Store):
    def check(self, *more, env, code=0):
        return self.start(*self.store_words(*more, run="--check"), code=code, env=env)

    def environment(self, login="password", *without, **changed):
        return self.service.environment(login, **dict.fromkeys(without), **changed)

    def logged_in(self):
        """With what the service let us in, since the last reset."""
        return [entry.get("authenticator") for entry in self.service.log("login") if entry["status"] == 200 and not entry.get("code")]

    def refuse(self, pattern, *more, env, code=77, asked=None):
        """A start that is refused; `asked` tells how often the service was asked."""
        self.service.reset()
        told = self.check(*more, env=env, code=code)
        self.assertRegex(told.error, pattern)
        self.assertEqual(self.logged_in(), [])
        if asked is not None:
            self.assertEqual(len(self.service.log("login")), asked)
        return told

    def write(self, path, text, mode=0o600):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path


class Environment(Login):
    def test_every_credential_lets_in(self):
        for login, authenticator in AUTHENTICATORS.items():
            with self.subTest(login=login):
                self.service.reset()
                told = self.check(env=self.environment(login))
                self.assertEqual(self.logged_in(), [authenticator])
                self.assertRegex(told.stdout, "account +RFMTEST(?s:.*)user +LOADER(?s:.*)role +LOADER_ROLE(?s:.*)warehouse +LOAD_WH")
                self.assert_logged_out()

    def test_sources_are_named(self):
        for login, source in (("password", "password from SNOWFLAKE_PASSWORD"), ("pat", "token from SNOWFLAKE_TOKEN"),
                              ("pat-file", "token from " + self.service.files["pat"]),
                              ("encrypted-keypair", "private_key_passphrase from PRIVATE_KEY_PASSPHRASE")):
            self.assertIn(source, self.check(env=self.environment(login)).stderr)

    def test_the_way_is_found_where_none_is_named(self):
        for login in ("keypair", "pat", "pat-file"):
            with self.subTest(login=login):
                self.service.reset()
                self.check(env=self.environment(login, "SNOWFLAKE_AUTHENTICATOR"))
                self.assertEqual(self.logged_in(), [AUTHENTICATORS[login]])

    def test_a_token_names_its_user_itself(self):
        self.check(env=self.environment("oauth", "SNOWFLAKE_USER"))
        self.assertEqual(self.logged_in(), ["OAUTH"])

    def test_forms_of_keys_and_names(self):
        for changed in ({"SNOWFLAKE_PRIVATE_KEY_FILE": self.service.files["key_pkcs1"]}, {"SNOWFLAKE_USER": "loader"},
                        {"SNOWFLAKE_ACCOUNT": "rfmtest"}, {"SNOWFLAKE_ACCOUNT": "RfmTest.eu-west-1.aws"},
                        {"SNOWFLAKE_ACCOUNT": "rfmtest.privatelink"}, {"SNOWFLAKE_ACCOUNT": "rfmtest-x1y2.global"},
                        {"SNOWFLAKE_ROLE": None}):
            with self.subTest(**changed):
                self.service.reset()
                self.check(env=self.environment("keypair", **changed))
                self.assertEqual(self.logged_in(), ["SNOWFLAKE_JWT"])

    def test_each_attempt_has_a_token_of_its_own(self):
        self.service.order(at="login", what="503", when="after")
        self.check(env=self.environment("keypair"))
        logins = self.service.log("login")
        self.assertEqual([entry.get("jwt_reused") for entry in logins], [False] * 2)
        self.assertLessEqual(max(entry["jwt_lifetime"] for entry in logins), 3600)


class Refused(Login):
    def test_wrong_credentials_are_refused_at_once_with_the_servers_code(self):
        files = self.service.files
        for login, changed, pattern in (
                ("password", {"SNOWFLAKE_PASSWORD": "wrong"}, "LOADER.*390100"),
                ("password", {"SNOWFLAKE_USER": "NOBODY"}, "NOBODY.*390100"),
                ("pat", {"SNOWFLAKE_TOKEN": "pat-wrong"}, "394400"),
                ("oauth", {"SNOWFLAKE_TOKEN": "oauth-wrong"}, "390303"),
                ("oauth", {"SNOWFLAKE_TOKEN": self.service.ready["oauth_expired"]}, "390318"),
                ("keypair", {"SNOWFLAKE_PRIVATE_KEY_FILE": files["key_other"]}, "394304.*RSA_PUBLIC_KEY_FP"),
                ("keypair", {"SNOWFLAKE_USER": "NOBODY"}, "(390144|394300)"),
                ("password", {"SNOWFLAKE_ACCOUNT": "elsewhere"}, "(390201|403)"),
                ("password", {"SNOWFLAKE_ROLE": "SYSADMIN"}, "390189.*SYSADMIN|SYSADMIN.*390189")):
            with self.subTest(**changed):
                self.refuse(pattern, env=self.environment(login, **changed), asked=1)

    def test_keys_that_cannot_be_opened_are_refused_before_anybody_is_asked(self):
        for login, changed, pattern in (
                ("encrypted-keypair", {"PRIVATE_KEY_PASSPHRASE": "wrong"}, "key_encrypted.p8.*passphrase"),
                ("encrypted-keypair", {"PRIVATE_KEY_PASSPHRASE": None}, "key_encrypted.p8.*passphrase"),
                ("keypair", {"SNOWFLAKE_PRIVATE_KEY_FILE": "none.p8"}, "none.p8"),
                ("keypair", {"SNOWFLAKE_PRIVATE_KEY_FILE": str(self.write(self.private / "no.p8", "no key\n"))}, "no.p8"),
                ("pat-file", {"SNOWFLAKE_TOKEN_FILE_PATH": "none.txt"}, "none.txt")):
            with self.subTest(**changed):
                self.refuse(pattern, env=self.environment(login, **changed), asked=0)

    def test_files_that_others_may_read_are_refused(self):
        for login, variable, name in (("keypair", "SNOWFLAKE_PRIVATE_KEY_FILE", "key"), ("pat-file", "SNOWFLAKE_TOKEN_FILE_PATH", "pat")):
            for mode in (0o644, 0o640, 0o620):
                with self.subTest(name=name, mode=oct(mode)):
                    path = self.write(self.private / f"{name}.open", pathlib.Path(self.service.files[name]).read_text(), mode)
                    self.refuse(f"{name}.open.*chmod 600", env=self.environment(login, **{variable: str(path)}), asked=0)

    def test_what_is_missing_is_named_with_where_it_may_be_given(self):
        for login, variable in (("password", "SNOWFLAKE_ACCOUNT"), ("password", "SNOWFLAKE_USER"), ("password", "SNOWFLAKE_PASSWORD"),
                                ("keypair", "SNOWFLAKE_USER"), ("keypair", "SNOWFLAKE_PRIVATE_KEY_FILE"), ("pat", "SNOWFLAKE_TOKEN"),
                                ("oauth", "SNOWFLAKE_TOKEN")):
            for value in (None, ""):
                with self.subTest(login=login, variable=variable, value=value):
                    self.refuse(variable, env=self.environment(login, **{variable: value}), asked=0)

    def test_ways_that_need_a_person_are_refused(self):
        for authenticator in ("externalbrowser", "https://example.okta.com"):
            self.refuse(f"{authenticator}.*SNOWFLAKE_AUTHENTICATOR", code=64, asked=0,
                        env=self.environment(SNOWFLAKE_AUTHENTICATOR=authenticator))

    def test_secrets_go_to_no_other_machine_without_tls(self):
        for changed in ({"SNOWFLAKE_HOST": "warehouse.example.com"}, {"SNOWFLAKE_HOST": "127.0.0.1.example.com"},
                        {"SNOWFLAKE_HOST": "127.0.0.1@example.com"}, {"SNOWFLAKE_HOST": "127.0.0.1/x"}, {"SNOWFLAKE_HOST": "10.0.0.1"},
                        {"SNOWFLAKE_HOST": "localhost.example.com"}, {"SNOWFLAKE_HOST": None}, {"SNOWFLAKE_PROTOCOL": "ftp"},
                        {"SNOWFLAKE_PORT": "80x"}, {"SNOWFLAKE_PORT": "80@example.com"}):
            with self.subTest(**changed):
                self.refuse("(?i)https|port|server", code=64, asked=0, env=self.environment(**changed))

    def test_a_store_without_a_warehouse_or_a_database_says_so_before_it_begins(self):
        self.make_table()
        for changed, code, pattern in (({"SNOWFLAKE_WAREHOUSE": "NO_WH"}, 77, "NO_WH"),
                                       ({"SNOWFLAKE_WAREHOUSE": None}, 77, "SNOWFLAKE_WAREHOUSE"),
                                       ({"SNOWFLAKE_DATABASE": None, "SNOWFLAKE_SCHEMA": None}, 64, "SNOWFLAKE_DATABASE"),
                                       ({"SNOWFLAKE_SCHEMA": "NONE_SUCH"}, 64, "SNOWFLAKE_SCHEMA")):
            with self.subTest(**changed):
                told = self.start(*self.store_words(), code=code, env=self.environment(**changed))
                self.assertRegex(told.error, pattern)
                self.assertEqual([entry["sql"] for entry in self.service.log("query")], [])
        self.assertEqual(self.rows(), OLD)
        self.assert_tidy()

    def test_a_full_name_needs_no_schema_of_the_login(self):
        self.make_table()
        env = self.environment(SNOWFLAKE_SCHEMA="NONE_SUCH")
        self.start(*self.store_words(table=f"load_db.public.{self.table}"), env=env)
        self.assert_stored()


class Files(Login):
    def connection(self, login="password", **changed):
        """The lines of a connection, as Snowflake's tools write them."""
        ready, files = self.service.ready, self.service.files
        proofs = {"password": {"password": ready["password"]}, "pat": {"authenticator": "PROGRAMMATIC_ACCESS_TOKEN", "token": ready["pat"]},
                  "pat-file": {"authenticator": "programmatic_access_token", "token_file_path": files["pat"]},
                  "oauth": {"authenticator": "oauth", "token": ready["oauth"]},
                  "keypair": {"authenticator": "SNOWFLAKE_JWT", "private_key_file": files["key"]},
                  "encrypted-keypair": {"authenticator": "SNOWFLAKE_JWT", "private_key_path": files["key_encrypted"],
                                        "private_key_passphrase": ready["passphrase"]}}
        values = {"account": ready["account"], "user": ready["user"], "role": ready["role"], "warehouse": ready["warehouse"],
                  "database": "LOAD_DB", "schema": "PUBLIC", "host": "127.0.0.1", "port": str(ready["port"]), "protocol": "http",
                  **proofs[login], **changed}
        return {name: value for name, value in values.items() if value is not None}

    def toml(self, *tables):
        """(name, connection) ... as a file."""
        return "".join(f"[{name}]\n" + "".join(f"{key} = {toml(value)}\n" for key, value in values.items()) for name, values in tables)

    def good(self, *more, way="SNOWFLAKE", source=None, env=None):
        self.service.reset()
        told = self.check(*more, env=env or {})
        self.assertEqual(self.logged_in(), [way])
        if source:
            self.assertIn(f"from {source}", told.stderr)

    def test_every_credential_from_connections_toml(self):
        for login, authenticator in AUTHENTICATORS.items():
            with self.subTest(login=login):
                path = self.write(self.home / ".snowflake" / "connections.toml", self.toml(("default", self.connection(login))))
                self.good(way=authenticator, source=path)

    def test_connections_by_name(self):
        wrong = self.connection(password="wrong")
        path = self.write(self.home / ".snowflake" / "connections.toml", "# mine\n" + self.toml(
            ("default", wrong), ("mine", self.connection()), ('"with blank"', self.connection())))
        self.refuse("390100", env={})
        self.good("store.connection=mine", source=path)
        self.good("store.connection=with blank", source=path)
        self.good(env={"SNOWFLAKE_DEFAULT_CONNECTION_NAME": "mine"}, source=path)
        self.good("store.connection=mine", env={"SNOWFLAKE_DEFAULT_CONNECTION_NAME": "default"})
        self.refuse("none-such", "store.connection=none-such", env={}, code=64)
        self.write(self.home / ".snowflake" / "config.toml", 'default_connection_name = "mine"\n')
        self.good(source=path)

    def test_config_toml_has_connections_too_and_connections_toml_comes_first(self):
        path = self.write(self.home / ".snowflake" / "config.toml",
                          'default_connection_name = "mine"\n[cli.logs]\nsave_logs = true\n' + self.toml(
                              ("connections.default", self.connection(password="wrong")), ("connections.mine", self.connection())))
        self.good(source=path)
        other = self.write(self.home / ".snowflake" / "connections.toml", self.toml(("mine", self.connection("pat"))))
        self.good(way="PROGRAMMATIC_ACCESS_TOKEN", source=other)

    def test_where_the_files_are(self):
        text = self.toml(("default", self.connection()))
        config = self.write(self.home / ".config" / "snowflake" / "connections.toml", text)
        self.good(source=config)
        xdg = self.write(self.private / "xdg" / "snowflake" / "connections.toml", text)
        self.good(env={"XDG_CONFIG_HOME": str(self.private / "xdg")}, source=xdg)
        usual = self.write(self.home / ".snowflake" / "connections.toml", text)
        self.good(source=usual)
        own = self.write(self.private / "own" / "connections.toml", text)
        self.good(env={"SNOWFLAKE_HOME": str(own.parent)}, source=own)
        below = self.write(self.home / "below" / "connections.toml", text)
        self.good(env={"SNOWFLAKE_HOME": "~/below"}, source=below)

    def test_credentials_yml(self):
        lines = "".join(f"{key}: {toml(value)}\n" for key, value in self.connection("pat").items())
        usual = self.write(self.dir / "conf" / "local" / "credentials.yml", lines)
        self.good(way="PROGRAMMATIC_ACCESS_TOKEN", source="conf/local/credentials.yml")
        shutil.rmtree(usual.parent)
        given = self.write(self.private / "mine.yml", "snowflake:\n" + "".join(f"  {line}\n" for line in lines.splitlines()))
        self.good(f"store.credentials={given}", way="PROGRAMMATIC_ACCESS_TOKEN", source=given)
        self.refuse("none.yml", "store.credentials=none.yml", env={})

    def test_the_environment_comes_first_then_connections_then_credentials(self):
        self.write(self.private / "c.yml", "".join(f"{key}: {toml(value)}\n" for key, value in self.connection().items()))
        last = f"store.credentials={self.private / 'c.yml'}"
        self.good(last, source=self.private / "c.yml")
        wrong = {"password": "wrong", "user": "LOADER"}
        toml_file = self.write(self.home / ".snowflake" / "connections.toml", self.toml(("default", wrong)))
        self.refuse("390100", last, env={})
        good = {"SNOWFLAKE_PASSWORD": self.service.ready["password"]}
        self.good(last, env=good, source="SNOWFLAKE_PASSWORD")
        self.refuse("NOBODY.*390100", last, env={**good, "SNOWFLAKE_USER": "NOBODY"})
        self.write(toml_file, self.toml(("default", {"password": self.service.ready["password"], "user": "LOADER"})))
        self.good(last, source=toml_file)
        self.good(last, env={"SNOWFLAKE_PASSWORD": ""}, source=toml_file)
        self.refuse("390100", last, env={"SNOWFLAKE_PASSWORD": "wrong"})

    def test_files_that_others_may_read_are_refused(self):
        for path in (self.home / ".snowflake" / "connections.toml", self.home / ".snowflake" / "config.toml",
                     self.dir / "conf" / "local" / "credentials.yml"):
            text = self.toml(("default", self.connection())) if path.suffix == ".toml" else "password: x\n"
            for mode in (0o644, 0o660):
                with self.subTest(path=path.name, mode=oct(mode)):
                    self.write(path, text, mode)
                    self.refuse(f"{path.name}.*chmod 600", env=self.environment(), asked=0)
            path.unlink()

    def test_what_is_damaged_is_told_with_its_place_and_without_its_content(self):
        path = self.home / ".snowflake" / "connections.toml"
        secret = self.service.ready["password"]
        for text, place in ((f"[default]\npassword = {toml(secret)} x\n", ":2:"), (f"[default\npassword = {toml(secret)}\n", ":1:"),
                            (f'[default]\nuser = "a"\npassword = "{core(secret).decode()}\n', ":3:")):
            self.write(path, text)
            self.refuse(f"connections.toml{place}", env={}, code=64, asked=0)
        path.unlink()
        self.write(self.dir / "conf" / "local" / "credentials.yml", f"user: a\npassword: {toml(secret)} x\n")
        self.refuse("credentials.yml:2:", env={}, code=64, asked=0)
        (self.dir / "conf" / "local" / "credentials.yml").unlink()


@unittest.skipUnless(shutil.which("gcore"), "gcore (Debian: gdb) is not on this machine")
@unittest.skipIf("ASAN_OPTIONS" in os.environ, "sanitizers keep what was freed, and terabytes of addresses")
class Memory(Login):
    def numbers_of_key(self):
        """The secret numbers of the private key, as they lie in files and as they lie in memory."""
        der = subprocess.run(["openssl", "rsa", "-in", self.service.files["key"], "-traditional", "-outform", "DER"], capture_output=True,
                             check=True).stdout
        numbers = integers(der)[3:6]  # d, p, q
        return {name: form for name, number in zip("dpq", numbers) for form in (number, number[::-1])
                for name in (f"{name} of the key, {'forwards' if form is number else 'backwards'}",)}

    def search(self, words, login):
        """What of these words is in the process's memory, its command line or its environment after a finished login."""
        self.service.order(at="describe", what="hang", seconds=60)
        self.make_table()
        process = self.begin_store(login=login)
        self.wait_until(lambda: self.service.log("describe"), process)
        place = pathlib.Path(f"/proc/{process.pid}")
        found = {"command line": (place / "cmdline").read_bytes(), "environment": (place / "environ").read_bytes()}
        subprocess.run(["gcore", "-a", "-o", self.private / "core", str(process.pid)], capture_output=True, timeout=60, check=True)
        found["memory"] = (self.private / f"core.{process.pid}").read_bytes()
        (self.private / f"core.{process.pid}").unlink()
        self.kill(process)
        self.assertIn(b"LOADER_ROLE", found["memory"])
        self.assertIn(b"store.table", found["command line"])
        self.assertIn(b"SNOWFLAKE_ACCOUNT", found["environment"])
        return [f"{name} in its {where}" for where, content in found.items() for name, word in words.items() if word in content]

    def test_nothing_to_log_in_with_is_left(self):
        ready = self.service.ready
        words = {name: core(ready[name]) for name in ("password", "passphrase", "pat", "oauth")}
        words.update(self.numbers_of_key())
        for i, line in enumerate(pathlib.Path(self.service.files["key"]).read_text().splitlines()[1:-1]):
            words[f"line {i} of the key"] = line.encode()
        for i, line in enumerate(pathlib.Path(self.service.files["key_encrypted"]).read_text().splitlines()[1:-1]):
            words[f"line {i} of the encrypted key"] = line.encode()
        for login in AUTHENTICATORS:
            with self.subTest(login=login):
                self.service.reset()
                self.assertEqual(self.search(words, login), [])


def integers(der):
    """The integers of a DER sequence of integers, without sign bytes."""
    def length_at(at):
        n = der[at]
        return (n, at + 1) if n < 128 else (int.from_bytes(der[at + 1:at + 1 + n - 128], "big"), at + 1 + n - 128)
    _, at = length_at(1)
    found = []
    while at < len(der):
        n, at = length_at(at + 1)
        found.append(der[at:at + n].lstrip(b"\0"))
        at += n
    return found


if __name__ == "__main__":
    warehouse.need()
    case.main()
