# Installs the library, its headers, the program, and a package that find_package(carillon) finds.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/carillon")

install(TARGETS carillon EXPORT carillonTargets)
if(TARGET carillon_redis)
  install(TARGETS carillon_redis EXPORT carillonTargets)
endif()
if(TARGET carillon_sql)
  install(TARGETS carillon_sql EXPORT carillonTargets)
endif()
set(without_redis "")
if(NOT TARGET carillon_redis)
  set(without_redis PATTERN "carillon/redis" EXCLUDE)
endif()
set(without_sql "")
if(NOT TARGET carillon_sql)
  set(without_sql PATTERN "carillon/sql" EXCLUDE)
endif()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/lib/include/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp"
        ${without_redis} ${without_sql})
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
