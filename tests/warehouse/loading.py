"""COPY INTO a table from a stage: all of the files or, where one row is bad, none of them.

Files are fetched from the object store like anybody's, opened (decrypted, compared with their digest, unpacked), read as text,
and cast to the table's types by DuckDB; the first bad value is looked for before a row is written.
"""

import base64
import hashlib
import pathlib
import tempfile

from answer import Result, column
from fileformat import FileFormat, load_error
from refusal import Refused, absent, invalid
from stages import full_name
from words import check_known, full, literal, quote, truth

OPTIONS = {"FILES", "PATTERN", "FILE_FORMAT", "ON_ERROR", "SIZE_LIMIT", "PURGE", "FORCE", "RETURN_FAILED_ONLY", "TRUNCATECOLUMNS",
           "ENFORCE_LENGTH", "LOAD_UNCERTAIN_FILES", "MATCH_BY_COLUMN_NAME"}
MAX_FILES = 1000
COLUMNS = [column("file"), column("status"), column("rows_parsed", "fixed"), column("rows_loaded", "fixed"),
           column("error_limit", "fixed"), column("errors_seen", "fixed"), column("first_error"),
           column("first_error_line", "fixed"), column("first_error_character", "fixed"), column("first_error_column_name")]
NOT_RECOGNIZED = {"TIMESTAMP": ("100035", "Timestamp"), "DATE": ("100040", "Date"), "BOOLEAN": ("100037", "Boolean value"),
                  "TIME": ("100108", "Time")}


class Copy:
    """One COPY statement, as written."""

    def __init__(self, session, words):
        words.need("COPY", "INTO")
        self.table = full_name(session, words.path())
        self.columns = words.names()
        words.need("FROM")
        if words.peek().text == "(":
            raise Refused("000002", "Unsupported feature 'COPY with a transformation'.", "0A000", 0, -1)
        self.source = words.stage()
        self.options = words.options()
        words.end()
        check_known(self.options, OPTIONS, "of COPY")
        if str(self.options.get("ON_ERROR", "ABORT_STATEMENT")).upper() != "ABORT_STATEMENT":
            raise Refused("000002", "Unsupported feature 'ON_ERROR'.", "0A000", 0, -1)
        if not isinstance(self.options.get("FILE_FORMAT", {}), dict):
            raise invalid("FILE_FORMAT has to be a list of options in parentheses")
        self.format = FileFormat(self.options.get("FILE_FORMAT", {}))
        self.force, self.purge = truth(self.options, "FORCE"), truth(self.options, "PURGE")
        self.files = self.options.get("FILES")
        if self.files is not None and not 1 <= len(self.files) <= MAX_FILES:
            raise invalid(f"the number of files in FILES has to be between 1 and {MAX_FILES}, and is {len(self.files)}")


class Loader:
    def __init__(self, stages):
        self.stages = stages

    def run(self, session, words):
        copy = Copy(session, words)
        backend = session.backend
        fields = backend.columns(copy.table)
        if not fields:
            raise absent("Table", ".".join(copy.table))
        fields = choose(fields, copy.columns)
        stage, path = self.stages.find(session, copy.source)
        chosen = self._choose_files(copy, stage, path)
        fresh = [(stored, name) for stored, name in chosen if copy.force or not session.loads.has(copy.table, name, stored.md5)]
        if not fresh and copy.files is None:
            return Result([column("status")], [["Copy executed with 0 files processed."]])
        with tempfile.TemporaryDirectory(prefix="rfmpi-warehouse-copy-") as folder:
            tables = [(name, self._read(copy, stage, stored, name, fields, pathlib.Path(folder))) for stored, name in fresh]
        for name, table in tables:
            check(backend, copy, fields, stage.shown + name, table)
        self._insert(session, copy, fields, [table for _, table in tables])
        session.loads.record(copy.table, {name: stored.md5 for stored, name in fresh})
        if copy.purge:
            for stored, _ in fresh:
                self.stages.store.remove(stored)
        counts = {name: table.num_rows for name, table in tables}
        rows = [row_of(stage.shown + name, counts.get(name)) for _, name in chosen if name in counts or copy.files is not None]
        return Result(COLUMNS, rows, {"numRowsInserted": sum(counts.values())})

    def _choose_files(self, copy, stage, path):
        found = self.stages.objects(stage, path, copy.options.get("PATTERN"))
        if copy.files is None:
            return found
        by_name = {name: stored for stored, name in found}
        join = "" if path.endswith("/") or not path else "/"
        names = list(dict.fromkeys(path + join + name for name in copy.files))
        for name in names:
            if name not in by_name:
                raise Refused("091016", f"Remote file '{stage.shown}{name}' was not found. If you are running a copy command, please make "
                              "sure files are not deleted when they are being loaded or files are not being loaded into two different "
                              "tables concurrently with auto purge option.", "22000")
        return [(by_name[name], name) for name in names]

    def _read(self, copy, stage, stored, name, fields, folder):
        packed, plain = folder / "packed", folder / "plain"
        self._open(stage, stored, name, packed)
        copy.format.unpack(packed, plain, stage.shown + name)
        return copy.format.read(plain, stage.shown + name, copy.table[2], len(fields))

    def _open(self, stage, stored, name, target):
        """An object as the client had it: fetched, decrypted, and found to have the digest that was sent along."""
        with open(target, "w+b") as out, tempfile.TemporaryFile() as raw:
            self.stages.store.fetch(stored, raw if stage.encrypted else out)
            if stage.encrypted:
                raw.seek(0)
                self.stages.keys.open(stored.meta, raw, out)
            out.seek(0)
            digest = base64.b64encode(hashlib.file_digest(out, "sha256").digest()).decode()
        if stored.meta is not None and stored.meta["digest"] != digest:
            raise Refused("091003", f"Failure using stage area. Cause: [the sfc-digest of {name} is not that of its bytes]", "22000")

    def _insert(self, session, copy, fields, tables):
        names = ", ".join(quote(field.name) for field in fields)
        values = ", ".join(f"CAST({value_of(copy.format, field, i)} AS {field.type})" for i, field in enumerate(fields))
        with session.backend.transaction(session):
            for table in tables:
                session.backend.with_rows(table, f"INSERT INTO {full(copy.table)} ({names}) SELECT {values} FROM incoming")


