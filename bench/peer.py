"""What the peers have in common: their words, their clock, their memory, and how a result is kept for comparison."""

import argparse
import json
import time


def read_words(formulations):
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", choices=["simple", "full"], required=True)
    parser.add_argument("--formulation", help="how the features are asked for; none: print the names there are")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--save", help="keep the values in this .npz")
    parser.add_argument("paths", nargs="*")
    words = parser.parse_args()
    if not words.formulation:
        print(*formulations[words.list])
        parser.exit()
    return words


def peak_memory_bytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


def run(words, compute, columns_of):
    """compute() leaves the result in memory; columns_of(result) gives numpy columns by feature, times in microseconds."""
    start = time.monotonic()
    result = compute(words)
    seconds = time.monotonic() - start
    print(json.dumps({"seconds": seconds, "peak_memory_bytes": peak_memory_bytes()}))
    if words.save:
        import numpy

        numpy.savez(words.save, **columns_of(result))
