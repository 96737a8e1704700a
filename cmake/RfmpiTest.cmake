# rfm_test(NAME SOURCES a.c ... LINKS module ... [RANKS 1 2 3 4 [LONG_RANKS 8]] [TIMEOUT seconds] [LONG])
#
# A cmocka program as one CTest entry, or, with RANKS, one entry for every number of ranks; those of LONG_RANKS are
# labelled `long`, and those of an even number `even`: the short tier leaves these out under the sanitizers. LINKS as in rfm_module.
#
# rfm_script_test(NAME COMMAND script.sh|script.py [arguments ...] [TIMEOUT seconds] [PROCESSORS n] [LONG])
#
# A script as one CTest entry; a .py is run by the tests' own Python. It finds in its environment
#   RFMPI         the program          RFMPI_SOURCE  this checkout      RFMPI_BUILD   the build folder
#   RFMPI_PYTHON  the tests' Python    RFMPI_DATA    the real data sets, unset where they are absent
# and ends with 125 after one line that says why, where it has to be skipped (rfmpi itself never ends with 125).
#
# Each test is labelled with its folder below tests/ (unit, mpi, cli, ...), and with `long` where LONG is given.
set(RFMPI_PYTHON "${CMAKE_SOURCE_DIR}/build/venv/bin/python" CACHE FILEPATH "Python with tests/requirements.txt")
set(RFMPI_DATA "${CMAKE_SOURCE_DIR}/../shared/data" CACHE PATH "Real data sets; tests that need them are skipped without")

set(RFM_MPIRUN mpirun --oversubscribe --bind-to none)
# Containers refuse the kernel call behind Open MPI's single copy, and it then warns on every start.
set(RFM_TEST_ENVIRONMENT
    OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl_vader_single_copy_mechanism=none
    OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1 RFMPI_PYTHON=${RFMPI_PYTHON} RFMPI_SOURCE=${CMAKE_SOURCE_DIR} RFMPI_BUILD=${CMAKE_BINARY_DIR})
if(EXISTS "${RFMPI_DATA}")
  file(REAL_PATH "${RFMPI_DATA}" data)
  list(APPEND RFM_TEST_ENVIRONMENT RFMPI_DATA=${data})
endif()
if(RFMPI_SANITIZE)
  set(RFM_ASAN ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1)
  list(APPEND RFM_TEST_ENVIRONMENT
       ${RFM_ASAN} UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
       LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/suppressions/lsan.supp:print_suppressions=0)
else()
  # When a rank has ended with an error, mpirun gives the others a second, and takes it, once or twice, before it ends: most of
  # the time of tests of failures. Under sanitizers ranks look for leaks in it.
  list(APPEND RFM_TEST_ENVIRONMENT OMPI_MCA_odls_base_sigkill_timeout=0)
endif()

# Tests that kill ranks or hosts: mpirun gives the others their second, as it does where users start it.
function(rfm_test_keeps_second)
  set_property(TEST ${ARGV} APPEND PROPERTY ENVIRONMENT OMPI_MCA_odls_base_sigkill_timeout=1)
endfunction()

# Tests in which Open MPI or HDF5 leave memory behind. Both have no frame pointers: only the slow unwinder finds the library that
# a leak belongs to, and with it a test takes up to ten times as long, so that others do without.
function(rfm_test_leaves_theirs)
  if(RFMPI_SANITIZE)
    set_property(TEST ${ARGV} APPEND PROPERTY ENVIRONMENT ${RFM_ASAN}:fast_unwind_on_malloc=0)
  endif()
endfunction()

function(rfm_test name)
  cmake_parse_arguments(arg "LONG" "TIMEOUT" "SOURCES;LINKS;RANKS;LONG_RANKS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  add_executable(test_${name} ${arg_SOURCES})
  rfm_flags(test_${name})
  target_link_libraries(test_${name} PRIVATE lib::cmocka m)
  target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit)
  foreach(link ${arg_LINKS})
    if(TARGET rfmpi_${link})
      target_link_libraries(test_${name} PRIVATE rfmpi_${link})
    else()
      target_link_libraries(test_${name} PRIVATE ${link})
    endif()
  endforeach()
  if(arg_RANKS AND RFMPI_MPI)
    foreach(ranks ${arg_RANKS} ${arg_LONG_RANKS})
      add_test(NAME ${name}.${ranks} COMMAND ${RFM_MPIRUN} -n ${ranks} $<TARGET_FILE:test_${name}>)
      rfm_test_properties(${name}.${ranks} ${arg_TIMEOUT} ${ranks} "${arg_LONG}")
      rfm_test_leaves_theirs(${name}.${ranks})
      if(ranks MATCHES "[02468]$")
        set_property(TEST ${name}.${ranks} APPEND PROPERTY LABELS even)
      endif()
    endforeach()
    foreach(ranks ${arg_LONG_RANKS})
      set_property(TEST ${name}.${ranks} APPEND PROPERTY LABELS long)
    endforeach()
  else()
    add_test(NAME ${name} COMMAND test_${name})
    rfm_test_properties(${name} ${arg_TIMEOUT} 1 "${arg_LONG}")
  endif()
endfunction()

function(rfm_script_test name)
  cmake_parse_arguments(arg "LONG" "TIMEOUT;PROCESSORS" "COMMAND" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(NOT arg_PROCESSORS)
    set(arg_PROCESSORS 1)
  endif()
  list(POP_FRONT arg_COMMAND script)
  cmake_path(ABSOLUTE_PATH script BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  if(script MATCHES "\\.py$")
    list(PREPEND arg_COMMAND ${RFMPI_PYTHON} ${script})
  else()
    list(PREPEND arg_COMMAND ${script})
  endif()
  add_test(NAME ${name} COMMAND ${arg_COMMAND})
  rfm_test_properties(${name} ${arg_TIMEOUT} ${arg_PROCESSORS} "${arg_LONG}")
  rfm_test_leaves_theirs(${name})
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 125)
  if(TARGET rfmpi)
    set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT RFMPI=$<TARGET_FILE:rfmpi>)
  endif()
endfunction()

function(rfm_test_properties test timeout processors long)
  cmake_path(RELATIVE_PATH CMAKE_CURRENT_SOURCE_DIR BASE_DIRECTORY ${CMAKE_SOURCE_DIR}/tests OUTPUT_VARIABLE folder)
  string(REGEX REPLACE "/.*" "" labels "${folder}")
  if(long)
    list(APPEND labels long)
  endif()
  if(RFMPI_SANITIZE)
    math(EXPR timeout "4 * ${timeout}")
  endif()
  # COST: those that may take long begin early, so that at the end there are short ones alone to wait for.
  set_tests_properties(
    ${test} PROPERTIES TIMEOUT ${timeout} COST ${timeout} PROCESSORS ${processors} LABELS "${labels}"
                       ENVIRONMENT "${RFM_TEST_ENVIRONMENT}")
endfunction()

rfm_pkg(cmocka cmocka libcmocka-dev)
