"""Statements that make, rename and exchange tables: what fakesnow leaves out of them is added here.

That is SWAP, comments on columns, and of CREATE ... LIKE the limits and comments; and a table's loads go where the table goes.
"""

from answer import DONE, said
from refusal import absent
from stages import full_name
from words import Words


class Created:
    """A CREATE, DROP or TRUNCATE of a table, as far as it matters here."""

    def __init__(self, session, words):
        self.name = self.like = None
        self.comments, self.sql = {}, words.sql
        leading = [token.text.upper() for token in words.tokens[:6]]
        if "TABLE" not in leading:
            return
        words.at = leading.index("TABLE") + 1
        words.take("IF", "EXISTS")
        self.lenient = words.take("IF", "NOT", "EXISTS")
        self.name = full_name(session, words.path())
        if words.take("LIKE"):
            self.like = full_name(session, words.path())
        elif words.peek().text == "(":
            self._take_comments(words)

    def _take_comments(self, words):
        """The comments on columns, out of the statement that goes on to fakesnow."""
        depth, first, dropped = 0, None, []
        while words.peek().kind != "end":
            token = words.next()
            depth += (token.text == "(") - (token.text == ")")
            if depth == 0:
                break
            if depth == 1 and token.text in "(,":
                first = words.peek().value
            elif depth == 1 and token.kind == "word" and token.value == "COMMENT" and words.peek().kind == "string":
                self.comments[first] = words.peek().value
                dropped.append((token.at, words.peek().at + len(words.peek().text)))
        for start, end in reversed(dropped):
            self.sql = self.sql[:start] + self.sql[end:]


def run(session, words, bindings):
    """A statement about a table that fakesnow runs, and what it leaves out; None where it is about something else."""
    created = Created(session, Words(words.sql))
    if created.name is None:
        return None
    backend = session.backend
    was_there = created.lenient and backend.columns(created.name)
    result = backend.run(created.sql, bindings)
    if not was_there:
        session.loads.forget(created.name)
        if created.like:
            backend.make_alike(created.name, created.like)
        backend.comment(created.name, created.comments)
    return result


def alter(session, words):
    """SWAP and RENAME; None where it is another ALTER TABLE."""
    words.need("ALTER", "TABLE")
    words.take("IF", "EXISTS")
    one = full_name(session, words.path())
    renamed = words.take("RENAME", "TO")
    if not renamed and not words.take("SWAP", "WITH"):
        return None
    other = full_name(session, words.path())
    words.end()
    for name in (one,) if renamed else (one, other):
        if not session.backend.columns(name):
            raise absent("Table", ".".join(name))
    if renamed:
        session.backend.rename(one, other)
        session.loads.rename(one, other)
    else:
        session.backend.swap(one, other)
        session.loads.swap(one, other)
    return said(DONE)
