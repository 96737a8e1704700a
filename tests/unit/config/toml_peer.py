#!/usr/bin/env python3
"""TOML against Python's tomllib:  toml_peer.py PROGRAM [SEED]

Documents are drawn from the whole grammar, and damaged: what tomllib reads is read as the same tree, and what it refuses is refused;
but for the differences that config.h names.
"""
import json
import math
import random
import subprocess
import sys
import tomllib

N_DOCUMENTS, N_DAMAGED, N_WORDS, SECONDS = 3000, 6000, 6000, 200

# What tomllib reads and we refuse, by our words; and the other way round, by its words.
OURS = ("arrays of tables are refused", "an escape that is no character")
THEIRS = ("Cannot declare", "Cannot redefine namespace", "Cannot mutate immutable namespace", "Invalid date or datetime")


class Writer:
    """Draws documents."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.names = ["a", "b", "c-d", "E_5", "7", "-", "account", "a b", "", "é", "x.y", '"', "'", "\\", "#"]

    def maybe(self, share=0.5):
        return self.random.random() < share

    def blank(self):
        return self.random.choice(["", "", " ", "\t", "  "])

    def key(self):
        name = self.random.choice(self.names)
        bare = name and all(c.isascii() and (c.isalnum() or c in "-_") for c in name)
        if bare and self.maybe(0.8):
            return name
        if "'" not in name and self.maybe():
            return f"'{name}'"
        return json.dumps(name, ensure_ascii=self.maybe())

    def keys(self):
        n = 1 if self.maybe(0.8) else self.random.randint(2, 4)
        return (self.blank() + "." + self.blank()).join(self.key() for _ in range(n))

    def text(self):
        pieces = [*"aB7 \téሴ😀#=[]{},.-'\"\\\u0080\uffff"]
        return "".join(self.random.choice(pieces) for _ in range(self.random.randint(0, 8)))

    def escaped(self, text):
        forms = {"\\": "\\\\", '"': '\\"', "\t": "\\t"}
        for c in text:
            if c in forms or self.maybe(0.1):
                yield forms.get(c) or (f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08X}")
            else:
                yield c

    def string(self):
        text = self.text()
        kind = self.random.randrange(4)
        if kind == 0:
            return '"' + "".join(self.escaped(text)) + self.random.choice(["", "\\b\\f\\n\\r"]) + '"'
        if kind == 1:
            return "'" + text.replace("'", "") + "'"
        lines = [text, self.text()]
        if kind == 2:
            between = self.random.choice(["\n", "\n\n", "\\\n  ", "\\ \n\n\t", '"', '""'])
            ends = self.random.choice(["", '"', '""', "\n"])
            return '"""' + self.random.choice(["", "\n"]) + between.join("".join(self.escaped(line)) for line in lines) + ends + '"""'
        ends = self.random.choice(["", "'", "''", "\n"])
        return "'''" + self.random.choice(["", "\n"]) + "\n".join(line.replace("'", "") for line in lines) + ends + "'''"

    def word(self):
        number = self.random.randint(-10 ** self.random.randint(0, 20), 10 ** self.random.randint(0, 20))
        forms = [str(number), f"{number:_}", f"+{abs(number)}", hex(abs(number)), oct(abs(number)), bin(abs(number)),
                 repr(self.random.uniform(-1e9, 1e9)), f"{self.random.random():.3e}", f"{abs(number)}E-7", "-0.0", "1_0.0_1e+1_0",
                 "inf", "-inf", "+nan", "nan", "true", "false"]
        date = f"{self.random.randint(1, 9999):04}-{self.random.randint(1, 12):02}-{self.random.randint(1, 28):02}"
        time = f"{self.random.randint(0, 23):02}:{self.random.randint(0, 59):02}:{self.random.randint(0, 59):02}"
        time += self.random.choice(["", "", ".5", ".123456", ".1234567"])
        zone = self.random.choice(["", "Z", "z", "+05:30", "-00:00"])
        forms += [date, time, f"{date}T{time}{zone}", f"{date}t{time}", f"{date} {time}{zone}"]
        wrong = ["yes", "True", "01", "1__0", "_1", "1_", "0x", "0xG", "1.", ".5", "1e", "+0x1", "1.2.3", "2024-1-01", "12:00", "24:00:00",
                 "2024-13-01", "text", "myorg-acct", "1 2", "2024-01-01 x", "2024-01-01T", "-", "+", "nan_", "0b2", "0o8", "1:2", "é"]
        return self.random.choice(wrong) if self.maybe(0.02) else self.random.choice(forms)

    def bent_word(self):
        word = self.word()
        at, cut = self.random.randint(0, len(word)), self.random.choice([0, 1, 1, 2])
        return word[:at] + "".join(self.random.choices("0123456789abexoTZ:+-._ nif", k=self.random.randint(0, 2))) + word[at + cut:]

    def gap(self):
        return self.random.choice(["", "", " ", "\n", " # x\n", "\n\t"])

    def array(self, depth):
        items = [self.value(depth + 1) for _ in range(self.random.randint(0, 3))]
        comma = "," if items and self.maybe(0.3) else ""
        return "[" + self.gap() + (self.gap() + "," + self.gap()).join(items) + self.gap() + comma + self.gap() + "]"

    def inline(self, depth):
        items = [self.pair(depth + 1) for _ in range(self.random.randint(0, 3))]
        return "{" + self.blank() + (self.blank() + "," + self.blank()).join(items) + self.blank() + "}"

    def value(self, depth=0):
        if depth < 4 and self.maybe(0.15):
            return self.array(depth)
        if depth < 4 and self.maybe(0.12):
            return self.inline(depth)
        return self.string() if self.maybe(0.6) else self.word()

    def pair(self, depth=0):
        return self.keys() + self.blank() + "=" + self.blank() + self.value(depth)

    def line(self):
        if self.maybe(0.2):
            array = self.maybe(0.05)
            header = self.blank() + self.keys() + self.blank()
            return f"[[{header}]]" if array else f"[{header}]"
        return "" if self.maybe(0.1) else self.pair()

    def document(self):
        lines = [self.blank() + self.line() + self.blank() + (self.random.choice(["#", "# é \t", "#x = 1"]) if self.maybe(0.1) else "")
                 for _ in range(self.random.randint(0, 12))]
        end = "\r\n" if self.maybe(0.2) else "\n"
        text = "\n".join(lines) + ("\n" if self.maybe(0.8) else "")
        return text.replace("\n", end).encode()

    def damage(self, document):
        pieces = [b"\0", b"\r", b"\n", b'"', b"'", b'"""', b"'''", b"\\", b"[", b"]", b"{", b"}", b",", b".", b"=", b"#", b" ", b"a", b"0",
                  b"_", b"\\u0000", b"\x7f", b"\x1f", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xe2\x82", b"\xf4\x90\x80\x80",
                  b"\xc0\x80", b"\xef\xbb\xbf"]
        for _ in range(self.random.randint(1, 3)):
            at = self.random.randint(0, len(document))
            cut = self.random.choice([0, 0, 1, 1, 3])
            document = document[:at] + (self.random.choice(pieces) if self.maybe(0.8) else b"") + document[at + cut:]
        return document


