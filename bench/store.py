"""Upload of a run's parts against curl -T of the same files to the same server; see bench/store.sh.

The server is the tests' warehouse. What comes behind the upload is not measured: COPY is refused, and ends the store.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.request
import uuid

import h5py
import measure
import numpy

os.environ.setdefault("RFMPI_SOURCE", str(pathlib.Path(__file__).resolve().parent.parent))
sys.path.append("tests/e2e")
import warehouse  # noqa: E402

STAGE = "BENCH"
PARALLEL = 8
ENOUGH = 0.8
BYTES_A_CUSTOMER = 400              # of the matrix, the run directory, and the parts in the stage of one round


def make_run(place, customers):
    """Customers of six features, in parts of 250,000: about 60 bytes each."""
    draw, matrix, out = numpy.random.default_rng(5), place / "matrix.h5", place / "run"
    with h5py.File(matrix, "w") as file:
        file["features/values"] = draw.normal(0, 1, (customers, 6))
    measure.run([*measure.mpirun(2), measure.RFMPI, "train", "--set", f"input.features={matrix}", "--set", f"output.dir={out}", "--set",
                 "output.part_rows=250000", "--set", "cluster.k=4", "--set", "cluster.max_iterations=3", "--set", "cluster.search=none"])
    matrix.unlink()
    return out


def post(service, path, body, token="None"):
    request = urllib.request.Request(f"http://127.0.0.1:{service.ready['quiet_port']}{path}", json.dumps(body).encode(),
                                     {"Content-Type": "application/json", "Authorization": f'Snowflake Token="{token}"'})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        return json.load(answer)["data"]


def ask_for_place(service):
    """Where curl may write, as PUT tells it."""
    ready = service.ready
    login = {"ACCOUNT_NAME": ready["account"], "LOGIN_NAME": ready["user"], "PASSWORD": ready["password"], "SESSION_PARAMETERS": {}}
    token = post(service, "/session/v1/login-request?databaseName=LOAD_DB&schemaName=PUBLIC", {"data": login})["token"]
    sql = f"PUT 'file:///none/part.csv.gz' @{STAGE}/curl/ AUTO_COMPRESS=FALSE"
    return post(service, f"/queries/v1/query-request?requestId={uuid.uuid4()}", {"sqlText": sql}, token)["stageInfo"]


def curl_settings(info, parts):
    """A config file for curl: the place's credentials, and each part with its address."""
    creds = info["creds"]
    lines = ["fail", "silent", "show-error", 'output = "/dev/null"']
    if info["locationType"] == "S3":
        lines += [f'aws-sigv4 = "aws:amz:{info["region"]}:s3"', f'user = "{creds["AWS_KEY_ID"]}:{creds["AWS_SECRET_KEY"]}"',
                  f'header = "x-amz-security-token: {creds["AWS_TOKEN"]}"', 'header = "x-amz-content-sha256: UNSIGNED-PAYLOAD"']
    else:
        lines += [f'header = "Authorization: Bearer {creds["GCS_ACCESS_TOKEN"]}"']
    for part in parts:
        lines += [f'upload-file = "{part}"', f'url = "{info["endPoint"]}/{info["location"]}{part.name}"']
    return "\n".join(lines) + "\n"


class Rounds:
    """One upload each, into a stage that is empty before."""

    def __init__(self, service, place, run_dir):
        self.service, self.place, self.run_dir = service, place, run_dir
        self.parts = sorted((run_dir / "customers").glob("part-*"))

    def clear(self):
        self.service.rows(f"CREATE OR REPLACE STAGE {STAGE} ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE')")
        (self.run_dir / "store.jsonl").unlink(missing_ok=True)

    def curl(self, *words):
        self.clear()
        settings = self.place / "curl.conf"
        settings.touch(0o600)
        settings.write_text(curl_settings(ask_for_place(self.service), self.parts))
        return {"seconds": measure.run(["curl", "--config", str(settings), *words])[0]}

    def rfmpi(self):
        self.clear()
        settings = ("store.to=snowflake", "store.table=BENCH", "store.create=true", f"store.stage={STAGE}",
                    f"store.parallel={PARALLEL}", "log.level=info")
        command = [measure.RFMPI, "store", str(self.run_dir), *(word for one in settings for word in ("--set", one))]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              env={**warehouse.outside(), **self.service.environment()})
        told = re.search(r"uploaded (\d+) parts, [0-9.]+ MB in ([0-9.]+) s", done.stderr)
        if not told or int(told[1]) != len(self.parts):
            raise measure.Failed(done.stderr)
        return {"seconds": float(told[2])}

    def in_turn(self, rounds):
        return measure.in_turn({"rfmpi": self.rfmpi, "curl": self.curl,
                                "curl_parallel": lambda: self.curl("--parallel", "--parallel-max", str(PARALLEL))}, rounds, "upload")


def print_table(results):
    runs, megabytes = results["runs"], results["bytes"] / 1e6
    fastest = min(measure.median(runs[name]) for name in ("curl", "curl_parallel"))
    share = fastest / measure.median(runs["rfmpi"])
    names = {"rfmpi": f"rfmpi store, {PARALLEL} at once", "curl": "curl -T, one after the other", "curl_parallel": f"curl -T, {PARALLEL} at once"}
    print(f"{results['parts']} parts, {megabytes:.0f} MB, stage {results['stage']}; {measure.machine_line(results['machine'])}.\n")
    print(measure.table(["upload by", "seconds", "MB/s"], [[names[name], measure.spread(runs[name]),
                                                           f"{megabytes / measure.median(runs[name]):.0f}"] for name in names]))
    print(f"Throughput of rfmpi: {100 * share:.0f} % of the faster curl's.")
    return share >= ENOUGH


def add_words(parser):
    parser.add_argument("--customers", type=int, default=3_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--stage", choices=["s3", "gcs"], default="s3")


def main():
    words = measure.read_words(__doc__, add_words)
    if not warehouse.PYTHON.exists():
        sys.exit("bench: the tests' warehouse is wanted: jobs/install.sh test")
    with measure.place_of(words, words.customers * BYTES_A_CUSTOMER) as place, warehouse.Warehouse(stage=words.stage) as service:
        service.order(at="copy", what="refuse", times=0)
        rounds = Rounds(service, place, make_run(place, words.customers))
        results = {"stage": words.stage, "machine": measure.machine(), "parts": len(rounds.parts),
                   "bytes": sum(part.stat().st_size for part in rounds.parts), "runs": rounds.in_turn(words.rounds)}
    measure.keep(words.out, results)
    sys.exit(0 if print_table(results) else 1)


main()
