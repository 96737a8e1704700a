"""COPY INTO a stage from a query, and GET, which says where the client finds the files.

fakesnow runs the query; the rows are written as CSV by the format's options, or as Parquet, into more than one file where
MAX_FILE_SIZE is small, and encrypted where the stage's files are.
"""

import base64
import csv
import gzip
import hashlib
import io
import time

import pyarrow
import pyarrow.parquet

from answer import Result, column
from context import with_context
from refusal import Refused, invalid
from words import check_known, truth

OPTIONS = {"FILE_FORMAT", "HEADER", "OVERWRITE", "SINGLE", "MAX_FILE_SIZE", "DETAILED_OUTPUT"}
FORMATS = {"TYPE", "COMPRESSION", "FIELD_DELIMITER", "FIELD_OPTIONALLY_ENCLOSED_BY", "NULL_IF", "EMPTY_FIELD_AS_NULL", "DATE_FORMAT",
           "TIMESTAMP_FORMAT"}
COLUMNS = [column("FILE_NAME"), column("FILE_SIZE", "fixed"), column("ROW_COUNT", "fixed")]


def query_of(words):
    """The text of the query in parentheses that comes next."""
    words.need("(")
    start, depth = words.peek().at, 1
    while depth:
        token = words.next()
        if token.kind == "end":
            words.fail()
        plain = token.kind not in ("string", "name")
        depth += (plain and token.text == "(") - (plain and token.text == ")")
    return words.sql[start:token.at]


class Unloader:
    def __init__(self, stages, account):
        self.stages, self.account = stages, account

    def run(self, session, words):
        words.need("COPY", "INTO")
        target = words.stage()
        words.need("FROM")
        query = query_of(words)
        options = words.options()
        words.end()
        check_known(options, OPTIONS, "of COPY")
        form = options.get("FILE_FORMAT", {})
        check_known(form, FORMATS, "of file format CSV")
        kind = str(form.get("TYPE", "CSV")).upper()
        if kind not in PACKERS:
            raise Refused("000002", f"Unsupported feature 'unload as {kind}'.", "0A000", 0, -1)
        stage, path = self.stages.find(session, target)
        found = session.backend.run(with_context(session, type(words)(query), self.account.name))
        if self.stages.objects(stage, path) and not truth(options, "OVERWRITE"):
            raise invalid("Files already existing at the unload destination. Use overwrite option to force unloading.")
        ending, pack = PACKERS[kind]
        told = [self._write(stage, f"{path}_0_{i}_0.{ending}", pack(found.columns, rows, form), len(rows))
                for i, rows in enumerate(pieces(found.rows, int(options.get("MAX_FILE_SIZE", 1 << 24))))]
        return Result(COLUMNS, told)

    def _write(self, stage, name, body, count):
        meta = {"sfc-digest": base64.b64encode(hashlib.sha256(body).digest()).decode()}
        if stage.encrypted:
            body, sealed = self.stages.keys.seal(body)
            meta.update(sealed)
        self.stages.store.keep(stage.prefix + name, body, meta)
        return [stage.shown + name, len(body), count]

    def get(self, session, words, query_id):
        """The data of the answer to a GET: places, as with PUT, and what there is to fetch."""
        words.need("GET")
        stage, path = self.stages.find(session, words.stage())
        folder = words.kinds("file", "string")
        check_known(words.options(), {"PARALLEL", "PATTERN"}, "of GET")
        words.end()
        found = self.stages.objects(stage, path)
        material = None
        if stage.encrypted:
            material = [self.stages.keys.again() for _ in found]
        info = {"presignedUrl": None, "storageAccount": None, "useS3RegionalUrl": False, "useRegionalUrl": False,
                "useVirtualUrl": False, "isClientSideEncrypted": stage.encrypted, "credExpiryTime": int(time.time() + 3600) * 1000,
                **self.stages.store.stage_info(stage.prefix, [], self.stages.url)}
        return {"command": "DOWNLOAD", "operation": "Node", "src_locations": [name for _, name in found], "parallel": 10,
                "localLocation": folder[len("file://"):], "queryId": query_id, "presignedUrls": [], "encryptionMaterial": material,
                "stageInfo": info}


def pieces(rows, most_bytes):
    """Rows in files of about so many bytes, as they are before compression; one file at least."""
    whole, piece, size = [], [], 0
    for row in rows:
        piece.append(row)
        size += sum(len(str(value)) + 1 for value in row)
        if size >= most_bytes:
            whole.append(piece)
            piece, size = [], 0
    return whole + [piece] if piece or not whole else whole


def pack_csv(columns, rows, form):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=form.get("FIELD_DELIMITER", ","), lineterminator="\n")
    writer.writerow([one["name"] for one in columns])
    null = (form.get("NULL_IF") or ["\\N"])[0]
    writer.writerows([[null if value is None else value for value in row] for row in rows])
    return gzip.compress(text.getvalue().encode(), 1)


def pack_parquet(columns, rows, form):
    columns_of_rows = zip(*rows) if rows else [[]] * len(columns)
    table = pyarrow.table({one["name"]: pyarrow.array(list(values)) for one, values in zip(columns, columns_of_rows)})
    out = io.BytesIO()
    pyarrow.parquet.write_table(table, out, compression="snappy", coerce_timestamps="us")
    return out.getvalue()


PACKERS = {"CSV": ("csv.gz", pack_csv), "PARQUET": ("snappy.parquet", pack_parquet)}
