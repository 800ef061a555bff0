// Linked into every program of ours in a build that has a sanitizer, so that it holds for the workers that a test
// starts, too: what the sanitizers do. cmake/sanitizers.cmake turns them on.
#ifndef __has_feature
#define __has_feature(x) 0
#endif

// A worker that crashes ends by its signal, after our own last words, as it does without sanitizers: tests look at it.
#define CRASHES_AS_EVER "handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0"

extern "C" {

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)

const char* __asan_default_options();
const char* __asan_default_options() {
  return "detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1:" CRASHES_AS_EVER;
}

const char* __ubsan_default_options();
const char* __ubsan_default_options() {
  return "print_stacktrace=1:halt_on_error=1";
}

#endif

#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)

const char* __tsan_default_options();
const char* __tsan_default_options() {
  // Both stacks, or nothing can be suppressed by them. The default waits a second in each process that ends, for what
  // its threads may still report; tests run hundreds of processes and have deadlines for some.
  return "halt_on_error=1:second_deadlock_stack=1:history_size=7:ignore_noninstrumented_modules=1:atexit_sleep_ms=50:"
    CRASHES_AS_EVER;
}

// Debian's CAF is not instrumented: the atomics of its mailboxes and reference counts cannot be seen, so that each
// message looks like a race. What is left to find are races between threads of our own, and locks taken in two orders.
// Nor can what libstdc++ and protobuf do on behalf of CAF: the option above leaves them out.
const char* __tsan_default_suppressions();
const char* __tsan_default_suppressions() {
  return "race:libcaf_core.so\n"
         "race:libcaf_io.so\n";
}

#endif

} // extern "C"
