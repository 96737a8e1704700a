"""Several hosts on one machine: each has a name, a network interface, a loopback and processes of its own; they share the file system.

    with hosts.Hosts(["n1", "n2"]) as machines:
        machines.start("n1", ["hostname"]).wait()
        machines.cut("n2")          # its cable is out
        machines.kill("n2")         # its power is off

The test's own process moves into a network of its own first, so that no name, address or port of this machine is touched and any
number of such tests run side by side. Its address there is that of `head`; a host of that name has the test's network for its own, and so
its loopback. All of it is gone when the test is, however it ends.
"""

import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SKIPPED = 125
CLONE_NEWNET = 0x40000000
NETWORK, HEAD = "10.99.0", 254
# A process of a killed test does not outlive it.
MORTAL = ["setpriv", "--pdeathsig", "KILL"]
INSIDE = ["unshare", "--uts", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
# The first process of a host: it names it, shows itself, and collects what others leave behind.
INIT = 'hostname "$1" && mount --bind "$2" /etc/hosts && ip link set lo up && mkdir "$3" && while :; do sleep 3600 & wait; done'


def need():
    """End the test as skipped where namespaces cannot be made."""
    words = [*INSIDE, "--net", "ip", "link", "add", "rfmpi0", "type", "veth", "peer", "name", "rfmpi1"]
    missing = [program for program in ("unshare", "setpriv", "nsenter", "ip") if not shutil.which(program)]
    if missing:
        why = "no " + ", ".join(missing)
    else:
        why = subprocess.run(words, capture_output=True, text=True).stderr.strip()
    if why:
        print(f"skipped: no hosts can be made of namespaces here: {why}")
        sys.exit(SKIPPED)


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def enter_own_network():
    """Once for the process: a network in which nothing is but what the test makes."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    ip("link", "set", "lo", "up")
    ip("link", "add", "bridge", "type", "bridge")
    ip("link", "set", "bridge", "up")
    ip("address", "add", f"{NETWORK}.{HEAD}/24", "dev", "bridge")


class Hosts:
    def __init__(self, names):
        self.address = {name: f"{NETWORK}.{i + 1}" for i, name in enumerate(names)} | {"head": f"{NETWORK}.{HEAD}"}
        self.names = list(names)
        self.pid = {}                   # of each host's first process
        self.process = {}               # what holds it
        self.started = []

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rfmpi-hosts-"))
        known = "127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for name, address in self.address.items())
        (self.folder / "hosts").write_text(known)
        try:
            for name in self.names:
                self.boot(name)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for name in list(self.process):
            self.kill(name)
        for process in self.started:    # they are gone with their host
            process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def boot(self, name):
        """Switch a host on; a second time after `kill`."""
        shows = self.folder / f"{name}.up"
        network = [] if name == "head" else ["--net"]
        process = subprocess.Popen([*MORTAL, *INSIDE, *network, "bash", "-c", INIT, "init", name, self.folder / "hosts", shows],
                                   stdin=subprocess.DEVNULL)
        self.process[name] = process
        until = time.monotonic() + 10
        while not shows.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the host {name} did not start")
            time.sleep(0.01)
        shows.rmdir()
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        self.pid[name] = int(children[0])
        (self.folder / f"{self.address[name]}.pid").write_text(children[0])  # for agent.sh
        if network:
            self._plug_in(name)

    def _plug_in(self, name):
        ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", str(self.pid[name]))
        ip("link", "set", name, "master", "bridge", "up")
        inside = ["nsenter", "--target", str(self.pid[name]), "--net", "ip"]
        subprocess.run([*inside, "address", "add", f"{self.address[name]}/24", "dev", "eth0"], check=True)
        subprocess.run([*inside, "link", "set", "eth0", "up"], check=True)

    def words(self, name, command):
        """What runs a command on a host."""
        return ["nsenter", "--target", str(self.pid[name]), "--uts", "--mount", "--pid", "--net", "--", *map(str, command)]

    def start(self, name, command, **how):
        self.started.append(subprocess.Popen([*MORTAL, *self.words(name, command)], stdin=subprocess.DEVNULL, **how))
        return self.started[-1]

    def processes(self, name, word):
        """Pids, as this machine counts, of the processes of a host that have a word in their command line."""
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                inside = os.readlink(path / "ns/pid") == os.readlink(f"/proc/{self.pid[name]}/ns/pid")
                if inside and word.encode() in (path / "cmdline").read_bytes():
                    found.append(int(path.name))
            except OSError:
                pass                    # it has just ended
        return found

    def cut(self, name):
        ip("link", "set", name, "down")

    def join(self, name):
        ip("link", "set", name, "up")

    def kill(self, name):
        """Every process of the host at once; and wait until none is left."""
        process = self.process.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        first, until = self.pid.pop(name, 0), time.monotonic() + 10
        while first and os.path.exists(f"/proc/{first}") and time.monotonic() < until:
            time.sleep(0.01)
        # Its end of the cable goes with it, but not at once.
        subprocess.run(["ip", "link", "delete", name], capture_output=True)
