# CAF_TUNE_SANITIZER=address or thread: for this project's own presets. cmake/sanitizer_options.cpp is its other half.
set(CAF_TUNE_SANITIZER "" CACHE STRING "address (with undefined), thread, fuzzer (clang; with address and undefined)")
set_property(CACHE CAF_TUNE_SANITIZER PROPERTY STRINGS "" address thread fuzzer)

# "null" is left out: CAF's init_fun_factory.hpp binds a reference to a null std::tuple<> each time an actor is spawned
# from a function, and no suppression may let an aborting check pass. What such a reference reads, address reports.
set(undefined -fsanitize=undefined -fno-sanitize=null -fno-sanitize-recover=undefined)

set(caf_tune_sanitizer_flags "")
if(CAF_TUNE_SANITIZER STREQUAL "address")
  set(caf_tune_sanitizer_flags -fsanitize=address ${undefined} -fno-omit-frame-pointer)
elseif(CAF_TUNE_SANITIZER STREQUAL "thread")
  set(caf_tune_sanitizer_flags -fsanitize=thread -fno-omit-frame-pointer)
elseif(CAF_TUNE_SANITIZER STREQUAL "fuzzer")
  set(caf_tune_sanitizer_flags -fsanitize=fuzzer-no-link,address ${undefined} -fno-omit-frame-pointer)
elseif(CAF_TUNE_SANITIZER)
  message(FATAL_ERROR "CAF_TUNE_SANITIZER is \"${CAF_TUNE_SANITIZER}\"; it can be address, thread or fuzzer")
endif()
add_compile_options(${caf_tune_sanitizer_flags})
add_link_options(${caf_tune_sanitizer_flags})
