"""Random events, the ways to write them, and a test case that prepares them and asks the oracle."""

import datetime
import json
import random
from fractions import Fraction

import case
import oracle

COLUMNS = ["who", "when", "what", "price", "qty", "sess", "ord", "prod", "cat", "note", "score"]
ROLES = {"customer": "who", "time": "when", "event": "what", "amount": "price", "session": "sess", "order": "ord",
         "product": "prod", "category": "cat"}
BUYS = {"event": "purchase"}
ENTRIES = [
    {"name": "n", "count": "*"},
    {"name": "n_scored", "count": "score"},
    {"name": "n_cheap_views", "count": "*", "where": {"event": "view", "rows": [{"column": "price", "below": 20}]}},
    {"name": "n_a_or_b", "count": "*", "where": {"event": ["cart", "view"], "column": "note", "prefix": "a"}},
    {"name": "n_not_a", "count": "*", "where": {"column": "note", "not_prefix": "a"}},
    {"name": "n_equal", "count": "*", "where": {"column": "note", "equal": "ab"}},
    {"name": "n_other", "count": "*", "where": {"column": "note", "not": "ab"}},
    {"name": "n_between", "count": "*", "where": {"rows": [{"column": "score", "above": -2.5},
                                                          {"column": "score", "below": 2.5}]}},
    {"name": "n_present", "count": "*", "where": {"column": "score", "present": True}},
    {"name": "n_absent", "count": "*", "where": {"column": "score", "present": False}},
    {"name": "n_window", "count": "*", "where": {"last": "7d"}},
    {"name": "sessions", "distinct": "session"}, {"name": "orders", "distinct": "order", "where": BUYS},
    {"name": "products", "distinct": "product", "where": {"last": "30d"}},
    {"name": "categories", "distinct": "category"},
    {"name": "days", "distinct": "day"}, {"name": "notes", "distinct": "note"},
    {"name": "spent", "sum": "amount", "where": BUYS}, {"name": "spent_late", "sum": "amount", "where": {"last": "9d"}},
    {"name": "sum_score", "sum": "score"}, {"name": "mean_price", "mean": "amount"},
    {"name": "mean_score", "mean": "score"},
    {"name": "least", "min": "amount", "where": BUYS, "never": -1}, {"name": "most", "max": "amount"},
    {"name": "least_score", "min": "score"}, {"name": "most_score", "max": "score", "never": 77.5},
    {"name": "recency", "since_last": "day", "where": BUYS}, {"name": "age", "since_first": "hour"},
    {"name": "recency_cart", "since_last": "second", "where": {"event": "cart"}, "never": 12345},
    {"name": "weeks", "since_last": "week", "where": {"event": "cart"}, "never": "span"},
    {"name": "length", "span": "day"}, {"name": "length_buys", "span": "week", "where": BUYS},
    {"name": "gap_day", "mean_gap": "day"}, {"name": "gap_week", "mean_gap": "week", "never": 99},
    {"name": "gap_event", "mean_gap": "event", "where": BUYS, "never": 0.5}, {"name": "gap_never", "mean_gap": "event"},
    {"name": "evening", "share": {"hours": ["18-23", 0]}}, {"name": "weekend", "share": {"weekdays": ["sat", "sun"]}},
    {"name": "evening_buys", "share": {"hours": ["20-22"]}, "where": BUYS, "never": -1},
    {"name": "per_session", "ratio": ["n", "sessions"]}, {"name": "per_buy", "ratio": ["n", "orders"]},
]
SOURCE_OF = {"amount": "price", "session": "sess", "order": "ord", "product": "prod", "category": "cat"}


def instant(text):
    """Microseconds of an ISO 8601 text with its zone."""
    return (datetime.datetime.fromisoformat(text) - oracle.EPOCH) // datetime.timedelta(microseconds=1)


def stamp(when, zone="UTC", form="%Y-%m-%d %H:%M:%S"):
    return oracle.Meaning(zone, 0, 0).local(when).strftime(form)


