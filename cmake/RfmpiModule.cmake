# rfm_module(NAME SOURCES a.c ... [LINKS module-or-library ...])
#
# One folder of src/ as one static library, rfmpi_NAME. It sees the headers of the targets it links and nothing else:
# LINKS names the modules (base, comm, ...) and the imported libraries it may use.
set(RFM_FLAGS
    -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
    # Results must not depend on the compiler, the instruction set or the level of optimisation.
    -ffp-contract=off -fno-fast-math)

function(rfm_flags target)
  target_compile_options(${target} PRIVATE ${RFM_FLAGS})
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/include)
  if(RFMPI_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(RFMPI_FUZZ)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
  if(RFMPI_SANITIZE)
    set(sanitize -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
    target_compile_options(${target} PRIVATE ${sanitize})
    target_link_options(${target} PUBLIC ${sanitize})
    get_target_property(type ${target} TYPE)
    if(type STREQUAL EXECUTABLE)
      target_sources(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests/suppressions/dlclose.c)
    endif()
  endif()
endfunction()

function(rfm_module name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_library(rfmpi_${name} STATIC ${arg_SOURCES})
  # librfmpi is made of the same objects.
  set_target_properties(rfmpi_${name} PROPERTIES C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)
  rfm_flags(rfmpi_${name})
  target_link_libraries(rfmpi_${name} PRIVATE m)
  foreach(link ${arg_LINKS})
    if(TARGET rfmpi_${link})
      target_link_libraries(rfmpi_${name} PUBLIC rfmpi_${link})
    elseif(TARGET ${link})
      target_link_libraries(rfmpi_${name} PRIVATE ${link})
    else()
      message(FATAL_ERROR "src/${name} links ${link}, which is neither a module above it nor a library")
    endif()
  endforeach()
endfunction()
