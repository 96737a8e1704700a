"""fakesnow's own server, unmodified, on a free loopback port. Prints its port, and ends when its standard input does."""

import asyncio
import json
import os
import socket
import sys
import threading

import fakesnow.server
import uvicorn


def end_with_input():
    sys.stdin.read()
    os._exit(0)


async def main():
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(fakesnow.server.app, log_level="error"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.01)
    print(json.dumps({"port": listening.getsockname()[1]}), flush=True)
    await serving


if __name__ == "__main__":
    threading.Thread(target=end_with_input, daemon=True).start()
    asyncio.run(main())
