# carillon_embed_lua(<target> <folder> <namespace> <header>)
#
# Makes each <folder>/<name>.lua a constant <namespace>::<name> in the generated header <header>, with the SHA-1 by which
# Redis knows it. A line `-- include: words` in a script stands for the file prelude/words.lua beside it, so that scripts
# can share functions. A script that changes makes the header anew with the next build.
#
# A line `local NAME, OTHER = 1, 2` that is not indented names numbers, for people: in what is sent the numbers stand in the
# place of their names (a name beside a quote, as 'COUNT', is left alone). Redis makes all functions of a script anew with
# each call, and each name that they use from outside costs time: a fifth of a claim of one job.
#
# Run as a script (cmake -D FOLDER=… -D NAMESPACE=… -D OUTPUT=… -P embed_lua.cmake) it writes the header.

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  cmake_minimum_required(VERSION 3.25)
endif()

function(carillon_embed_lua target folder namespace header)
  set(generated "${CMAKE_CURRENT_BINARY_DIR}/generated")
  file(GLOB_RECURSE scripts CONFIGURE_DEPENDS "${folder}/*.lua")
  add_custom_command(OUTPUT "${generated}/${header}"
    COMMAND "${CMAKE_COMMAND}" -D "FOLDER=${folder}" -D "NAMESPACE=${namespace}" -D "OUTPUT=${generated}/${header}"
            -P "${CMAKE_CURRENT_FUNCTION_LIST_FILE}"
    DEPENDS ${scripts} "${CMAKE_CURRENT_FUNCTION_LIST_FILE}"
    COMMENT "Embedding the scripts of ${folder}" VERBATIM)
  add_custom_target(${target}_scripts DEPENDS "${generated}/${header}")
  add_dependencies(${target} ${target}_scripts)
  target_include_directories(${target} PRIVATE "${generated}")
  # For the tests, which see what is private as well.
  set_target_properties(${target} PROPERTIES CARILLON_GENERATED "${generated}")
endfunction()

# Puts what is included in the place of the lines that ask for it.
function(with_preludes script source)
  file(READ "${script}" text)
  while("\n${text}" MATCHES "\n-- include: ([a-z0-9_]+)\n")
    set(prelude "${FOLDER}/prelude/${CMAKE_MATCH_1}.lua")
    if(NOT EXISTS "${prelude}")
      message(FATAL_ERROR "${script}: -- include: ${CMAKE_MATCH_1}: there is no ${prelude}")
    endif()
    file(READ "${prelude}" shared)
    string(REPLACE "-- include: ${CMAKE_MATCH_1}\n" "${shared}" text "${text}")
  endwhile()
  set(${source} "${text}" PARENT_SCOPE)
endfunction()

# Puts numbers in the place of their names. Lines stay where they are.
function(with_numbers script variable)
  set(text "${${variable}}")
  set(names "[A-Z][A-Z0-9_]*(, [A-Z][A-Z0-9_]*)*")
  set(numbers "[0-9]+(, [0-9]+)*")
  string(REPLACE "\n" "\n\n" text "\n${text}")  # So that no match takes the line break that the next one needs.
  string(REGEX MATCHALL "\nlocal ${names} = ${numbers} *[\n-]" lines "${text}")
  string(REGEX REPLACE "\nlocal ${names} = ${numbers} *(--[^\n]*)?\n" "\n\n" text "${text}")
  set(known "")
  foreach(line IN LISTS lines)
    string(REGEX MATCH "local (.*) = ([0-9, ]*[0-9])" line "${line}")
    string(REPLACE ", " ";" names "${CMAKE_MATCH_1}")
    string(REPLACE ", " ";" numbers "${CMAKE_MATCH_2}")
    foreach(name number IN ZIP_LISTS names numbers)
      if("${name}" STREQUAL "" OR "${number}" STREQUAL "" OR name IN_LIST known)
        message(FATAL_ERROR "${script}: ${line}: a name without a number, a number without a name, or a name for the second time")
      endif()
      list(APPEND known ${name})
      string(FIND "${text}" "${name}" at)
      if(NOT at EQUAL -1)
        foreach(twice RANGE 1)  # A character between two names belongs to one match only.
          string(REGEX REPLACE "([^A-Za-z0-9_'])${name}([^A-Za-z0-9_'])" "\\1${number}\\2" text "${text}")
        endforeach()
      endif()
    endforeach()
  endforeach()
  string(REPLACE "\n\n" "\n" text "${text}")
  string(SUBSTRING "${text}" 1 -1 text)
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()

function(write_header)
  set(constants "")
  set(names "")
  set(count 0)
  file(GLOB scripts "${FOLDER}/*.lua")
  foreach(script IN LISTS scripts)
    get_filename_component(name "${script}" NAME_WE)
    with_preludes("${script}" source)
    with_numbers("${script}" source)
    string(SHA1 sha1 "${source}")
    # The end of a raw string within a script is written as a string of its own.
    string(REPLACE ")lua\"" ")lua\" \")lua\\\"\" R\"lua(" source "${source}")
    string(APPEND constants "inline constexpr lua_script ${name}{\"${name}\", \"${sha1}\",\n  R\"lua(${source})lua\"};\n\n")
    string(APPEND names "&${name}, ")
    math(EXPR count "${count} + 1")
  endforeach()
  set(header "// Generated from the scripts by cmake/embed_lua.cmake.\n#pragma once\n#include <array>\n")
  string(APPEND header "#include <carillon/redis/lua_script.hpp>\n\nnamespace ${NAMESPACE} {\n\nusing carillon::redis::lua_script;\n\n${constants}")
  string(APPEND header "inline constexpr std::array<const lua_script*, ${count}> all_scripts{${names}};\n\n}  // namespace ${NAMESPACE}\n")
  file(WRITE "${OUTPUT}" "${header}")
endfunction()

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  write_header()
endif()
