"""The one door to fakesnow, which translates Snowflake's SQL and runs it on DuckDB.

Gives results as columns and Python values and errors as the service words them; what fakesnow lacks is done in DuckDB directly.
"""

import base64
import contextlib
import dataclasses
import logging
import re
import warnings

import duckdb
import pyarrow
import snowflake.connector.errors
from fakesnow.arrow import to_ipc, to_sf
from fakesnow.converter import from_binding
from fakesnow.instance import FakeSnow
from fakesnow.rowtype import describe_as_rowtype

from answer import Result, column
from refusal import Refused
from words import full, literal, quote

NUMBERED = re.compile(r"^\d{6} \(\w{5}\): (?:[0-9a-f-]{36}: )?")
warnings.filterwarnings("ignore", module="fakesnow")
logging.getLogger("sqlglot").setLevel(logging.ERROR)
NOTES, EXTENSIONS = "_fs_global._fs_information_schema.", ("_fs_tables_ext", "_fs_columns_ext")


@dataclasses.dataclass
class Field:
    """A column of a table, with DuckDB's type and Snowflake's length."""
    name: str
    type: str
    nullable: bool
    length: int | None


class Engine:
    def __init__(self, databases):
        self.fakesnow = FakeSnow()
        for database, schemas in databases.items():
            for schema in schemas:
                self.fakesnow.connect(database, schema).close()

    def connect(self):
        return Backend(self.fakesnow.connect())


class Backend:
    """A session's own connection."""

    def __init__(self, connection):
        self.connection = connection
        self.duck = connection._duck_conn

    def close(self):
        self.connection.close()

    def interrupt(self):
        self.duck.interrupt()

    def ask(self, sql, values=None):
        """All rows of a statement in DuckDB's own SQL; nothing of it may be left unread on the connection."""
        return self.duck.execute(sql, values).fetchall()

    def use(self, database, schema):
        self.run(f"USE DATABASE {quote(database)}")
        if schema:
            self.run(f"USE SCHEMA {quote(schema)}")

    def run(self, sql, bindings=None):
        """One statement as it came from the client."""
        rows = bound(bindings)
        cursor = self.connection.cursor()
        try:
            count = 0
            for row in rows:
                cursor.execute(sql.strip().rstrip(";"), binding_params=row, server=True)
                count += cursor.rowcount or 0
            columns = describe_as_rowtype(cursor._describe_last_sql())
        except snowflake.connector.errors.Error as error:
            raise refusal_of(error, sql) from None
        except duckdb.ConstraintException as error:
            raise Refused("100072", f"NULL result in a non-nullable column ({error})", "22000") from None
        except duckdb.Error as error:
            raise Refused("100132", f"SQL execution error: {error}", "22000") from None
        except (NotImplementedError, ValueError, AssertionError) as error:
            raise Refused("000002", f"Unsupported feature '{error}'.", "0A000", 0, -1) from None
        table = cursor._arrow_table
        columns = [{**column(one["name"]), **one} for one in columns]
        values = list(zip(*(part.to_pylist() for part in table.columns))) if table is not None else []
        if len(rows) > 1 and len(columns) == 1:
            values = [(count,)]
        return Result(columns, values, arrow=packed(table, columns))

    def columns(self, name):
        """The columns of a table, in order; none where there is no such table."""
        rows = self.ask(
            f"""select c.column_name, c.data_type, c.is_nullable, x.ext_character_maximum_length
               from duckdb_columns() c left join {NOTES}_fs_columns_ext x
               on (x.ext_table_catalog, x.ext_table_schema, x.ext_table_name, x.ext_column_name)
                = (c.database_name, c.schema_name, c.table_name, c.column_name)
               where (c.database_name, c.schema_name, c.table_name) = (?, ?, ?) order by c.column_index""", list(name))
        return [Field(*row) for row in rows]

    def tables(self):
        return self.ask("select database_name, schema_name, table_name from duckdb_tables() "
                        "where database_name not in ('_fs_global', 'system', 'temp') and schema_name <> '_fs_information_schema'")

    def make_alike(self, name, model):
        """Give a table that was made LIKE another what fakesnow leaves out: lengths, NOT NULL, defaults, comments."""
        for field in self.columns(model):
            if not field.nullable:
                self.ask(f"ALTER TABLE {full(name)} ALTER COLUMN {quote(field.name)} SET NOT NULL")
        for column_name, default in self.ask("select column_name, column_default from duckdb_columns() where column_default is not null "
                                             "and (database_name, schema_name, table_name) = (?, ?, ?)", list(model)):
            self.ask(f"ALTER TABLE {full(name)} ALTER COLUMN {quote(column_name)} SET DEFAULT {default}")
        comments = self.ask("select column_name, comment from duckdb_columns() where comment is not null and "
                            "(database_name, schema_name, table_name) = (?, ?, ?)", list(model))
        self.comment(name, dict(comments))
        self.ask(f"insert or replace into {NOTES}_fs_columns_ext select ?, ?, ?, ext_column_name, ext_character_maximum_length, "
                 f"ext_character_octet_length from {NOTES}_fs_columns_ext where (ext_table_catalog, ext_table_schema, ext_table_name) "
                 "= (?, ?, ?)", [*name, *model])

    def comment(self, name, comments):
        for column_name, text in comments.items():
            self.ask(f"COMMENT ON COLUMN {full(name)}.{quote(column_name)} IS {literal(text)}")

    @contextlib.contextmanager
    def transaction(self, session):
        """All or nothing: the session's own transaction where there is one, else one for this."""
        if session.in_transaction:
            yield
            return
        self.duck.begin()
        try:
            yield
        except BaseException:
            self.duck.rollback()
            raise
        try:
            self.duck.commit()
        except duckdb.TransactionException as error:  # another was faster: dropped the table, for one
            raise Refused("100132", f"SQL execution error: {error}", "22000") from None

    def with_rows(self, table, sql):
        """A statement over an Arrow table that it calls `incoming`."""
        self.duck.register("incoming", table)
        try:
            return self.ask(sql)
        except duckdb.InterruptException:
            raise Refused("000604", "SQL execution canceled", "57014") from None
        except duckdb.Error as error:
            raise Refused("100132", f"SQL execution error: {error}", "22000") from None
        finally:
            with contextlib.suppress(duckdb.TransactionException):  # one that was aborted: `incoming` goes with the next
                self.duck.unregister("incoming")

    def rename(self, old, new):
        self._alter([(old, new)])

    def swap(self, one, other):
        aside = (*one[:2], other[2] + " (swapping)")
        self._alter([(one, aside), (other, one), (aside, other)])

    def _alter(self, renamings):
        """Give tables other names, all at once, and let fakesnow's notes about them follow."""
        if any(old[:2] != new[:2] for old, new in renamings):
            raise Refused("000002", "Unsupported feature 'rename across schemas'.", "0A000", 0, -1)
        self.duck.begin()
        try:
            for old, new in renamings:
                self.ask(f"ALTER TABLE {full(old)} RENAME TO {quote(new[2])}")
            self.duck.commit()
        except duckdb.Error as error:
            self.duck.rollback()
            raise Refused("002002", f"SQL compilation error:\n{error}", "42710", 0, -1) from None
        for old, new in renamings:
            for extension in EXTENSIONS:
                self.ask(
                    f"update {NOTES}{extension} set ext_table_name = {literal(new[2])} "
                    "where (ext_table_catalog, ext_table_schema, ext_table_name) = (?, ?, ?)", list(old))


