# How this project builds when it is the one being worked on. A project that takes Carillon in by add_subdirectory
# decides these things for itself.
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

find_program(CARILLON_CCACHE ccache)
if(CARILLON_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CARILLON_CCACHE}")
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  string(REGEX MATCH "^[0-9]+" clang_major "${CMAKE_CXX_COMPILER_VERSION}")
  get_filename_component(clang_folder "${CMAKE_CXX_COMPILER}" REALPATH)
  get_filename_component(clang_folder "${clang_folder}" DIRECTORY)
  find_program(CARILLON_LLD NAMES ld.lld-${clang_major} ld.lld HINTS "${clang_folder}")
  if(CARILLON_LLD)
    add_link_options("--ld-path=${CARILLON_LLD}")  # Links in a fifth of the time.
  endif()
endif()
