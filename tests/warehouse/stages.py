"""Stages: which there are, where their objects lie, and the statements that are about them (all but COPY).

PUT only says where and with which credentials the client has to write; the client does the rest.
"""

import dataclasses
import pathlib
import re
import time
import uuid

from answer import Result, column, said
from refusal import Refused, absent, invalid
from words import check_known, quote, truth

PATH = re.compile(r'((?:"(?:[^"]|"")*"|[^/"])*)/?(.*)', re.S)
NAME = re.compile(r'"((?:[^"]|"")*)"|([^."]+)')
PUT_OPTIONS = {"PARALLEL", "AUTO_COMPRESS", "SOURCE_COMPRESSION", "OVERWRITE"}
COMPRESSIONS = {"AUTO_DETECT", "GZIP", "BZ2", "BROTLI", "ZSTD", "DEFLATE", "RAW_DEFLATE", "NONE"}


@dataclasses.dataclass
class Stage:
    name: tuple                     # database, schema, name; or what stands for it
    prefix: str                     # of its objects' keys
    shown: str                      # before the path, in LIST and COPY
    encrypted: bool = True          # by the client; otherwise by the store
    temporary: bool = False


def full_name(session, parts):
    """Database, schema and name, completed from the session."""
    known = [session.database, session.schema]
    missing = 3 - len(parts)
    if None in known[:missing]:
        raise Refused("090105", "Cannot perform operation. This session does not have a current database. Call 'USE DATABASE', "
                      "or use a qualified name.", "22000")
    return (*known[:missing], *parts)