def packed(table, columns):
    """Rows in Arrow's format; None where they have to go as JSON, since fakesnow's form of a time has no way to say NULL."""
    if table is None or any(pyarrow.types.is_timestamp(part.type) and part.null_count for part in table.columns):
        return None
    return base64.b64encode(to_ipc(to_sf(table, columns))).decode()


def bound(bindings):
    """The rows of values to run a statement with: one (perhaps of nothing), or many where an array is bound."""
    if not bindings:
        return [None]
    places = [bindings[str(place)] for place in range(1, len(bindings) + 1)]
    if not any(isinstance(place["value"], list) for place in places):
        return [tuple(value_of(place["type"], place["value"]) for place in places)]
    return list(zip(*([value_of(place["type"], value) for value in place["value"]] for place in places)))


def value_of(kind, value):
    return None if value is None else from_binding({"type": kind, "value": value})


def refusal_of(error, sql):
    """fakesnow's error in the service's words."""
    message = NUMBERED.sub("", error.msg or str(error))
    code = f"{error.errno or 0:06d}"
    missing = re.search(r"(?:Table|View|Scalar Function) with name (\S+) does not exist", message)
    if missing:
        return Refused("002003", f"SQL compilation error:\nObject '{missing.group(1)}' does not exist or not authorized.", "42S02", 1, 0)
    present = re.search(r'with name "?([^"]+)"? already exists', message)
    if present:
        return Refused("002002", f"SQL compilation error:\nObject '{present.group(1)}' already exists.", "42710", 1, 0)
    unknown = re.search(r'Referenced column "([^"]+)" not found', message)
    if unknown:
        message = f"SQL compilation error: error line 1 at position 0\ninvalid identifier '{unknown.group(1)}'"
        return Refused("000904", message, "42000", 1, 0)
    if not message.startswith("SQL ") and code in ("001003", "002003", "002043"):
        message = "SQL compilation error:\n" + message
    return Refused(code, message, error.sqlstate or "42000", 0, -1)
