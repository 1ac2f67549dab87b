# The libraries that Carillon stands on. Used by the build, and installed beside carillonConfig.cmake for programs that
# link the installed library: so it says `find_package` again, and never where this machine has things.

# A Boost that CMake finds by itself is preferred; else the one that cmake/fetch_boost.sh unpacked, whose place is in
# CARILLON_UNPACKED_BOOST.
set(CARILLON_BOOST_MINIMUM 1.92)
if(NOT DEFINED CARILLON_UNPACKED_BOOST)
  set(CARILLON_UNPACKED_BOOST "${PROJECT_SOURCE_DIR}/.deps/boost/usr")
endif()
find_package(Boost ${CARILLON_BOOST_MINIMUM} CONFIG QUIET COMPONENTS headers)
if(NOT Boost_FOUND)
  list(APPEND CMAKE_PREFIX_PATH "${CARILLON_UNPACKED_BOOST}")
  find_package(Boost ${CARILLON_BOOST_MINIMUM} CONFIG QUIET COMPONENTS headers)
endif()
if(NOT Boost_FOUND)
  message(FATAL_ERROR "Carillon needs Boost ${CARILLON_BOOST_MINIMUM} or newer. Install it, or run cmake/fetch_boost.sh, which "
                      "unpacks Debian's packages under .deps/, or name its place in CMAKE_PREFIX_PATH.")
endif()
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
if(CARILLON_BUILD_REDIS OR CARILLON_BUILD_HTTP)
  find_package(OpenSSL REQUIRED)
endif()

# Makes the target `name` of a library that brings no CMake package along.
function(carillon_plain_library name header)
  if(TARGET ${name})
    return()
  endif()
  string(MAKE_C_IDENTIFIER "CARILLON_${name}" variable)
  find_library(${variable}_LIBRARY NAMES ${ARGN} HINTS "${Boost_DIR}/../..")
  find_path(${variable}_INCLUDE NAMES ${header} HINTS ${Boost_INCLUDE_DIRS})
  mark_as_advanced(${variable}_LIBRARY ${variable}_INCLUDE)
  if(NOT ${variable}_LIBRARY OR NOT ${variable}_INCLUDE)
    message(FATAL_ERROR "Carillon needs ${name} (${header} and lib${ARGV2}), and did not find it. "
                        "cmake/packages.sh lists what to install.")
  endif()
  add_library(${name} UNKNOWN IMPORTED)
  set_target_properties(${name} PROPERTIES IMPORTED_LOCATION "${${variable}_LIBRARY}"
                                           INTERFACE_INCLUDE_DIRECTORIES "${${variable}_INCLUDE}")
endfunction()

carillon_plain_library(cctz::cctz cctz/time_zone.h cctz)
carillon_plain_library(xxHash::xxhash xxhash.h xxhash)
# Not Boost's own CMake package: asked for Process, it wants compiled packages that need not be there.
carillon_plain_library(carillon::boost_process boost/process.hpp libboost_process.a boost_process)
if(CARILLON_BUILD_REDIS OR CARILLON_BUILD_SQL OR CARILLON_BUILD_HTTP)
  carillon_plain_library(carillon::boost_url boost/url.hpp libboost_url.a boost_url)
endif()
# SOCI brings headers that lie in a folder of their own, and are included from there by each other.
if(CARILLON_BUILD_SQL AND NOT TARGET carillon::soci)
  carillon_plain_library(carillon::soci_core soci/soci.h soci_core)
  carillon_plain_library(carillon::soci_sqlite3 soci/sqlite3/soci-sqlite3.h soci_sqlite3)
  carillon_plain_library(carillon::soci_postgresql soci/postgresql/soci-postgresql.h soci_postgresql)
  carillon_plain_library(carillon::soci_mysql soci/mysql/soci-mysql.h soci_mysql)
  # The databases' own libraries, for what SOCI does not say: numbers of errors, and how to end a call that hangs.
  carillon_plain_library(carillon::sqlite3 sqlite3.h sqlite3)
  carillon_plain_library(carillon::pq postgresql/libpq-fe.h pq)
  carillon_plain_library(carillon::mysql mariadb/mysql.h mariadb mysqlclient)
  add_library(carillon::soci INTERFACE IMPORTED)
  target_include_directories(carillon::soci SYSTEM INTERFACE
    "${CARILLON_carillon__soci_core_INCLUDE}/soci" "${CARILLON_carillon__pq_INCLUDE}/postgresql" "${CARILLON_carillon__mysql_INCLUDE}/mariadb")
  target_link_libraries(carillon::soci INTERFACE carillon::soci_sqlite3 carillon::soci_postgresql carillon::soci_mysql carillon::soci_core
                                                 carillon::sqlite3 carillon::pq carillon::mysql)
endif()