class Stages:
    def __init__(self, store, url, keys, encrypted, threshold):
        self.store, self.url, self.keys = store, url, keys
        self.threshold = threshold
        self.forced = encrypted     # None: as each stage was made
        self.named, self.implied = {}, {}

    def find(self, session, text):
        """(stage, path within it) of what follows an @."""
        head, path = PATH.fullmatch(text).groups()
        if head == "~":
            return self._implied(("~", session.user), ""), path
        table = head.startswith("%") or ".%" in head
        parts = [plain.upper() if plain else quoted.replace('""', '"') for quoted, plain in NAME.findall(head.replace("%", ""))]
        if not 1 <= len(parts) <= 3:
            raise invalid(f"invalid stage name '{head}'")
        name = full_name(session, parts)
        if table:
            return self._implied(("%", *name), ""), path
        if name not in self.named:
            raise absent("Stage", ".".join(name))
        return self.named[name], path

    def _implied(self, name, shown):
        """The stage that a user or a table has without asking; always encrypted by the client."""
        if name not in self.implied:
            self.implied[name] = Stage(name, f"stages/{uuid.uuid4()}/", shown, self.forced is None or self.forced)
        return self.implied[name]

    def create(self, session, words):
        words.need("CREATE")
        replace = words.take("OR", "REPLACE")
        temporary = words.take("TEMPORARY") or words.take("TEMP")
        words.need("STAGE")
        lenient = words.take("IF", "NOT", "EXISTS")
        name = full_name(session, words.path())
        options = words.options()
        words.end()
        check_known(options, {"ENCRYPTION", "FILE_FORMAT", "DIRECTORY", "COMMENT", "COPY_OPTIONS"}, "for an internal stage")
        way = str(options.get("ENCRYPTION", {}).get("TYPE", "SNOWFLAKE_FULL")).upper()
        if way not in ("SNOWFLAKE_FULL", "SNOWFLAKE_SSE"):
            raise invalid(f"invalid encryption type '{way}'")
        if name in self.named and not replace:
            if lenient:
                return said(f"{name[2]} already exists, statement succeeded.")
            raise Refused("002002", f"SQL compilation error:\nObject '{'.'.join(name)}' already exists.", "42710", 0, -1)
        encrypted = way == "SNOWFLAKE_FULL" if self.forced is None else self.forced
        self.named[name] = Stage(name, f"stages/{uuid.uuid4()}/", name[2].lower() + "/", encrypted, temporary)
        if temporary:
            session.stages.append(name)
        return said(f"Stage area {name[2]} successfully created.")

    def drop(self, session, words):
        words.need("DROP", "STAGE")
        lenient = words.take("IF", "EXISTS")
        name = full_name(session, words.path())
        words.end()
        if name not in self.named:
            if lenient:
                return said("Drop statement executed successfully (" + name[2] + " already dropped).")
            raise absent("Stage", ".".join(name))
        self._forget(name)
        return said(f"{name[2]} successfully dropped.")

    def _forget(self, name):
        for stored in self.store.list(self.named.pop(name).prefix):
            self.store.remove(stored)

    def end_session(self, session):
        for name in session.stages:
            if name in self.named:
                self._forget(name)

    def show(self, words):
        names = ["name", "database_name", "schema_name", "url", "has_credentials", "has_encryption_key", "owner", "comment", "region",
                 "type"]
        rows = [[name[2], name[0], name[1], "", "N", "N", "LOADER_ROLE", "", None,
                 "INTERNAL TEMPORARY" if stage.temporary else "INTERNAL" if stage.encrypted else "INTERNAL NO CSE"]
                for name, stage in self.named.items()]
        if words.take("LIKE"):
            like = words.kinds("string")
            pattern = "".join({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in like)
            rows = [row for row in rows if re.fullmatch(pattern, row[0], re.I)]
        return Result([column(name) for name in names], rows)

    def describe(self, session, words):
        words.next()
        words.need("STAGE")
        name = full_name(session, words.path())
        words.end()
        if name not in self.named:
            raise absent("Stage", ".".join(name))
        names = ["parent_property", "property", "property_type", "property_value", "property_default"]
        return Result([column(name) for name in names], [["STAGE_LOCATION", "URL", "String", "", ""],
                                                         ["DIRECTORY", "ENABLE", "Boolean", "false", "false"]])

    def put(self, session, words, query_id):
        """The data of the answer to a PUT: not rows, but what the client needs to write the files."""
        words.need("PUT")
        file = words.kinds("file", "string")
        if not file.lower().startswith("file://"):
            raise invalid(f"invalid URL prefix found in: '{file}'")
        stage, path = self.find(session, words.stage())
        options = words.options()
        words.end()
        check_known(options, PUT_OPTIONS, "of PUT")
        parallel = int(options.get("PARALLEL", 4))
        compression = str(options.get("SOURCE_COMPRESSION", "AUTO_DETECT")).upper()
        if not 1 <= parallel <= 99 or compression not in COMPRESSIONS:
            raise invalid(f"invalid value for parameter '{'PARALLEL' if compression in COMPRESSIONS else 'SOURCE_COMPRESSION'}'")
        prefix = stage.prefix + path + ("/" if path and not path.endswith("/") else "")
        source = file[len("file://"):]
        info = {"presignedUrl": None, "storageAccount": None, "useS3RegionalUrl": False, "useRegionalUrl": False,
                "useVirtualUrl": False, "ciphers": "AES_CBC", "isClientSideEncrypted": stage.encrypted,
                "credExpiryTime": int(time.time() + 3600) * 1000,
                **self.store.stage_info(prefix, [pathlib.PurePath(source).name], self.url)}
        return {"command": "UPLOAD", "operation": "Node", "src_locations": [source], "parallel": parallel, "threshold": self.threshold,
                "autoCompress": truth(options, "AUTO_COMPRESS", True), "overwrite": truth(options, "OVERWRITE"),
                "sourceCompression": compression.lower(), "clientShowEncryptionParameter": False, "presignedUrls": None,
                "stageWarnings": [], "queryId": query_id, "statementTypeId": None, "localLocation": None,
                "encryptionMaterial": self.keys.material(query_id) if stage.encrypted else None, "stageInfo": info}

    def objects(self, stage, path, pattern=None):
        """[(object, name below the stage)] whose names begin with this path."""
        found = [(stored, stored.key[len(stage.prefix):]) for stored in self.store.list(stage.prefix + path)]
        return [(stored, name) for stored, name in found if pattern is None or re.fullmatch(pattern, stage.shown + name)]

    def _selected(self, session, words):
        words.next()
        stage, path = self.find(session, words.stage())
        options = words.options()
        words.end()
        check_known(options, {"PATTERN"}, "here")
        return stage, self.objects(stage, path, options.get("PATTERN"))

    def list(self, session, words):
        stage, found = self._selected(session, words)
        columns = [column("name"), column("size", "fixed"), column("md5"), column("last_modified")]
        return Result(columns, [[stage.shown + name, stored.size, stored.md5, stored.modified.strftime("%a, %d %b %Y %H:%M:%S GMT")]
                                for stored, name in found])

    def remove(self, session, words):
        stage, found = self._selected(session, words)
        for stored, _ in found:
            self.store.remove(stored)
        return Result([column("name"), column("result")], [[stage.shown + name, "removed"] for _, name in found])

    def told(self):
        """All named stages with their objects, for tests."""
        return {".".join(map(quote, name)): [{"name": below, "size": stored.size, "md5": stored.md5}
                                            for stored, below in self.objects(stage, "")]
                for name, stage in self.named.items()}
