"""The digest does not depend on ranks, threads, the way the input is split or named, or on the instruction set."""

import pathlib
import random

import case


def cut_unevenly(path, directory, n, seed):
    """The rows of one CSV file in n files of very different sizes, each with the header."""
    header, *rows = pathlib.Path(path).read_bytes().splitlines(keepends=True)
    cuts = sorted(random.Random(seed).sample(range(1, len(rows)), n - 2)) + [len(rows) - 1]
    directory.mkdir()
    paths = []
    for i, (begin, end) in enumerate(zip([0] + cuts, cuts + [len(rows)])):
        paths.append(directory / f"piece-{i}.csv")
        paths[-1].write_bytes(header + b"".join(rows[begin:end]))
    return paths


def has(*flags):
    words = pathlib.Path("/proc/cpuinfo").read_text().split()
    return all(flag in words for flag in flags)


class SameBits(case.Case):
    def setUp(self):
        super().setUp()
        self.whole = self.generate(parts=1)
        self.n = 0

    def digest(self, paths=None, **how):
        self.n += 1
        report = self.run_job("quickstart.yml", paths or self.whole, f"run-{self.n}", "--set",
                              "features.list=rfm-behaviour", "--set", "cluster.restarts=2", **how)
        self.assertRegex(report["digest"], "^[0-9a-f]{32}$")
        self.assertGreater(report["n_customers"], 3000)
        return report["digest"]

    def test_ranks(self):
        self.assertEqual(len({self.digest(ranks=ranks) for ranks in (0, 1, 2, 3, 4)}), 1)

    def test_threads(self):
        self.assertEqual(len({self.digest(ranks=2, env={"OMP_NUM_THREADS": str(n)}) for n in (1, 2)}), 1)

    def test_split_and_order_of_the_input(self):
        pieces = cut_unevenly(self.whole[0], self.dir / "pieces", 7, seed=5)
        shuffled = self.dir / "shuffled"  # other names, so that another order comes of sorting them
        shuffled.mkdir()
        for i, piece in enumerate(pieces):
            (shuffled / f"{(i * 3) % 7}.csv").write_bytes(piece.read_bytes())
        digests = {self.digest(ranks=2), self.digest(pieces, ranks=3), self.digest(pieces[::-1], ranks=2),
                   self.digest(sorted(shuffled.iterdir()), ranks=4)}
        self.assertEqual(len(digests), 1)

    def test_budget_of_memory(self):
        """Past it customers go to disk: over and over with these, which see each other again and again."""
        paths = self.generate(events=100000, customers=20000, name="many")
        runs = [self.run_job("quickstart.yml", paths, f"budget-{ranks}-{budget}", "--set", "features.list=rfm-behaviour",
                             "--set", "input.memory=" + budget, "--set", f"output.scratch={scratch}", ranks=ranks)
                for ranks, budget, scratch in ((1, "1M", ""), (2, "1M", self.dir), (3, "1100K", ""), (2, "4G", ""))]
        self.assertEqual(len({report["digest"] for report in runs}), 1)
        self.assertEqual([report["spilled_bytes"] > 1e6 for report in runs], [True, True, True, False])
        self.assertEqual(list(self.dir.glob(".scratch*")) + list(self.dir.glob("*/.scratch*")), [])

    def test_kernel_of_blas(self):
        kernels = ["Haswell", "Prescott"] + (["SkylakeX"] if has("avx512f") else [])
        digests = {self.digest(ranks=2, env={"OPENBLAS_CORETYPE": kernel}) for kernel in kernels}
        self.assertEqual(digests, {self.digest(ranks=2)})

    def test_instruction_sets_of_glibc(self):
        without = "glibc.cpu.hwcaps=-AVX2_Usable,-FMA_Usable:glibc.cpu.hwcaps=-AVX2,-FMA"
        digests = {self.digest(ranks=2, env={"GLIBC_TUNABLES": tunables})
                   for tunables in ("glibc.cpu.hwcaps=-AVX2,-FMA", "glibc.cpu.hwcaps=-AVX512F,-AVX2,-FMA", without)}
        self.assertEqual(digests, {self.digest(ranks=2)})

    def test_vectors_of_the_scanner(self):
        levels = (["portable"] + ["avx2"] * has("avx2", "bmi1") +
                  ["avx512"] * has("avx2", "bmi1", "avx512f", "avx512bw", "avx512_vbmi2"))
        digests = {self.digest(ranks=2, env={"RFMPI_VECTOR": level}) for level in levels}
        self.assertEqual(digests, {self.digest(ranks=2)})

    def test_another_seed_gives_another_digest(self):
        first = self.run_job("quickstart.yml", self.whole, "first", "--set", "cluster.k=17", ranks=2)
        second = self.run_job("quickstart.yml", self.whole, "second", "--set", "cluster.k=17", "--set", "cluster.seed=9",
                              "--set", "cluster.restarts=1", "--set", "cluster.init=random", ranks=2)
        self.assertNotEqual(first["digest"], second["digest"])
        self.assertEqual(first["digest_parts"]["features"], second["digest_parts"]["features"])


if __name__ == "__main__":
    case.main()
