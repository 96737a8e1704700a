"""The image, built from the Dockerfile as it stands on a clean Debian 12: without network, on a read-only root, as a user."""

import re
import secrets
import time

import case
import debian
import warehouse

USER = 10001
MOST_BYTES = 250_000_000
SECRET = secrets.token_hex(16)
LOCKED = ("--network", "none", "--read-only", "--read-only-tmpfs=false", "--tmpfs", "/tmp")
EVENTS = ("generate", "--customers", "7000", "--events", "100000", "--days", "30", "--seed", "1", "--parts", "4", "--out")
QUICKSTART = "/usr/share/rfmpi/conf/quickstart.yml"
STOP_SECONDS = 60


class Image(case.Case):
    @classmethod
    def setUpClass(cls):
        cls.debian = debian.built(SECRET)

    def setUp(self):
        super().setUp()
        self.data = self.dir / "data"
        self.data.mkdir()
        debian.call("chown", USER, self.data)

    def options(self, *more):
        return (*LOCKED, "--volume", f"{self.data}:/data", *more)

    def inside(self, *words, options=(), **how):
        return self.debian.run(debian.IMAGE, *words, options=self.options(*options), **how)

    def shell(self, script):
        """A command of the container's own, in the place of rfmpi."""
        return self.debian.run(debian.IMAGE, "-c", script, options=self.options("--entrypoint", "bash")).stdout

    def run_inside(self, out, *more, options=(), task="run"):
        """The quick start's job on the events in the container; run.json."""
        self.inside(task, QUICKSTART, "--set", "input.paths=[/data/events/part-*.csv]", "--set", f"output.dir=/data/{out}", *more,
                    options=options)
        return case.read_report(self.data / out)


class Built(Image):
    def test_it_is_small(self):
        size = int(self.debian.podman("image", "inspect", "--format", "{{.Size}}", debian.IMAGE).stdout)
        print(f"the image has {size / 1e6:.0f} MB")
        self.assertLess(size, MOST_BYTES)

    def test_a_user_runs_it_on_a_root_that_cannot_be_written(self):
        said = self.shell("id -u; for place in / /usr ~ /data; do touch $place/mine 2>/dev/null; echo $?; done")
        self.assertEqual(said.split(), [str(USER), "1", "1", "1", "0"])

    def test_no_layer_has_what_lies_secret_in_a_checkout(self):
        context = self.debian.folder / "context"
        self.assertEqual(debian.call("grep", "-rlF", SECRET, context).stdout.split(), [str(context / "conf/local/credentials.yml")])
        self.assertEqual(debian.call("grep", "-rlF", SECRET, self.debian.folder / "storage", code=1).stdout, "")

    def test_it_is_made_of_the_same_as_the_build_here(self):
        def libraries(result):
            # OpenBLAS tells which kernel it picked, too.
            return [" ".join(line.split()[:3]) for line in result.stdout.splitlines()[2:]]

        self.assertEqual(libraries(self.inside("--version")), libraries(self.rfmpi("--version", ranks=0)))
        self.assertIn("rfmpi COMMAND", self.inside().stdout, "without words it says what it can do")


class Batch(Image):
    def test_the_quick_start_gives_the_same_as_here(self):
        self.inside(*EVENTS, "/data/events")
        there = self.run_inside("run")
        self.rfmpi(*EVENTS, self.dir / "events")
        for part in (self.dir / "events").iterdir():
            self.assertEqual(part.read_bytes(), (self.data / "events" / part.name).read_bytes(), part.name)
        here = self.run_job("quickstart.yml", (self.dir / "events").glob("part-*.csv"), "here")
        self.assertEqual(there["digest"], here["digest"])
        self.assertIn(here["digest"], self.inside("info", "/data/run").stdout)
        self.run_inside("new", "--model", "/data/run/model.h5", task="predict")
        self.assertEqual(case.read_customers(self.data / "new"), case.read_customers(self.dir / "here"))

    def test_ranks_are_as_many_as_cores_or_as_wished(self):
        self.inside(*EVENTS, "/data/events")
        self.assertEqual(self.run_inside("one", options=("--cpuset-cpus", "0"))["ranks"], 1)
        self.assertEqual(self.run_inside("three", options=("--env", "RANKS=3"))["ranks"], 3)

    def test_little_shared_memory_will_do(self):
        self.inside(*EVENTS, "/data/events")
        self.run_inside("run", options=("--env", "RANKS=4", "--shm-size", "4m"))

    def test_any_user_can_run_it(self):
        debian.call("chown", "12345", self.data)
        self.inside(*EVENTS, "/data/events", options=("--user", "12345:12345"))
        self.assertEqual({path.stat().st_uid for path in (self.data / "events").iterdir()}, {12345})
        debian.call("chown", "0", self.data)
        self.inside(*EVENTS, "/data/roots", options=("--user", "0:0"))

    def test_a_new_volume_can_be_written(self):
        self.addCleanup(self.debian.podman, "volume", "rm", "--force", "data")
        self.debian.run(debian.IMAGE, *EVENTS, "/data/events", options=(*LOCKED, "--volume", "data:/data"))

    def test_codes_come_back(self):
        self.assertIn("unknown command", self.inside("nothing", code=64).stderr)
        self.inside("run", "--set", "cluster.k=many", code=64)
        self.inside("run", QUICKSTART, "--set", "input.paths=[/data/none.csv]", code=65)


