# One node in a container: as many ranks as it is given cores, or RANKS of them.
#
#   docker build -t rfmpi .
#   docker run --rm -v "$PWD:/data" rfmpi run /data/job.yml
FROM debian:bookworm-slim AS build
WORKDIR /src
COPY jobs/install.sh jobs/
RUN jobs/install.sh build && rm -rf /var/lib/apt/lists/*
COPY . .
RUN cmake --preset release && cmake --build --preset release && cmake --install build/release --prefix /opt/rfmpi --strip

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends openmpi-bin libopenblas0-pthread libhdf5-openmpi-103-1 libyaml-0-2 \
    libjansson4 libdeflate0 libxxhash0 libisal2 libzstd1 zlib1g liblz4-1 libgomp1 tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 rfmpi
COPY --from=build /opt/rfmpi /opt/rfmpi
COPY --chmod=755 jobs/container.sh /usr/local/bin/rfmpi-container
ENV PATH=/opt/rfmpi/bin:$PATH OMPI_MCA_btl_vader_single_copy_mechanism=none OMP_NUM_THREADS=1
USER rfmpi
WORKDIR /data
ENTRYPOINT ["/usr/local/bin/rfmpi-container"]
CMD ["--help"]
