#pragma once

#if defined(__SANITIZE_THREAD__)
extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
}
#endif

namespace runtime {

/// For as long as it lives, ThreadSanitizer does not look at what this thread reads; without it, nothing. For what CAF
/// has carried from another thread: its mailboxes are not instrumented, so each byte would be looked at as a race, and
/// then be found suppressed, which takes minutes for some megabytes.
class ignored_reads {
public:
#if defined(__SANITIZE_THREAD__)
  ignored_reads() { AnnotateIgnoreReadsBegin(__FILE__, __LINE__); }
  ~ignored_reads() { AnnotateIgnoreReadsEnd(__FILE__, __LINE__); }
#else
  ignored_reads() {} // NOLINT: used for its lifetime.
#endif
  ignored_reads(const ignored_reads&) = delete;
  ignored_reads& operator=(const ignored_reads&) = delete;
};

} // namespace runtime
