# cpack: packages for Debian 12 and its kin where they can be made, else an archive. What a .deb needs at run time is
# read from what is in it by dpkg-shlibdeps; named here is only what no library says. There are three: the program, which
# brings its own copy of what is in the library, the library, and what is needed to build with that.
find_program(RFMPI_SHLIBDEPS dpkg-shlibdeps)
if(RFMPI_SHLIBDEPS)
  set(CPACK_GENERATOR DEB)
else()
  set(CPACK_GENERATOR TGZ)
endif()

# As in Debian's own tools, a package names who makes it.
set(maintainer "rfmpi <rfmpi@localhost>")
if(DEFINED ENV{DEBFULLNAME} AND DEFINED ENV{DEBEMAIL})
  set(maintainer "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
endif()

set(CPACK_PACKAGE_NAME rfmpi)
set(CPACK_COMPONENTS_ALL program)
if(RFMPI_LIBRARY)
  list(APPEND CPACK_COMPONENTS_ALL library development)
endif()
set(CPACK_PACKAGE_VENDOR rfmpi)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION
    "rfmpi reads exported event files in parallel, builds recency, frequency,
monetary and behaviour features for every customer, clusters the customers
with k-means, and writes who is in which segment, to files and to Snowflake.
The same input gives the same bits at any number of ranks and threads.")
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/cmake/packages/debian.cmake)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${maintainer}")
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON) # which package has librfmpi.so.0, for those that are built with it
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEB_COMPONENT_INSTALL ON)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME rfmpi)
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION "${CPACK_PACKAGE_DESCRIPTION}")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS "ca-certificates, tzdata")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "librfmpi0 (= ${PROJECT_VERSION}-1)")
if(RFMPI_MPI)
  string(APPEND CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS ", openmpi-bin") # mpirun
  string(APPEND CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS ", libopenmpi-dev")
endif()

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME librfmpi0)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION
    "Exact k-means of a matrix in the memory of the ranks of an MPI communicator;
the same rows give the same bits at any number of ranks and threads.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME librfmpi-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS libopenblas-dev) # of the static library
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "What is needed to build programs with librfmpi: header, static library,
files for pkg-config and CMake, an example.")
include(CPack)
