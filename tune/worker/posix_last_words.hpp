#pragma once

#include <atomic>

#include "tune/vocabulary.hpp"

namespace tune {

/// How far the reports of an attempt have come: the last one that was told, and the last that the driver has on disk.
struct report_progress {
  std::atomic<iteration_number> told = 0;
  std::atomic<iteration_number> answered = 0;
};

/// While this is set, a process that crashes or exits first waits until what was told is answered, for at most half a
/// second, during which its other threads run on. Null: no more; it is not used after the call has returned.
void let_reports_arrive(const report_progress* reports);

/// While this is set: where this process crashes or exits with an error, the end of what lies in the file `from` is
/// written to `to`. So the node manager hears what an attempt said last, although it printed into a file of its
/// trial's. Signals that somebody else handles already are left to them. One thread calls; descriptors, -1 and -1: no
/// more.
void pass_last_words_on(int from, int to);

/// For the calling thread: lets last words be passed on even when its stack has overflowed. Until it ends.
class last_words_stack {
public:
  last_words_stack();
  ~last_words_stack();
  last_words_stack(const last_words_stack&) = delete;
  last_words_stack& operator=(const last_words_stack&) = delete;

private:
  char* memory_;
};

} // namespace tune
