# What `cmake --install` puts beside the program: man pages and completion made from its tables, ready jobs and scripts,
# a modulefile. RfmpiPackage.cmake makes a package of the same.
include(GNUInstallDirs)

# For everybody to read, whatever the umask of who made the checkout or the package.
set(open_to_all OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS ${open_to_all})
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS ${open_to_all})

set(pages ${CMAKE_BINARY_DIR}/pages)
set(completion ${CMAKE_SOURCE_DIR}/cmake/packages)
string(TIMESTAMP today "%Y-%m-%d" UTC) # SOURCE_DATE_EPOCH's day, where that is set
add_custom_command(
  OUTPUT ${pages}/completion/words ${pages}/completion/rfmpi.fish ${pages}/completion/rfmpi ${pages}/completion/_rfmpi
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${pages}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${pages}/man ${pages}/completion
  # Nothing that MPI leaves behind at its start is of interest here.
  COMMAND ${CMAKE_COMMAND} -E env ASAN_OPTIONS=detect_leaks=0 $<TARGET_FILE:rfmpi_pages> ${pages} ${PROJECT_VERSION} ${today}
  COMMAND cat ${pages}/completion/words ${completion}/rfmpi.bash > ${pages}/completion/rfmpi
  COMMAND echo "#compdef rfmpi" > ${pages}/completion/_rfmpi
  COMMAND cat ${pages}/completion/words ${completion}/rfmpi.zsh >> ${pages}/completion/_rfmpi
  DEPENDS rfmpi_pages ${completion}/rfmpi.bash ${completion}/rfmpi.zsh
  VERBATIM)
add_custom_target(pages ALL DEPENDS ${pages}/completion/words)
# The page of the checkout is a copy: a test holds it against this one.
add_custom_target(reference COMMAND ${CMAKE_COMMAND} -E copy ${pages}/reference.md ${CMAKE_SOURCE_DIR}/docs/reference.md DEPENDS pages)

install(DIRECTORY ${pages}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 FILES_MATCHING PATTERN *.1)
install(DIRECTORY ${pages}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 FILES_MATCHING PATTERN *.5)
install(FILES ${pages}/completion/rfmpi DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${pages}/completion/_rfmpi DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${pages}/completion/rfmpi.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

set(share ${CMAKE_INSTALL_DATADIR}/rfmpi)
install(DIRECTORY conf DESTINATION ${share} PATTERN local EXCLUDE)
# Those that build are for a checkout.
install(DIRECTORY jobs DESTINATION ${share} FILE_PERMISSIONS ${open_to_all} PATTERN install.sh EXCLUDE PATTERN quickstart.sh EXCLUDE)
install(FILES cmake/packages/modulefile DESTINATION ${share}/modulefiles/rfmpi RENAME ${PROJECT_VERSION})
install(FILES README.md ARCHITECTURE.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
# Scripts that make the pictures are for a checkout.
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} PATTERN pictures.py EXCLUDE PATTERN screenshot.py EXCLUDE PATTERN __pycache__ EXCLUDE)
