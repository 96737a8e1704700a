"""The words of a SQL statement, and a reader that walks over them. Just enough grammar for the statements that are ours.

Literals and identifiers are read as the service reads them: '' and backslash escapes in strings, upper case for names without quotes.
"""

import re

from refusal import invalid, syntax

TOKEN = re.compile(r"""
    (?P<file>file://[^\s;]+)
  | (?P<space>\s+|--[^\n]*|//[^\n]*|/\*.*?\*/)
  | (?P<string>'(?:[^'\\]|''|\\.)*')
  | (?P<name>"(?:[^"]|"")*")
  | (?P<stage>@(?:"(?:[^"]|"")*"|[^\s,;()'"])+)
  | (?P<number>-?[0-9]+(?:\.[0-9]+)?)
  | (?P<word>[A-Za-z_][A-Za-z0-9_$]*|\$[0-9]+)
  | (?P<sign>.)
""", re.X | re.S)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "f": "\f"}


class Token:
    def __init__(self, kind, text, at):
        self.kind, self.text, self.at = kind, text, at

    @property
    def value(self):
        if self.kind == "string":
            return unescape(self.text[1:-1])
        if self.kind == "name":
            return self.text[1:-1].replace('""', '"')
        return self.text.upper() if self.kind == "word" else self.text


def unescape(text):
    """The value of a string literal; an unknown escape loses its backslash, so that '\\N' has to be written '\\\\N'."""
    def one(match):
        escape = match.group(1)
        if escape == "'":
            return "'"
        if escape[0] == "x":
            return chr(int(escape[1:], 16))
        return ESCAPES.get(escape, escape)
    return re.sub(r"\\(x[0-9a-fA-F]{2}|.)|''", lambda m: "'" if m.group(0) == "''" else one(m), text, flags=re.S)


def split(sql):
    return [Token(match.lastgroup, match.group(), match.start()) for match in TOKEN.finditer(sql) if match.lastgroup != "space"]


def quote(name):
    """An identifier, quoted."""
    return '"' + name.replace('"', '""') + '"'


def full(name):
    """A name with its qualifiers, quoted."""
    return ".".join(map(quote, name))


def literal(text):
    return "'" + text.replace("'", "''") + "'"


class Words:
    """A place in the words of a statement; take what is expected there, or say where it is not."""

    def __init__(self, sql):
        self.sql, self.at = sql, 0
        self.tokens = split(sql)
        while self.tokens and self.tokens[-1].text == ";":
            self.tokens.pop()

    def peek(self, ahead=0):
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else Token("end", "<EOF>", len(self.sql))

    def next(self):
        token = self.peek()
        self.at += 1
        return token

    def fail(self):
        raise syntax(self.sql, self.peek().text, self.peek().at)

    def take(self, *words):
        """Go past these words and say so, if they are the next."""
        for i, word in enumerate(words):
            token = self.peek(i)
            if token.kind in ("string", "name") or token.text.upper() != word:
                return False
        self.at += len(words)
        return True

    def need(self, *words):
        for word in words:
            if not self.take(word):
                self.fail()

    def end(self):
        if self.at < len(self.tokens):
            self.fail()

    def kinds(self, *kinds):
        if self.peek().kind not in kinds:
            self.fail()
        return self.next().value

    def path(self):
        """A name with its qualifiers, as a list of one to three."""
        parts = [self.kinds("word", "name")]
        while self.take("."):
            parts.append(self.kinds("word", "name"))
        if len(parts) > 3:
            self.fail()
        return parts

    def names(self):
        """Names in parentheses, or none."""
        names = []
        if self.take("("):
            names.append(self.kinds("word", "name"))
            while self.take(","):
                names.append(self.kinds("word", "name"))
            self.need(")")
        return names

    def stage(self):
        """A stage with its path: @name/path, or the same in a string."""
        token = self.peek()
        text = token.value if token.kind in ("stage", "string") else ""
        if not text.startswith("@"):
            self.fail()
        self.next()
        return text[1:]

    def option_value(self):
        if not self.take("("):
            return self.kinds("word", "string", "number")
        if self.peek().kind == "word" and self.peek(1).text == "=":
            value = self.options()
        else:
            value = [self.kinds("word", "string", "number")] if self.peek().text != ")" else []
            while self.take(","):
                value.append(self.kinds("word", "string", "number"))
        self.need(")")
        return value

    def options(self):
        """NAME = value ..., with or without commas between them; a value may be a list or options in parentheses."""
        options = {}
        while self.peek().kind == "word" and self.peek(1).text == "=":
            name = self.kinds("word")
            self.need("=")
            options[name] = self.option_value()
            self.take(",")
        return options


def truth(options, name, default=False):
    value = str(options.get(name, default)).upper()
    if value not in ("TRUE", "FALSE"):
        raise invalid(f"invalid value [{value}] for parameter '{name}'")
    return value == "TRUE"


def check_known(options, known, what):
    for name in options:
        if name not in known:
            raise invalid(f"invalid parameter '{name}' {what}".rstrip())


KINDS = [("put", "PUT"), ("get", "GET"), ("copy", "COPY"), ("list", "LIST"), ("list", "LS"), ("remove", "REMOVE"), ("remove", "RM"),
         ("create", "CREATE"), ("drop", "DROP"), ("alter", "ALTER"), ("truncate", "TRUNCATE"), ("insert", "INSERT"),
         ("update", "UPDATE"), ("delete", "DELETE"), ("merge", "MERGE"), ("select", "SELECT"), ("select", "WITH"), ("use", "USE"),
         ("show", "SHOW"), ("describe", "DESC"), ("describe", "DESCRIBE"), ("begin", "BEGIN"), ("begin", "START"),
         ("commit", "COMMIT"), ("rollback", "ROLLBACK"), ("grant", "GRANT"), ("comment", "COMMENT")]


def kind_of(sql):
    """What sort of statement this is, and for a few of them more exactly: (kind, point at which faults are ordered)."""
    words = [token.text.upper() for token in split(sql)[:4]]
    kind = next((kind for kind, word in KINDS if words[:1] == [word]), "other")
    point = {"put": "put-statement"}.get(kind, kind)
    if kind == "alter" and re.search(r"\bSWAP\s+WITH\b", sql, re.I):
        point = "swap"
    return kind, point
