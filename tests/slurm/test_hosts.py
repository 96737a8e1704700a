"""mpirun over three hosts with a network between them: the digest of one host; and when one of them is cut off, no rank stays behind, and
the next start goes on without it."""

import json
import os
import pathlib
import subprocess
import time

import case
import hosts

AGENT = pathlib.Path(__file__).with_name("agent.sh")
# As docs/operators.md has it: without these, Open MPI takes eight minutes to miss a host.
KEEPALIVE = {"OMPI_MCA_oob_tcp_keepalive_time": "10", "OMPI_MCA_oob_tcp_keepalive_intvl": "3", "OMPI_MCA_oob_tcp_keepalive_probes": "3"}
GONE_SECONDS = 30


class Hosts(case.Case):
    def setUp(self):
        super().setUp()
        self.machines = self.enterContext(hosts.Hosts(["n1", "n2", "n3"]))
        self.events = self.generate()

    def words(self, out, restarts):
        return ["run", case.SOURCE / "conf" / "rees46.yml", "--set", "input.paths=" + json.dumps(self.events), "--set", "cluster.k=12",
                "--set", f"cluster.restarts={restarts}", "--set", "cluster.tolerance=0", "--set", "output.checkpoint=0.5",
                "--set", f"output.dir={self.dir / out}"]

    def begin(self, names, *words, ranks=1):
        slots = ",".join(f"{self.machines.address[name]}:{ranks}" for name in names)
        mpirun = ["mpirun", "--host", slots, "--bind-to", "none", "--mca", "plm_rsh_agent", AGENT, "--mca", "plm_rsh_no_tree_spawn", "1"]
        environment = {**os.environ, **KEEPALIVE, "HOSTS_FOLDER": str(self.machines.folder), "OMPI_MCA_mpi_yield_when_idle": "1"}
        return subprocess.Popen([*mpirun, case.RFMPI, *words], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True)

    def finish(self, process, code=0, seconds=100):
        said = process.communicate(timeout=seconds)[1]
        self.assertEqual(process.returncode, code, said)
        return said

    def outcome(self, out):
        report = case.read_report(self.dir / out)
        return report["digest"], report["cluster"]["inertia"], report["cluster"]["iterations_total"]

    def test_three_hosts_give_the_bits_of_one(self):
        self.rfmpi(*self.words("alone", 3), ranks=1)
        self.finish(self.begin(self.machines.names, *self.words("hosts", 3), ranks=2))
        self.assertEqual(case.read_report(self.dir / "hosts")["ranks"], 6)
        self.assertEqual(self.outcome("hosts"), self.outcome("alone"))

    def ranks(self):
        return {name: len(self.machines.processes(name, f"output.dir={self.dir}/cut")) for name in self.machines.names}

    def test_a_host_that_is_cut_off_leaves_no_rank_and_the_next_start_goes_on(self):
        self.rfmpi(*self.words("alone", 300), ranks=2)
        process = self.begin(self.machines.names, *self.words("cut", 300))
        until = time.monotonic() + 60
        while not (self.dir / "cut" / "checkpoint-0").exists():
            self.assertIsNone(process.poll(), "it ended before")
            self.assertLess(time.monotonic(), until, "no checkpoint")
            time.sleep(0.05)
        self.assertTrue(all(self.ranks().values()))
        self.machines.cut("n3")
        until = time.monotonic() + GONE_SECONDS
        while any(self.ranks().values()):
            self.assertLess(time.monotonic(), until, f"ranks are still there: {self.ranks()}")
            time.sleep(0.2)
        self.assertIn("lost communication", process.communicate(timeout=10)[1])
        self.assertNotEqual(process.returncode, 0)
        said = self.finish(self.begin(["n1", "n2"], *self.words("cut", 300)))
        self.assertIn("going on after", said)
        self.assertEqual(self.outcome("cut"), self.outcome("alone"))


if __name__ == "__main__":
    hosts.need()
    hosts.enter_own_network()
    case.main()
