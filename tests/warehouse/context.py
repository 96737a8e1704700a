"""CURRENT_ROLE() and its like, which DuckDB would answer from its own point of view: put into the statement as values."""

from words import literal


def values(session, account):
    return {"CURRENT_ACCOUNT": account, "CURRENT_ACCOUNT_NAME": account, "CURRENT_USER": session.user, "CURRENT_ROLE": session.role,
            "CURRENT_WAREHOUSE": session.warehouse, "CURRENT_DATABASE": session.database, "CURRENT_SCHEMA": session.schema,
            "CURRENT_SESSION": str(session.number), "CURRENT_REGION": "AWS_US_EAST_1"}


def with_context(session, words, account):
    """The statement with these calls replaced; a column that is nothing else keeps its name."""
    known, tokens = values(session, account), words.tokens
    sql, done = "", 0
    for i, token in enumerate(tokens):
        call = tokens[i:i + 3]
        if token.kind != "word" or token.value not in known or [one.text for one in call[1:]] != ["(", ")"]:
            continue
        value = known[token.value]
        behind = tokens[i + 3].text.upper() if i + 3 < len(tokens) else ""
        before = tokens[i - 1].text.upper() if i else ""
        named = f' AS "{token.value}()"' if before in ("SELECT", ",") and behind in ("", ",", "FROM") else ""
        sql += words.sql[done:token.at] + ("NULL" if value is None else literal(value)) + named
        done = call[2].at + 1
    return sql + words.sql[done:]
