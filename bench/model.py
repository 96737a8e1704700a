"""Time, memory and messages of the whole batch on 1 .. 1,024 nodes, from rates of one core: the tables of docs/scaling.md.

    python3 bench/model.py            the tables, as Markdown
    python3 bench/model.py --check    says whether docs/scaling.md has them
    python3 bench/model.py --write    puts them into docs/scaling.md, between its marks

Rates and sizes are measured by bench/scaling.sh, which also compares what this says with what ranks do. Formulas are
explained in docs/scaling.md. The machine is one of round figures; each can be given: --machine fs_read=1e12.
"""

import argparse
import bisect
import dataclasses
import math
import pathlib
import sys

DOCUMENT = pathlib.Path(__file__).parent.parent / "docs/scaling.md"
BEGIN, END = "<!-- made by bench/model.py: {} -->", "<!-- end -->"
MOST_DIRECT = 256  # rfm_ranks_most_direct: beyond, ranks are in groups
ROUND = 4 << 20  # DEFAULT_ROUND_BYTES of the exchange
PIECES, PIECES_EACH, PIECES_OF_STATE = 256, 4, 256
PART_ROWS = 1_000_000


@dataclasses.dataclass(frozen=True)
class Machine:
    """Seconds, bytes a second and bytes."""

    cores: float = 128
    memory: float = 256 * 2**30
    network: float = 25e9  # of a node, each way
    latency: float = 3e-6  # of a message
    message: float = 0.5e-6  # of a core's work for one
    client: float = 10e9  # of a node, from or to the file system
    fs_read: float = 240e9
    fs_write: float = 240e9
    shared: float = 0.5  # of fs_write, into one file by all
    opens: float = 50e3  # a second, of the metadata server
    stat: float = 0.2e-3
    look: float = 5e-3  # to open a file and read its first block
    sync: float = 1e-3  # of a file that is written already


@dataclasses.dataclass(frozen=True)
class Rates:
    """Of one core, measured (bench/scaling.sh); twelve features, 8 clusters."""

    event: float = 75e-9  # parse and fold
    gunzip: float = 50e-9  # of an event, beside that
    pair: float = 1.0e-6  # freeze, send and merge what a rank has of a customer
    hash: float = 0.1e-9  # of an input byte, for state.h5
    state: float = 0.25e-6  # a customer into state.h5
    cluster: float = 1.2e-6  # seed and fit, a customer
    quality: float = 0.10  # in all: about 10,000 rows are held against each other
    write: float = 0.55e-6  # a customer into customers/


@dataclasses.dataclass(frozen=True)
class Sizes:
    """Bytes; events and customers are those of `rfmpi generate --shape log`."""

    event: float = 132
    event_gz: float = 17.8
    customers: float = 0.068  # an event
    pair: float = 121  # what a rank has of a customer, on its way
    values: float = 137  # and what all ranks together have of its distinct values
    row: float = 330  # of a customer in a table, values included
    state: float = 111  # a customer in state.h5
    features: float = 104  # in features.h5: id and twelve doubles
    matrix: float = 250  # in memory while clustering: ids, features, indices, distances, labels
    text: float = 36  # in customers/, compressed
    rank: float = 28 * 2**20  # program and MPI, without customers
    shard: float = 48
    file: float = 256  # in the list that every rank has
    piece: float = 6 * 2048  # of pages that rows and five lists of a piece begin
    rank_words: float = 64  # bytes a rank has for each other rank: offsets and counts while something is shared


@dataclasses.dataclass(frozen=True)
class Work:
    """What is asked for."""

    events: float
    gz: bool = False
    file_bytes: float = 1e9
    state: bool = True


# Ranks that have something of a customer, on average, where each has an even share of 30 days in the order of time.
# Sessions last some minutes: beyond some thousand ranks they are cut as well.
MET_AT = [1, 2, 4, 8, 16, 64, 256, 1024, 4096, 16384, 131072]
MET = [1, 1.31, 1.69, 2.14, 2.53, 2.99, 3.20, 3.39, 3.97, 6.17, 11.0]
COLLECTIVES = 900  # calls of a whole batch
SMALL = 1000  # bytes of the larger ones


def met_by(ranks):
    """MET, straight between its points over the logarithm of the ranks."""
    at = min(bisect.bisect_right(MET_AT, ranks), len(MET_AT) - 1)
    low, high = math.log(MET_AT[at - 1]), math.log(MET_AT[at])
    share = min(1, (math.log(ranks) - low) / (high - low))
    return MET[at - 1] + share * (MET[at] - MET[at - 1])


