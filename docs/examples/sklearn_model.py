"""A model.h5 as a scikit-learn pipeline that gives the labels predict gives:  sklearn_model.py MODEL.h5 FEATURES.h5

Needs h5py and scikit-learn. The pipeline can be pickled where this file can be imported.
"""

import sys

import h5py
import numpy
from sklearn.cluster import KMeans
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

LOG1P, SQRT, CLIP = range(3)


def scale(values, model):
    """Feature values (customers x features) to the positions that the centroids are among."""
    x = numpy.where(numpy.isnan(values), model.get("fills", numpy.nan), values)
    for step in range(model["scaling/kind"].shape[1]):
        for j in numpy.flatnonzero(model["scaling/n_steps"] > step):
            kind = model["scaling/kind"][j, step]
            if kind == CLIP:
                x[:, j] = numpy.clip(x[:, j], model["scaling/low"][j, step], model["scaling/high"][j, step])
            else:
                x[:, j] = numpy.sign(x[:, j]) * (numpy.log1p if kind == LOG1P else numpy.sqrt)(abs(x[:, j]))
    x = (x - model["scaling/center"]) / model["scaling/scale"] - model["offset"]
    return numpy.rint(x / model["step"]) * model["step"]


def load(path):
    """The pipeline, and the segment id that each of its labels stands for."""
    model = {}
    with h5py.File(path) as file:
        file["model"].visititems(lambda name, item: model.update({name: item[()]} if isinstance(item, h5py.Dataset) else {}))
    centroids = model["positions"]
    kmeans = KMeans(n_clusters=len(centroids), init=centroids, n_init=1, max_iter=1).fit(centroids)
    kmeans.cluster_centers_ = centroids  # as they are: fit has moved them by a rounding
    return make_pipeline(FunctionTransformer(scale, kw_args={"model": model}), kmeans), model["segment_ids"]


def main():
    pipeline, segment_ids = load(sys.argv[1])
    with h5py.File(sys.argv[2]) as file:
        segments = segment_ids[pipeline.predict(file["features/values"][:])]
    for segment, size in zip(*numpy.unique(segments, return_counts=True)):
        print(f"segment {segment}: {size} customers")


if __name__ == "__main__":
    main()
