#!/usr/bin/env python3
"""A run directory as a report reads it, made up:  example.py DIR [--segments K] [--features D] [--bare] [--wicked]

--bare: neither scores nor a previous model, a sweep, revenue or a projection. --wicked: names that are markup, control characters and such.
"""
import argparse
import json
import math
import pathlib
import random

NAMES = ["Champions", "Loyal", "Can't lose", "At risk", "Potential loyalist", "Promising", "New", "Need attention", "About to sleep",
         "Hibernating", "Lost"]
GRID = ["Champions", "Loyal", "Potential loyalist", "New", "Promising", "Need attention", "About to sleep", "At risk", "Can't lose",
        "Hibernating", "Lost"]
FEATURES = [("recency_days", "days", 60), ("frequency", "orders", 4), ("monetary", "amount", 300), ("views", "events", 80),
            ("carts", "events", 12), ("removes", "events", 3), ("sessions", "sessions", 15), ("active_days", "days", 9),
            ("products", "products", 40), ("categories", "categories", 9), ("tenure_days", "days", 200), ("conversion", "orders/sessions", 0.3),
            ("average_order", "amount/orders", 70)]
WICKED = ["</title><script>alert(1)</script>", "\"quoted\" & 'both' <b>", "tab\tand\nline", "\u202egnihtyreve\u202c", "bell\u0007 del\u007f c1\u0085",
          "長い名前の顧客セグメント名称です", "x" * 300, "", "עברית", "-"]


def spread(low, high, n):
    return [low + (high - low) * i / n for i in range(n + 1)]


def make_feature(draw, name, unit, scale, centres):
    top = max(math.log1p(scale * math.exp(c + 1.6)) for c in centres)
    bins = spread(0, top, 30)
    counts, quartiles = [], []
    for c in centres:
        middle = math.log1p(scale * math.exp(c)) * 30 / top
        counts.append([int(1000 * math.exp(-((b + 0.5 - middle) / 3) ** 2) * (0.7 + 0.6 * draw.random())) for b in range(30)])
        quartiles.append([scale * math.exp(c + s) for s in (-0.4, 0, 0.4)])
    overall = scale * math.exp(sum(centres) / len(centres))
    return {"name": name, "unit": unit, "axis": "log1p", "min": 0, "max": math.expm1(top), "mean": 1.3 * overall, "median": overall,
            "p05": overall / 4, "p25": overall / 2, "p75": overall * 2, "p95": overall * 4, "edges": [math.expm1(b) for b in bins],
            "counts": counts, "quartiles": quartiles}


def make_segments(draw, k, features, names, centres, revenue):
    sizes = sorted((int(math.exp(draw.uniform(7, 11))) for _ in range(k)))
    segments = []
    for i, size in enumerate(sizes):
        middle = [scale * math.exp(centres[j][i]) for j, (_, _, scale) in enumerate(features)]
        average = [sum(c) / k for c in centres]
        money = size * middle[2] if revenue and len(features) > 2 else None
        segments.append({"id": i, "label": i, "name": names[i % len(names)], "customers": size, "share": size / sum(sizes), "weight": None,
                         "revenue": money, "revenue_share": None, "centroid": [0.9 * m for m in middle], "median": middle,
                         "mean": [1.2 * m for m in middle], "standing": [1.5 * (centres[j][i] - average[j]) for j in range(len(features))]})
    total = sum(s["revenue"] or 0 for s in segments)
    for s in segments:
        s["revenue_share"] = s["revenue"] / total if total else None
    return segments


def make_projection(draw, k, d):
    centroids = [[draw.gauss(0, 2), draw.gauss(0, 1.2)] for _ in range(k)]
    sample = []
    for _ in range(2000):
        i = draw.randrange(k)
        sample.append([round(centroids[i][0] + draw.gauss(0, 0.5), 3), round(centroids[i][1] + draw.gauss(0, 0.4), 3), i])
    loadings = [[draw.gauss(0, 1) for _ in range(d)] for _ in range(2)]
    loadings = [[x / math.hypot(*row) for x in row] for row in loadings]
    return {"customers": 1000000, "explained": [0.58, 0.21], "loadings": loadings, "centroids": centroids, "sample": sample}


def make_scores(draw, k, names):
    heat = [[int(math.exp(draw.uniform(3, 9))) for _ in range(5)] for _ in range(5)]
    heat[0][4] = 0
    money = [[20 * math.exp(0.5 * f + 0.2 * r) for f in range(5)] for r in range(5)]
    grid = [{"name": n, "customers": 100 * (i + 1), "share": (i + 1) / 66, "revenue": 9000.5 * (i + 1), "revenue_share": (i + 1) / 66}
            for i, n in enumerate(names)]
    return {"bins": 5, "learnt": True, "features": {"recency": "recency_days", "frequency": "frequency", "monetary": "monetary"},
            "customers": {m: [900, 1000, 1100, 950, 1050] for m in ("recency", "frequency", "monetary")},
            "cuts": {"recency": [7, 21, 60, 150], "frequency": [1, 2, 4, 9], "monetary": [20.5, 60, 140, 400]},
            "heat": {"customers": heat, "monetary": money}, "grid": grid,
            "cross": [[draw.randrange(900) for _ in range(k)] for _ in grid]}