def groups_of(ranks):
    return ranks if ranks <= MOST_DIRECT else math.isqrt(ranks - 1) + 1


@dataclasses.dataclass(frozen=True)
class Hop:
    """One leg of the exchange, for one rank."""

    targets: int
    rounds: int
    bytes: float

    @property
    def messages(self):
        return self.rounds * (self.targets - 1)


class Batch:
    """A batch of so many events on so many ranks, by the formulas of docs/scaling.md."""

    def __init__(self, work, ranks, nodes, machine=Machine(), rates=Rates(), sizes=Sizes()):
        self.work, self.ranks, self.nodes = work, ranks, nodes
        self.machine, self.rates, self.sizes = machine, rates, sizes
        self.customers = work.events * sizes.customers
        self.own = self.customers / ranks
        self.pairs = self.customers * met_by(ranks) / ranks
        self.input = work.events * (sizes.event_gz if work.gz else sizes.event)
        self.files = max(1, self.input / work.file_bytes)

    # ---- messages ----

    def block_bytes(self):
        """What a rank has of customers when all is read, as blocks."""
        return self.pairs * self.sizes.pair + self.own * self.sizes.values

    def table_bytes(self):
        """What it has while it reads: of a customer met by several ranks each has a part of the values."""
        return self.pairs * self.sizes.row / math.sqrt(met_by(self.ranks))

    def hops(self):
        groups = groups_of(self.ranks)
        each = max(PIECES_EACH, math.ceil(PIECES / groups))
        hops = [Hop(groups, min(each, int(self.table_bytes() / ROUND) + 1), self.block_bytes() * (1 - 1 / groups))]
        if groups < self.ranks:
            members = math.ceil(self.ranks / groups)
            rounds = min(PIECES_OF_STATE, int(self.block_bytes() / ROUND) + 1)
            hops.append(Hop(members, rounds, self.block_bytes() * (1 - 1 / members)))
        return hops

    def messages(self):
        return sum(hop.messages for hop in self.hops())

    def sent(self):
        return sum(hop.bytes for hop in self.hops())

    # ---- times ----

    def read_rate(self):
        return min(self.machine.fs_read, self.nodes * self.machine.client)

    def write_rate(self, shared):
        return min(self.machine.fs_write * (self.machine.shared if shared else 1), self.nodes * self.machine.client)

    def collective(self, n_bytes):
        """An all-reduce by doubling."""
        return 2 * math.log2(max(2, self.ranks)) * (self.machine.latency + n_bytes / self.machine.network)

    def parse(self):
        """Files that are more than a rank's share are decoded by one rank each, and parsed by all of its node."""
        r, w = self.rates, self.work
        shared = (w.events * (r.event + w.gz * r.gunzip) + w.state * self.input * r.hash) / self.ranks
        alone = w.file_bytes / self.sizes.event_gz * r.gunzip
        return max(shared, alone) if w.gz and self.files < self.ranks else shared

    def agree(self):
        relayed = self.files if self.work.gz and self.files < self.ranks else 0
        return (COLLECTIVES + 3 * relayed) * self.collective(SMALL)

    def times(self):
        """Seconds by what they are spent on."""
        m, r, w = self.machine, self.rates, self.work
        crossing = self.sent() * (self.ranks / self.nodes) / m.network if self.nodes > 1 else 0
        opens = self.ranks / m.opens * (3 if w.state else 2)
        h5 = self.customers * (self.sizes.features + (self.sizes.state if w.state else 0))
        return {
            "list": self.files * m.stat + self.files / self.ranks * m.look,
            "read": self.input * (2 if w.state else 1) / self.read_rate(),
            "parse": self.parse(),
            "merge": self.pairs * r.pair * len(self.hops()),
            "send": crossing + self.messages() * (m.message + m.latency / 8),
            "cluster": self.own * r.cluster + r.quality / self.ranks,
            "agree": self.agree(),
            "HDF5": h5 / self.write_rate(True) + opens + (self.own * r.state if w.state else 0),
            "parts": self.own * r.write + self.customers * self.sizes.text / self.write_rate(False),
            "sync": math.ceil(self.customers / PART_ROWS) * m.sync,
        }

    def bottleneck(self):
        times = self.times()
        return max(times, key=times.get)

    def seconds(self):
        """Reading overlaps with parsing; the rest comes one after the other."""
        times = self.times()
        return sum(times.values()) - min(times["read"], times["parse"])

    # ---- memory ----

    def memory(self):
        """Of a rank at its peak: reading, sharing out, or clustering."""
        groups = groups_of(self.ranks)
        fixed = self.sizes.rank + self.sizes.file * self.files + self.sizes.shard * (self.ranks + self.files)
        fixed += self.sizes.rank_words * self.ranks
        pieces = groups * max(PIECES_EACH, math.ceil(PIECES / groups))
        table = pieces * self.sizes.piece + self.table_bytes()
        sharing = self.block_bytes() * (2 if groups < self.ranks else 0)
        return fixed + max(table, sharing, self.own * self.sizes.matrix)

    def node_memory(self):
        return self.memory() * self.ranks / self.nodes


