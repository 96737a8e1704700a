"""What `cmake --install` and `cpack` put on a machine: pages and completion say what the program says, and a .deb names what it needs."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import case

HERE = pathlib.Path(__file__).parent
BUILD = pathlib.Path(os.environ["RFMPI_BUILD"])


def say(*words, **how):
    return subprocess.run([*map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, **how)


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"there is no {program} (jobs/install.sh test gets it)")


def commands():
    return re.findall(r"^  ([a-z]+) +\S", say(case.RFMPI, "--help").stdout, re.MULTILINE)


class Installed(case.Case):
    @classmethod
    def setUpClass(cls):
        cls.prefix = pathlib.Path(tempfile.mkdtemp(prefix="rfmpi-install-"))
        cls.addClassCleanup(shutil.rmtree, cls.prefix)
        result = say("cmake", "--install", BUILD, "--prefix", cls.prefix)
        assert result.returncode == 0, result.stderr
        cls.share = cls.prefix / "share"

    def page(self, name):
        """A page as people see it, in one line of single blanks."""
        section = 5 if name in ("rfmpi-job", "rfmpi-files") else 1
        shown = say("man", "-l", self.share / f"man/man{section}/{name}.{section}", env={**os.environ, "MANWIDTH": "200", "LC_ALL": "C"})
        self.assertEqual(shown.returncode, 0, shown.stderr)
        return " ".join(re.sub(".\b", "", shown.stdout).split())  # a byte, struck over for bold


class Files(Installed):
    def test_the_program_runs_where_it_is_put(self):
        self.assertEqual(say(self.prefix / "bin/rfmpi", "--version").stdout, say(case.RFMPI, "--version").stdout)
        self.rfmpi("config", self.share / "rfmpi/conf/rees46.yml", ranks=0, program=self.prefix / "bin/rfmpi")

    def test_the_docs_put_it_there(self):
        section = (case.SOURCE / "docs" / "operators.md").read_text().split("## Installing\n", 1)[1].split("\n## ", 1)[0]
        line = re.search(r"^    (cmake --install .*)$", section, re.MULTILINE).group(1)
        said = say("bash", "-c", line.replace("build/release", str(BUILD)), env={**os.environ, "HOME": str(self.dir)})
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertTrue((self.dir / "rfmpi/bin/rfmpi").exists())
        modules = re.search(r"module use ~/(\S+)", section).group(1)
        self.assertTrue((self.dir / modules / "rfmpi").exists())

    def test_scripts_that_build_and_local_files_stay_behind(self):
        jobs = {path.name for path in (self.share / "rfmpi/jobs").iterdir()}
        self.assertEqual(jobs, {path.name for path in (case.SOURCE / "jobs").iterdir()} - {"install.sh", "quickstart.sh"})
        self.assertFalse((self.share / "rfmpi/conf/local").exists())

    def test_the_modulefile_finds_the_place_it_stands_in(self):
        (module,) = (self.share / "rfmpi/modulefiles/rfmpi").iterdir()
        self.assertIn(f"rfmpi {module.name} ", say(case.RFMPI, "--version").stdout)
        self.assertEqual((module.parent / "../../../..").resolve(), self.prefix.resolve())
        self.assertIn("dirname $ModulesCurrentModulefile]/../../../..]", module.read_text())


@needs("man")
class Pages(Installed):
    def test_every_command_has_a_page_with_its_flags(self):
        self.assertGreater(len(commands()), 10)
        overview = self.page("rfmpi")
        for command in commands():
            page = self.page(f"rfmpi-{command}")
            told = say(case.RFMPI, command, "--help").stdout
            self.assertIn(" ".join(told.splitlines()[1].split()), page)
            self.assertIn(f"rfmpi-{command}(1)", overview)
            for flag in re.findall(r"(?:^  |; flag )(--[a-z-]+)", told, re.MULTILINE):
                self.assertIn(f" {flag} ", page, command)

    def test_every_option_is_on_the_page_of_job_files(self):
        page = self.page("rfmpi-job")
        told = say(case.RFMPI, "run", "--help").stdout
        keys = re.findall(r"^  ([a-z]+\.[a-z_.]+) +(.*)", told, re.MULTILINE)
        self.assertGreater(len(keys), 60)
        for key, text in keys:
            begins = " ".join(re.split(r" [(\[]|; flag", text)[0].split())
            self.assertIn(f" {key} {begins}", page)

    def test_every_command_says_more_than_its_summary_and_shows_how_it_is_called(self):
        for command in commands():
            page = self.page(f"rfmpi-{command}")
            self.assertRegex(page, f"EXAMPLES .*rfmpi {command} .*SEE ALSO", command)
            self.assertGreater(len(page.split(" DESCRIPTION ")[1].split(" OPTIONS ")[0]), 60, command)

    def test_the_page_of_files_has_columns_and_keys(self):
        page = self.page("rfmpi-files")
        for name in ("segments.csv", "segment_name", "quality.silhouette", "/features/values", "parts[].xxh3_128"):
            self.assertIn(f" {name} ", page)

    def test_pages_are_sound(self):
        pages = [*self.share.glob("man/man*/*")]
        self.assertEqual(len(pages), len(commands()) + 3)
        for page in pages:
            said = say("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page, env={**os.environ, "LC_ALL": "C.UTF-8"})
            self.assertEqual((said.returncode, said.stderr), (0, ""), page.name)
            if shutil.which("mandoc"):
                said = say("mandoc", "-Tlint", "-W", "warning", page)
                self.assertEqual((said.returncode, said.stdout), (0, ""), page.name)

    def test_no_flag_of_a_page_is_unknown_to_the_program(self):
        for command in commands():
            for flag, value in re.findall(r"^  (--[a-z-]+)( \S+)?  ", say(case.RFMPI, command, "--help").stdout, re.MULTILINE):
                # The flag behind it, which no command has, keeps it from being done.
                said = case.launch(command, flag + ("=x" if value else ""), "--none", ranks=0).stderr
                self.assertRegex(said, "^rfmpi: error: ")
                self.assertNotRegex(said, f"unknown flag {flag}|{flag}(=x)?: no such flag", command)


class Completion(Installed):
    """The same lines in each shell: what is offered."""

    LINES = {"rfmpi conf": {"config"}, "rfmpi run --set cluster.see": {"cluster.seed="}, "rfmpi generate --sha": {"--shape"},
             "rfmpi generate --shape w": {"wide"}, "rfmpi export m.h5 --vi": {"--view"}, "rfmpi run --on": {"--onto"},
             "rfmpi generate --on": set()}

    def setUp(self):
        super().setUp()
        # Files are offered too: there are none here.
        self.empty = self.dir / "empty"
        self.empty.mkdir()

    def bash(self, line):
        said = say("bash", HERE / "complete.bash", self.share / "bash-completion/completions/rfmpi", line, cwd=self.empty)
        self.assertEqual(said.stderr, "")
        return set(said.stdout.split())

    def fish(self, line):
        said = say("fish", "--no-config", "-c", f"source {self.share}/fish/vendor_completions.d/rfmpi.fish; complete -C '{line}'",
                   cwd=self.empty, env={**os.environ, "HOME": str(self.dir)})
        self.assertEqual(said.stderr, "")
        return {shown.split("\t")[0] for shown in said.stdout.splitlines()}

    def zsh(self, line):
        said = say("zsh", HERE / "complete.zsh", self.share / "zsh/site-functions", line, cwd=self.empty,
                   env={**os.environ, "HOME": str(self.dir)})
        self.assertEqual(said.returncode, 0, said.stderr)
        return said.stdout.rstrip("\n").rstrip()

    def test_bash(self):
        for line, wanted in self.LINES.items():
            self.assertEqual(self.bash(line), wanted, line)
        self.assertEqual(self.bash("rfmpi "), {*commands(), "--help", "--version"})
        self.assertEqual(self.bash("rfmpi run --set cluster.scale="), {"standard", "robust", "minmax", "none"})
        keys = re.findall(r"^  ([a-z]+\.[a-z_.]+) ", say(case.RFMPI, "run", "--help").stdout, re.MULTILINE)
        self.assertEqual(self.bash("rfmpi run --set "), {f"{key}=" for key in keys})

    @needs("fish")
    def test_fish(self):
        for line, wanted in self.LINES.items():
            self.assertEqual(self.fish(line), wanted, line)
        self.assertEqual(self.fish("rfmpi run --set cluster.scale=st"), {"cluster.scale=standard"})

    @needs("zsh")
    def test_zsh(self):
        for line, wanted in self.LINES.items():
            begun = line.rsplit(" ", 1)[0]
            self.assertEqual(self.zsh(line), f"{begun} {min(wanted)}" if wanted else line, line)
        self.assertEqual(self.zsh("rfmpi run --set=cluster.scale=st"), "rfmpi run --set=cluster.scale=standard")


@needs("dpkg-shlibdeps")
class Deb(case.Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="rfmpi-packages-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        made = say("cpack", "--config", BUILD / "CPackConfig.cmake", "-G", "DEB", "-B", cls.folder)
        assert made.returncode == 0, made.stdout + made.stderr

    def package(self, name):
        """(what it needs, the paths in it)"""
        (package,) = self.folder.glob(f"{name}_*.deb")
        needed = {word.split()[0] for word in say("dpkg-deb", "-f", package, "Depends").stdout.split(",")}
        return needed, say("dpkg-deb", "-c", package).stdout

    def test_a_package_names_what_the_program_needs(self):
        needed, listed = self.package("rfmpi")
        wanted = {"ca-certificates", "libcurl4", "libssl3", "libopenblas0", "libyaml-0-2", "libjansson4", "libc6", "tzdata"}
        self.assertEqual(wanted - needed, set())
        if not case.SERIAL:
            self.assertEqual({"openmpi-bin", "libopenmpi3", "libhdf5-openmpi-103-1"} - needed, set())
        for path in ("/usr/bin/rfmpi", "/usr/share/man/man1/rfmpi-run.1.gz", "/usr/share/zsh/vendor-completions/_rfmpi"):
            self.assertIn(f" .{path}\n", listed)
        self.assertNotRegex(listed, r"site-functions|\.1\n")
        self.assertNotRegex(listed, r"librfmpi|/include/")

    @unittest.skipUnless((BUILD / "lib").exists(), "this build is without the library")
    def test_the_library_comes_in_two_packages(self):
        needed, listed = self.package("librfmpi0")
        self.assertEqual({"libopenblas0", "libc6"} - needed, set())
        self.assertNotRegex(" ".join(needed), "hdf5|curl|yaml")
        self.assertRegex(listed, r" \./usr/lib/librfmpi\.so\.0 -> librfmpi\.so\.0\.\d")
        self.assertNotRegex(listed, r"/include/|librfmpi\.(a|so)\n")
        needed, listed = self.package("librfmpi-dev")
        self.assertEqual({"librfmpi0"} - needed, set())
        for path in ("/usr/include/rfmpi.h", "/usr/lib/librfmpi.a", "/usr/lib/librfmpi.so -> librfmpi.so.0", "/usr/lib/pkgconfig/rfmpi.pc",
                     "/usr/lib/cmake/rfmpi/rfmpiConfig.cmake", "/usr/share/rfmpi/examples/cluster.c"):
            self.assertIn(f" .{path}\n", listed)


if __name__ == "__main__":
    case.main()