class Stop(Image):
    WORDS = ("train", "--set", "cluster.k=[9,16]", "--set", "cluster.restarts=6", "--set", "cluster.tolerance=0", "--set",
             "output.checkpoint=0.000001", "--set")

    def train(self, folder):
        """The words of a fit that takes a while, in a folder as it is called there."""
        return (*self.WORDS, f"input.features={folder}/matrix.h5", "--set", f"output.dir={folder}/run")

    def make_matrix(self):
        import h5py
        import numpy

        with h5py.File(self.data / "matrix.h5", "w") as file:
            file["/features/values"] = numpy.random.default_rng(7).normal(0, 1, (250000, 6)).astype("f4")

    def begin(self):
        return self.debian.begin(debian.IMAGE, *self.train("/data"), options=self.options())

    def stop(self, container):
        """What it ended with, as by `docker stop`; it must not have to be killed."""
        began = time.monotonic()
        self.debian.podman("stop", "--time", STOP_SECONDS, container)
        self.assertLess(time.monotonic() - began, STOP_SECONDS / 2)
        return self.debian.end(container)

    def wait_for_checkpoint(self, container):
        last = time.monotonic() + STOP_SECONDS
        while not any((self.data / "run").glob("checkpoint-*")):
            self.assertLess(time.monotonic(), last, self.debian.podman("logs", container).stderr)
            time.sleep(0.01)

    def finish(self):
        """The rest of it in the container, and all of it here, must come to the same."""
        said = self.inside(*self.train("/data")).stderr
        there = case.read_report(self.data / "run")
        (self.data / "run").rename(self.data / "first")
        self.rfmpi(*self.train(self.data), ranks=1)
        self.assertEqual(case.read_report(self.data / "run")["digest"], there["digest"])
        return said

    def test_what_is_stopped_keeps_a_checkpoint_and_the_next_start_goes_on(self):
        self.make_matrix()
        container = self.begin()
        self.wait_for_checkpoint(container)
        code, said = self.stop(container)
        self.assertEqual(code, 75, said)
        self.assertIn("stopped on request", said)
        self.assertIn("going on after", self.finish())

    def test_it_can_be_stopped_at_any_moment_of_its_start(self):
        self.make_matrix()
        for moment in range(8):
            container = self.begin()
            time.sleep(0.05 * moment)
            code, said = self.stop(container)
            self.assertEqual(code, 75, said)
        self.finish()


class Login(Image):
    CHECK = ("store", "--check", "--set", "store.to=snowflake", "--set", "store.table=T", "--set", "store.create=true", "--set",
             "log.level=debug", "--set", "store.retry=2")

    def given(self, variables):
        return [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]

    def test_variables_reach_the_warehouse(self):
        if not warehouse.PYTHON.exists():
            self.skipTest("there is no warehouse on this machine (jobs/install.sh test)")
        with warehouse.Fakesnow() as service:
            said = self.debian.run(debian.IMAGE, *self.CHECK, options=("--network", "host", *self.given(service.environment())))
        self.assertIn("password from SNOWFLAKE_PASSWORD", said.stderr)
        self.assertIn("logged in at http://127.0.0.1", said.stderr)

    def test_where_credentials_come_from_is_told_and_never_what_they_are(self):
        given = {"SNOWFLAKE_ACCOUNT": "nowhere", "SNOWFLAKE_USER": "anybody", "SNOWFLAKE_PASSWORD": SECRET, "SNOWFLAKE_HOST": "127.0.0.1",
                 "SNOWFLAKE_PORT": "9"}
        said = self.inside(*self.CHECK, options=self.given(given), code=75)
        self.assertIn("password from SNOWFLAKE_PASSWORD", said.stderr)
        self.assertNotIn(SECRET, said.stdout + said.stderr)
        self.assertIn("set SNOWFLAKE_ACCOUNT", self.inside(*self.CHECK, code=77).stderr)