# ---- tables ---------------------------------------------------------------------------------------------------------

NODES = [1, 4, 16, 64, 256, 1024]
EVENTS = [1e8, 1e9, 1e10, 1e11]


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def seconds(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def size(n_bytes):
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if n_bytes < 1024 or unit == "TiB":
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1024
    raise AssertionError


def power(value):
    return f"10^{round(math.log10(value))}"


def cell(batch):
    if batch.node_memory() > batch.machine.memory:
        return "memory"
    return f"{seconds(batch.seconds())} ({batch.bottleneck()})"


def batches(machine, nodes, **of):
    return [Batch(Work(events, **of), int(nodes * machine.cores), nodes, machine) for events in EVENTS]


def print_times(machine, **of):
    heads = ["nodes", "ranks"] + [f"{power(events)} events" for events in EVENTS]
    return table(heads, [[n, f"{int(n * machine.cores):,}"] + [cell(batch) for batch in batches(machine, n, **of)] for n in NODES])


def print_stages(machine):
    rows = []
    for nodes in NODES:
        batch = batches(machine, nodes)[-1]
        rows.append([nodes] + [seconds(value) for value in batch.times().values()])
    return table(["nodes"] + list(batches(machine, 1)[-1].times()), rows)


def print_memory(machine):
    heads = ["nodes"] + [f"{power(events)}: a node (a rank)" for events in EVENTS]
    return table(heads, [[n] + [f"{size(b.node_memory())} ({size(b.memory())})" for b in batches(machine, n)] for n in NODES])


def print_messages(machine):
    rows = []
    for nodes in NODES:
        batch = batches(machine, nodes)[-1]
        rows.append([nodes, f"{batch.ranks:,}", groups_of(batch.ranks), f"{batch.messages():,}", size(batch.sent()),
                     size(batch.sent() / max(1, batch.messages())), size(batch.sent() * batch.ranks / nodes),
                     f"{batch.ranks * PIECES_EACH:,}",
                     f"{groups_of(batch.ranks) * max(PIECES_EACH, math.ceil(PIECES / groups_of(batch.ranks))):,}"])
    return table(["nodes", "ranks", "groups", "messages a rank", "bytes a rank", "bytes a message", "bytes a node",
                  "pieces a rank without groups", "with"], rows)


TABLES = {
    "plain text": lambda m: print_times(m),
    "gzip": lambda m: print_times(m, gz=True, state=False),
    "stages": print_stages,
    "memory": print_memory,
    "messages": print_messages,
}


def machine_of(words):
    return dataclasses.replace(Machine(), **{key: float(value) for key, value in (word.split("=") for word in words)})


def with_tables(document, machine):
    for name, make in TABLES.items():
        begin = BEGIN.format(name)
        before, rest = document.split(begin, 1)
        _, after = rest.split(END, 1)
        document = f"{before}{begin}\n{make(machine)}\n{END}{after}"
    return document


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--machine", nargs="*", default=[], metavar="KEY=VALUE")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--check", action="store_true", help="exit 1 where the document has other tables")
    words = parser.parse_args()
    machine = machine_of(words.machine)
    if words.check:
        same = with_tables(DOCUMENT.read_text(), machine) == DOCUMENT.read_text()
        sys.exit(0 if same else "model: docs/scaling.md has other tables than these: bench/model.py --write")
    if words.write:
        DOCUMENT.write_text(with_tables(DOCUMENT.read_text(), machine))
        return
    for name, make in TABLES.items():
        print(f"{name}:\n\n{make(machine)}\n")


if __name__ == "__main__":
    main()
