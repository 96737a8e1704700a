# Recipe for Spack:  spack repo create REPO && mkdir REPO/packages/rfmpi && cp package.py REPO/packages/rfmpi/ && spack repo add REPO
#
# then, with the line below that begins with `git` naming your checkout:  spack install rfmpi
#
# NOT RUN where rfmpi is tested, since there is no Spack there.
from spack.package import *


class Rfmpi(CMakePackage):
    """Event files to customer segments, in parallel."""

    git = "file:///where/the/checkout/is"

    version("main", branch="main")

    variant("mpi", default=True, description="Parallel by MPI")

    depends_on("c", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("pkgconfig", type="build")
    # Those whose package files the build asks for.
    depends_on("openmpi@4:", when="+mpi")
    depends_on("hdf5@1.10 +mpi", when="+mpi")
    depends_on("hdf5@1.10 ~mpi", when="~mpi")
    depends_on("openblas threads=openmp")
    depends_on("libyaml")
    depends_on("jansson")
    depends_on("curl")
    depends_on("openssl")
    depends_on("libdeflate")
    depends_on("isa-l")
    depends_on("zstd")
    depends_on("xxhash")

    def cmake_args(self):
        return [self.define_from_variant("RFMPI_MPI", "mpi"), self.define("RFMPI_TESTS", False),
                self.define("RFMPI_HDF5", "hdf5")]
