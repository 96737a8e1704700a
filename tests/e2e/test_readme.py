"""The README shows what the program really prints, and every job in conf/ is one it takes."""

import re
import shutil
import subprocess

import case


def shown_in_readme():
    """The lines of output behind the README's run of conf/rees46.yml."""
    text = (case.SOURCE / "README.md").read_text()
    behind = text.split("rfmpi run conf/rees46.yml --set", 1)[1]
    block = re.search(r"\n\n((?: {4}.*\n)+)", behind).group(1)
    return [line[4:] for line in block.splitlines()]


def without_measures(lines):
    return [re.sub(r"\d+ MiB", "N MiB", re.sub(r"\d+\.\d\d s$", "TIME s", line)) for line in lines]


class Readme(case.Case):
    def test_real_output_of_the_example(self):
        if case.DATA is None:
            self.skipTest("the REES46 sample is not on this machine")
        shutil.copytree(case.SOURCE / "conf", self.dir / "conf")
        shutil.copy(case.DATA / "rees46" / "2019-Oct-head.csv", self.dir)
        words = ("run", "conf/rees46.yml", "--set", "input.paths=[2019-Oct-head.csv]")
        result = subprocess.run(case.command(*words, ranks=2), cwd=self.dir, capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 0, result.stderr)
        printed = [line for line in result.stderr.splitlines() if line.startswith("rfmpi: ")] + result.stdout.splitlines()
        self.assertEqual(without_measures(printed), without_measures(shown_in_readme()))

    def test_every_job_in_conf_resolves(self):
        jobs = sorted((case.SOURCE / "conf").glob("*.yml"))
        self.assertGreaterEqual(len(jobs), 4)
        for job in jobs:
            self.rfmpi("config", job, ranks=0)

    def test_every_option_of_the_program_is_a_key_that_config_prints(self):
        text = self.rfmpi("run", "--help", ranks=0).stdout
        keys = re.findall(r"^  ([a-z]+(?:\.[a-z_]+)+) ", text, re.MULTILINE)
        self.assertGreater(len(keys), 40)
        printed = self.rfmpi("config", ranks=0).stdout
        for key in keys:
            self.assertIn(key.rsplit(".", 1)[1] + ":", printed, key)


if __name__ == "__main__":
    case.main()
