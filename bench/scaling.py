"""What ranks send, hold and take when the work of each is the same, against bench/model.py; see bench/scaling.sh.

Counts and bytes are the program's own (traffic and peak memory of run.json) and do not depend on the cores of the
machine. Times do: of a plain start of one rank processor time is taken, which other programs lengthen least; seconds of
several ranks are shown where there is a core for each. Of all rounds the least counts.
"""

import json
import os
import resource
import shutil

import formats
import measure
import model

FEW = 1000
SETTING = "output.state=true"


def words_for(task, paths, out):
    return [measure.RFMPI, task, "bench/pipeline.yml", "--set", f"input.paths={json.dumps([str(p) for p in paths])}",
            "--set", f"output.dir={out}", "--set", SETTING]


def start(command, out):
    """(processor seconds, run.json)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    measure.run(command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    about = json.loads((out / "run.json").read_text())
    shutil.rmtree(out)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, about


# ---- rates of one core ----------------------------------------------------------------------------------------------


def least(rounds, task, paths, out):
    runs = [start(words_for(task, paths, out), out) for _ in range(rounds)]
    return min(runs, key=lambda run: run[0])


def stage_share(about, name):
    """Of the time behind features; quality apart, which is a part of the stage that clusters."""
    behind = {stage: about["stages"][stage]["seconds"] for stage in ("cluster", "write")}
    behind["quality"] = about["quality"]["seconds"]
    behind["cluster"] -= behind["quality"]
    return behind[name] / sum(behind.values())


def files_for_rates(place, events):
    log, wide = (formats.make(place / f"{shape}-{events}", formats.PLAIN, events, shape) for shape in ("log", "wide"))
    packed = formats.make(place / f"log-{events}", formats.GZ1, events, "log")
    few = formats.make(place / f"log-{FEW}", formats.PLAIN, FEW, "log")
    return {"log": log, "wide": wide, "gz": packed, "few": few}


def rates(words, place):
    """Seconds of one core, in the terms of model.Rates, from what two shapes take that differ in customers an event."""
    events = words.events_for_rates
    paths = files_for_rates(place, events)
    took, customers = {}, {}
    for name in paths:
        measure.say(f"rates of one core: {name}")
        took[name], about = least(words.rounds, "prepare", paths[name], place / "run")
        customers[name] = about["n_customers"]
    whole, about = least(words.rounds, "run", paths["log"], place / "run")
    n, behind = customers["log"], whole - took["log"]
    pair = (took["wide"] - took["log"]) / (customers["wide"] - n)
    return {"event": (took["log"] - took["few"] - pair * n) / events,
            "gunzip": max(0, took["gz"] - took["log"]) / events,
            "pair": pair, "cluster": behind * stage_share(about, "cluster") / n,
            "quality": behind * stage_share(about, "quality"), "write": behind * stage_share(about, "write") / n}


def print_rates(measured):
    units = {"event": ("ns an event", 1e9), "gunzip": ("ns an event", 1e9), "pair": ("ns a customer", 1e9),
             "cluster": ("ns a customer", 1e9), "quality": ("s", 1), "write": ("ns a customer", 1e9)}
    rows = [[name, f"{value * units[name][1]:.3g}", f"{getattr(model.Rates(), name) * units[name][1]:.3g}", units[name][0]]
            for name, value in measured.items()]
    print(measure.table(["rate of one core", "measured", "in the model", ""], rows))


# ---- ranks ----------------------------------------------------------------------------------------------------------


def run(words, place, ranks):
    events = ranks * words.events_a_rank
    paths = formats.make(place / f"log-{events}", formats.PLAIN, events, "log")
    measure.say(f"{ranks} ranks, {events:,} events")
    runs = [start([*measure.mpirun(ranks), *words_for("run", paths, place / "run")], place / "run")[1]
            for _ in range(words.rounds if ranks <= cores() else 1)]
    about = min(runs, key=lambda of: of["seconds_published"])
    return {"ranks": ranks, "events": events, "customers": about["n_customers"], "seconds": about["seconds_published"],
            "memory": about["peak_memory_bytes"], "traffic": about["traffic"], "digest": about["digest"]}


def cores():
    return len(os.sched_getaffinity(0))


def modelled(of, measured):
    """As the model has it on this machine, whose files lie in memory and whose ranks share one node."""
    machine = model.Machine(cores=cores(), client=1e11, fs_read=1e11, fs_write=1e11, opens=1e6, stat=1e-5, look=1e-4)
    known = {name: value for name, value in measured.items() if value > 0}
    return model.Batch(model.Work(of["events"]), of["ranks"], 1, machine, model.Rates(**known))


def pair_of(measured, said, show):
    return f"{show(measured)} / {show(said)}"


def row(of, measured):
    batch, traffic, ranks = modelled(of, measured), of["traffic"], of["ranks"]
    in_time = pair_of(of["seconds"], batch.seconds(), "{:.2f}".format) if ranks <= cores() else "-"
    return [ranks, f"{of['events']:,}", f"{of['customers']:,}",
            pair_of(traffic["message_bytes"] / ranks / 1e6, batch.sent() / 1e6, "{:.2f}".format),
            pair_of(traffic["n_messages"] / ranks, batch.messages(), "{:.0f}".format),
            pair_of(traffic["n_collectives_max"], model.COLLECTIVES, "{:.0f}".format),
            pair_of(of["memory"] / ranks / 2**20, batch.memory() / 2**20, "{:.0f}".format), in_time]


def print_table(results):
    print(f"Shape log, {results['events_a_rank']:,} events a rank, twelve features, 8 clusters, state.h5; "
          f"{measure.machine_line(results['machine'])}.\n")
    print_rates(results["rates"])
    heads = ["ranks", "events", "customers", "MB sent a rank", "messages a rank", "collective calls", "MiB a rank", "seconds"]
    print("Measured / model:\n")
    print(measure.table(heads, [row(of, results["rates"]) for of in results["runs"]]))


def add_words(parser):
    parser.add_argument("--ranks", type=measure.numbers_of, default=[1, 2, 4, 8, 16])
    parser.add_argument("--events-a-rank", type=int, default=1_000_000)
    parser.add_argument("--events-for-rates", type=int, default=4_000_000)
    parser.add_argument("--rounds", type=int, default=3)


def main():
    words = measure.read_words(__doc__, add_words)
    results = {"events_a_rank": words.events_a_rank, "machine": measure.machine(), "runs": []}
    needed = (sum(words.ranks) * words.events_a_rank + 4 * words.events_for_rates) * (formats.BYTES_AN_EVENT + 20)
    with measure.place_of(words, needed) as place:
        results["rates"] = rates(words, place)
        results["runs"] = [run(words, place, ranks) for ranks in words.ranks]
    measure.keep(words.out, results)
    print_table(results)


if __name__ == "__main__":
    main()
