"""One account with one user, and everything that user may log in with; each way of logging in is really checked.

The credentials are made anew for every warehouse, so that a test can look for them in whatever was written.
"""

import base64
import hashlib
import json
import pathlib
import secrets
import time
import uuid

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from refusal import Refused

PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
JWT_LIFETIME = 3600
JWT_FRESH = 60                      # seconds in which a token has to arrive, and by which clocks may differ


class Account:
    def __init__(self, folder, journal, name="RFMTEST", user="LOADER"):
        self.name, self.user = name, user
        self.roles, self.warehouses = ["LOADER_ROLE", "PUBLIC"], ["LOAD_WH"]
        self.password = journal.keep_secret("pw-" + secrets.token_urlsafe(18) + "\"'\\")
        self.passphrase = journal.keep_secret("phrase " + secrets.token_urlsafe(12))
        self.pat = journal.keep_secret("pat-" + secrets.token_urlsafe(40))
        self.oauth = journal.keep_secret("oauth-" + secrets.token_urlsafe(60))
        self.oauth_expired = journal.keep_secret("oauth-old-" + secrets.token_urlsafe(60))
        self.journal, self.jwts = journal, set()
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.fingerprint = fingerprint(self.key.public_key())
        self.files = self._write_keys(pathlib.Path(folder))

    def _write_keys(self, folder):
        other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        plain = serialization.NoEncryption()
        locked = serialization.BestAvailableEncryption(self.passphrase.encode())
        forms = {"key": (self.key, PKCS8, plain), "key_encrypted": (self.key, PKCS8, locked), "key_other": (other, PKCS8, plain),
                 "key_pkcs1": (self.key, serialization.PrivateFormat.TraditionalOpenSSL, plain)}
        files = {}
        for name, (key, form, protection) in forms.items():
            content = key.private_bytes(PEM, form, protection)
            self.journal.keep_secret(*content.decode().splitlines()[1:-1][3:6])
            files[name] = write_private(folder / f"{name}.p8", content)
        files["pat"] = write_private(folder / "pat.txt", self.pat.encode() + b"\n")
        return files

    def told(self):
        """All that a client has to know to log in, whichever way."""
        return {"account": self.name, "user": self.user, "role": self.roles[0], "warehouse": self.warehouses[0],
                "password": self.password, "passphrase": self.passphrase, "pat": self.pat, "oauth": self.oauth,
                "oauth_expired": self.oauth_expired, "fingerprint": self.fingerprint, "files": self.files}

    def check(self, data):
        """Let the data of a login-request in, or say why not; returns words for the journal."""
        if not isinstance(data, dict) or not data.get("ACCOUNT_NAME"):
            raise Refused("390400", "Bad request: ACCOUNT_NAME is missing.")
        if data["ACCOUNT_NAME"].upper() != self.name:
            raise Refused("390201", f"The requested account does not exist: {data['ACCOUNT_NAME']}", status=403)
        way = data.get("AUTHENTICATOR", "SNOWFLAKE").upper()
        ways = {"SNOWFLAKE": self._check_password, "SNOWFLAKE_JWT": self._check_jwt,
                "PROGRAMMATIC_ACCESS_TOKEN": self._check_pat, "OAUTH": self._check_oauth}
        if way not in ways:
            raise Refused("390101", f"Authenticator {way} is not supported.")
        return {"authenticator": way, **(ways[way](data) or {})}

    def _names_user(self, data):
        return data.get("LOGIN_NAME", "").upper() == self.user

    def _check_password(self, data):
        if not self._names_user(data) or data.get("PASSWORD") != self.password:
            raise Refused("390100", "Incorrect username or password was specified.")

    def _check_pat(self, data):
        if not self._names_user(data) or data.get("TOKEN") != self.pat:
            raise Refused("394400", "Programmatic access token is invalid.")

    def _check_oauth(self, data):
        if data.get("TOKEN") == self.oauth_expired:
            raise Refused("390318", "OAuth access token expired. [" + str(uuid.uuid4()) + "]")
        if data.get("TOKEN") != self.oauth or (data.get("LOGIN_NAME") and not self._names_user(data)):
            raise Refused("390303", "Invalid OAuth access token. [" + str(uuid.uuid4()) + "]")

    def _check_jwt(self, data):
        token = data.get("TOKEN", "")
        self.journal.keep_secret(token)
        reused = token in self.jwts
        self.jwts.add(token)
        try:
            header, claims, signed, signature = unpack(token)
        except (ValueError, TypeError):
            raise bad_jwt("390144") from None
        code = self._fault_of(header, claims, signed, signature) or ("390144" if not self._names_user(data) else None)
        if code:
            raise bad_jwt(code)
        return {"jwt_reused": reused, "jwt_lifetime": claims["exp"] - claims["iat"]}

    def _fault_of(self, header, claims, signed, signature):
        """The code of what is wrong with a token, in the order in which the service looks; None for a good one."""
        now, who = time.time(), f"{self.name}.{self.user}"
        issuer, _, print_ = claims.get("iss", "").partition(".SHA256:")
        if header.get("alg") != "RS256":
            return "394305"
        if issuer != who:
            return "394300"
        if not isinstance(claims.get("iat"), int) or not isinstance(claims.get("exp"), int):
            return "394301"
        if abs(now - claims["iat"]) > JWT_FRESH or claims.get("nbf", 0) > now + JWT_FRESH:
            return "394302"
        if claims["exp"] < now:
            return "394303"
        if "SHA256:" + print_ != self.fingerprint:
            return "394304"
        if claims.get("sub") != who or claims["exp"] - claims["iat"] > JWT_LIFETIME:
            return "390144"
        try:
            self.key.public_key().verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return "394306"
        return None


def bad_jwt(code):
    return Refused(code, f"JWT token is invalid. [{uuid.uuid4()}]")


def unpack(token):
    """(header, claims, what was signed, signature) of a JWT; its base64 must be without padding, as the standard has it."""
    head, body, signature = token.split(".")
    if "=" in token:
        raise ValueError("padded")
    plain = lambda text: base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)
    return json.loads(plain(head)), json.loads(plain(body)), f"{head}.{body}".encode(), plain(signature)


def fingerprint(public):
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return "SHA256:" + base64.b64encode(hashlib.sha256(der).digest()).decode()


def write_private(path, content):
    path.write_bytes(content)
    path.chmod(0o600)
    return str(path)