def random_events(n, seed, begin="2019-10-01T00:00:00+00:00", empty=0.2):
    """Events over 60 days at whole seconds; `when` is microseconds, all else is text."""
    draw = random.Random(seed)
    blank = lambda text: "" if draw.random() < empty else text
    return [{"who": str(draw.randrange(1, 40)), "when": instant(begin) + draw.randrange(60 * 86400) * 10**6,
             "what": draw.choice(["view", "view", "cart", "purchase"]),
             "price": blank(f"{draw.randrange(-500, 9999) / 100:.2f}"), "qty": str(draw.randrange(1, 9)),
             "sess": blank(f"s{draw.randrange(30)}"), "ord": f"o{draw.randrange(200)}",
             "prod": f"p{draw.randrange(50)}", "cat": blank(f"c{draw.randrange(9)}"),
             "note": blank(draw.choice(["a", "ab", "abc", "b", "é ü"])),
             "score": blank(f"{draw.randrange(-900, 900) / 100}")} for _ in range(n)]


def with_amount(events):
    return [{**event, "amount": Fraction(event["price"]) if event["price"] else None} for event in events]


def fields_of(event, form):
    return [form(event["when"]) if name == "when" else event[name] for name in COLUMNS]


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


def table(events, delimiter=",", end="\n", quote=str, form=stamp, header=True):
    rows = ([COLUMNS] if header else []) + [fields_of(event, form) for event in events]
    return "".join(delimiter.join(map(quote, row)) + end for row in rows)


def job_of(**keys):
    """A job from dotted keys: input__columns={...} is input: {columns: {...}}."""
    job = {"input": {"columns": ROLES, "max_rejected": 0}, "features": {"population": "all", "list": ENTRIES}}
    for key, value in keys.items():
        section, _, name = key.partition("__")
        job.setdefault(section, {})[name] = value
    return job


class Input(case.Case):
    def setUp(self):
        super().setUp()
        self.n = 0

    def write(self, name, content):
        path = self.dir / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def start(self, paths, ranks=0, code=0, task="prepare", **keys):
        """One start; returns (result, run directory)."""
        self.n += 1
        out = self.dir / f"run-{self.n}"
        job = job_of(input__paths=paths, output__dir=str(out), output__state=False, **keys)
        path = self.write(f"job-{self.n}.yml", json.dumps(job, ensure_ascii=False))
        return self.rfmpi(task, path, ranks=ranks, code=code), out

    def prepare(self, paths, ranks=0, **keys):
        """(run.json, {id: {feature: value}}); the count identity holds in every one."""
        _, out = self.start(paths, ranks, **keys)
        report = case.read_report(out)
        self.assertEqual(report["n_rows"], sum(report["n_" + part] for part in ("events", "filtered", "after_as_of",
                                                                                "duplicates", "rejected")))
        ids, names, values = case.read_features(out)
        return report, {i.decode().rstrip("\0") if isinstance(i, bytes) else int(i): dict(zip(names, map(float, row)))
                        for i, row in zip(ids, values)}

    def at_one_and_three(self, paths, **keys):
        one, features = self.prepare(paths, 0, **keys)
        three, again = self.prepare(paths, 3, **keys)
        self.assertEqual(one["digest"], three["digest"])
        self.assertEqual(features, again)
        return one, features

    def refused(self, paths, pattern, code=65, **keys):
        result, _ = self.start(paths, code=code, **keys)
        line, = case.errors(result)
        self.assertRegex(line, pattern)

    def assert_meant(self, features, events, zone="UTC", as_of=None, entries=ENTRIES):
        """features are what the oracle makes of these events."""
        as_of = max(event["when"] for event in events) if as_of is None else as_of
        meaning = oracle.Meaning(zone, as_of, as_of - min(event["when"] for event in events))
        translated = [{key: SOURCE_OF.get(value, value) if key == "distinct" else value for key, value in entry.items()}
                      for entry in entries]
        wanted = {}
        for event in events:
            wanted.setdefault(event["who"], []).append(event)
        self.assertEqual({str(i) for i in features}, set(wanted))
        for i, values in features.items():
            for name, value in meaning.features(translated, wanted[str(i)]).items():
                self.assertAlmostEqual(values[name], value, delta=4e-15 * abs(value), msg=f"{name} of customer {i}")
