# cpack: a package for Debian 12 and its kin where that can be made, else an archive. What a .deb needs at run time is
# read from the program itself by dpkg-shlibdeps; named here is only what no library says.
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
set(CPACK_DEBIAN_PACKAGE_DEPENDS "ca-certificates, tzdata")
if(RFMPI_MPI)
  string(APPEND CPACK_DEBIAN_PACKAGE_DEPENDS ", openmpi-bin") # mpirun
endif()
include(CPack)
