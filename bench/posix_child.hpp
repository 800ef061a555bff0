#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace bench {

/// A process that a benchmark starts beside itself. It is asked to end, and waited for, when this goes.
class posix_child {
public:
  /// `words`: the program's path and its arguments. Its standard input stays open as long as this lives; its standard
  /// error is ours. Throws std::runtime_error.
  explicit posix_child(const std::vector<std::string>& words);
  ~posix_child();
  posix_child(const posix_child&) = delete;
  posix_child& operator=(const posix_child&) = delete;

  std::string read_line(); ///< The next line of its standard output; throws when there is none.
  bool has_ended();
  void kill(); ///< kill -9; it need not have ended when this returns.
  void wait() noexcept; ///< For its end.
  double resident_mb() const; ///< Memory that it holds now, in 10^6 bytes; throws when that cannot be read.

  /// The program that runs now.
  static std::string own_program();

private:
  pid_t process_ = 0;
  int in_ = -1;
  int out_ = -1;
};

/// How many processes of this program a second can be started and waited for, so many at once, when each ends at once:
/// the limit of whoever starts processes.
double bare_spawns_per_second(int processes, int at_once);

/// The argument that makes this program end at once.
constexpr const char* end_at_once = "end-at-once";

} // namespace bench
