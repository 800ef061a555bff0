# Functions that the lists of targets read like.

# What every target of ours has in common. Warnings are errors in our presets only.
option(CAF_TUNE_STRICT "Treat warnings as errors" OFF)
add_library(caf_tune_build_options INTERFACE)
target_compile_features(caf_tune_build_options INTERFACE cxx_std_17)
target_compile_options(caf_tune_build_options INTERFACE
  $<$<BOOL:${CAF_TUNE_STRICT}>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror>
  # GCC 12 takes the parts of a std::variant that are not in use for uninitialised ones as soon as it optimises.
  $<$<AND:$<BOOL:${CAF_TUNE_STRICT}>,$<CXX_COMPILER_ID:GNU>>:-Wno-maybe-uninitialized>)
if(CAF_TUNE_SANITIZER)
  # How they behave lies in each program itself, so that it holds for the workers that a test starts, too.
  add_library(sanitizer_options OBJECT cmake/sanitizer_options.cpp)
  target_sources(caf_tune_build_options INTERFACE
    $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:$<TARGET_OBJECTS:sanitizer_options>>)
endif()

# caf_tune_install_libraries(runtime runtime_core): installs libraries with their headers for find_package(caf_tune).
function(caf_tune_install_libraries)
  install(TARGETS ${ARGN} EXPORT caf_tune
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/caf_tune")
endfunction()

# caf_tune_program(caf-tune-node SOURCES caf_tune_node/main.cpp LINK runtime CLI11::CLI11): a program that is installed.
function(caf_tune_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE caf_tune_build_options ${arg_LINK})
  install(TARGETS ${name} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endfunction()

# caf_tune_test(runtime/head/lease_queue_test LINK runtime_core [SOURCES more.cpp] [TIMEOUT seconds] [RUN_ALONE]
#               [OWN_WORKER])
# One test program from <name>.cpp in the current folder's mirror; its label is "unit" or the folder under tests/.
# OWN_WORKER: its processes can be workers and nodes of the clusters that it starts.
function(caf_tune_test name)
  cmake_parse_arguments(arg "RUN_ALONE;OWN_WORKER" "TIMEOUT" "LINK;SOURCES" ${ARGN})
  set(main $<IF:$<BOOL:${arg_OWN_WORKER}>,doctest_main,test_main>)
  string(REGEX MATCH "^[^/]+" label "${name}")
  if(label STREQUAL "runtime" OR label STREQUAL "tune")
    set(label unit)
  endif()
  string(REPLACE "/" "." target "${name}")
  add_executable(${target} "${PROJECT_SOURCE_DIR}/tests/${name}.cpp" ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE ${main} test_support caf_tune_build_options ${arg_LINK})
  add_test(NAME ${name} COMMAND ${target})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 900) # Ten times what the slowest takes: only what hangs reaches it.
  endif()
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${arg_TIMEOUT})
  if(arg_RUN_ALONE)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
  endif()
endfunction()

# caf_tune_bench(lease_queue_bench SOURCES lease_queue_bench.cpp LINK runtime_core): a program that tools/bench builds
# and runs, in the order of these calls. What it takes and prints: bench/README.md.
function(caf_tune_bench name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE bench_figures caf_tune_build_options ${arg_LINK})
  set_property(GLOBAL APPEND PROPERTY CAF_TUNE_BENCH_PROGRAMS ${name})
endfunction()

# caf_tune_fuzzer(runtime/head/head_wire_fuzz LINK runtime): what tests/fuzz/<name>.cpp reads is fuzzed, by a libFuzzer
# program of its own where fuzzers are built, and its corpus is replayed by the test fuzz/replay_test where tests are.
function(caf_tune_fuzzer name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  set(source "${PROJECT_SOURCE_DIR}/tests/fuzz/${name}.cpp")
  set_property(GLOBAL APPEND PROPERTY CAF_TUNE_FUZZ_SOURCES ${source})
  set_property(GLOBAL APPEND PROPERTY CAF_TUNE_FUZZ_LIBRARIES ${arg_LINK})
  if(NOT CAF_TUNE_BUILD_FUZZERS)
    return()
  endif()
  string(REPLACE "/" "." target "${name}")
  add_executable(${target} ${source} fuzz_target.cpp libfuzzer_program.cpp)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${target} PRIVATE caf_tune_build_options ${arg_LINK})
  target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  set_property(GLOBAL APPEND PROPERTY CAF_TUNE_FUZZ_PROGRAMS ${target})
endfunction()
