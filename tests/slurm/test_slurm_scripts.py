"""On a real Slurm, what else the scripts of jobs/ promise: the signal before the limit, the bound on restarts, cancelled jobs that stay so,
a gathering job that waits and that tells what is missing, and each script once."""

import csv
import os
import re
import shlex
import shutil
import time

import case
import cluster
import hosts
import jobs


class Scripts(jobs.Jobs):
    def wait_for_words(self, job, words, seconds=60):
        until = time.monotonic() + seconds
        while words not in self.slurm.output(job):
            self.assertLess(time.monotonic(), until, f"never said: {words}\n{self.slurm.output(job)}")
            time.sleep(0.05)

    def edited(self, script, *changes):
        """A copy of jobs/ elsewhere, one script of it edited as a user does."""
        copy = self.dir / "site"
        shutil.copytree(jobs.SCRIPTS, copy)
        text = (copy / script).read_text()
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        (copy / script).write_text(text)
        return copy / script

    def test_the_signal_before_the_limit_of_time_is_met_with_a_checkpoint(self):
        job_file = self.write_long_job(restarts=400)  # it comes within half a minute
        wanted = self.run_alone(job_file)
        job = self.submit("many-nodes.sbatch", job_file, "--set", "output.dir=run",
                          options=["--nodes=2", "--time=1", "--signal=B:USR1@30"])
        self.wait_for_words(job, "back into the queue", seconds=90)
        self.slurm.ask("scontrol", "update", f"JobId={job}", "TimeLimit=30")
        self.slurm.wait(job, "COMPLETED", seconds=600)
        self.assert_same_after_restart(job, "run", wanted)

    def test_asked_to_stop_in_its_first_moments_it_stops_and_comes_back(self):
        job_file = self.write_long_job()
        wanted = self.run_alone(job_file)
        for wait in (0, 0.1, 0.3):
            with self.subTest(wait=wait):
                run = f"run-{wait}"
                job = self.submit("many-nodes.sbatch", job_file, "--set", f"output.dir={run}", options=["--nodes=2"])
                self.wait_for_words(job, "rfmpi run")
                time.sleep(wait)
                self.slurm.ask("scancel", "--signal=USR1", "--batch", job)
                self.slurm.wait(job, "COMPLETED", seconds=150)
                self.assert_same_after_restart(job, run, wanted)

    def test_restarts_are_bounded_and_the_same_job_submitted_again_goes_on(self):
        job_file = self.write_long_job()
        script = self.edited("one-node.sbatch", ("max_restarts=20", "max_restarts=0"))
        job = self.submit(script, job_file, "--set", "output.dir=run")
        self.wait_for_checkpoint(job, "run")
        (self.dir / "run" / "stop").touch()
        self.slurm.wait(job, "FAILED", seconds=30)
        self.assertEqual((self.slurm.facts(job)["ExitCode"], self.restarts(job)), ("75:0", 0))
        self.assertIn("not requeued after 0 restarts", self.slurm.output(job))
        again = self.submit(script, job_file, "--set", "output.dir=run")
        self.slurm.wait(again, "COMPLETED", seconds=60)
        self.assertIn("going on after", self.slurm.output(again))
        self.assertEqual(self.digest("run"), self.run_alone(job_file))

    def test_a_cancelled_job_stays_cancelled(self):
        job_file = self.write_long_job()
        job = self.submit("one-node.sbatch", job_file, "--set", "output.dir=run")
        self.wait_for_checkpoint(job, "run")
        self.slurm.ask("scancel", job)
        self.slurm.wait(job, "CANCELLED", seconds=30)
        time.sleep(2 * cluster.CREDENTIAL_SECONDS)
        self.assertEqual((self.slurm.state(job), self.restarts(job)), ("CANCELLED", 0), self.slurm.output(job))
        self.assertNotIn("back into the queue", self.slurm.output(job))

    def test_another_exit_code_is_the_job_s_own(self):
        job = self.submit("one-node.sbatch", self.write_job([str(self.dir / "none.csv")]), "--set", "output.dir=run")
        self.slurm.wait(job, "FAILED", seconds=30)
        self.assertEqual((self.slurm.facts(job)["ExitCode"], self.restarts(job)), ("65:0", 0))

    def test_the_gathering_job_waits_for_a_task_that_was_requeued(self):
        job_file = self.write_long_job()
        array = self.submit("sweep.sbatch", "sweep", job_file, options=["--array=3,32"])
        gather = self.submit("gather.sbatch", "sweep", "3,32", options=[f"--dependency=afterany:{array}"])
        task = f"{array}_32"
        self.wait_for_checkpoint(task, "sweep/k-32")
        (self.dir / "sweep" / "k-32" / "stop").touch()
        self.slurm.wait(gather, "COMPLETED", seconds=120)
        self.assertEqual(self.restarts(task), 1)
        self.assertEqual([self.restarts(one) for one in (f"{array}_3", gather)], [0, 0])
        self.assertEqual((self.dir / "sweep" / "sweep.csv").read_text().count("\n"), 3)
        self.digest("sweep/best")

    def test_a_sweep_as_an_array_can_choose_by_stability(self):
        job_file = self.write_job(self.generate(events=5000, customers=500), choose="stability")
        self.rfmpi("run", job_file, "--set", "cluster.k=[3,4,5]", "--set", f"output.dir={self.dir / 'one'}", ranks=2)
        one = case.read_report(self.dir / "one")
        array = self.submit("sweep.sbatch", "sweep", job_file, options=["--array=3-5"])
        gather = self.submit("gather.sbatch", "sweep", "3-5", options=[f"--dependency=afterany:{array}"])
        self.slurm.wait(gather, "COMPLETED", seconds=150)
        with open(self.dir / "sweep" / "sweep.csv", newline="") as file:
            self.assertEqual([float(line["stability"]) for line in csv.DictReader(file)], one["sweep"]["stability"])
        self.assertEqual(self.digest("sweep/best"), one["digest"])

    def test_a_sweep_that_is_not_whole_has_no_winner(self):
        job_file = self.write_job(self.generate(events=5000, customers=500))
        array = self.submit("sweep.sbatch", "sweep", job_file, options=["--array=3"])
        gather = self.submit("gather.sbatch", "sweep", "3-5:2,9", options=[f"--dependency=afterany:{array}"])
        self.slurm.wait(gather, "FAILED", seconds=60)
        self.assertEqual(self.slurm.facts(gather)["ExitCode"], "65:0")
        self.assertIn("not finished: 5 9", self.slurm.output(gather))
        self.assertIn("--array=5,9", self.slurm.output(gather))
        self.assertFalse(os.path.lexists(self.dir / "sweep" / "best"))

    def test_prepare_train_and_predict(self):
        job_file = self.write_job(self.generate(events=5000, customers=500))
        wanted = self.run_alone(job_file)
        out = ("--set", "output.dir=run")
        prepared = self.submit("prepare.sbatch", job_file, *out)
        trained = self.submit("train.sbatch", job_file, *out, options=[f"--dependency=afterok:{prepared}"])
        predicted = self.submit("predict.sbatch", "run/model.h5", job_file, "--set", "output.dir=again",
                                options=[f"--dependency=afterok:{trained}"])
        self.slurm.wait(predicted, "COMPLETED", seconds=150)
        self.assertEqual(self.digest("run"), wanted)
        self.assertEqual(*[{row["id"]: row["segment"] for row in case.read_customers(self.dir / run)} for run in ("run", "again")])

    def test_the_lines_of_the_docs_as_they_stand(self):
        """Those of docs/operators.md, in a checkout with a month of events; there are two nodes here, not sixteen."""
        lines = re.findall(r"^    sbatch (.*)$", (case.SOURCE / "docs" / "operators.md").read_text(), re.MULTILINE)
        self.assertEqual(len(lines), 2)
        for name in ("conf", "jobs"):
            (self.dir / name).symlink_to(case.SOURCE / name)
        shutil.copy(self.generate(events=5000, customers=400)[0], self.dir / "2019-Oct.csv")
        for number, line in enumerate(lines):
            words = ["--nodes=2" if word.startswith("--nodes=") else word for word in shlex.split(line)]
            job = self.slurm.submit("--ntasks-per-node=1", *words, "--set", f"output.dir=runs/{number}", cwd=self.dir, env=jobs.ENVIRONMENT)
            self.slurm.wait(job, "COMPLETED", seconds=100)
            self.assertIn("customers in", self.slurm.output(job))


if __name__ == "__main__":
    cluster.need()
    hosts.enter_own_network()
    case.main()
