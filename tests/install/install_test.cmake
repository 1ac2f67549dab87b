# Installs the build to a folder of its own, builds programs there that know nothing of this tree, and runs them: one of
# the library, and one of carillon::redis if this build has it, with a server that WITH_REDIS starts.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "${command}\nended with ${status}:\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE "${WORK}")
run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/prefix")
run("${CMAKE_COMMAND}" -S "${CONSUMER}" -B "${WORK}/build" -G "${GENERATOR}" -D "CMAKE_CXX_COMPILER=${COMPILER}"
    -D "CMAKE_PREFIX_PATH=${WORK}/prefix")
run("${CMAKE_COMMAND}" --build "${WORK}/build")
function(expect_fires)
  run(${ARGV})
  if(NOT output MATCHES "fired 3 times")
    message(FATAL_ERROR "${ARGV} said: ${output}")
  endif()
endfunction()
expect_fires("${WORK}/build/consumer")
if(HAS_REDIS)
  expect_fires("${WITH_REDIS}" "${WORK}/build/consumer_redis")
endif()
run("${WORK}/prefix/bin/carillon" version)
