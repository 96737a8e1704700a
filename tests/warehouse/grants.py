"""SHOW GRANTS: the one role owns all tables and stages, and may use the rest."""

from answer import Result, column
from refusal import absent
from stages import full_name

NAMES = ["created_on", "privilege", "granted_on", "name", "granted_to", "grantee_name", "grant_option", "granted_by"]
OWNED = ("TABLE", "STAGE")


def row(kind, name, role):
    owned = kind in OWNED
    return [None, "OWNERSHIP" if owned else "USAGE", kind, name, "ROLE", role, str(owned).lower(), role]


def show(session, words, account, databases, stages):
    words.need("SHOW", "GRANTS")
    if words.take("ON"):
        kind, path = words.kinds("word"), words.path()
        words.end()
        name = full_name(session, path) if kind in OWNED else tuple(path)
        if kind in OWNED and not (session.backend.columns(name) if kind == "TABLE" else name in stages.named):
            raise absent(kind.title(), ".".join(name))
        return Result([column(one) for one in NAMES], [row(kind, ".".join(name), session.role)])
    words.need("TO", "ROLE")
    role = words.kinds("word", "name")
    words.end()
    if role not in account.roles:
        raise absent("Role", role)
    found = [("WAREHOUSE", (name,)) for name in account.warehouses] + [("DATABASE", (name,)) for name in databases]
    found += [("SCHEMA", (database, schema)) for database, schemas in databases.items() for schema in schemas]
    found += [("TABLE", name) for name in session.backend.tables()] + [("STAGE", name) for name in stages.named]
    return Result([column(one) for one in NAMES], [row(kind, ".".join(name), role) for kind, name in found])
