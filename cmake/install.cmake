# Installs the library, its headers, the program, and a package that find_package(carillon) finds.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/carillon")

install(TARGETS carillon EXPORT carillonTargets)
foreach(part IN ITEMS asio_ssl redis sql http)
  if(TARGET carillon_${part})
    install(TARGETS carillon_${part} EXPORT carillonTargets)
  endif()
endforeach()
set(not_built "")
foreach(part IN ITEMS redis sql http)
  if(NOT TARGET carillon_${part})
    list(APPEND not_built PATTERN "carillon/${part}" EXCLUDE)
  endif()
endforeach()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/lib/include/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp"
        ${not_built})
install(EXPORT carillonTargets NAMESPACE carillon:: DESTINATION "${package_folder}")
if(TARGET carillon_program)
  install(TARGETS carillon_program)
endif()

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/carillonConfig.cmake.in"
                              "${CMAKE_CURRENT_BINARY_DIR}/carillonConfig.cmake" INSTALL_DESTINATION "${package_folder}")
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/carillonConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/carillonConfig.cmake" "${CMAKE_CURRENT_BINARY_DIR}/carillonConfigVersion.cmake"
        DESTINATION "${package_folder}")
install(FILES "${PROJECT_SOURCE_DIR}/cmake/dependencies.cmake" DESTINATION "${package_folder}" RENAME carillonDependencies.cmake)
