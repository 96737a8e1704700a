"""The digest does not depend on the compiler or the level of optimisation. Builds the program four times: long tier."""

import os
import shutil
import subprocess
import unittest

import case

COMPILERS = [compiler for compiler in ("gcc", "clang") if shutil.which(compiler)]


class Compilers(case.Case):
    def build(self, compiler, level):
        folder = self.dir / f"{compiler}{level}".replace(" ", "")
        options = [f"-DCMAKE_C_COMPILER={compiler}", "-DCMAKE_BUILD_TYPE=None", f"-DCMAKE_C_FLAGS={level}",
                   "-DRFMPI_TESTS=OFF", f"-DCMAKE_RUNTIME_OUTPUT_DIRECTORY={folder}"]
        for command in (["cmake", "-S", case.SOURCE, "-B", folder, "-G", "Ninja", *options],
                        ["cmake", "--build", folder, "-j", str(os.cpu_count())]):
            built = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual(built.returncode, 0, built.stdout + built.stderr)
        return folder / "rfmpi"

    @unittest.skipUnless(len(COMPILERS) == 2, "gcc and clang are not both here")
    def test_same_digest(self):
        events = self.generate(parts=2)
        entries = ("--set", "features.list=rfm-behaviour", "--set", "cluster.k=12")
        digests = {"as built": self.run_job("quickstart.yml", events, "as-built", *entries, ranks=2)["digest"]}
        for compiler in COMPILERS:
            for level in ("-O0", "-O3", "-O3 -march=native"):
                name = f"{compiler}{level}".replace(" ", "")
                digests[name] = self.run_job("quickstart.yml", events, "run-" + name, *entries, ranks=2,
                                             program=self.build(compiler, level))["digest"]
        self.assertEqual(len(set(digests.values())), 1, digests)


if __name__ == "__main__":
    case.main()
