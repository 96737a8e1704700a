"""What can be said without MPI is said without it; config prints the job it would run."""

import os
import subprocess

import case


class Start(case.Case):
    def test_version_names_what_it_was_built_with(self):
        text = self.rfmpi("--version", ranks=0).stdout
        for word in ("rfmpi 0.", "compiler", "mpi", "OpenBLAS", "hdf5", "optional"):
            self.assertIn(word, text)

    @case.needs_ranks
    def test_version_and_help_never_start_mpi(self):
        # A start of MPI under these settings fails.
        env = {"OMPI_MCA_pml": "none-such", "PMIX_MCA_gds": "none-such", "OMPI_MCA_ess": "none-such"}
        for words in (["--version"], ["--help"], ["run", "--help"], ["generate", "--help"]):
            self.rfmpi(*words, ranks=0, env=env)
        self.assertNotEqual(case.launch("config", ranks=0, env=env).returncode, 0)

    def test_help_lists_every_command_and_option(self):
        text = self.rfmpi("--help", ranks=0).stdout
        for command in ("run", "prepare", "train", "predict", "generate", "info", "config"):
            self.assertIn(f"\n  {command} ", text)
        text = self.rfmpi("run", "--help", ranks=0).stdout
        for key in ("input.paths", "features.list", "cluster.k", "output.dir", "--onto", "--model"):
            self.assertIn(key, text)

    def test_help_lists_what_the_command_heeds(self):
        keys = {command: {line.split()[0].split(".")[0] for line in self.rfmpi(command, "--help", ranks=0).stdout.split("options:")[1].splitlines()
                          if line.startswith("  ")} for command in ("report", "convert")}
        self.assertEqual(keys, {"report": {"report", "log"}, "convert": {"input", "log"}})

    def test_help_of_a_command_is_the_same_before_and_behind_it(self):
        self.assertEqual(self.rfmpi("help", "init", ranks=0).stdout, self.rfmpi("init", "--help", ranks=0).stdout)
        self.assertEqual(self.rfmpi("help", ranks=0).stdout, self.rfmpi("--help", ranks=0).stdout)

    def test_no_command_is_an_error(self):
        self.assertIn("usage", self.rfmpi(ranks=0, code=64).stderr)

    def test_config_prints_a_job_that_reads_back_as_itself(self):
        job = case.SOURCE / "conf" / "online-retail.yml"
        first = self.rfmpi("config", job, "--set", "cluster.k=3", ranks=2, env={"RFMPI_CLUSTER_SEED": "77"}).stdout
        (self.dir / "resolved.yml").write_text(first)
        second = self.rfmpi("config", self.dir / "resolved.yml", ranks=1).stdout
        strip = lambda text: [line.split(" #")[0].rstrip() for line in text.splitlines() if line.split("#")[0].strip()]
        self.assertEqual(strip(first), strip(second))
        self.assertIn("seed: 77", first)
        self.assertIn("k: 3", first)

    @case.needs_ranks
    def test_several_tasks_without_a_launcher_are_refused(self):
        env = {"SLURM_NTASKS": "4", "SLURM_STEP_NUM_TASKS": "4", "SLURM_STEP_ID": "0", "SLURM_PROCID": "0",
               "SLURM_JOB_ID": "1"}
        result = case.launch("config", ranks=0, env=env)
        self.assertEqual(result.returncode, 64, result.stderr)
        self.assertIn("--mpi=pmix", result.stderr)

    @case.needs_ranks
    def test_plain_starts_at_the_same_time_leave_each_other_alone(self):
        job = self.dir / "job.yml"
        (self.dir / "events.csv").write_text("user,time\n" + "".join(f"{i},2024-01-{i % 28 + 1:02}\n" for i in range(99)))
        job.write_text(f"input: {{paths: ['{self.dir}/events.csv'], columns: {{customer: user, time: time}}}}\n")
        for turn in range(5):
            runs = [subprocess.Popen([case.RFMPI, "run", job, "--set", f"output.dir={self.dir}/{turn}-{i}", "--set",
                                      "log.level=error"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
                    for i in range(8)]
            said = [run.communicate(timeout=100)[1] for run in runs]
            self.assertEqual([run.returncode for run in runs], [0] * 8, said)
            self.assertEqual(said, [""] * 8)

    def test_a_full_standard_output_is_an_error(self):
        with open("/dev/full", "w") as full:
            for word in ("config", "--help", "--version"):
                result = subprocess.run([case.RFMPI, word], stdout=full, stderr=subprocess.PIPE, text=True, env=os.environ)
                self.assertEqual((result.returncode, len(case.errors(result))), (74, 1), word)


if __name__ == "__main__":
    case.main()
