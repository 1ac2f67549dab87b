# Fails if a folder of lib/ includes one that is not beneath it, if lib/ includes anything of apps/, or if the push service
# includes anything of the program.
# Run: cmake -D ROOT=<repository> -P cmake/check_layers.cmake
cmake_minimum_required(VERSION 3.25)

# Each folder, and what it may include besides itself. Written down here and nowhere else.
set(layers
  "text:"
  "time: text"
  "trigger: text time"
  "async: text time"
  "job: text time trigger async"
  "event: text time trigger async job"
  "store: text time trigger async job"
  "lock: text time trigger async job"
  "executor: text time trigger async job event store lock"
  "redis: text time trigger async job event store lock"
  "sql: text time trigger async job event store lock"
  "http: text time trigger async job event store lock executor"
  "scheduler: text time trigger async job event store lock executor")

set(folders "")
foreach(layer IN LISTS layers)
  string(REGEX MATCH "^[a-z]+" folder "${layer}")
  list(APPEND folders "${folder}")
endforeach()

foreach(layer IN LISTS layers)
  string(REGEX MATCH "^([a-z]+): ?(.*)$" matched "${layer}")
  set(folder "${CMAKE_MATCH_1}")
  string(REPLACE " " ";" beneath "${CMAKE_MATCH_2}")
  file(GLOB_RECURSE files "${ROOT}/lib/include/carillon/${folder}/*.hpp" "${ROOT}/lib/src/${folder}/*.[hc]pp")
  foreach(file IN LISTS files)
    file(STRINGS "${file}" includes REGEX "^ *# *include *[<\"]")
    foreach(include IN LISTS includes)
      if(include MATCHES "(<carillon/|\")([a-z]+)/")
        set(included "${CMAKE_MATCH_2}")
        if(NOT included STREQUAL folder AND NOT included IN_LIST beneath)
          message(SEND_ERROR "${file}: ${folder}/ may not include ${included}/ (${include})")
        endif()
      elseif(include MATCHES "<carillon/carillon.hpp>")
        message(SEND_ERROR "${file}: include what is used, not the umbrella header")
      endif()
    endforeach()
  endforeach()
endforeach()

# Every folder of lib has its place in the table.
file(GLOB present RELATIVE "${ROOT}/lib/src" "${ROOT}/lib/src/*")
foreach(folder IN LISTS present)
  if(IS_DIRECTORY "${ROOT}/lib/src/${folder}" AND NOT folder IN_LIST folders)
    message(SEND_ERROR "lib/src/${folder}: has no place in the table of cmake/check_layers.cmake")
  endif()
endforeach()

# The push service can be embedded: it knows nothing of the program, nor of what is private to the library.
file(GLOB_RECURSE files "${ROOT}/apps/push/*.[hc]pp")
foreach(file IN LISTS files)
  file(STRINGS "${file}" includes REGEX "^ *# *include *(\"|<carillon/)")
  foreach(include IN LISTS includes)
    string(REGEX REPLACE "^[^<\"]*[<\"]([^>\"]*).*$" "\\1" included "${include}")
    if(NOT included MATCHES "^push/" AND NOT EXISTS "${ROOT}/lib/include/${included}")
      message(SEND_ERROR "${file}: apps/push includes its own files and public headers of the library only (${include})")
    endif()
  endforeach()
endforeach()
