"""Stages on Google's storage, as much of it as a PUT needs, and stages in a folder.

An object is a file; beside it lie the headers that came with it. With a token, objects are written under a prefix; a presigned
URL is good for one object.
"""

import datetime
import hashlib
import json
import pathlib
import secrets
import shutil
import urllib.parse

from storage import Pass, Store, Stored, error, save
from wire import Answer

BUCKET = "gcs-test-customer-stage"


class Folder:
    """Objects as files below a folder: the part that needs no HTTP, and all of a LOCAL_FS stage."""

    kind, handle = "LOCAL_FS", None

    def __init__(self, root):
        self.root = pathlib.Path(root)

    def stage_info(self, prefix, names, url):
        location = self.root / prefix
        location.mkdir(parents=True, exist_ok=True)
        return {"locationType": "LOCAL_FS", "location": f"{location}/", "path": prefix, "region": None, "endPoint": None, "creds": {}}

    def list(self, prefix):
        paths = sorted(path for path in self.root.rglob("*") if path.is_file() and path.suffix not in (".part", ".headers"))
        return [self._describe(path) for path in paths if str(path.relative_to(self.root)).startswith(prefix)]

    def _describe(self, path):
        with open(path, "rb") as file:
            md5 = hashlib.file_digest(file, "md5").hexdigest()
        modified = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.timezone.utc)
        return Stored(str(path.relative_to(self.root)), path.stat().st_size, md5, modified, {})

    def fetch(self, stored, target):
        with open(self.root / stored.key, "rb") as file:
            shutil.copyfileobj(file, target)
        stored.meta = None          # a copied file carries none

    def keep(self, key, body, meta):
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    def remove(self, stored):
        for path in (self.root / stored.key, self.root / (stored.key + ".headers")):
            path.unlink(missing_ok=True)


class Gcs(Store, Folder):
    kind, meta, digest = "GCS", "x-goog-meta-", "x-goog-meta-sfc-digest"
    made = 200

    def __init__(self, root, presigned, orders, journal):
        Store.__init__(self, orders, journal)
        Folder.__init__(self, root)
        self.presigned = presigned

    def stage_info(self, prefix, names, url):
        creds, signed = {}, None
        if self.presigned:
            key = f"{BUCKET}/{prefix}{names[0] if names else ''}"
            signature = self.journal.keep_secret(secrets.token_hex(128))
            self.passes[signature] = Pass(key)
            signed = f"{url}/{urllib.parse.quote(key)}?X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Expires=3600&X-Goog-Signature={signature}"
        else:
            creds["GCS_ACCESS_TOKEN"] = self.journal.keep_secret("ya29." + secrets.token_urlsafe(120))
            self.passes[creds["GCS_ACCESS_TOKEN"]] = Pass(f"{BUCKET}/{prefix}")
        return {"locationType": "GCS", "location": f"{BUCKET}/{prefix}", "path": prefix, "region": "us-central1", "endPoint": url,
                "creds": creds, "presignedUrl": signed}

    def pass_of(self, request):
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return self.passes.get(request.query.get("X-Goog-Signature") or token)

    def expired_answer(self):
        if self.presigned:
            return error(400, "ExpiredToken", "The provided token has expired.")
        return error(401, "AuthenticationRequired", "Authentication required.")

    def fault_of(self, request):
        if request.headers.get("content-encoding") == "gzip":
            return "InvalidArgument", "objects of type gzip are transcoded on the way back: leave the encoding empty"
        return None

    async def serve(self, request):
        name = request.path.lstrip("/").removeprefix(BUCKET + "/")
        path = self.root / name
        if ".." in path.parts:
            return error(400, "InvalidArgument")
        if request.method == "PUT":
            fault = self.fault_of(request)
            if fault:
                return error(400, *fault)
            await save(request, path)
            path.with_name(path.name + ".headers").write_text(json.dumps(request.headers))
            return Answer(self.made)
        if request.method in ("GET", "HEAD") and path.is_file():
            headers = json.loads(path.with_name(path.name + ".headers").read_text())
            kept = {name: value for name, value in headers.items() if name.startswith(self.meta)}
            if request.method == "GET":
                return Answer(200, path.read_bytes(), headers=kept)
            return Answer(200, headers={**kept, "Content-Length": str(path.stat().st_size)})
        return error(404 if request.method == "HEAD" else 405, "NoSuchKey" if request.method == "HEAD" else "MethodNotAllowed")

    def keep(self, key, body, meta):
        Folder.keep(self, key, body, meta)
        headers = {self.digest: meta["sfc-digest"]}
        if "x-amz-key" in meta:
            headers[self.meta + "matdesc"] = meta["x-amz-matdesc"]
            headers[self.meta + "encryptiondata"] = json.dumps({"WrappedContentKey": {"EncryptedKey": meta["x-amz-key"]},
                                                                "ContentEncryptionIV": meta["x-amz-iv"]})
        (self.root / (key + ".headers")).write_text(json.dumps(headers))

    def fetch(self, stored, target):
        Folder.fetch(self, stored, target)
        path = self.root / (stored.key + ".headers")
        headers = json.loads(path.read_text())
        data = json.loads(headers.get(self.meta + "encryptiondata") or "{}")
        stored.meta = {"digest": headers.get(self.digest), "matdesc": headers.get(self.meta + "matdesc"),
                       "key": data.get("WrappedContentKey", {}).get("EncryptedKey"), "iv": data.get("ContentEncryptionIV")}