def make_run(draw, args, names, segments):
    k = args.segments
    run = {"format": 1, "attempt": 1, "status": "done", "version": "0.1.0", "command": "run", "ranks": 4, "threads": 2, "n_rows": 1812345,
           "n_events": 1800011, "n_filtered": 12001, "n_after_as_of": 300, "n_duplicates": 0, "n_rejected": 33, "spilled_bytes": 0,
           "rejected": {"fields": 20, "quote": 1, "customer": 0, "time": 12, "number": 0, "bytes": 0}, "as_of": "2019-10-30T22:59:59.999999Z",
           "finished": "2019-11-02T06:12:13Z", "seconds": 83.2, "peak_memory_bytes": 1932735283, "peak_memory_bytes_max": 512345678,
           "digest": "af4b65a2dd76109ced4d2cae2748f687", "n_customers": sum(s["customers"] for s in segments),
           "stages": {n: {"seconds": s, "imbalance": 1.07} for n, s in [("ingest", 51.9), ("features", 2.2), ("cluster", 21.8), ("score", 0.04),
                                                                         ("figures", 0.8), ("write", 6.1)]},
           "input": {"n_files": 3, "bytes": 99, "files": [{"path": f"/data/2019-{m}.csv.gz", "bytes": 123456789} for m in ("08", "09", "10")]},
           "site": {"n_hosts": 1, "processor": "A processor at 2.4 GHz", "mpi": "Open MPI 4.1.4", "blas": "OpenBLAS 0.3.21", "hdf5": "HDF5 1.10.8",
                    "compiler": "GNU 12.2.0, Release"},
           "options": {"input": {"paths": ["/data/*.csv.gz"], "timezone": "Europe/Paris", "delimiter": ",", "rows": [{"column": "price", "above": "0"}]},
                       "cluster": {"k": "8", "choose": "silhouette", "seed": "7"}, "output": {"dir": "runs/2019-10"}},
           "cluster": {"k": k, "iterations": 14, "inertia": 1234.5, "converged": True, "algorithm": "fused",
                       "trace": [1234.5 * (1 + math.exp(-0.5 * i)) for i in range(14)]},
           "quality": {"silhouette": 0.42, "silhouette_rows": 20000, "silhouettes": [0.1 + 0.6 * draw.random() for _ in range(k)]},
           "segments": {str(s["id"]): {"name": s["name"], "size": s["customers"]} for s in segments}}
    if not args.bare:
        ks = list(range(2, 13))
        run["sweep"] = {"k": ks, "inertia": [9000 / x for x in ks], "silhouette": [0.5 - 0.002 * (x - 8) ** 2 for x in ks],
                        "davies_bouldin": [0.8 + 0.01 * (x - 7) ** 2 for x in ks], "calinski_harabasz": [4000 - 90 * (x - 6) ** 2 for x in ks],
                        "stability": [0.99 - 0.01 * x for x in ks]}
        run["scores"] = make_scores(draw, k, WICKED if args.wicked else GRID)
        run["drift"] = {"share_changed": 0.074, "n_changed": 7400, "segments": list(range(k)), "moved": [0.02 * i for i in range(k - 1)] + [None],
                        "flows": {str(o): [draw.randrange(50) + 2000 * (o == c) for c in range(k)] for o in range(k)},
                        "stability_index": {name: 0.05 * (j + 1) for j, (name, _, _) in enumerate(FEATURES[:args.features])}}
        n = len(names)
        run["migration"] = {"from": "runs/2019-09", "names_from": names, "names_to": names,
                            "customers": [[draw.randrange(400) for _ in range(n)] for _ in range(n)], "arrived": [3] * n, "left": [1] + [0] * (n - 1)}
    return run


def main():
    words = argparse.ArgumentParser()
    words.add_argument("dir", type=pathlib.Path)
    words.add_argument("--segments", type=int, default=8)
    words.add_argument("--features", type=int, default=len(FEATURES))
    words.add_argument("--bare", action="store_true")
    words.add_argument("--wicked", action="store_true")
    args = words.parse_args()
    draw = random.Random(1)
    k, features = args.segments, FEATURES[:args.features]
    names = WICKED if args.wicked else NAMES
    centres = [sorted((draw.gauss(0, 1) for _ in range(k)), reverse=j % 2 == 1) for j in range(len(features))]
    segments = make_segments(draw, k, features, names, centres, not args.bare)
    figures = {"format": "rfmpi figures 1", "n_customers": sum(s["customers"] for s in segments), "n_segments": k, "n_features": len(features), "quartiles_of": 10000,
               "standings_of": sum(s["customers"] for s in segments),
               "money": None if args.bare or len(features) < 3 else "monetary", "segments": segments,
               "features": [make_feature(draw, *feature, centres[j]) for j, feature in enumerate(features)],
               "projection": None if args.bare else make_projection(draw, k, len(features))}
    args.dir.mkdir(parents=True, exist_ok=True)
    (args.dir / "figures.json").write_text(json.dumps(figures))
    (args.dir / "run.json").write_text(json.dumps(make_run(draw, args, names, segments)))


if __name__ == "__main__":
    main()
