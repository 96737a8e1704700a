"""A Slurm for a test: munged, slurmctld and a slurmd on each of several hosts of namespaces (hosts.py), in a folder of its own.

    with cluster.Cluster(["n1", "n2"]) as slurm:
        job = slurm.submit("--nodes=2", script, "job.yml")
        slurm.wait(job, "COMPLETED", seconds=60)
"""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import hosts

SKIPPED = 125
SBIN = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin" + os.pathsep + "/sbin"
ENDED = ("COMPLETED", "FAILED", "TIMEOUT", "CANCELLED", "NODE_FAIL", "PREEMPTED", "BOOT_FAIL", "DEADLINE", "OUT_OF_MEMORY")
# A requeued job waits until its old credential has expired: 120 s where nothing is said.
CREDENTIAL_SECONDS, NODE_SECONDS, KILL_SECONDS = 5, 10, 5
CPUS = 8

CONFIG = """
ClusterName=rfmpi
SlurmctldHost={host}({address})
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge/socket,cred_expire={credential}
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdSpoolDir={folder}/spool/%n
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmdLogFile={folder}/slurmd.%n.log
TmpFS={folder}/tmp/%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SwitchType=switch/none
MpiDefault=none
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2,sched_interval=2,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
KillWait={kill}
MinJobAge=3600
SlurmdTimeout={node}
PropagateResourceLimits=NONE
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def find(program):
    return shutil.which(program, path=SBIN)


def need():
    """End the test as skipped where Slurm is not installed, or where there can be no hosts."""
    missing = [program for program in ("munged", "slurmctld", "slurmd", "sbatch") if not find(program)]
    if missing:
        print(f"skipped: no {', '.join(missing)} on this machine (jobs/install.sh slurm installs them)")
        sys.exit(SKIPPED)
    hosts.need()


class Cluster:
    def __init__(self, names):
        self.names = names
        self.machines = hosts.Hosts(names)
        self.daemons = []
        self.jobs = []

    # ---- up and down ----------------------------------------------------------------------------------------------

    def __enter__(self):
        # Short: Slurm puts sockets below it, whose names may have 107 bytes.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rfmpi-slurm-", dir="/tmp"))
        try:
            self._configure()
            self.machines.__enter__()
            self._start("munged", "--foreground", "--force", f"--key-file={self.folder}/munge/key", f"--socket={self.folder}/munge/socket",
                        f"--pid-file={self.folder}/munge/pid", f"--seed-file={self.folder}/munge/seed",
                        f"--log-file={self.folder}/munged.log")
            self._until(lambda: (self.folder / "munge/socket").exists(), "munged", 10)
            self._start("slurmctld", "-D", "-f", self.folder / "slurm.conf")
            for name in self.names:
                self.start_node(name)
            self.wait_for_nodes(*self.names)
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            print(self.told(), file=sys.stderr)
        self.machines.__exit__()
        for daemon in reversed(self.daemons):
            daemon.terminate()
            try:
                daemon.wait(5)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _configure(self):
        for name in ("munge", "state", "spool", "tmp", *(f"tmp/{name}" for name in self.names)):
            (self.folder / name).mkdir()
        self.folder.chmod(0o755)
        key = self.folder / "munge" / "key"
        key.touch(0o600)
        key.write_bytes(os.urandom(128))
        nodes = "\n".join(f"NodeName={name} NodeHostname={name} NodeAddr={self.machines.address[name]} CPUs={CPUS} State=UNKNOWN"
                          for name in self.names)
        config = self.folder / "slurm.conf"
        config.write_text(CONFIG.format(host=socket.gethostname().partition(".")[0], address=self.machines.address["head"],
                                        folder=self.folder, credential=CREDENTIAL_SECONDS, node=NODE_SECONDS, kill=KILL_SECONDS,
                                        nodes=nodes))
        self.environment = {**os.environ, "SLURM_CONF": str(config)}

    def _start(self, program, *words):
        with open(self.folder / f"{program}.out", "w") as out:
            self.daemons.append(subprocess.Popen([*hosts.MORTAL, find(program), *map(str, words)], stdin=subprocess.DEVNULL, stdout=out,
                                                 stderr=out, env=self.environment))

    def start_node(self, name):
        with open(self.folder / f"slurmd.{name}.out", "a") as out:
            self.machines.start(name, [find("slurmd"), "-D", "-N", name, "-f", self.folder / "slurm.conf"], stdout=out, stderr=out,
                                env=self.environment)

    def restart_node(self, name):
        self.machines.boot(name)
        self.start_node(name)

    def wait_for_nodes(self, *names, state="idle", seconds=30):
        self._until(lambda: all(self.node_state(name) == state for name in names), f"nodes that are {state}", seconds)

    def node_state(self, name):
        return self.ask("sinfo", "-h", "-N", "-n", name, "-o", "%T", check=False).strip()

    def told(self):
        """The ends of what the daemons wrote: for whoever looks into a failure."""
        said = [f"== {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-15:])
                for path in sorted(self.folder.glob("*.log")) + sorted(self.folder.glob("*.out"))]
        return "\n".join(said)

    # ---- jobs -----------------------------------------------------------------------------------------------------

    def ask(self, *words, check=True, env=None, cwd=None, timeout=60):
        result = subprocess.run([str(word) for word in words], env={**self.environment, **(env or {})}, cwd=cwd, stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, timeout=timeout)
        if check and result.returncode != 0:
            raise RuntimeError(f"{words}: {result.returncode}\n{result.stdout}{result.stderr}")
        return result.stdout

    def submit(self, *words, **how):
        return self.ask("sbatch", "--parsable", *words, **how).strip()

    def facts(self, job):
        """Of a job or an array's task: {"JobState": "RUNNING", "Restarts": "0", ...}"""
        return dict(re.findall(r"(\S+?)=(\S*)", self.ask("scontrol", "show", "job", "-o", job)))

    def state(self, job):
        return self.facts(job).get("JobState")

    def wait(self, job, state, seconds):
        """Until the job has come to its end, which must be this one."""
        until = time.monotonic() + seconds
        while (now := self.state(job)) not in ENDED and now != state:
            if time.monotonic() > until:
                break
            time.sleep(0.2)
        if now != state:
            raise AssertionError(f"job {job} is {now}, not {state}: {self.facts(job)}\n{self.output(job)}")

    def output(self, job):
        path = pathlib.Path(self.facts(job).get("StdOut", "/nonexistent"))
        return path.read_text(errors="replace") if path.exists() else ""

    def _until(self, holds, what, seconds):
        until = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > until:
                raise RuntimeError(f"no {what} within {seconds} s")
            time.sleep(0.1)
