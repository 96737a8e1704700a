"""Headless Chromium, driven over its DevTools protocol through two pipes: neither a port nor a package is needed."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

CHROMIUM = shutil.which("chromium")
ANSWER_S = 60
# Nothing of the machine's: no profile, no network of Chromium's own, no sandbox (tests run as root), fonts alike everywhere.
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-extensions", "--hide-scrollbars", "--font-render-hinting=none",
         "--remote-debugging-pipe", "about:blank"]


class Failed(Exception):
    pass


class Browser:
    """One page. What it has said and asked for is in `said` and `requests`."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="rfmpi-browser-")
        pipes = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (*os.pipe(), *os.pipe())]
        self.told, self.tell = pipes[2], pipes[1]
        self.process = subprocess.Popen(["bash", "-c", f'exec "$@" 3<&{pipes[0]} 4>&{pipes[3]}', "bash", CHROMIUM, f"--user-data-dir={self.profile}", *FLAGS],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(pipes[0], pipes[3]),
                                        start_new_session=True)
        os.close(pipes[0])
        os.close(pipes[3])
        self.n, self.bytes, self.session, self.events, self.said, self.requests = 0, b"", None, [], [], []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self):
        try:
            self.call("Browser.close")
            self.process.wait(ANSWER_S)
        except (Failed, OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.told)
        os.close(self.tell)
        shutil.rmtree(self.profile, ignore_errors=True)

    # ---- the protocol ------------------------------------------------------------------------------------------------

    def receive(self, until):
        while b"\0" not in self.bytes:
            ready, _, _ = select.select([self.told], [], [], max(0, until - time.monotonic()))
            piece = os.read(self.told, 1 << 20) if ready else b""
            if not piece:
                raise Failed("Chromium says nothing more")
            self.bytes += piece
        line, self.bytes = self.bytes.split(b"\0", 1)
        return json.loads(line)

    def take(self, event):
        method, about = event.get("method"), event.get("params", {})
        self.events.append(method)
        if method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            self.said.append(json.dumps(about))
        if method == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])

    def call(self, method, **params):
        self.n += 1
        message = {"id": self.n, "method": method, "params": params, **({"sessionId": self.session} if self.session else {})}
        os.write(self.tell, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + ANSWER_S
        while True:
            answer = self.receive(until)
            if answer.get("id") != self.n:
                self.take(answer)
            elif "error" in answer:
                raise Failed(f"{method}: {answer['error']['message']}")
            else:
                return answer["result"]

    # ---- a page ------------------------------------------------------------------------------------------------------

    def look(self, width, height=900, dark=False, media="screen"):
        """How wide, light or dark, screen or print."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def allow_scripts(self, allowed):
        self.call("Emulation.setScriptExecutionDisabled", value=not allowed)

    def open(self, path):
        self.said, self.requests, self.events = [], [], []
        refused = self.call("Page.navigate", url=path.as_uri()).get("errorText")
        if refused:
            raise Failed(f"{path}: {refused}")
        until = time.monotonic() + ANSWER_S
        while "Page.loadEventFired" not in self.events:
            self.take(self.receive(until))

    def ask(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise Failed(json.dumps(answer["exceptionDetails"])[:2000])
        return answer["result"].get("value")

    def show_whole(self):
        """A viewport as high as the page, so that every point of it can be asked about."""
        width, height = self.ask("[innerWidth, document.documentElement.scrollHeight]")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def picture(self, clip=None, scale=1):
        """PNG of the viewport, or of a part of the page: x, y, width, height."""
        part = {"clip": {**dict(zip(("x", "y", "width", "height"), clip)), "scale": scale}, "captureBeyondViewport": True} if clip else {}
        return base64.b64decode(self.call("Page.captureScreenshot", format="png", **part)["data"])

    def print(self):
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"])
