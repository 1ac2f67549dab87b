# The libraries that Carillon stands on. A Boost that CMake finds by itself is preferred; else the one that
# cmake/fetch_boost.sh unpacked under .deps/.
set(CARILLON_BOOST_MINIMUM 1.92)
find_package(Boost ${CARILLON_BOOST_MINIMUM} CONFIG QUIET COMPONENTS headers)
if(NOT Boost_FOUND)
  list(APPEND CMAKE_PREFIX_PATH "${PROJECT_SOURCE_DIR}/.deps/boost/usr")
  find_package(Boost ${CARILLON_BOOST_MINIMUM} CONFIG REQUIRED COMPONENTS headers)
endif()
find_library(CARILLON_BOOST_PROCESS NAMES libboost_process.a boost_process HINTS "${PROJECT_SOURCE_DIR}/.deps/boost/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}" REQUIRED)
find_package(Threads REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_library(CARILLON_CCTZ cctz REQUIRED)
find_library(CARILLON_XXHASH xxhash REQUIRED)
