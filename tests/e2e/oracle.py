"""What keep rules and features mean, in slow plain Python with exact fractions: shares nothing with the program.

An event is a dictionary of column texts plus `when` (microseconds UTC), `what` (its type), `amount` (Fraction or None).
"""

import datetime
import zoneinfo
from fractions import Fraction

DAY = 86400 * 10**6
UNITS = {"second": 10**6, "hour": 3600 * 10**6, "day": DAY, "week": 7 * DAY}
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
VERBS = ["count", "distinct", "sum", "mean", "min", "max", "since_last", "since_first", "span", "mean_gap", "share"]
RULES = {
    "equal": lambda text, wanted: text == str(wanted),
    "not": lambda text, wanted: text != str(wanted),
    "prefix": lambda text, wanted: text.startswith(wanted),
    "not_prefix": lambda text, wanted: not text.startswith(wanted),
    "above": lambda text, wanted: text != "" and Fraction(text) > Fraction(str(wanted)),
    "below": lambda text, wanted: text != "" and Fraction(text) < Fraction(str(wanted)),
    "present": lambda text, wanted: (text != "") == wanted,
}


def kept(event, rules):
    """Whether every rule holds; a rule is {column: NAME, KIND: value}."""
    return all(RULES[kind](event[rule["column"]], wanted) for rule in rules for kind, wanted in rule.items()
               if kind != "column")


def as_list(value):
    return value if isinstance(value, list) else [value]


def hours_of(ranges):
    hours = set()
    for text in map(str, ranges):
        first, _, last = text.partition("-")
        hours |= set(range(int(first), int(last or first) + 1))
    return hours


class Meaning:
    """The features of one customer after another; span_us is as_of less the earliest event of the whole input."""

    def __init__(self, zone, as_of_us, span_us):
        self.zone, self.as_of_us, self.span_us = zoneinfo.ZoneInfo(zone), as_of_us, span_us

    def local(self, when):
        return (EPOCH + datetime.timedelta(microseconds=when)).astimezone(self.zone)

    def day(self, when):
        return self.local(when).date().toordinal()

    def in_window(self, event, last):
        return last is None or self.day(event["when"]) > self.day(self.as_of_us) - int(last[:-1])

    def selected(self, event, where):
        rules = as_list(where.get("rows", []))
        rules = rules + [{key: value for key, value in where.items() if key not in ("event", "last", "rows")}]
        return (("event" not in where or event["what"] in as_list(where["event"]))
                and self.in_window(event, where.get("last")) and kept(event, rules))

    def features(self, entries, events):
        """{name: value} of one customer's events, ratios last."""
        values = {}
        for entry in entries:
            if "ratio" not in entry:
                chosen = [event for event in events if self.selected(event, entry.get("where", {}))]
                values[entry["name"]] = self.value(entry, chosen)
        for entry in entries:
            if "ratio" in entry:
                above, below = (values[name] for name in entry["ratio"])
                values[entry["name"]] = above / below if below else Fraction(0)
        return {name: float(value) for name, value in values.items()}

    def value(self, entry, events):
        verb = next(verb for verb in VERBS if verb in entry)
        value = getattr(self, verb)(events, entry[verb])
        return self.never(verb, entry) if value is None else value

    def never(self, verb, entry):
        never = entry.get("never", "span" if verb in ("since_last", "since_first", "mean_gap") else 0)
        if never != "span":
            return Fraction(str(never))
        return Fraction(self.span_us, UNITS.get(entry[verb], DAY))

    def count(self, events, column):
        return Fraction(len(self.texts(events, column)) if column != "*" else len(events)) if events else None

    def texts(self, events, column):
        return [event[column] for event in events if event[column] != ""]

    def distinct(self, events, column):
        if not events:
            return None
        return Fraction(len({self.day(event["when"]) for event in events} if column == "day" else
                            set(self.texts(events, column))))

    def numbers(self, events, column):
        if column == "amount":
            return [event["amount"] for event in events if event["amount"] is not None]
        return [Fraction(text) for text in self.texts(events, column)]

    def sum(self, events, column):
        numbers = self.numbers(events, column)
        return sum(numbers) if numbers else None

    def mean(self, events, column):
        numbers = self.numbers(events, column)
        return sum(numbers) / len(numbers) if numbers else None

    def min(self, events, column):
        return min(self.numbers(events, column), default=None)

    def max(self, events, column):
        return max(self.numbers(events, column), default=None)

    def since_last(self, events, unit):
        return Fraction(self.as_of_us - max(event["when"] for event in events), UNITS[unit]) if events else None

    def since_first(self, events, unit):
        return Fraction(self.as_of_us - min(event["when"] for event in events), UNITS[unit]) if events else None

    def span(self, events, unit):
        times = [event["when"] for event in events]
        return Fraction(max(times) - min(times), UNITS[unit]) if events else None

    def mean_gap(self, events, unit):
        if unit == "event":
            return self.span(events, "day") / (len(events) - 1) if len(events) > 1 else None
        length = {"day": 1, "week": 7}[unit]
        steps = {(self.day(event["when"]) - 1) // length for event in events}  # ordinal 1 is a Monday
        return Fraction(max(steps) - min(steps), len(steps) - 1) if len(steps) > 1 else None

    def share(self, events, of):
        if not events:
            return None
        moments = [self.local(event["when"]) for event in events]
        hours, days = hours_of(of.get("hours", ["0-23"])), of.get("weekdays", WEEKDAYS)
        inside = [moment.hour in hours and WEEKDAYS[moment.weekday()] in days for moment in moments]
        return Fraction(sum(inside), len(inside))
