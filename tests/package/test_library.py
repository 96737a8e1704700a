"""librfmpi as it is installed: the example of the docs is built against it by make and by CMake, wherever it was moved to; programs of others
get what `rfmpi train` gives, bit for bit; nothing but what the header declares can be seen of it."""

import ctypes
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import case

import h5py
import numpy

HERE = pathlib.Path(__file__).parent
BUILD = pathlib.Path(os.environ["RFMPI_BUILD"])
EXAMPLES = case.SOURCE / "docs/examples"
SANITIZED = os.environ.get("RFMPI_SANITIZED") == "1"
MAP = case.SOURCE / "src/library/librfmpi.map"
SCALES = ("standard", "robust", "minmax", "none")
# What a program that links a sanitized library must be built with.
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"] if SANITIZED else []
ROWS, COLUMNS, CLUSTERS, SEED = 5000, 4, 6, 3


def say(*words, code=0, **how):
    result = subprocess.run([*map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, **how)
    assert result.returncode == code, f"{words}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def listed():
    """The symbols of the committed list."""
    names = set(re.findall(r"^\s+(rfmpi_\w+);", MAP.read_text(), re.MULTILINE))
    return names - {"rfmpi_comm_create"} if case.SERIAL else names


class Installed(case.Case):
    """The two components of the library in a folder, which was another when they were put there."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="rfmpi-library-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        for component in ("library", "development"):
            say("cmake", "--install", BUILD, "--prefix", cls.folder / "first", "--component", component)
        cls.prefix = (cls.folder / "first").rename(cls.folder / "moved")
        cls.lib = next(cls.prefix.rglob("librfmpi.a")).parent
        cls.environment = {**os.environ, "PKG_CONFIG_PATH": str(cls.lib / "pkgconfig"), "LD_LIBRARY_PATH": str(cls.lib)}

    def flags(self, *what):
        return say("pkg-config", *what, "rfmpi", env=self.environment).split()

    def compile(self, source, to, *more, static=False):
        """As a Makefile would; the static library is asked for by its name."""
        libraries = self.flags("--libs", *(["--static"] if static else []))
        if static:
            libraries = [str(self.lib / "librfmpi.a") if word == "-lrfmpi" else word for word in libraries]
        keeps = [case.SOURCE / "tests/suppressions/dlclose.c"] if SANITIZED else []
        say("cc", "-std=c11", *SANITIZERS, *self.flags("--cflags"), *more, "-o", to, source, *keeps, *libraries)
        return to

    def run_on(self, ranks, program, *words, code=0):
        result = case.launch(*words, ranks=ranks, program=program, env=self.environment)
        self.assertEqual(result.returncode, code, result.stderr)
        return result


class Symbols(Installed):
    def test_the_shared_library_shows_what_is_listed(self):
        shown = say("nm", "-D", "--defined-only", self.lib / "librfmpi.so")
        self.assertEqual(set(re.findall(r" T (\w+)@@RFMPI_0$", shown, re.MULTILINE)), listed())
        others = [line for line in shown.splitlines() if "RFMPI_0" not in line]
        self.assertEqual([line for line in others if not SANITIZED], [])

    def test_the_header_declares_what_is_listed(self):
        text = (self.prefix / "include/rfmpi.h").read_text()
        declared = set(re.findall(r"^RFMPI_API [^;(]*?(rfmpi_\w+)\(", text, re.MULTILINE))
        self.assertEqual(declared - ({"rfmpi_comm_create"} if case.SERIAL else set()), listed())

    def test_the_static_library_keeps_its_names_to_itself(self):
        shown = say("nm", "-g", "--defined-only", self.lib / "librfmpi.a")
        names = {line.split()[2] for line in shown.splitlines() if re.match(r"[0-9a-f]+ [TDBRVW] ", line)}
        self.assertEqual({name for name in names if not (SANITIZED and re.match("_*(asan|odr|lsan|ubsan)", name))}, listed())

    def test_its_name_has_the_number_of_its_interface(self):
        about = say("readelf", "-d", self.lib / "librfmpi.so")
        self.assertIn("soname: [librfmpi.so.0]", about)
        self.assertNotIn("TEXTREL", about)
        self.assertNotRegex(about, "RPATH|RUNPATH")
        if not SANITIZED:
            needed = set(re.findall(r"NEEDED.*\[(lib\w+)", about))
            openmp = {"libgomp", "libomp"}  # gcc's or clang's
            self.assertEqual(needed - {"libc", "libm", "ld"} - openmp, {"libopenblas"} | (set() if case.SERIAL else {"libmpi"}))
            self.assertEqual(len(needed & openmp), 1)

    def test_versions_agree(self):
        number = re.search(r"^rfmpi (\S+)", case.launch("--version", ranks=0).stdout).group(1)
        header = (self.prefix / "include/rfmpi.h").read_text()
        self.assertEqual(".".join(re.findall(r"define RFMPI_VERSION_\w+ (\d+)", header)), number)
        self.assertEqual(self.flags("--modversion"), [number])
        self.assertIn(f'PACKAGE_VERSION "{number}"', (self.lib / "cmake/rfmpi/rfmpiConfigVersion.cmake").read_text())

    def test_no_path_of_where_it_was_made_is_left(self):
        for path in self.prefix.rglob("*"):
            if path.is_file() and path.suffix in (".pc", ".cmake", ".h"):
                for place in (str(BUILD), str(case.SOURCE), str(self.folder)):
                    self.assertNotIn(place, path.read_text(), path.name)


class Header(Installed):
    LANGUAGES = (("gcc", "c", "c11"), ("gcc", "c", "c17"), ("clang", "c", "c11"), ("g++", "c++", "c++11"), ("g++", "c++", "c++17"),
                 ("clang++", "c++", "c++17"))

    def test_it_compiles_alone_in_c_and_cpp(self):
        # Warnings of mpi.h are not ours.
        flags = [re.sub("^-I(?!.*moved)", "-isystem", word) for word in self.flags("--cflags") if word != "-pthread"]
        there = [language for language in self.LANGUAGES if shutil.which(language[0])]
        self.assertTrue({"c", "c++"} <= {language[1] for language in there}, "there is no compiler of C++")
        for compiler, language, standard in there:
            source = self.dir / f"alone.{'c' if language == 'c' else 'cc'}"
            source.write_text("#include <rfmpi.h>\nint main(void) { return rfmpi_fit_defaults().k == 8 ? 0 : 1; }\n")
            say(compiler, f"-std={standard}", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", *flags, "-fsyntax-only", source)

    @unittest.skipUnless(shutil.which("g++"), "there is no g++")
    def test_a_program_in_cpp_links(self):
        source = self.dir / "program.cc"
        source.write_text("#include <rfmpi.h>\nint main() { return rfmpi_version()[0] == '0' ? 0 : 1; }\n")
        say("g++", "-std=c++17", *SANITIZERS, *self.flags("--cflags"), "-o", self.dir / "program", source, *self.flags("--libs"))
        self.run_on(0, self.dir / "program")
        (self.dir / "CMakeLists.txt").write_text(  # one that knows no C
            "cmake_minimum_required(VERSION 3.16)\nproject(program LANGUAGES CXX)\nfind_package(rfmpi REQUIRED)\n"
            "add_executable(program program.cc)\ntarget_link_libraries(program rfmpi::rfmpi)\n")
        say("cmake", "-S", self.dir, "-B", self.dir / "built", f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DCMAKE_CXX_FLAGS={' '.join(SANITIZERS)}")
        say("cmake", "--build", self.dir / "built")
        self.run_on(0, self.dir / "built/program")


@case.needs_ranks
class Example(Installed):
    def setUp(self):
        super().setUp()
        self.source = shutil.copytree(self.prefix / "share/rfmpi/examples", self.dir / "examples")
        self.assertEqual({path.name for path in self.source.iterdir()}, {"cluster.c", "CMakeLists.txt", "Makefile"})
        # What the example has to be built with besides, where the library is a sanitized one.
        self.more = [*SANITIZERS, str(case.SOURCE / "tests/suppressions/dlclose.c")] if SANITIZED else []

    def lines(self, ranks, program, *words):
        return sorted(self.run_on(ranks, program, *words).stdout.splitlines())

    def test_make_builds_it_and_ranks_make_no_difference(self):
        say("make", "-C", self.source, *([f"CFLAGS=-std=c11 {' '.join(self.more)}"] if SANITIZED else []), env=self.environment)
        one = self.lines(1, self.source / "cluster")
        self.assertEqual(len(one), 2 * (1 + 4))
        for ranks in (0, 2, 3, 4):
            self.assertEqual(self.lines(ranks, self.source / "cluster"), one, ranks)
        few = self.run_on(3, self.source / "cluster", 3)
        self.assertIn("warning: k-means: 3 clusters instead of 4", few.stderr)

    def test_cmake_builds_it_too(self):
        flags = [f"-DCMAKE_C_FLAGS={' '.join(SANITIZERS)}"]
        say("cmake", "-S", self.source, "-B", self.dir / "built", f"-DCMAKE_PREFIX_PATH={self.prefix}", *flags)
        say("cmake", "--build", self.dir / "built")
        if not SANITIZED:  # leaks of MPI's plug-ins need dlclose.c
            self.assertEqual(len(self.lines(2, self.dir / "built/cluster")), 10)

    def test_cmake_finds_the_static_library(self):
        text = (self.source / "CMakeLists.txt").read_text()
        self.assertIn("rfmpi 0.1 REQUIRED", text)
        text = text.replace("rfmpi 0.1 REQUIRED", "rfmpi 0.1 REQUIRED COMPONENTS static").replace("rfmpi::rfmpi", "rfmpi::static")
        (self.source / "CMakeLists.txt").write_text(text)
        say("cmake", "-S", self.source, "-B", self.dir / "built", f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_C_FLAGS={' '.join(SANITIZERS)}")
        say("cmake", "--build", self.dir / "built")
        self.assertNotIn("librfmpi", say("readelf", "-d", self.dir / "built/cluster"))
        if not SANITIZED:
            self.assertEqual(len(self.lines(2, self.dir / "built/cluster")), 10)

    def test_cmake_may_look_for_it_again(self):
        """As projects do that bring others along: what is found must not depend on who asked before."""
        (self.source / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.16)\nproject(again LANGUAGES C)\n"
            "function(find)\n  find_package(rfmpi 0.1 REQUIRED COMPONENTS static)\nendfunction()\n"
            "set(CMAKE_DISABLE_FIND_PACKAGE_MPI TRUE)\nfind_package(rfmpi QUIET)\nset(CMAKE_DISABLE_FIND_PACKAGE_MPI FALSE)\n"
            "find()\nfind()\nadd_executable(cluster cluster.c)\ntarget_link_libraries(cluster PRIVATE rfmpi::static)\n")
        say("cmake", "-S", self.source, "-B", self.dir / "built", f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_C_FLAGS={' '.join(SANITIZERS)}")
        say("cmake", "--build", self.dir / "built")

    def test_another_version_is_not_found(self):
        text = (self.source / "CMakeLists.txt").read_text().replace("rfmpi 0.1", "rfmpi 0.2")
        (self.source / "CMakeLists.txt").write_text(text)
        say("cmake", "-S", self.source, "-B", self.dir / "built", f"-DCMAKE_PREFIX_PATH={self.prefix}", code=1)


class Programs(Installed):
    """A program of somebody else's beside `rfmpi train`, on the same rows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        draw = numpy.random.default_rng(11)
        places = draw.normal(0, 4, (CLUSTERS, COLUMNS))
        cls.values = places[draw.integers(0, CLUSTERS, ROWS)] + draw.normal(0, 1, (ROWS, COLUMNS))
        cls.values[:, 1] *= 1000
        cls.weights, cls.ids = draw.integers(0, 9, ROWS) / 3, draw.permutation(ROWS) * 17 - 1000

    def setUp(self):
        super().setUp()
        for name, array in (("doubles", self.values), ("floats", self.values.astype("f4")), ("weights", self.weights),
                            ("ids", self.ids.astype("i8"))):
            array.tofile(self.dir / name)

    def train(self, scale, values, weights=None, ids=None):
        """The run directory of the program's."""
        with h5py.File(self.dir / "matrix.h5", "w") as file:
            for name, array in (("features/values", values), ("features/weights", weights), ("customers/id", ids)):
                if array is not None:
                    file[name] = array
        out = self.dir / f"run-{scale}"
        shutil.rmtree(out, ignore_errors=True)
        self.rfmpi("train", "--set", f"input.features={self.dir}/matrix.h5", "--set", f"cluster.k={CLUSTERS}", "--set",
                   f"cluster.seed={SEED}", "--set", f"cluster.scale={scale}", "--set", f"output.dir={out}", ranks=2)
        return out

    def fit(self, program, ranks, scale, values="doubles", weights="-", ids="-"):
        """What the program of this test gives: (labels, distances, parts of the model)."""
        out = self.dir / f"fit-{ranks}"
        here = lambda name: name if name == "-" else self.dir / name
        self.run_on(ranks, program, self.dir / values, ROWS, COLUMNS, out, CLUSTERS, SEED, SCALES.index(scale), int(values == "floats"),
                    here(weights), here(ids))
        labels, distances = (numpy.concatenate([numpy.fromfile(f"{out}.{name}.{rank}", kind) for rank in range(max(1, ranks))])
                             for name, kind in (("labels", "i4"), ("distances", "f8")))
        lines = [line.split() for line in pathlib.Path(f"{out}.model.0").read_text().splitlines()]
        parts = {words[0]: [float.fromhex(word) if "0x" in word else float(word) for word in words[1:]] for words in lines}
        return labels, distances, parts

    def assert_same(self, run, fitted):
        labels, distances, parts = fitted
        rows = case.read_customers(run)
        self.assertEqual(labels.tolist(), [int(row["segment"]) for row in rows])
        self.assertEqual(numpy.sqrt(distances).tolist(), [float(row["distance"]) for row in rows])
        with h5py.File(run / "model.h5") as file:
            model = {name: file[place][...].ravel().tolist() for place, name in self.places(file)}
            self.assertEqual([file.attrs["inertia"]], parts["inertia"])
        self.assertEqual({name: parts[name] for name in model}, model)
        quality = case.read_report(run)["quality"]
        for name in ("silhouette", "davies_bouldin", "calinski_harabasz"):
            self.assertEqual(parts[name], [quality[name]], name)

    def places(self, file):
        """Where model.h5 has the parts of a model."""
        of_model = ("positions", "centroids_original", "offset", "step", "low", "high", "sizes", "trace")
        more = [("/model/weights", "weights")] if "/model/weights" in file else []
        return [("/centroids", "centroids"), ("/model/scaling/center", "center"), ("/model/scaling/scale", "scale"), *more,
                *((f"/model/{name}", name) for name in of_model)]

    def ranks(self):
        return (0,) if case.SERIAL else (1, 2, 3, 4)

    def test_it_gets_the_bits_of_the_program(self):
        program = self.compile(HERE / "fit.c", self.dir / "fit")
        for scale in SCALES:
            run = self.train(scale, self.values)
            for ranks in self.ranks() if scale == "standard" else self.ranks()[-1:]:
                self.assert_same(run, self.fit(program, ranks, scale))

    def test_floats_weights_and_ids(self):
        program = self.compile(HERE / "fit.c", self.dir / "fit")
        self.assert_same(self.train("standard", self.values.astype("f4")), self.fit(program, self.ranks()[-1], "standard", "floats"))
        run = self.train("robust", self.values, self.weights, self.ids)
        for ranks in self.ranks()[::3]:
            self.assert_same(run, self.fit(program, ranks, "robust", weights="weights", ids="ids"))

    def test_the_static_library_gives_them_too(self):
        program = self.compile(HERE / "fit.c", self.dir / "fit", static=True)
        self.assertNotIn("librfmpi", say("readelf", "-d", program))
        self.assert_same(self.train("minmax", self.values), self.fit(program, self.ranks()[-1], "minmax"))

    def test_what_fails_is_told_and_nothing_else_is_said(self):
        program = self.compile(HERE / "fit.c", self.dir / "fit")
        result = self.run_on(0, program, self.dir / "doubles", ROWS, COLUMNS, self.dir / "out", CLUSTERS)
        self.assertEqual((result.stdout, result.stderr), ("", ""))
        self.values[1234, 2] = numpy.nan
        self.values.tofile(self.dir / "doubles")
        self.values[1234, 2] = 0
        result = self.run_on(0, program, self.dir / "doubles", ROWS, COLUMNS, self.dir / "out", CLUSTERS, code=65)
        self.assertEqual(result.stderr, "fit: row 1234 of this rank, column 2 (from 0): nan is no finite number\n")

    @unittest.skipIf(SANITIZED, "Python is not sanitized")
    def test_python_labels_rows_by_a_model_of_the_program(self):
        run = self.train("standard", self.values)
        library = ctypes.CDLL(self.lib / "librfmpi.so")
        with h5py.File(run / "model.h5") as file:
            parts = {name: numpy.ascontiguousarray(file[place][...]) for place, name in self.places(file)}
        model, labels, error = ctypes.c_void_p(), numpy.full(ROWS, -1, "i4"), Error()
        given = Parts(size=ctypes.sizeof(Parts), k=CLUSTERS, d=COLUMNS, **{name: parts[of].ctypes.data for name, of in DECIDES})
        self.assertEqual(library.rfmpi_model_make(ctypes.byref(given), ctypes.byref(model), ctypes.byref(error)), 0, error.message)
        rows = Rows(ctypes.sizeof(Rows), ROWS, self.values.ctypes.data, 0, COLUMNS)
        self.assertEqual(library.rfmpi_assign(model, ctypes.byref(rows), labels.ctypes.data_as(ctypes.c_void_p), None, ctypes.byref(error)), 0)
        library.rfmpi_model_free(model)
        self.assertEqual(labels.tolist(), [int(row["segment"]) for row in case.read_customers(run)])


DECIDES = (("center", "center"), ("scales", "scale"), ("offset", "offset"), ("step", "step"), ("low", "low"), ("high", "high"),
           ("positions", "positions"))


class Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int), ("rank", ctypes.c_int), ("n_failed", ctypes.c_int), ("message", ctypes.c_char * 1000)]


class Rows(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("n", ctypes.c_size_t), ("values", ctypes.c_void_p), ("stride", ctypes.c_size_t),
                ("d", ctypes.c_int), ("type", ctypes.c_int), ("weights", ctypes.c_void_p), ("ids", ctypes.c_void_p)]


class Parts(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("k", ctypes.c_int), ("d", ctypes.c_int), ("centroids", ctypes.c_void_p),
                ("centroids_scaled", ctypes.c_void_p), ("sizes", ctypes.c_void_p), ("weights", ctypes.c_void_p), ("inertia", ctypes.c_double),
                ("trace", ctypes.c_void_p), ("iterations", ctypes.c_int), ("converged", ctypes.c_int), ("restart", ctypes.c_int),
                ("scale", ctypes.c_int), ("seed", ctypes.c_uint64), ("center", ctypes.c_void_p), ("scales", ctypes.c_void_p),
                ("offset", ctypes.c_void_p), ("step", ctypes.c_void_p), ("low", ctypes.c_void_p), ("high", ctypes.c_void_p),
                ("positions", ctypes.c_void_p)]


if __name__ == "__main__":
    case.main()
