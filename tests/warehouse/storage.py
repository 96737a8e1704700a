"""What every object store has in common: credentials that are good for a prefix and may run out, and faults to order.

A store is asked twice: by clients over HTTP (handle), and by the warehouse itself (list, fetch, remove).
"""

import asyncio
import dataclasses
import shutil

from wire import Answer


@dataclasses.dataclass
class Stored:
    """An object of a stage: its key, and what LIST tells of it."""
    key: str
    size: int
    md5: str
    modified: object                # a datetime, UTC
    meta: dict                      # digest, and key, iv, matdesc where it is encrypted


@dataclasses.dataclass
class Pass:
    """A credential that was handed out."""
    prefix: str
    secret: str = ""
    token: str = ""
    expired: bool = False


class Store:
    """The parts of a store that faces HTTP clients. A kind of its own answers `serve`, `expired_answer` and `pass_of`."""

    def __init__(self, orders, journal):
        self.orders, self.journal = orders, journal
        self.passes = {}

    async def handle(self, request):
        point = "storage-" + request.method.lower()
        entry = self.journal.write(point, request, length=request.declared)
        answer = await self._ordered(request, {point, "storage"}, entry)
        entry["status"] = answer.damage or answer.status
        return answer

    async def _ordered(self, request, points, entry):
        order = self.orders.take(points, f"{request.method} {request.target}")
        if order is None:
            return await self._served(request)
        entry["fault"] = order.what
        if order.what == "expire-storage":
            for given in self.passes.values():
                given.expired = True
            return await self._served(request)
        if order.what == "reset-mid-body" and request.declared:
            await request.read(limit=request.declared // 2)
            return Answer().spoilt("reset")
        if order.what == "slow-read":
            await request.read(pause=order.seconds)
            return await self._served(request)
        return await order.spoil(lambda: self._served(request), error)

    async def _served(self, request):
        given = self.pass_of(request)
        if given is None:
            return error(403, "AccessDenied", "Access Denied")
        if given.expired:
            return self.expired_answer()
        if not request.path.lstrip("/").startswith(given.prefix):
            return error(403, "AccessDenied", "Access Denied: another prefix")
        return await self.serve(request)

    def expire(self):
        for given in self.passes.values():
            given.expired = True


def error(status, code, message=""):
    """An error as object stores word it."""
    words = {400: "BadRequest", 403: "AccessDenied", 404: "NoSuchKey", 429: "SlowDown", 500: "InternalError", 503: "SlowDown"}
    code = code or words.get(status, "InternalError")
    text = f"<?xml version='1.0' encoding='UTF-8'?>\n<Error><Code>{code}</Code><Message>{message or code}</Message></Error>"
    return Answer(status, text.encode(), content_type="application/xml")


async def save(request, path):
    """The body of a request as a file, whole or not at all."""
    body = await request.read()
    body.seek(0)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")

    def write():
        with open(part, "wb") as file:
            shutil.copyfileobj(body, file)
        part.replace(path)
    await asyncio.to_thread(write)