class Docs(Image):
    def environment(self):
        """One in which `docker` is podman, with the image as it is called in docs/operators.md."""
        self.debian.podman("tag", debian.IMAGE, "localhost/rfmpi:latest")
        docker = self.dir / "docker"
        docker.write_text(f'#!/bin/sh\nshift\nexec {self.debian.podman_line()} run {" ".join(debian.RUN)} "$@"\n')
        docker.chmod(0o755)
        return {**self.debian.environment, "PATH": f"{self.dir}:{self.debian.environment['PATH']}", "SNOWFLAKE_ACCOUNT": "nowhere",
                "SNOWFLAKE_USER": "anybody", "SNOWFLAKE_PASSWORD": SECRET}

    def test_its_lines_do_what_they_say(self):
        section = (case.SOURCE / "docs" / "operators.md").read_text().split("## In a container\n", 1)[1].split("\n## ", 1)[0]
        lines = re.findall(r"^    (docker run .*)$", section, re.MULTILINE)
        self.assertEqual(len(lines), 4)
        self.addCleanup(self.debian.podman, "volume", "rm", "--force", "data")
        debian.call("chown", "0", self.data)
        self.rfmpi(*EVENTS, self.data / "events")
        job = (case.SOURCE / "conf/quickstart.yml").read_text().replace("build/quickstart/run", "out").replace("build/quickstart/", "")
        (self.data / "job.yml").write_text(job)
        for line in lines:
            # The warehouse is away.
            code, more = (75, " --set store.retry=1") if "store" in line else (0, "")
            debian.call("bash", "-c", line + more, cwd=self.data, env=self.environment(), code=code)
        self.assertEqual(case.read_report(self.data / "new")["n_customers"], case.read_report(self.data / "out")["n_customers"])


class Package(Image):
    """The package of the image's first stage, on a Debian 12 where nothing else has been installed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.package = cls.debian.take_package()
        cls.install("apt-get update && apt-get install -y --no-install-recommends /package/rfmpi_*.deb")

    @classmethod
    def install(cls, script):
        """With the mirror at hand."""
        cls.on_debian(script, "--volume", f"{cls.package.parent}:/package:ro", "--env", "DEBIAN_FRONTEND=noninteractive", network="host")

    @classmethod
    def on_debian(cls, script, *options, network="none"):
        return cls.debian.run("--rootfs", cls.debian.root, "sh", "-c", script, options=("--network", network, *options)).stdout

    def test_it_brings_what_the_quick_start_needs(self):
        self.on_debian("useradd --uid 10001 rfmpi")
        events, job = " ".join(EVENTS), f"{QUICKSTART} --set 'input.paths=[/data/events/part-*.csv]' --set output.dir=/data/run"
        self.on_debian(f"rfmpi {events} /data/events && mpirun -n 2 --oversubscribe rfmpi run {job}",
                       "--user", str(USER), "--volume", f"{self.data}:/data")
        self.rfmpi(*EVENTS, self.dir / "events")
        here = self.run_job("quickstart.yml", (self.dir / "events").glob("part-*.csv"), "here")
        self.assertEqual(case.read_report(self.data / "run")["digest"], here["digest"])

    def test_it_loads_as_a_module(self):
        self.install("apt-get install -y --no-install-recommends environment-modules")
        said = self.on_debian("MODULEPATH=/usr/share/rfmpi/modulefiles /usr/lib/*/modulecmd.tcl bash load rfmpi")
        self.assertRegex(said, "PATH='?/usr/bin:")

    def test_programs_of_others_are_built_with_the_library(self):
        self.install("apt-get install -y --no-install-recommends gcc libc6-dev make pkg-config /package/librfmpi*.deb")
        run = "mpirun --allow-run-as-root --oversubscribe"
        said = self.on_debian("rm -rf /tmp/cluster && cp -r /usr/share/rfmpi/examples /tmp/cluster && make -C /tmp/cluster >&2"
                              f" && {run} -n 1 /tmp/cluster/cluster && {run} -n 3 /tmp/cluster/cluster").splitlines()
        self.assertEqual(len(said), 20)
        self.assertEqual(sorted(said[:10]), sorted(said[10:]))
        self.assertEqual(self.on_debian("dpkg -V librfmpi0 librfmpi-dev; apt-get purge -y librfmpi-dev librfmpi0 >&2"), "")
        self.assertEqual(self.on_debian("find / -xdev -name '*librfmpi*' -not -path '/var/*'"), "")

    def test_it_leaves_when_it_is_removed(self):
        listed = self.on_debian("dpkg -L rfmpi; test -z \"$(dpkg -V rfmpi)\" && apt-get purge -y rfmpi >&2").split()
        files = [path for path in listed if "rfmpi" in path]
        self.assertGreater(len(files), 20)
        self.assertEqual([path for path in files if (self.debian.root / path[1:]).exists()], [])
        self.install("apt-get install -y /package/rfmpi_*.deb")


if __name__ == "__main__":
    debian.need()
    case.main()
