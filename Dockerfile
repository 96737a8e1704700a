# One node in a container: as many ranks as it is given cores, or RANKS of them.
#
#   docker build -t rfmpi .
#   docker run --rm -v "$PWD:/data" --user "$(id -u):$(id -g)" rfmpi run /data/job.yml
#
# What it needs at run time is what the package made in the first stage depends on.
FROM debian:bookworm-slim AS build
WORKDIR /src
COPY jobs/install.sh jobs/
RUN jobs/install.sh build package && rm -rf /var/lib/apt/lists/*
COPY . .
RUN cmake --preset release \
 && cmake --build --preset release \
 && cpack --config build/release/CPackConfig.cmake -G DEB

FROM debian:bookworm-slim
COPY --from=build /src/build/release/packages/rfmpi_*.deb /tmp/
RUN apt-get update \
 && apt-get install -y --no-install-recommends /tmp/rfmpi_*.deb \
 && rm -rf /tmp/rfmpi_*.deb /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 rfmpi \
 && install -d -o rfmpi -g rfmpi /data
ENV OMPI_MCA_btl_vader_single_copy_mechanism=none OMP_NUM_THREADS=1
USER rfmpi
WORKDIR /data
ENTRYPOINT ["/usr/share/rfmpi/jobs/container.sh"]
CMD ["--help"]
