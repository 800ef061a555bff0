#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/id.hpp"
#include "runtime/base/result.hpp"

namespace runtime {

enum class exit_kind {
  exited,       ///< By itself, with exit_code.
  signalled,    ///< By signal: of its own making, or because somebody killed it.
  start_failed, ///< There never was a process; message says why.
};

/// How a worker process ended.
struct worker_exit {
  worker_id worker;
  exit_kind kind = exit_kind::exited;
  int exit_code = 0;                   ///< exited only.
  int signal = 0;                      ///< signalled only.
  std::string signal_name;             ///< "SIGSEGV".
  bool core_dumped = false;            ///< signalled only.
  std::uint64_t peak_memory_bytes = 0; ///< 0: unknown.
  std::string last_stderr;             ///< The last of it, as it came: any bytes.
  std::string survivors;               ///< Processes that it left and that do not die: "1234, 1240"; empty: none.
  std::string message;                 ///< Why its node manager ended it or could not start it; empty: it did not.
  errc start_error = errc::io;         ///< start_failed only: io where the machine lacked something.
};

/// For people, in one line of valid UTF-8: "worker was killed by signal 11 (SIGSEGV, core dumped); peak memory 512 MiB;
/// its last words: …".
[[nodiscard]] std::string describe(const worker_exit& exit);

/// Why a worker is killed that sent this frame, which is no message: "it sent 5 bytes that are no message of a worker
/// (\"hello\"); only caf-tune's library may write to descriptor 3".
[[nodiscard]] std::string describe_nonsense(std::string_view frame);

/// "512 MiB", "1.5 GiB", "900 B".
[[nodiscard]] std::string describe_bytes(std::uint64_t bytes);

} // namespace runtime
