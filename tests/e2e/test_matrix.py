"""A bare HDF5 matrix of any sound kind is clustered; any other is refused with one message that says what is wrong."""

import case

import h5py
import numpy

BASE = numpy.random.default_rng(0).normal(size=(50, 2))


def spoiled(row, column, value):
    rows = BASE.copy()
    rows[row, column] = value
    return rows


class Matrix(case.Case):
    def write(self, name, values, **datasets):
        path = self.dir / name
        with h5py.File(path, "w") as file:
            file["features/values"] = values
            for place, content in datasets.items():
                file[place.replace("__", "/")] = content
        return path

    def train(self, path, out="run", *words, code=0, **how):
        return self.rfmpi("train", "--set", f"input.features={path}", "--set", "cluster.k=3", "--set",
                          f"output.dir={self.dir / out}", *words, code=code, **how)

    def test_kinds_of_numbers_and_ids_give_what_is_in_them(self):
        strange = [f"é,\"{i}\n".encode() for i in range(20)]
        for name, values, ids in (("f8", BASE, None), ("f4", BASE.astype("f4"), numpy.arange(50, dtype="i4") + 7),
                                  ("big-endian", BASE.astype(">f8"), None), ("int", (BASE * 100).astype("i4"), None),
                                  ("one", numpy.array([[3.5]]), numpy.array([-9])),
                                  ("same", numpy.ones((20, 3)), numpy.array(strange))):
            self.train(self.write(name, values, **({} if ids is None else {"customers__id": ids})), f"run-{name}",
                       "--set", "output.part_rows=7", ranks=3)
            rows = case.read_customers(self.dir / f"run-{name}")
            wanted = range(len(values)) if ids is None else ids.tolist()
            texts = [i.decode() if isinstance(i, bytes) else str(i) for i in wanted]
            self.assertEqual([row["id"] for row in rows], texts)
            read = [[float(row[f"x{j + 1}"]) for j in range(values.shape[1])] for row in rows]
            self.assertEqual(read, values.astype(float).tolist())

    def test_more_ranks_than_rows_and_more_clusters_than_rows(self):
        path = self.write("three", numpy.array([[1.0, 2], [3, 4], [5, 7]]))
        self.train(path, "one", "--set", "cluster.k=1000", ranks=0)
        self.train(path, "many", "--set", "cluster.k=1000", "--set", "output.part_rows=1", ranks=12)
        one, many = (case.read_report(self.dir / run) for run in ("one", "many"))
        self.assertEqual(one["digest"], many["digest"])
        self.assertEqual((one["cluster"]["k"], one["cluster"]["inertia"]), (3, 0))
        self.assertEqual(len(list((self.dir / "many" / "customers").glob("part-*"))), 3)

    def test_what_cannot_be_clustered_is_refused(self):
        bad = {"nan": spoiled(7, 1, numpy.nan), "infinite": spoiled(7, 1, -numpy.inf),
               "range": spoiled([3, 4], 0, [1e308, -1e308]),
               "dimensions": numpy.zeros((2, 3, 4)), "no rows": numpy.zeros((0, 3)), "no columns": numpy.zeros((5, 0)),
               "text": numpy.array([[b"a", b"b"]])}
        ids = {"short": numpy.arange(49), "unsigned": numpy.arange(50, dtype="u8"), "real": numpy.arange(50.0),
               "variable length": numpy.array([f"a{i}" for i in range(50)], dtype=object)}
        paths = [self.write(name, values) for name, values in bad.items()]
        paths += [self.write("ids " + name, BASE, customers__id=values) for name, values in ids.items()]
        whole = paths[0].read_bytes()
        for name, content in (("torn", whole[:-1]), ("half", whole[:len(whole) // 2]), ("other", b"hi"), ("empty", b"")):
            paths.append(self.dir / name)
            paths[-1].write_bytes(content)
        for path in paths:
            result = self.train(path, f"run of {path.name}", code=65, ranks=0)
            self.assertEqual(len(case.errors(result)), 1, result.stderr)
            self.assertFalse((self.dir / f"run of {path.name}" / "model.h5").exists())


if __name__ == "__main__":
    case.main()
