# Linked by everything of ours, by nothing that others build.
add_library(carillon_warnings INTERFACE)
target_compile_options(carillon_warnings INTERFACE -Wall -Wextra -Wpedantic)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(carillon_warnings INTERFACE -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
                                                     -Woverloaded-virtual)
endif()
if(CARILLON_WARNINGS_AS_ERRORS)
  target_compile_options(carillon_warnings INTERFACE -Werror)
endif()
