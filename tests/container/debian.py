"""A clean Debian 12, made by debootstrap, and images made from it: buildah builds, podman runs, no registry of images is asked.

All of it lies below one folder, which goes at the end.
"""

import atexit
import functools
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

import case

SKIPPED = 125
BASE = "docker.io/library/debian:bookworm-slim"
IMAGE, BUILD_STAGE = "localhost/rfmpi:test", "localhost/rfmpi-build:test"
PROGRAMS = ("buildah", "podman", "runc", "conmon", "debootstrap")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
# As root podman would ask for more files and processes than a machine may give.
RUN = ("--pull=never", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096")
# Debian's slim images lack these, and keep packages from bringing more.
LEFT_OUT = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info",
            "var/lib/apt/lists", "var/cache/apt", "dev", "proc", "sys")
SLIM = {
    "etc/dpkg/dpkg.cfg.d/slim": "path-exclude /usr/share/doc/*\npath-exclude /usr/share/man/*\npath-exclude /usr/share/locale/*\n"
                                "path-exclude /usr/share/info/*\npath-include /usr/share/doc/*/copyright\n",
    "etc/apt/apt.conf.d/slim": 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };\nDir::Cache::pkgcache "";\n'
                               'Dir::Cache::srcpkgcache "";\n',
}


def need():
    """End the test as skipped where no image can be built."""
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    if missing:
        print(f"skipped: there is no {', '.join(missing)} (jobs/install.sh container gets them)")
    elif os.geteuid() != 0:
        print("skipped: only root can build an image here")
    else:
        return
    sys.exit(SKIPPED)


def call(*words, timeout=300, code=0, **how):
    """A command that has to end with this code; its result."""
    result = subprocess.run([*map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, **how)
    if code is not None and result.returncode != code:
        raise AssertionError(f"{words} ended with {result.returncode}:\n{result.stdout[-4000:]}\n{result.stderr[-4000:]}")
    return result


def mirror():
    """Where this machine's own apt gets Debian from."""
    wanted = ("apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages", "Codename: bookworm", "Label: Debian")
    sites = subprocess.run(wanted, capture_output=True, text=True).stdout.split()
    return sites[0] if sites else "http://deb.debian.org/debian"


class Debian:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rfmpi-container-", dir="/var/tmp"))
        atexit.register(self.remove)
        self.root, self.site = self.folder / "root", mirror()
        where = ["--root", self.folder / "storage", "--runroot", self.folder / "run", "--storage-driver", "overlay"]
        self.environment = {**os.environ, "TMPDIR": str(self.folder), "BUILDAH_ISOLATION": "chroot"}
        self._buildah = ["buildah", *where]
        # crun of Debian 12 refuses cgroups of both versions at once; runc takes them.
        self._podman = ["podman", *where, "--tmpdir", self.folder / "libpod", "--cgroup-manager", "cgroupfs", "--events-backend", "file",
                        "--runtime", "runc"]

    def buildah(self, *words, **how):
        return call(*self._buildah, *words, env=self.environment, **how)

    def podman(self, *words, **how):
        return call(*self._podman, *words, env=self.environment, **how)

    def podman_line(self):
        return shlex.join(map(str, self._podman))

    def remove(self):
        subprocess.run([*self._podman, "rm", "--all", "--force", "--time", "1"], env=self.environment, capture_output=True)
        subprocess.run([*self._buildah, "rm", "--all"], env=self.environment, capture_output=True)
        # What an overlay leaves mounted holds the folder.
        mounted = [line.split()[1] for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
        for place in sorted((place for place in mounted if place.startswith(f"{self.folder}/")), reverse=True):
            subprocess.run(["umount", "-l", place], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def make_root(self):
        call("debootstrap", "--variant=minbase", f"--keyring={KEYRING}", "bookworm", self.root, self.site, timeout=600)
        lists = "".join(f"deb {self.site} {suite} main\n" for suite in ("bookworm", "bookworm-updates"))
        (self.root / "etc/apt/sources.list").write_text(lists)
        (self.root / "etc/apt/apt.conf.d/languages").write_text('Acquire::Languages "none";\n')
        # Starting services is for machines that run.
        (self.root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
        (self.root / "usr/sbin/policy-rc.d").chmod(0o755)

    def make_base(self):
        tar = self.folder / "base.tar"
        call("tar", "-C", self.root, "--numeric-owner", *(f"--exclude=./{path}/*" for path in LEFT_OUT), "-cf", tar, ".")
        made = self.buildah("from", "--pull=never", "scratch").stdout.strip()
        self.buildah("add", "--quiet", made, tar, "/")
        for name, text in SLIM.items():
            (self.folder / "slim").write_text(text)
            self.buildah("add", "--quiet", made, self.folder / "slim", f"/{name}")
        self.buildah("config", "--cmd", "bash", "--env", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", made)
        self.buildah("commit", "--quiet", "--rm", made, BASE)
        tar.unlink()

    def trust(self):
        """Where this machine trusts authorities of its own, so must pip in the build: options of the build, nothing in the image."""
        if not pathlib.Path(CA_BUNDLE).exists():
            return []
        settings = self.folder / "pip.conf"
        index = os.environ.get("PIP_INDEX_URL")
        settings.write_text("[global]\ncert = /run/authorities.crt\n" + (f"index-url = {index}\n" if index else ""))
        return ["--volume", f"{CA_BUNDLE}:/run/authorities.crt:ro", "--volume", f"{settings}:/etc/pip.conf:ro"]

    def build(self, context):
        """The Dockerfile as it stands, and its first stage by itself."""
        for target, name in (("build", BUILD_STAGE), (None, IMAGE)):
            stage = ["--target", target] if target else []
            self.buildah("bud", "--isolation", "chroot", "--network", "host", "--pull=never", "--format", "docker", "--layers=true", *stage,
                         *self.trust(), "-t", name, "-f", context / "Dockerfile", context, timeout=1500)

    def take_package(self):
        """The .deb of the program, of the first stage; those of the library lie beside it."""
        stage = self.buildah("from", "--pull=never", BUILD_STAGE).stdout.strip()
        mounted = pathlib.Path(self.buildah("mount", stage).stdout.strip())
        for package in (mounted / "src/build/release/packages").glob("*.deb"):
            shutil.copy(package, self.folder)
        self.buildah("rm", stage)
        (program,) = self.folder.glob("rfmpi_*.deb")
        return program

    def run(self, *words, options=(), code=0, timeout=300):
        """podman run, to its end."""
        return self.podman("run", "--rm", *RUN, *options, *words, code=code, timeout=timeout)

    def begin(self, *words, options=()):
        """podman run, left to itself; its id."""
        return self.podman("run", "--detach", *RUN, *options, *words).stdout.strip()

    def end(self, container):
        """What a container that was left to itself ended with: code and words."""
        code = int(self.podman("wait", container).stdout)
        said = self.podman("logs", container)
        self.podman("rm", container)
        return code, said.stdout + said.stderr


@functools.cache
def built(secret="none"):
    """The images, built once for all tests; `secret` lies where credentials lie in a checkout."""
    debian = Debian()
    context = case.checkout(debian.folder / "context")
    (context / "conf/local").mkdir()
    (context / "conf/local/credentials.yml").write_text(f"password: {secret}\n")
    debian.make_root()
    debian.make_base()
    debian.build(context)
    return debian
