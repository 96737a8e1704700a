"""An HTTP proxy on loopback that counts what went through it: tunnels (CONNECT) and plain requests with a whole URL."""

import asyncio
import base64
import urllib.parse

from wire import read_head

HOP = ("proxy-connection", "proxy-authorization", "connection", "expect")


class Proxy:
    def __init__(self, password=None):
        self.counts = {}            # "host:port": how often
        self.refused = 0
        self.wanted = "Basic " + base64.b64encode(f"proxy:{password}".encode()).decode() if password else None

    async def start(self):
        self.server = await asyncio.start_server(self._converse, "127.0.0.1", 0)
        return self.server.sockets[0].getsockname()[1]

    async def _converse(self, reader, writer):
        try:
            if request := await read_head(reader, writer):
                await self._serve(request, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass                    # one of the two ends went away
        finally:
            writer.close()

    async def _serve(self, request, reader, writer):
        if self.wanted and request.headers.get("proxy-authorization") != self.wanted:
            self.refused += 1
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\n"
                         b"Content-Length: 0\r\nConnection: close\r\n\r\n")
            return await writer.drain()
        url = urllib.parse.urlsplit("//" + request.target if request.method == "CONNECT" else request.target)
        where = f"{url.hostname}:{url.port or 80}"
        self.counts[where] = self.counts.get(where, 0) + 1
        far_reader, far_writer = await asyncio.open_connection(url.hostname, url.port or 80)
        if request.method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            far_writer.write(plain_head(request, url))
            if request.headers.get("expect"):
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await asyncio.gather(relay(reader, far_writer), relay(far_reader, writer))


def plain_head(request, url):
    """The head of a request for a whole URL as its own server wants it; the connection ends with the answer."""
    target = url.path + ("?" + url.query if url.query else "")
    lines = [f"{name}: {value}" for name, value in request.headers.items() if name not in HOP]
    return "\r\n".join([f"{request.method} {target} HTTP/1.1", *lines, "Connection: close", "", ""]).encode("latin-1")


async def relay(reader, writer):
    try:
        while part := await reader.read(1 << 16):
            writer.write(part)
            await writer.drain()
    finally:
        writer.close()
