#!/usr/bin/env bash
# k-means from given centroids, against scikit-learn, scikit-learn-intelex and FAISS, in turn on one machine; Markdown:
#   bench/kmeans.sh [--shapes 10000000x8x8,log:8,...] [--iterations 20] [--rounds 3] [--place DIR] [--out RESULTS.json]
# ROWSxCOLUMNSxCLUSTERS: blobs, so many iterations. log:K, wide:K: the full features of 10,000,000 generated events, to
# convergence. FILE.h5:K: a matrix of yours, to convergence. What each option is for: bench/kmeans.sh --help
exec "$(dirname "$0")/start.sh" kmeans.py "$@"
