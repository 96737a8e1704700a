"""On a real Slurm: a batch on two nodes that is asked to stop goes back into the queue and on to the same digest; a sweep's array ends in
the choice that one run makes; the quick start."""

import csv
import os
import shutil
import subprocess

import case
import cluster
import hosts
import jobs


class Slurm(jobs.Jobs):
    def test_a_batch_on_many_nodes_stops_and_goes_on_to_the_same_digest(self):
        job_file = self.write_long_job()
        wanted = self.run_alone(job_file)
        job = self.submit("many-nodes.sbatch", job_file, "--set", "output.dir=run", options=["--nodes=2"])
        self.wait_for_checkpoint(job, "run")
        self.slurm.ask("scancel", "--signal=USR1", "--batch", job)
        self.slurm.wait(job, "COMPLETED", seconds=150)
        said = self.slurm.output(job)
        self.assertEqual(said.count("back into the queue"), 1, said)
        self.assertIn("stopped on request", said)
        self.assert_same_after_restart(job, "run", wanted)
        self.assertEqual(case.read_report(self.dir / "run")["ranks"], 2)

    def test_a_sweep_as_an_array_ends_in_the_choice_of_one_run(self):
        job_file = self.write_job(self.generate(events=20000, customers=1500))
        self.rfmpi("run", job_file, "--set", "cluster.k=[3,4,5]", "--set", f"output.dir={self.dir / 'one'}", ranks=2)
        one = case.read_report(self.dir / "one")
        said = self.slurm.ask(jobs.SCRIPTS / "sweep.sh", "sweep", "3-5", job_file, cwd=self.dir,
                              env={**jobs.ENVIRONMENT, "SBATCH_WORDS": "--ntasks-per-node=1"})
        gather = said.split("), ")[-1].split()[0]
        self.slurm.wait(gather, "COMPLETED", seconds=150)
        with open(self.dir / "sweep" / "sweep.csv", newline="") as file:
            table = list(csv.DictReader(file))
        self.assertEqual([int(line["k"]) for line in table], [3, 4, 5])
        self.assertEqual([float(line["silhouette"]) for line in table], one["sweep"]["silhouette"])
        self.assertEqual((self.dir / "sweep" / "best").readlink().name, f"k-{one['cluster']['k']}")
        self.assertEqual(self.digest("sweep/best"), one["digest"])
        self.assertIn(f"the best by silhouette is k-{one['cluster']['k']}", self.slurm.output(gather))

    def test_the_quick_start_in_a_clean_checkout(self):
        """What one-node.sbatch itself says, where quickstart.sh has made its events: no option, no word, eight ranks. In the long
        tier quickstart.sh has built the program as well, and has run the same on two ranks."""
        checkout = case.checkout(self.dir / "checkout")
        made, run = checkout / "build" / "quickstart", checkout / "build" / "quickstart" / "run"
        if case.LONG:
            subprocess.run([checkout / "jobs" / "quickstart.sh"], stdin=subprocess.DEVNULL, timeout=800, check=True)
            wanted = self.digest(run)
            shutil.rmtree(run)
        else:
            made.mkdir(parents=True)
            (checkout / "build" / "release").symlink_to(os.environ["RFMPI_BUILD"])
            self.rfmpi("generate", "--customers", 70000, "--events", 1000000, "--days", 30, "--seed", 1, "--parts", 4, "--out", made / "events",
                       ranks=2)
            alone = case.command("run", "conf/quickstart.yml", "--set", f"output.dir={made / 'alone'}", ranks=2)
            subprocess.run(alone, cwd=checkout, stdin=subprocess.DEVNULL, capture_output=True, timeout=100, check=True)
            wanted = self.digest(made / "alone")
        job = self.slurm.submit("jobs/one-node.sbatch", cwd=checkout, env={"OMPI_MCA_mpi_yield_when_idle": "1"})
        self.slurm.wait(job, "COMPLETED", seconds=200)
        report = case.read_report(run)
        self.assertEqual((report["ranks"], report["cluster"]["k"], report["n_events"]), (8, 6, 1000000))
        self.assertEqual(self.digest(run), wanted)
        self.assertIn("customers in 6 segments: build/quickstart/run", self.slurm.output(job))


if __name__ == "__main__":
    cluster.need()
    hosts.enter_own_network()
    case.main()