def ask(program, documents):
    """What the program says of each."""
    given = b"".join(b"%d\n%s" % (len(document), document) for document in documents)
    answer = subprocess.run([program], input=given, capture_output=True, timeout=SECONDS, check=True)
    lines = answer.stdout.decode().splitlines()
    assert len(lines) == len(documents), (len(lines), len(documents), answer.stderr)
    return [json.loads(line) for line in lines]


def same(tree, value):
    kind, content = tree
    if isinstance(value, dict):
        return kind == "m" and content.keys() == value.keys() and all(same(content[key], value[key]) for key in value)
    if isinstance(value, list):
        return kind == "l" and len(content) == len(value) and all(map(same, content, value))
    if isinstance(value, str):
        return kind == "s" and content == value
    if kind != "w":
        return False
    read = tomllib.loads(f"x = {content}")["x"]
    return type(read) is type(value) and (read == value or (isinstance(value, float) and math.isnan(read) and math.isnan(value)))


def judge(document, tree):
    """'' or what is wrong; and whether it was a document."""
    try:
        value = tomllib.loads(document.decode())
    except UnicodeDecodeError:
        return "" if tree[0] == "e" else "not UTF-8, and read", False
    except (tomllib.TOMLDecodeError, RecursionError) as refusal:
        allowed = tree[0] == "e" or str(refusal).startswith(THEIRS)
        return "" if allowed else f"refused by tomllib ({refusal}), and read", False
    if tree[0] == "e":
        return "" if any(words in tree[1] for words in OURS) else f"refused: {tree[1]}", True
    return "" if same(tree, value) else "another tree", True


def main():
    program, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
    writer = Writer(seed)
    documents = [writer.document() for _ in range(N_DOCUMENTS)]
    documents += [writer.damage(writer.random.choice(documents)) for _ in range(N_DAMAGED)]
    documents += [f"x = {writer.bent_word()}\n".encode() for _ in range(N_WORDS)]
    n_read = n_refused = 0
    problems = []
    for document, tree in zip(documents, ask(program, documents)):
        problem, is_document = judge(document, tree)
        n_read += is_document and tree[0] != "e"
        n_refused += not is_document and tree[0] == "e"
        if problem:
            problems.append(f"{problem}:\n{document!r}\n{json.dumps(tree)[:300]}")
    for problem in problems[:5]:
        print(problem, end="\n\n")
    print(f"toml: {n_read} documents as tomllib reads them, {n_refused} refused as it does, {len(problems)} otherwise (seed {seed})")
    assert n_read > 1500 and n_refused > 1500, "documents that show nothing"
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
