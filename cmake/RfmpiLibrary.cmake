# librfmpi, shared and static, with its header and its files for pkg-config and for find_package. Both hold the same
# objects as the program, and show the symbols of librfmpi.map alone.
include(CMakePackageConfigHelpers)
set(map ${CMAKE_SOURCE_DIR}/src/library/librfmpi.map)
set(modules library scaling kmeans comm base)
set(library_version ${PROJECT_VERSION})
set(library_abi 0) # of the name that programs look for: one more when a symbol goes, or means something else

list(TRANSFORM modules REPLACE "(.+)" "rfmpi_\\1" OUTPUT_VARIABLE archives)
list(TRANSFORM modules REPLACE "(.+)" "$<TARGET_OBJECTS:rfmpi_\\1>" OUTPUT_VARIABLE objects)

# ---- shared ---------------------------------------------------------------------------------------------------------
add_library(rfmpi_shared SHARED ${objects})
target_link_libraries(rfmpi_shared PRIVATE lib::blas lib::openmp lib::threads m)
if(RFMPI_MPI)
  target_link_libraries(rfmpi_shared PRIVATE lib::mpi)
endif()
rfm_flags(rfmpi_shared)
target_link_options(rfmpi_shared PRIVATE LINKER:--version-script=${map} LINKER:--as-needed)
if(NOT RFMPI_SANITIZE) # whose own symbols come with the program
  target_link_options(rfmpi_shared PRIVATE LINKER:--no-undefined)
endif()
set_target_properties(
  rfmpi_shared PROPERTIES OUTPUT_NAME rfmpi VERSION ${library_version} SOVERSION ${library_abi} EXPORT_NAME rfmpi LINKER_LANGUAGE C
                          LINK_DEPENDS ${map} LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)

# ---- static: one object, in which the names of the modules are nobody else's ----------------------------------------
set(static ${CMAKE_BINARY_DIR}/lib/librfmpi.a)
add_custom_command(
  OUTPUT ${static}
  COMMAND ${CMAKE_COMMAND} -E rm -f ${static}
  COMMAND ${CMAKE_LINKER} -r -o ${CMAKE_BINARY_DIR}/lib/rfmpi.o ${objects}
  # The resolvers are clang's, of functions that are compiled once for each width of vectors.
  COMMAND ${CMAKE_OBJCOPY} --localize-hidden --wildcard --localize-symbol=*.resolver ${CMAKE_BINARY_DIR}/lib/rfmpi.o
  COMMAND ${CMAKE_AR} qcs ${static} ${CMAKE_BINARY_DIR}/lib/rfmpi.o
  DEPENDS ${archives} ${objects}
  COMMAND_EXPAND_LISTS VERBATIM)
add_custom_target(rfmpi_static ALL DEPENDS ${static})

# ---- what those who use it must know --------------------------------------------------------------------------------
if(RFMPI_MPI)
  set(rfmpi_pc_requires ompi-c)
  set(rfmpi_pc_cflags "")
  set(rfmpi_mpi TRUE)
else()
  set(rfmpi_pc_requires "")
  set(rfmpi_pc_cflags " -DRFMPI_SERIAL")
  set(rfmpi_mpi FALSE)
endif()
# Not Requires.private: pkg-config would want the package files of those from everybody, and only who links the static
# library needs them.
set(rfmpi_private ${blas_LDFLAGS} ${OpenMP_C_LIB_NAMES} m)
if(OpenMP_omp_LIBRARY) # clang's, which other compilers do not look for
  cmake_path(GET OpenMP_omp_LIBRARY PARENT_PATH openmp_folder)
  list(PREPEND rfmpi_private -L${openmp_folder})
endif()
list(TRANSFORM rfmpi_private REPLACE "^([^-].*)" "-l\\1")
list(JOIN rfmpi_private " " rfmpi_pc_private)

set(config ${CMAKE_INSTALL_LIBDIR}/cmake/rfmpi)
file(RELATIVE_PATH rfmpi_pc_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/library/rfmpi.pc.in lib/rfmpi.pc @ONLY)
configure_package_config_file(cmake/library/rfmpiConfig.cmake.in lib/rfmpiConfig.cmake INSTALL_DESTINATION ${config}
                              PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
# Before 1.0 a minor version may change anything.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/lib/rfmpiConfigVersion.cmake COMPATIBILITY SameMinorVersion)

install(TARGETS rfmpi_shared EXPORT rfmpiTargets LIBRARY COMPONENT library NAMELINK_COMPONENT development)
target_include_directories(rfmpi_shared INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(rfmpi_shared INTERFACE $<INSTALL_INTERFACE:rfmpi::needs>)
install(EXPORT rfmpiTargets NAMESPACE rfmpi:: DESTINATION ${config} COMPONENT development)
install(FILES ${static} DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(FILES include/rfmpi.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(FILES ${CMAKE_BINARY_DIR}/lib/rfmpi.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
install(FILES ${CMAKE_BINARY_DIR}/lib/rfmpiConfig.cmake ${CMAKE_BINARY_DIR}/lib/rfmpiConfigVersion.cmake DESTINATION ${config}
        COMPONENT development)
install(FILES docs/examples/cluster.c docs/examples/CMakeLists.txt docs/examples/Makefile
        DESTINATION ${CMAKE_INSTALL_DATADIR}/rfmpi/examples COMPONENT development)
