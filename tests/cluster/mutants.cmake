# Workers whose protocol is broken, to see that the checker finds it.
#
# Redis takes a script by the sum of its text, so that nothing can be slipped under a script's name at run time, and what
# ships must not know of mutants. So the library's own sources are edited while this is configured (an edit whose text is
# not there exactly once stops it) and compiled into the worker, where the linker finds them before those in the library.

set(mutant_library "${PROJECT_SOURCE_DIR}/lib/src")

# Writes TO as FROM with the edits that are of FILE (of `mutant_edits`: file, text, other text, …).
function(mutant_write file from to)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${from}")
  file(READ "${from}" content)
  list(LENGTH mutant_edits count)
  set(at 0)
  while(at LESS count)
    math(EXPR text_at "${at} + 1")
    math(EXPR other_at "${at} + 2")
    list(GET mutant_edits ${at} edited)
    list(GET mutant_edits ${text_at} text)
    list(GET mutant_edits ${other_at} other)
    math(EXPR at "${at} + 3")
    if(NOT edited STREQUAL file)
      continue()
    endif()
    string(FIND "${content}" "${text}" first)
    string(FIND "${content}" "${text}" last REVERSE)
    if(first EQUAL -1 OR NOT first EQUAL last)
      message(FATAL_ERROR "${from}: a mutant edits this, which must be there exactly once: ${text}")
    endif()
    string(REPLACE "${text}" "${other}" content "${content}")
  endwhile()
  set(before "")
  if(EXISTS "${to}")
    file(READ "${to}" before)
  endif()
  if(NOT before STREQUAL content)
    file(WRITE "${to}" "${content}")
  endif()
endfunction()

# carillon_mutant(<name> SOURCES <file>… EDITS <file> <text> <other text> …)
#
# Makes carillon-test-cluster-worker-<name>. Files are named as under lib/src. SOURCES are those to be compiled anew: the
# edited ones, and of edited scripts those that send them.
function(carillon_mutant name)
  cmake_parse_arguments(PARSE_ARGV 1 mutant "" "" "SOURCES;EDITS")
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/mutants/${name}")
  set(sources "")
  foreach(source IN LISTS mutant_SOURCES)
    set(mutant_edits "${mutant_EDITS}")
    mutant_write("${source}" "${mutant_library}/${source}" "${folder}/${source}")
    list(APPEND sources "${folder}/${source}")
    get_source_file_property(definitions "${mutant_library}/${source}" DIRECTORY "${PROJECT_SOURCE_DIR}/lib" COMPILE_DEFINITIONS)
    if(definitions)
      set_source_files_properties("${folder}/${source}" PROPERTIES COMPILE_DEFINITIONS "${definitions}")
    endif()
  endforeach()

  file(GLOB_RECURSE scripts CONFIGURE_DEPENDS RELATIVE "${mutant_library}" "${mutant_library}/redis/scripts/*.lua")
  set(copies "")
  foreach(script IN LISTS scripts)
    mutant_write("${script}" "${mutant_library}/${script}" "${folder}/${script}")
    list(APPEND copies "${folder}/${script}")
  endforeach()
  add_custom_command(OUTPUT "${folder}/generated/redis/scripts.hpp"
    COMMAND "${CMAKE_COMMAND}" -D "FOLDER=${folder}/redis/scripts" -D NAMESPACE=carillon::redis::scripts
            -D "OUTPUT=${folder}/generated/redis/scripts.hpp" -P "${PROJECT_SOURCE_DIR}/cmake/embed_lua.cmake"
    DEPENDS ${copies} "${PROJECT_SOURCE_DIR}/cmake/embed_lua.cmake" VERBATIM)

  set(program carillon-test-cluster-worker-${name})
  add_executable(${program} $<TARGET_OBJECTS:carillon_cluster_worker> ${sources} "${folder}/generated/redis/scripts.hpp")
  target_include_directories(${program} PRIVATE "${folder}/generated" "${mutant_library}")
  target_link_libraries(${program} PRIVATE carillon::redis xxHash::xxhash carillon_warnings carillon_test_code)
  add_dependencies(carillon-test-cluster ${program})
endfunction()

# Whoever expects another cursor may claim all the same.
carillon_mutant(compare
  SOURCES redis/job_backend_runs.cpp
  EDITS redis/scripts/claim.lua
        [[ or job[REVISION] ~= claim[EXPECTED_REVISION]
      or job[CURSOR] ~= claim[EXPECTED] then]]
        [[ or job[REVISION] ~= claim[EXPECTED_REVISION] then]])

# A run that was given up may still end as if it were active.
carillon_mutant(fence
  SOURCES redis/job_backend_runs.cpp
  EDITS redis/scripts/reap.lua
        [[  drop(run_id, run)]]
        [[  redis.call('HSET', prefix .. 'given_up', run_id, cmsgpack.pack(run)) drop(run_id, run)]]
        redis/scripts/finish.lua
        [[  if not run or run[R_JOB] ~= id then return finish_again(step) end]]
        [[  if not run then
    run = redis.call('HGET', prefix .. 'given_up', run_id)
    run = run and cmsgpack.unpack(run)
  end
  if not run or run[R_JOB] ~= id then return finish_again(step) end]])

# Nobody who loses the lease ends what runs under it.
carillon_mutant(lease
  SOURCES store/shared_life.cpp
  EDITS store/shared_life.cpp
        [[  if (listening_) listener_.on_lease_lost();]]
        [[]])
