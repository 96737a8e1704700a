"""The other side of test_hdf5_peer: h5py reads what rfmpi wrote, and writes what rfmpi reads.

peer.py check FILE ROWS   ends non-zero where a value differs
peer.py write FILE
"""

import sys

import h5py
import numpy as np


def check(path, rows):
    with h5py.File(path, "r") as file:
        at = np.arange(rows)
        ids = file["/customers/id"]
        assert ids.dtype == np.dtype("<i8") and ids.shape == (rows,), ids
        assert (ids[:] == at * 7 - 3).all()
        values = file["/features/values"]
        assert values.dtype == np.dtype("<f8") and values.shape == (rows, 3), values
        assert (values[:] == at[:, None] * 10.5 + np.arange(3)).all()
        assert values.chunks is None and values.compression is None
        assert (file["/singles"][:] == at[:, None].astype("f4") / 4).all()
        assert file["/singles"].shape == (rows, 1)
        assert (file["/unsigned"][:] == 2**64 - 1 - at.astype("u8")).all()
        assert (file["/small"][:] == (at % 100 - 50)[:, None] * [1, -1]).all()
        texts = file["/texts"]
        assert texts.dtype == np.dtype("S9"), texts
        assert [t.decode() for t in texts[:]] == [f"c{i:08d}"[: 3 + i % 7] for i in range(rows)]
        names = [n for n in file["/features/names"].asstr()[:]]
        assert names == ["recency_days", "frequency", "monétaire"], names
        assert file["/features"].attrs["unit"] == "days".encode()
        assert file.attrs["rows"] == rows
        assert file["/features/values"].attrs["pi"] == np.pi
        assert file.attrs["long"] == b"x" * 300000
        assert file.attrs["empty"] == b""
        assert file["/none"].shape == (0, 4)


def write(path):
    with h5py.File(path, "w") as file:
        at = np.arange(1000)
        file["be32"] = (at / 8).astype(">f4")
        file["half"] = (at / 8).astype("<f2")
        file["u8"] = (at % 251).astype("u1")
        file["u32"] = (at + 4294960000).astype("u4")
        file["i64"] = at * 10**12
        file["u64"] = at.astype("u8") + 2**63
        file["whole"] = at.astype("f8")
        file["fraction"] = at + 0.5
        file["huge"] = np.full(1000, 1e300)
        file["special"] = np.array([np.nan, np.inf, -np.inf, 1.0])
        file["padded"] = np.array([b"ab", b"abc", b""], dtype="S5")
        file["cube"] = np.zeros((2, 3, 4))
        file["scalar"] = 3.0
        file["flags"] = at % 2 == 0
        file["complex"] = np.zeros(3, dtype="c16")
        file["long_double"] = np.zeros(3, dtype=np.longdouble)
        file["lists"] = np.array(["a", "bb", "ccc", "dé"], dtype=object)
        file["empty"] = h5py.Empty("f8")
        file["group/inner"] = at
        file.create_dataset("packed", data=at[:, None] * np.arange(4), chunks=(64, 4), compression="gzip")
        file.create_dataset("immense", shape=(2**40, 2**15), dtype="f8", chunks=(16, 16))
        file.create_dataset("overflow", shape=(2**62, 2**10), dtype="f8", chunks=(16, 16))
        file.create_dataset("wide", shape=(4, 2**40), dtype="f8", chunks=(1, 16))
        file.attrs["text"] = "vári"
        file.attrs["fixed"] = np.bytes_("fixed")
        file.attrs["integer"] = np.int16(-5)
        file.attrs["number"] = 2.5
        file.attrs["single"] = np.array([7], dtype="u1")
        file.attrs["several"] = np.array([7, 8])
        file.attrs["beyond"] = np.uint64(2**64 - 1)
        file["dangling"] = h5py.SoftLink("/nowhere")


if __name__ == "__main__":
    check(sys.argv[2], int(sys.argv[3])) if sys.argv[1] == "check" else write(sys.argv[2])
