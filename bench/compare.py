"""Whether a peer's features are ours, customer by customer: counts and times equal, sums equal to the cent.

    compare.py RUN_DIR PEER.npz         one line; exit 1 with the first differences
    compare.py RUN_DIR                  the sums of all features as JSON
"""

import datetime
import json
import sys

import h5py
import numpy

DAY_US = 86400 * 10**6
TIMES = ("last_purchase", "first_event", "last_event")


def read_ours(run):
    with h5py.File(f"{run}/features.h5") as file:
        ids = file["customers/id"][:]
        names = [name.decode() for name in file["features/names"][:]]
        values = file["features/values"][:]
    order = numpy.argsort(ids)
    return ids[order], {name: values[order, j] for j, name in enumerate(names)}


def as_of_us(run):
    with open(f"{run}/run.json") as file:
        text = json.load(file)["as_of"]
    since = datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return since // datetime.timedelta(microseconds=1)


def as_integers(name, values, as_of):
    """Ours: days before as_of become times again, amounts cents."""
    if name in TIMES:
        return as_of - numpy.rint(values * DAY_US).astype(numpy.int64)
    return numpy.rint(values * (100 if name == "revenue" else 1)).astype(numpy.int64)


def of_peer(name, values, earliest):
    if name == "revenue":
        return numpy.rint(values * 100).astype(numpy.int64)
    values = values.astype(numpy.int64)
    # A customer who never bought: ours counts from the earliest event of all.
    return numpy.where(values == -2**63, earliest, values) if name == "last_purchase" else values


def compare(run, peer):
    ids, ours = read_ours(run)
    theirs = dict(numpy.load(peer))
    their_ids = theirs.pop("user_id")
    order = numpy.argsort(their_ids)
    if not numpy.array_equal(ids, their_ids[order]):
        sys.exit(f"{run} has {len(ids)} customers, {peer} {len(their_ids)}, and not the same ones")
    if set(ours) != set(theirs):
        sys.exit(f"not the same features: {sorted(ours)} and {sorted(theirs)}")
    as_of, earliest = as_of_us(run), int(theirs["first_event"].min())
    for name in ours:
        a, b = as_integers(name, ours[name], as_of), of_peer(name, theirs[name][order], earliest)
        differs = numpy.flatnonzero(a != b)
        if len(differs):
            i = differs[0]
            sys.exit(f"{name}: {len(differs)} customers differ; the first: {ids[i]}: ours {a[i]}, theirs {b[i]}")
    print(f"{len(ids)} customers, {len(ours)} features: equal")


if len(sys.argv) == 3:
    compare(*sys.argv[1:])
else:
    print(json.dumps({name: float(values.sum()) for name, values in read_ours(sys.argv[1])[1].items()}))
