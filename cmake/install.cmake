# Makes find_package(caf_tune) work for programs outside this tree.
include(CMakePackageConfigHelpers)
set(caf_tune_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/caf_tune")

install(EXPORT caf_tune NAMESPACE caf_tune:: FILE caf_tuneTargets.cmake DESTINATION "${caf_tune_package_dir}")
set(caf_tune_headers "${CMAKE_INSTALL_INCLUDEDIR}/caf_tune")
configure_package_config_file(
  cmake/caf_tuneConfig.cmake.in "${PROJECT_BINARY_DIR}/caf_tuneConfig.cmake"
  INSTALL_DESTINATION "${caf_tune_package_dir}" PATH_VARS caf_tune_headers)
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/caf_tuneConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/caf_tuneConfig.cmake" "${PROJECT_BINARY_DIR}/caf_tuneConfigVersion.cmake" cmake/FindCAF.cmake
  DESTINATION "${caf_tune_package_dir}")
install(FILES tools/systemd/caf-tune-node.service DESTINATION "${CMAKE_INSTALL_DATADIR}/caf_tune/systemd")
install(FILES LICENSE README.md CHANGELOG.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")
