# Fails with the output of the step that failed.
cmake_minimum_required(VERSION 3.25)
set(prefix "${WORK_DIR}/prefix")
set(moved "${WORK_DIR}/moved") # An installed copy is not bound to where it was installed.
set(build "${WORK_DIR}/build")
file(REMOVE_RECURSE "${WORK_DIR}")

function(run what)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE out ERROR_VARIABLE out RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${what} failed (${status}):\n${out}")
  endif()
  set(out "${out}" PARENT_SCOPE)
endfunction()

run("installing" ${CMAKE_COMMAND} --install "${BUILD_DIR}" --prefix "${prefix}")
file(RENAME "${prefix}" "${moved}")
run("configuring the consumer" ${CMAKE_COMMAND} -S "${CONSUMER_DIR}" -B "${build}" -G "${GENERATOR}"
  "-DCMAKE_PREFIX_PATH=${moved}" "-DCMAKE_BUILD_TYPE=${BUILD_TYPE}" "-DCMAKE_CXX_COMPILER=${CXX_COMPILER}"
  "-DCMAKE_CXX_COMPILER_LAUNCHER=${CXX_COMPILER_LAUNCHER}" "-DCMAKE_CXX_FLAGS=${CXX_FLAGS}"
  "-DCMAKE_PROJECT_consumer_INCLUDE=${CMAKE_CURRENT_LIST_DIR}/sanitized.cmake"
  "-DSANITIZER_OPTIONS=${SANITIZER_OPTIONS}"
  "-DWANTED_VERSION=${VERSION}")
run("building the consumer" ${CMAKE_COMMAND} --build "${build}")
run("running the consumer" "${build}/consumer")
if(NOT out STREQUAL "3\n1 4 9\n")
  message(FATAL_ERROR "the consumer printed \"${out}\"")
endif()
run("running the consumer's test" "${build}/consumer_test")
run("running the consumer's test with a main() of its own" "${build}/plain_test")
if(NOT out STREQUAL "49\n")
  message(FATAL_ERROR "the consumer's test with a main() of its own printed \"${out}\"")
endif()

foreach(program caf-tune-node caf-tune)
  run("${program} --version" "${moved}/bin/${program}" --version)
  if(NOT out STREQUAL "caf-tune ${VERSION}\n")
    message(FATAL_ERROR "${program} --version printed \"${out}\"")
  endif()
endforeach()
