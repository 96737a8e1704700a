"""HTTP/1.1 for a server that must also be able to misbehave: answers may be cut, dripped, never sent, or end in a reset.

Knows nothing of Snowflake or of storage: a handler gets a Request whose body is still on the wire, and returns an Answer.
"""

import asyncio
import email.utils
import gzip
import http
import json
import socket
import struct
import tempfile
import traceback
import urllib.parse

CHUNK = 1 << 18
SPOOL = 1 << 20
RESET = struct.pack("ii", 1, 0)     # SO_LINGER on, no time to linger: closing sends RST


class Request:
    """The head of a request; the body is read when somebody asks for it."""

    def __init__(self, method, target, headers, reader, writer):
        self.method, self.target, self.headers = method, target, headers
        path, _, query = target.partition("?")
        self.path = urllib.parse.unquote(path)
        self.query_string = query
        self.query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        self.body = tempfile.SpooledTemporaryFile(SPOOL)
        self.length = 0
        self._reader, self._writer = reader, writer
        self._parts = self._chunked() if "chunked" in headers.get("transfer-encoding", "").lower() else self._counted()

    @property
    def declared(self):
        return int(self.headers.get("content-length") or 0)

    async def _counted(self):
        left = self.declared
        while left:
            part = await self._reader.read(min(left, CHUNK))
            if not part:
                raise ConnectionResetError("the client went away in its body")
            left -= len(part)
            yield part

    async def _chunked(self):
        while True:
            size = int((await self._reader.readline()).split(b";")[0], 16)
            part = await self._reader.readexactly(size + 2)
            if not size:
                return
            yield part[:-2]

    async def read(self, limit=None, pause=0.0):
        """Take the body off the wire, all of it or about `limit` bytes, with a pause after each part."""
        if self.headers.pop("expect", "").lower() == "100-continue":
            self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while limit is None or self.length < limit:
            part = await anext(self._parts, None)
            if part is None:
                break
            self.body.write(part)
            self.length += len(part)
            if pause:
                await asyncio.sleep(pause)
        return self.body

    async def json(self):
        """The body as JSON, unpacked where it came packed; None where it is empty."""
        body = await self.read()
        body.seek(0)
        content = body.read()
        if self.headers.get("content-encoding") == "gzip":
            content = gzip.decompress(content)
        return json.loads(content) if content.strip() else None


class Answer:
    """What is sent back. `damage` is how: None, cut, drip, reset, reset-mid-body or hang."""

    def __init__(self, status=200, body=b"", headers=None, content_type="application/json"):
        self.status, self.body = status, body
        self.headers = {"Content-Type": content_type, **(headers or {})}
        self.damage, self.seconds = None, 0.0

    @classmethod
    def of(cls, value, status=200, headers=None):
        return cls(status, json.dumps(value).encode(), headers)

    def pack(self):
        """gzip the body, as the service does for whoever accepts that."""
        self.body = gzip.compress(self.body, 1)
        self.headers["Content-Encoding"] = "gzip"

    def spoilt(self, damage, seconds=0.0):
        self.damage, self.seconds = damage, seconds
        return self

    def head(self, bodiless):
        lines = {"Date": email.utils.formatdate(usegmt=True), **self.headers}
        if not bodiless or "Content-Length" not in lines:
            lines["Content-Length"] = str(len(self.body))
        try:
            reason = http.HTTPStatus(self.status).phrase
        except ValueError:
            reason = "Unknown"
        return "".join([f"HTTP/1.1 {self.status} {reason}\r\n", *(f"{k}: {v}\r\n" for k, v in lines.items()), "\r\n"]).encode("latin-1")


async def read_head(reader, writer):
    """The next request of a connection, or None where it has ended."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head[:-4].decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return Request(method, target, headers, reader, writer)


async def write_answer(writer, request, answer):
    """Send it in the way it asks for; says whether the connection may be used again."""
    bodiless = request.method == "HEAD"
    head, body = answer.head(bodiless), b"" if bodiless else answer.body
    if answer.damage == "reset":
        return reset(writer)
    if answer.damage == "hang":
        await asyncio.sleep(answer.seconds)
        return reset(writer)
    if answer.damage == "reset-mid-body":
        writer.write(head + body[:len(body) // 2])
        await writer.drain()
        await asyncio.sleep(0.05)
        return reset(writer)
    if answer.damage == "drip":
        await drip(writer, head + body, answer.seconds)
    else:
        writer.write(head + body)
    await writer.drain()
    return request.headers.get("connection", "").lower() != "close"


async def drip(writer, content, seconds):
    """A few bytes at a time, spread over so many seconds."""
    steps = max(1, int(seconds / 0.1))
    size = max(1, -(-len(content) // steps))
    for start in range(0, len(content), size):
        writer.write(content[start:start + size])
        await writer.drain()
        await asyncio.sleep(0.1)


def reset(writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
    return False


async def answered(handler, request):
    """The handler's answer; where it fails itself, a status that says so, and its words on standard error."""
    try:
        return await handler(request)
    except (ConnectionError, asyncio.IncompleteReadError):
        raise
    except Exception:
        traceback.print_exc()
        return Answer(500)


async def converse(handler, reader, writer):
    """One connection, request after request."""
    try:
        while request := await read_head(reader, writer):
            with request.body:
                answer = await answered(handler, request)
                if answer.damage not in ("reset", "hang"):
                    await request.read()
                if not await write_answer(writer, request, answer):
                    break
    except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
        pass                        # a client that went away, or that does not speak HTTP
    finally:
        writer.close()


async def listen(handler, tls=None):
    """A server on a free loopback port; returns (server, port)."""
    server = await asyncio.start_server(lambda r, w: converse(handler, r, w), "127.0.0.1", 0, ssl=tls, limit=1 << 20)
    return server, server.sockets[0].getsockname()[1]
