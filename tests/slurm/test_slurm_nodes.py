"""On a real Slurm, nodes and ranks that are lost: the job comes back by itself where Slurm brings it back, and goes on where it was."""

import os
import signal
import time

import case
import cluster
import hosts
import jobs


class Nodes(jobs.Jobs):
    nodes = ("n1", "n2", "n3")

    def begin(self, job_file, *words):
        job = self.submit("many-nodes.sbatch", job_file, "--set", "output.dir=run", *words, options=["--nodes=2"])
        self.wait_for_checkpoint(job, "run")
        return job

    def nodes_of(self, job):
        return self.slurm.ask("scontrol", "show", "hostnames", self.slurm.facts(job)["NodeList"]).split()

    def lose(self, which):
        job_file = self.write_job(self.generate(), restarts=150, k=16, tolerance=0)
        wanted = self.run_alone(job_file)
        job = self.begin(job_file)
        lost = self.nodes_of(job)[which]
        began = time.monotonic()
        self.slurm.machines.kill(lost)
        self.slurm.wait(job, "COMPLETED", seconds=150)
        print(f"a node lost: done after {time.monotonic() - began:.0f} s", self.slurm.output(job))
        self.assertNotIn(lost, self.nodes_of(job))
        self.assert_same_after_restart(job, "run", wanted)
        self.slurm.restart_node(lost)
        self.slurm.wait_for_nodes(lost)

    def test_the_second_node_is_lost(self):
        self.lose(1)

    def test_the_node_of_the_script_is_lost(self):
        self.lose(0)


if __name__ == "__main__":
    cluster.need()
    hosts.enter_own_network()
    case.main()
