"""Tests of the scripts in jobs/ on a Slurm of their own: shared by all of them."""

import json
import os
import time

import case
import cluster

SCRIPTS = case.SOURCE / "jobs"
CHECKPOINTS = ("checkpoint-0", "checkpoint-1")
# Several "nodes" share the cores of this machine: who waits lets the others go on.
ENVIRONMENT = {"RFMPI": case.RFMPI, "OMPI_MCA_mpi_yield_when_idle": "1"}


class Jobs(case.Case):
    """One Slurm for all tests of a class; a directory, from which jobs are submitted, for each."""

    nodes = ("n1", "n2")

    @classmethod
    def setUpClass(cls):
        cls.slurm = cls.enterClassContext(cluster.Cluster(cls.nodes))

    def submit(self, script, *words, options=(), env=None):
        """A script of jobs/ as it stands, from this test's directory; options are what a user would say to sbatch."""
        return self.slurm.submit("--ntasks-per-node=1", *options, SCRIPTS / script, *words, cwd=self.dir,
                                 env={**ENVIRONMENT, **(env or {})})

    def write_job(self, events, features=None, **cluster_keys):
        columns = {"customer": "user_id", "time": "event_time", "event": "event_type", "amount": "price", "order": "user_session"}
        job = {"input": {"paths": events, "columns": columns, "id": "integer"}, "features": {"list": "rfm", **(features or {})},
               "cluster": {"k": 4, "seed": 1, **cluster_keys}, "output": {"checkpoint": 0.5}}
        (self.dir / "job.yml").write_text(json.dumps(job))
        return self.dir / "job.yml"

    def write_long_job(self, restarts=60):
        """One whose fit takes 15 seconds of work, done the slow way, or so much longer: long enough to be met."""
        events = self.generate(events=300000, customers=60000)
        return self.write_job(events, {"list": "rfm-behaviour", "population": "all"}, k=32, restarts=restarts, tolerance=0,
                              algorithm="definition")

    def digest(self, run):
        report = case.read_report(self.dir / run)
        self.assertEqual(report["status"], "done")
        return report["digest"]

    def run_alone(self, job, out="alone"):
        """The same job, without Slurm, from beginning to end and the fast way."""
        self.rfmpi("run", job, "--set", f"output.dir={self.dir / out}", "--set", "cluster.algorithm=auto")
        return self.digest(out)

    def wait_for_checkpoint(self, job, run, seconds=60):
        until = time.monotonic() + seconds
        while not any((self.dir / run / name).exists() for name in CHECKPOINTS):
            self.assertNotIn(self.slurm.state(job), cluster.ENDED, self.slurm.output(job))
            self.assertLess(time.monotonic(), until, f"no checkpoint: {self.slurm.output(job)}")
            time.sleep(0.05)

    def restarts(self, job):
        return int(self.slurm.facts(job)["Restarts"])

    def assert_same_after_restart(self, job, run, wanted):
        """The job was put back once, went on from its checkpoint and came to what it comes to alone."""
        said = self.slurm.output(job)
        self.assertEqual(self.restarts(job), 1, said)
        self.assertIn("going on after", said)
        self.assertEqual(self.digest(run), wanted)
        self.assertEqual([name for name in os.listdir(self.dir / run) if "checkpoint" in name or "tmp" in name], [])
