# Linked by everything of ours, by nothing that others build.
add_library(carillon_warnings INTERFACE)
target_compile_options(carillon_warnings INTERFACE -Wall -Wextra -Wpedantic)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(carillon_warnings INTERFACE -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
                                                     -Woverloaded-virtual)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # In a folder compiled as one unit, g++ takes each .cpp for a header, and a coroutine's frame for a type of that header.
  target_compile_options(carillon_warnings INTERFACE -Wno-subobject-linkage)
endif()
if(CARILLON_WARNINGS_AS_ERRORS)
  target_compile_options(carillon_warnings INTERFACE -Werror)
endif()
