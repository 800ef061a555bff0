# Functions that the lists of targets read like.

# What every target of ours has in common. Warnings are errors in our presets only.
option(CAF_TUNE_STRICT "Treat warnings as errors" OFF)
add_library(caf_tune_build_options INTERFACE)
target_compile_features(caf_tune_build_options INTERFACE cxx_std_17)
target_compile_options(caf_tune_build_options INTERFACE
  $<$<BOOL:${CAF_TUNE_STRICT}>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror>)

# caf_tune_test(runtime/head/lease_queue_test LINK runtime_core [SOURCES more.cpp] [RUN_ALONE])
# One test program from <name>.cpp in the current folder's mirror; its label is "unit" or the folder under tests/.
function(caf_tune_test name)
  cmake_parse_arguments(arg "RUN_ALONE" "TIMEOUT" "LINK;SOURCES" ${ARGN})
  string(REGEX MATCH "^[^/]+" label "${name}")
  if(label STREQUAL "runtime" OR label STREQUAL "tune")
    set(label unit)
  endif()
  string(REPLACE "/" "." target "${name}")
  add_executable(${target} "${PROJECT_SOURCE_DIR}/tests/${name}.cpp" ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE test_support caf_tune_build_options ${arg_LINK})
  add_test(NAME ${name} COMMAND ${target})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${arg_TIMEOUT})
  if(arg_RUN_ALONE)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
  endif()
endfunction()
