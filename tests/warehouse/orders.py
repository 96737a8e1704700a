"""Faults to order: what shall go wrong, where, at which occurrence, how often.

An order waits at a point ("login", "query", "copy", "storage-put", ...) for requests whose text (statement or path) matches.
Faults of the wire are carried out here; those that need to know what the request means are left to whoever took the order.
"""

import asyncio
import dataclasses
import json
import re

from wire import Answer

MEANT = ("expire-session", "expire-master", "lose-session", "expire-storage", "in-progress", "run-slowly", "refuse", "slow-read")
WIRE = ("reset", "reset-mid-body", "slow", "truncated-json", "error-in-200", "hang", "delay")


@dataclasses.dataclass
class Order:
    at: str                         # the point
    what: str                       # a status ("503"), or one of the words above
    match: str = ""                 # a regular expression, found anywhere in the text
    nth: int = 1                    # the first matching request that it happens to
    times: int = 1                  # and to how many from there; 0: to all
    when: str = "before"            # or "after": the work is done, and then its answer is lost
    seconds: float = 2.0            # of slow, hang, delay, run-slowly, and between the polls of in-progress
    polls: int = 2                  # answers that say in-progress
    code: str = ""                  # of a refusal, an error-in-200, an error of storage
    message: str = ""
    state: str = "42501"            # sqlState of a refusal
    headers: dict = dataclasses.field(default_factory=dict)
    seen: int = 0
    done: int = 0

    def __post_init__(self):
        if self.what not in MEANT + WIRE and not re.fullmatch("[1-5][0-9][0-9]", self.what):
            raise ValueError(f"no fault is called {self.what}")
        re.compile(self.match)

    def counts(self, points, text):
        """Count this request where it is one that the order waits for; says whether the order is due now."""
        if self.at not in points or not re.search(self.match, text, re.I | re.S):
            return False
        self.seen += 1
        return self.seen >= self.nth and not (self.times and self.done >= self.times)

    @property
    def is_meant(self):
        return self.what in MEANT

    async def spoil(self, make, fail):
        """The answer with this fault of the wire. make() does the work; fail(status, code, message) words an error."""
        if self.what == "delay":
            await asyncio.sleep(self.seconds)
            return await make()
        if self.what in ("slow", "truncated-json", "reset-mid-body"):
            return self.damage(await make())
        if self.when == "after":
            await make()
        if self.what in ("reset", "hang"):
            return Answer(503).spoilt(self.what, self.seconds)
        answer = fail(200 if self.what == "error-in-200" else int(self.what), self.code, self.message)
        answer.headers.update(self.headers)
        return answer

    def damage(self, answer):
        if self.what == "truncated-json":
            answer.body = answer.body[:len(answer.body) * 2 // 3]
            return answer
        return answer.spoilt("drip" if self.what == "slow" else self.what, self.seconds)


class Orders:
    def __init__(self):
        self.list = []

    def add(self, **words):
        self.list.append(Order(**words))

    def take(self, points, text):
        """The order that this request meets, if any; the earliest where there are several."""
        due = [order for order in self.list if order.counts(points, text)]
        if not due:
            return None
        due[0].done += 1
        return due[0]

    def clear(self):
        self.list.clear()

    def told(self):
        return json.loads(json.dumps([dataclasses.asdict(order) for order in self.list]))
