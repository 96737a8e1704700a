"""On a real Slurm, nodes and ranks that are lost: what Slurm brings back goes on where it was, and a job that has failed does when it is
submitted again."""

import os
import signal
import time

import case
import cluster
import hosts
import jobs

GONE_SECONDS = 30


class Nodes(jobs.Jobs):
    nodes = ("n1", "n2", "n3")

    def begin(self, job_file):
        job = self.submit("many-nodes.sbatch", job_file, "--set", "output.dir=run", options=["--nodes=2"])
        self.wait_for_checkpoint(job, "run")
        return job, self.slurm.ask("scontrol", "show", "hostnames", self.slurm.facts(job)["NodeList"]).split()

    def lose(self, which):
        job_file = self.write_long_job()
        wanted = self.run_alone(job_file)
        job, nodes = self.begin(job_file)
        lost = nodes[which]
        self.slurm.machines.cut(lost)  # first: nobody is told
        self.slurm.machines.kill(lost)
        self.slurm.wait(job, "COMPLETED", seconds=200)
        self.assertNotIn(lost, self.slurm.facts(job)["NodeList"])
        self.assert_same_after_restart(job, "run", wanted)
        self.slurm.restart_node(lost)
        self.slurm.wait_for_nodes(lost)

    def test_a_node_is_lost(self):
        self.lose(1)

    def test_the_node_of_the_script_is_lost(self):
        self.lose(0)

    def test_behind_a_rank_that_is_killed_no_other_stays(self):
        job_file = self.write_long_job()
        wanted = self.run_alone(job_file)
        job, nodes = self.begin(job_file)
        ranks = {name: [pid for pid in self.slurm.machines.processes(name, "output.dir=run")
                        if os.readlink(f"/proc/{pid}/exe") == case.RFMPI] for name in nodes}
        self.assertEqual([len(pids) for pids in ranks.values()], [1, 1])
        os.kill(ranks[nodes[1]][0], signal.SIGKILL)
        until = time.monotonic() + GONE_SECONDS
        while os.path.exists(f"/proc/{ranks[nodes[0]][0]}"):
            self.assertLess(time.monotonic(), until, "a rank is still there")
            time.sleep(0.2)
        self.slurm.wait(job, "FAILED", seconds=30)
        self.assertEqual(self.slurm.facts(job)["ExitCode"], "137:0")
        self.assertEqual(self.restarts(job), 0)
        again = self.submit("one-node.sbatch", job_file, "--set", "output.dir=run")
        self.slurm.wait(again, "COMPLETED", seconds=60)
        self.assertIn("going on after", self.slurm.output(again))
        self.assertEqual(self.digest("run"), wanted)


if __name__ == "__main__":
    cluster.need()
    hosts.enter_own_network()
    case.main()
