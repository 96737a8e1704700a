# rfm_test(NAME SOURCES a.c ... LINKS module ... [RANKS 1 2 3 4] [TIMEOUT seconds])
#
# A cmocka program as one CTest entry, or, with RANKS, one entry for every number of ranks. LINKS as in rfm_module.
set(RFM_MPIRUN mpirun --oversubscribe --bind-to none)

function(rfm_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LINKS;RANKS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  add_executable(test_${name} ${arg_SOURCES})
  rfm_flags(test_${name})
  target_link_libraries(test_${name} PRIVATE lib::cmocka m)
  foreach(link ${arg_LINKS})
    if(TARGET rfmpi_${link})
      target_link_libraries(test_${name} PRIVATE rfmpi_${link})
    else()
      target_link_libraries(test_${name} PRIVATE ${link})
    endif()
  endforeach()
  if(arg_RANKS AND RFMPI_MPI)
    foreach(ranks ${arg_RANKS})
      add_test(NAME ${name}.${ranks} COMMAND ${RFM_MPIRUN} -n ${ranks} $<TARGET_FILE:test_${name}>)
      rfm_test_properties(${name}.${ranks} ${arg_TIMEOUT} ${ranks})
    endforeach()
  else()
    add_test(NAME ${name} COMMAND test_${name})
    rfm_test_properties(${name} ${arg_TIMEOUT} 1)
  endif()
endfunction()

function(rfm_test_properties test timeout processors)
  set_tests_properties(
    ${test} PROPERTIES TIMEOUT ${timeout} PROCESSORS ${processors} ENVIRONMENT
    "OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1;OMP_NUM_THREADS=1")
endfunction()

rfm_pkg(cmocka cmocka libcmocka-dev)
