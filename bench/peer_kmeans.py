"""k-means of a peer on a matrix in memory, from given centroids; prints what it took as JSON.

    peer_kmeans.py --peer scikit-learn-lloyd|scikit-learn-elkan|scikit-learn-intelex|faiss --iterations N --threads N X.npy C.npy

kmeans_plusplus draws as many centroids itself.
"""

import argparse
import json
import os
import time

PEERS = ["scikit-learn-lloyd", "scikit-learn-elkan", "scikit-learn-intelex", "faiss", "kmeans_plusplus"]


def read_words():
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", choices=PEERS, required=True)
    parser.add_argument("--iterations", type=int, required=True)
    parser.add_argument("--tolerance", type=float, default=0.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--inertia", action="store_true", help="of the final centroids, in double precision")
    parser.add_argument("rows")
    parser.add_argument("centroids")
    return parser.parse_args()


WORDS = read_words()
os.environ["OMP_NUM_THREADS"] = str(WORDS.threads)  # read when the libraries are loaded
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # a kernel that somebody chose for another library
    os.environ.pop(name, None)

import numpy  # noqa: E402


def fit_scikit(rows, centroids):
    if WORDS.peer == "scikit-learn-intelex":
        from sklearnex.cluster import KMeans
        algorithm = "lloyd"
    else:
        from sklearn.cluster import KMeans
        algorithm = WORDS.peer.rsplit("-", 1)[1]
    start = time.monotonic()
    fitted = KMeans(len(centroids), init=centroids, n_init=1, max_iter=WORDS.iterations, tol=WORDS.tolerance,
                    algorithm=algorithm, copy_x=False).fit(rows)
    return time.monotonic() - start, fitted.n_iter_, fitted.cluster_centers_


def fit_faiss(rows, centroids):
    import faiss

    faiss.omp_set_num_threads(WORDS.threads)
    start = time.monotonic()
    fitted = faiss.Kmeans(rows.shape[1], len(centroids), niter=WORDS.iterations, min_points_per_centroid=1,
                          max_points_per_centroid=len(rows))
    fitted.train(rows, init_centroids=centroids)
    return time.monotonic() - start, WORDS.iterations, fitted.centroids


def draw_scikit(rows, centroids):
    from sklearn.cluster import kmeans_plusplus

    start = time.monotonic()
    drawn, _ = kmeans_plusplus(rows, len(centroids), random_state=1)
    return time.monotonic() - start, 0, drawn


def inertia_of(rows, centroids):
    total, centroids = 0.0, centroids.astype(float)
    for first in range(0, len(rows), 100_000):
        part = rows[first:first + 100_000].astype(float)
        products = (centroids**2).sum(axis=1) - 2 * part @ centroids.T
        total += products.min(axis=1).sum() + (part**2).sum()
    return total


def main():
    rows, centroids = numpy.load(WORDS.rows), numpy.load(WORDS.centroids)
    fit = {"faiss": fit_faiss, "kmeans_plusplus": draw_scikit}.get(WORDS.peer, fit_scikit)
    seconds, iterations, final = fit(rows.copy(), centroids)
    result = {"seconds": seconds, "iterations": int(iterations)}
    if WORDS.inertia:
        result["inertia"] = inertia_of(rows, final)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
