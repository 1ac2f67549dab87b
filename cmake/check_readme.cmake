# Fails if a block of README.md that names a file of tests/examples differs from that file: the README's programs are the
# ones that CI builds and runs.
# Run: cmake -D ROOT=<repository> -P cmake/check_readme.cmake
cmake_minimum_required(VERSION 3.25)
file(READ "${ROOT}/README.md" readme)
string(REGEX MATCHALL "<!-- tests/examples/[a-z_]+\\.[a-z]+ -->" marks "${readme}")
list(LENGTH marks count)
if(count EQUAL 0)
  message(FATAL_ERROR "README.md names no file of tests/examples")
endif()
foreach(mark IN LISTS marks)
  string(REGEX REPLACE "<!-- (.*) -->" "\\1" file "${mark}")
  file(READ "${ROOT}/${file}" text)
  string(REGEX REPLACE ".*\\.([a-z]+)$" "\\1" language "${file}")
  string(FIND "${readme}" "${mark}\n```${language}\n${text}```" found)
  if(found EQUAL -1)
    message(SEND_ERROR "README.md: the block after \"${mark}\" is not ${file}; copy the file into the README")
  endif()
endforeach()
