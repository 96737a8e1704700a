"""Which statement is whose: stages, COPY, SWAP, USE, grants and session parameters are ours, all else is fakesnow's.

Runs in a thread; gives the data of an answer, or raises Refused.
"""

import contextlib
import threading

import grants
import tables
from answer import DONE, data_of, said
from context import with_context
from loading import Loader
from loads import Loads, Uncommitted
from refusal import Refused
from unloading import Unloader
from words import Words, kind_of

NEED_WAREHOUSE = ("copy", "insert", "update", "delete", "merge")
DDL = ("create", "drop", "alter")


class Interpreter:
    def __init__(self, account, stages, databases):
        self.account, self.stages, self.databases = account, stages, databases
        self.loads = Loads()
        self.loader, self.unloader = Loader(stages), Unloader(stages, account)
        self.writing = threading.Lock()     # a COPY waits for another, and then sees what that one has loaded

    def run(self, session, sql, bindings, query_id):
        kind, _ = kind_of(sql)
        words = Words(sql)
        if not words.tokens:
            raise Refused("000900", "SQL compilation error:\nEmpty SQL statement.", "42601", 1, 0)
        count = sum(token.text == ";" for token in words.tokens) + 1
        if count > 1:
            raise Refused("000008", f"Actual statement count {count} did not match the desired statement count 1.", "0A000")
        if kind == "put":
            return self.stages.put(session, words, query_id)
        if kind == "get":
            return self.unloader.get(session, words, query_id)
        if kind in NEED_WAREHOUSE and session.warehouse is None:
            raise Refused("000606", "No active warehouse selected in the current session.  Select an active warehouse with the "
                          "'use warehouse' command.", "57P03")
        if kind in DDL and session.in_transaction:
            session.backend.run("COMMIT")
            self._end(session, True)
        result = self._unloaded(kind, session, words) or self._ours(kind, session, words) or self._theirs(kind, session, words, bindings)
        if kind in ("insert", "update", "delete", "merge"):
            result.stats = {name: sum(int(value) for one, value in zip(result.columns, result.rows[0]) if word in one["name"])
                            for name, word in (("numRowsInserted", "inserted"), ("numRowsUpdated", "updated"),
                                               ("numRowsDeleted", "deleted"))}
        if kind != "select" or session.wants_json():
            result.arrow = None
        return data_of(result, query_id, session, kind)

    def _unloaded(self, kind, session, words):
        into_stage = kind == "copy" and words.peek(2).kind in ("stage", "string")
        return self.unloader.run(session, words) if into_stage else None

    def _ours(self, kind, session, words):
        """The result of a statement that fakesnow is not asked about, or None."""
        second = [words.peek(i).text.upper() for i in range(1, 6)]
        if kind == "copy":
            with self.writing:
                return self.loader.run(session, words)
        if kind == "list":
            return self.stages.list(session, words)
        if kind == "remove":
            return self.stages.remove(session, words)
        if kind == "create" and "STAGE" in second and not {"TABLE", "VIEW"} & set(second[:second.index("STAGE")]):
            return self.stages.create(session, words)
        if kind == "drop" and second[0] == "STAGE":
            return self.stages.drop(session, words)
        if kind == "show" and second[0] == "STAGES":
            words.need("SHOW", "STAGES")
            return self.stages.show(words)
        if kind == "show" and second[0] == "GRANTS":
            return grants.show(session, words, self.account, self.databases, self.stages)
        if kind == "describe" and second[0] == "STAGE":
            return self.stages.describe(session, words)
        if kind == "use":
            return self._use(session, words)
        if kind == "alter" and second[0] == "SESSION":
            return self._alter_session(session, words)
        if kind == "alter" and second[0] == "TABLE":
            with self.writing:
                return tables.alter(session, words)
        if kind == "grant":
            return said(DONE)
        return None

    def _theirs(self, kind, session, words, bindings):
        result = tables.run(session, words, bindings) if kind in ("create", "drop", "truncate") else None
        if result:
            return result
        sql = with_context(session, words, self.account.name) if kind == "select" else words.sql
        # fakesnow makes several statements of some of these.
        whole = session.backend.transaction(session) if kind == "insert" else contextlib.nullcontext()
        with whole:
            result = session.backend.run(sql, bindings)
        if kind == "begin":
            session.in_transaction, session.loads = True, Uncommitted(self.loads)
        elif kind in ("commit", "rollback") and session.in_transaction:
            self._end(session, kind == "commit")
        return result

    def _end(self, session, committed):
        if committed:
            session.loads.commit()
        session.in_transaction, session.loads = False, self.loads

    def _use(self, session, words):
        words.need("USE")
        kind = next((kind for kind in ("WAREHOUSE", "ROLE", "SCHEMA", "DATABASE", "SECONDARY") if words.take(kind)), "DATABASE")
        if kind == "SECONDARY":
            return said(DONE)
        path = words.path()
        words.end()
        if not self.enter(session, kind.lower(), path):
            raise Refused("002043", "SQL compilation error:\nObject does not exist, or operation cannot be performed.", "02000", 0, -1)
        return said(DONE)

    def enter(self, session, kind, path):
        """Make something current, where it is there; says whether it is."""
        name = path[-1]
        if kind == "warehouse" and name in self.account.warehouses:
            session.warehouse = name
        elif kind == "role" and name in self.account.roles:
            session.role = name
        elif kind == "database" and name in self.databases:
            session.database, session.schema = name, "PUBLIC" if "PUBLIC" in self.databases[name] else None
            session.backend.use(session.database, session.schema)
        elif kind == "schema" and name in self.databases.get(path[0] if len(path) > 1 else session.database, ()):
            session.database, session.schema = path[0] if len(path) > 1 else session.database, name
            session.backend.use(session.database, session.schema)
        else:
            return False
        return True

    def _alter_session(self, session, words):
        words.need("ALTER", "SESSION")
        if words.take("UNSET"):
            session.parameters.pop(words.kinds("word"), None)
        else:
            words.need("SET")
            session.parameters.update(words.options())
        words.end()
        return said(DONE)
