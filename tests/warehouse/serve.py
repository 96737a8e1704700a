"""A warehouse for tests:  serve.py OPTIONS.json

Prints one line of JSON when it is ready (ports, URLs, credentials), and ends when its standard input does. Options:
folder (a private one; required), stage (s3, gcs, gcs-presigned, azure, local), encrypted (null: as a stage says; false, 128, 256),
threshold (bytes, above which a client sends pieces), session_seconds (how long a session is said to last), tls (false, true,
"expired", "revoked", "other-host"), proxy (false, true, or the password it asks for), databases.
"""

import asyncio
import concurrent.futures
import json
import os
import pathlib
import sys
import threading

from accounts import Account
from azure import Azure
from certificate import Authority
from control import Control
from engine import Engine
from envelope import Keys
from gcs import Folder, Gcs
from interpreter import Interpreter
from journal import Journal
from orders import Orders
from proxy import Proxy
from queries import Queries
from s3 import S3
from service import Service
from sessions import Sessions
from stages import Stages
from wire import listen

DEFAULTS = {"stage": "s3", "encrypted": None, "threshold": 209715200, "session_seconds": 3600, "tls": False, "proxy": False,
            "databases": {"LOAD_DB": ["PUBLIC", "OTHER"]}}


class Warehouse:
    def __init__(self, options):
        self.options = {**DEFAULTS, **options}
        self.folder = pathlib.Path(self.options["folder"])
        self.orders, self.journal = Orders(), Journal()
        self.account = Account(self.folder, self.journal)
        self.ready = {**self.account.told(), "databases": self.options["databases"], "ca": None, "crl": None, "proxy": None}
        self.scheme, self.tls, self.servers = "http", None, []

    def secure(self):
        if self.options["tls"]:
            authority = Authority(self.folder)
            self.tls, self.scheme = authority.context(self.options["tls"]), "https"
            self.ready.update(ca=str(authority.file), crl=str(authority.crl))

    async def open(self, handler, tls=None):
        server, port = await listen(handler, tls)
        self.servers.append(server)
        return port

    async def start_store(self):
        """The object store behind the stages, and its URL for clients."""
        kind = self.options["stage"]
        if kind == "local":
            self.options["encrypted"] = False
            return Folder(self.folder / "stages"), None
        if kind == "s3":
            store = await S3.start(self.orders, self.journal)
        elif kind == "azure":
            store = Azure(self.folder / "stages", self.orders, self.journal)
        else:
            store = Gcs(self.folder / "stages", kind == "gcs-presigned", self.orders, self.journal)
        port = await self.open(store.handle, self.tls)
        self.ready["storage_port"] = port
        return store, f"{self.scheme}://127.0.0.1:{port}"

    async def start_proxy(self):
        if not self.options["proxy"]:
            return None
        password = self.options["proxy"] if isinstance(self.options["proxy"], str) else None
        proxy = Proxy(password)
        port = await proxy.start()
        login = f"proxy:{password}@" if password else ""
        self.ready.update(proxy=f"http://{login}127.0.0.1:{port}", proxy_port=port)
        return proxy

    async def start(self):
        self.secure()
        store, url = await self.start_store()
        encrypted = self.options["encrypted"]
        stages = Stages(store, url, Keys(self.journal, encrypted or 128), encrypted if encrypted is None else bool(encrypted),
                        self.options["threshold"])
        engine = await asyncio.to_thread(Engine, self.options["databases"])
        interpreter = Interpreter(self.account, stages, self.options["databases"])
        sessions = Sessions(self.journal, self.options["session_seconds"])
        service = Service(self.account, engine, sessions, interpreter, Queries(interpreter), self.orders, self.journal)
        control = Control(self.orders, self.journal, stages, store, sessions, await self.start_proxy())
        self.ready.update(protocol=self.scheme, port=await self.open(service.handle, self.tls),
                          quiet_port=await self.open(service.handle_quietly), control_port=await self.open(control.handle))


async def main():
    # Threads wait for each other: one that reads an object needs another in which the store answers.
    asyncio.get_running_loop().set_default_executor(concurrent.futures.ThreadPoolExecutor(64))
    warehouse = Warehouse(json.loads(pathlib.Path(sys.argv[1]).read_text()))
    await warehouse.start()
    print(json.dumps(warehouse.ready), flush=True)
    await asyncio.Event().wait()


def end_with_input():
    """Nothing is to be left behind by a test that dies: its end of the pipe closes then."""
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    os.environ.update(AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    threading.Thread(target=end_with_input, daemon=True).start()
    asyncio.run(main())