def choose(fields, names):
    """The table's columns that the statement names, in its order; all of them where it names none."""
    by_name = {field.name: field for field in fields}
    for name in names:
        if name not in by_name:
            raise Refused("000904", f"SQL compilation error: error line 1 at position 0\ninvalid identifier '{quote(name)}'", "42000", 1, 0)
    if len(set(names)) != len(names):
        raise invalid("duplicate column name in the list of columns")
    return [by_name[name] for name in names] if names else fields


def value_of(form, field, i):
    """The SQL of the text of column i, with NULL where NULL_IF says so, read by the format's DATE_FORMAT or TIMESTAMP_FORMAT."""
    text = f"c{i}"
    if form.unescapes:
        text = f"regexp_replace({text}, '\\\\(.)', '\\1', 'g')"
    nulls = ", ".join(map(literal, form.null_if))
    value = f"(CASE WHEN c{i} IN ({nulls}) THEN NULL ELSE {text} END)" if nulls else text
    how = form.time_format("DATE_FORMAT" if field.type == "DATE" else "TIMESTAMP_FORMAT")
    if how and (field.type == "DATE" or field.type.startswith("TIMESTAMP")):
        return f"try_strptime({value}, {literal(how)})"
    return value


def raw_of(form, i):
    nulls = ", ".join(map(literal, form.null_if))
    return f"(CASE WHEN c{i} IN ({nulls}) THEN NULL ELSE c{i} END)" if nulls else f"c{i}"


def check(backend, copy, fields, file, table):
    """Find the first value that does not fit its column, and refuse the file because of it."""
    faults = {}
    for i, field in enumerate(fields):
        raw = raw_of(copy.format, i)
        value = value_of(copy.format, field, i)
        faults[f"{raw} IS NOT NULL AND TRY_CAST({value} AS {field.type}) IS NULL"] = i, field, not_recognized
        if not field.nullable:
            faults[f"{raw} IS NULL"] = i, field, missing
        if field.length:
            faults[f"length({value}) > {field.length}"] = i, field, too_long
    counts = ", ".join(f"count(*) FILTER (WHERE {fault})" for fault in faults)
    found = backend.with_rows(table, f"SELECT {counts} FROM incoming")[0]
    first = None
    for (fault, (i, field, word)), count in zip(faults.items(), found):
        if count:
            row, value = backend.with_rows(table, f"SELECT n, c{i} FROM (SELECT row_number() OVER () AS n, * FROM incoming) WHERE {fault} "
                                           "ORDER BY n LIMIT 1")[0]
            if first is None or row < first[0]:
                first = row, word(field, value), (field.name, i + 1)
    if first:
        row, (code, what, state), place = first
        raise load_error(code, what, file, row + copy.format.skip, row, copy.table[2], place, state)


def not_recognized(field, value):
    code, what = NOT_RECOGNIZED.get(field.type.split("_")[0].split(" ")[0], ("100038", "Numeric value"))
    return code, f"{what} '{value}' is not recognized", "22007" if what in ("Timestamp", "Date") else "22018"


def missing(_, __):
    return "100072", "NULL result in a non-nullable column", "22000"


def too_long(_, value):
    return "100078", f"String '{value}' is too long and would be truncated", "22000"


def row_of(file, count):
    """A file's row of the result; count is None where it was loaded before."""
    if count is None:
        return [file, "LOAD_SKIPPED", 0, 0, 1, 1, "File was loaded before.", None, None, None]
    return [file, "LOADED", count, count, 1, 0, None, None, None, None]
