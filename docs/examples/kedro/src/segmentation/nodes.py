"""Nodes that start rfmpi, and one that reads what it left.

A finished run directory is not made again: the same inputs and options are "nothing to do", others are refused with exit code 64 unless
"--force" is given. Who logs in to a warehouse is read by rfmpi from conf/local/credentials.yml; no secret goes through a node.
"""

import json
import os
import pathlib
import subprocess

import pandas

RFMPI = os.environ.get("RFMPI", "rfmpi")
STOPPED = 75  # asked to stop, or the network is away: the same command goes on from there


def start(ranks, *words):
    """Run a command of rfmpi to its end; its own words go where Kedro's go."""
    launcher = ["mpirun", "-n", str(ranks)] if ranks > 1 else []
    code = subprocess.run([*launcher, RFMPI, *map(str, words)], stdin=subprocess.DEVNULL).returncode
    if code:
        raise RuntimeError(f"rfmpi {words[0]} ended with exit code {code}" + (": run it again to go on" if code == STOPPED else ""))


def write_job(parameters):
    """The job of parameters.yml as a file: JSON is YAML."""
    path = pathlib.Path("data/job.yml")
    path.write_text(json.dumps(parameters["job"], indent=2))
    return path


def segment_customers(parameters):
    """Event files to features, model, segments and customers."""
    start(parameters["ranks"], "run", write_job(parameters))
    return json.loads((pathlib.Path(parameters["job"]["output"]["dir"]) / "run.json").read_text())


def score_new_customers(parameters, report):
    """Other events, by the model of that run."""
    model = pathlib.Path(parameters["job"]["output"]["dir"]) / "model.h5"
    words = [word for key, value in parameters["new"].items() for word in ("--set", f"{key}={json.dumps(value)}")]
    start(parameters["ranks"], "predict", write_job(parameters), "--model", model, *words)
    return json.loads((pathlib.Path(parameters["new"]["output.dir"]) / "run.json").read_text())


def store_segments(parameters, report):
    """The finished run to where the job says: files, or a table of Snowflake. Done again, it does nothing twice."""
    start(parameters["ranks"], "store", parameters["job"]["output"]["dir"], "--job", write_job(parameters))
    return report["digest"]


def describe_segments(report, new_report, segments, customers, new_customers):
    """A table of what rfmpi has found, of the catalogue's datasets alone."""
    def concatenate(parts):
        return pandas.concat((parts[name]() for name in sorted(parts)), ignore_index=True)

    sizes = concatenate(new_customers).groupby("segment").size().rename("new_customers")
    revenue = concatenate(customers).groupby("segment")["monetary"].sum().rename("revenue")
    return segments.set_index("segment").join(revenue).join(sizes).fillna({"new_customers": 0}).astype({"new_customers": int}).reset_index()
