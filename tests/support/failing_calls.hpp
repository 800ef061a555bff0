#pragma once

#include <cstdint>
#include <functional>
#include <string>

/// System calls on files that fail when a test wants them to. A program that this is linked into has its own open(),
/// write(), fsync() and so on, which its libraries find, too; they do what the real ones do until armed.
namespace failing_calls {

enum class fault {
  error,          ///< The call fails with EIO; those after it are well again.
  dead_disk,      ///< It and all after it fail with EIO.
  full_disk,      ///< It and all after it that need room fail with ENOSPC; if it writes, half of it is written first.
  short_transfer, ///< It reads or writes half of what it was told to, and says so.
  crash,          ///< The process ends here, without a word; if it writes, half of it is written first.
};

/// Names as in messages of a failed test.
std::string to_string(fault what);

struct call {
  std::string name; ///< "fdatasync"
  std::string path; ///< Of the file that it is about.
};

struct plan {
  std::string below;        ///< Only calls on paths below this directory count.
  std::uint64_t number = 0; ///< Which of those that the fault can hit, from 1.
  fault what = fault::error;
  std::function<void(const call&)> on_fault; ///< Before it happens; not for those that follow from it.
  std::function<void()> before_crash;        ///< When nothing but the end of the process is left to be done.
};

/// From here on, in this process: its child, usually, which ends with it. Once.
void arm(plan what);

inline constexpr int crash_code = 86; ///< What a process ends with that `crash` ends.

} // namespace failing_calls
