# What Debian has otherwise than everybody: compressed pages, and a place of its own for zsh. Runs on what a package is
# made of, before it is made.
if(NOT CPACK_GENERATOR STREQUAL DEB)
  return()
endif()
set(share ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/program/usr/share)
file(GLOB pages ${share}/man/man*/*.[15])
execute_process(COMMAND gzip -9nf ${pages} COMMAND_ERROR_IS_FATAL ANY)
file(RENAME ${share}/zsh/site-functions ${share}/zsh/vendor-completions)
