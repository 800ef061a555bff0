#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <sys/types.h>

#include "runtime/base/result.hpp"
#include "runtime/node/file_worker_output.hpp"
#include "runtime/node/frame_stream.hpp"
#include "runtime/node/posix_descriptor.hpp"
#include "runtime/node/work_end.hpp"
#include "runtime/node/worker_descendants.hpp"
#include "runtime/node/worker_start.hpp"

namespace runtime {

/// A running worker process as its host holds it. Only the thread that started it may signal it and wait for it: before
/// it is waited for, its number is its own, afterwards somebody else's.
class posix_worker {
public:
  [[nodiscard]] static result<std::unique_ptr<posix_worker>>
  start(const worker_start& program, std::size_t max_frame_bytes, std::uint64_t max_output_bytes);

  void signal(int number) const; ///< To its process group.
  void look_at_memory();
  bool has_ended();
  worker_exit wait(); ///< Once has_ended(). All but the worker's id.

  struct output {
    posix_descriptor pipe; ///< Our end; does not block.
    std::optional<file_worker_output> file;
  };
  pid_t pid = -1;
  std::uint64_t started = 0; ///< As process_facts say it.
  std::string directory;
  std::uint64_t max_memory_bytes = 0;
  std::set<process_key> descendants; ///< When it was killed.
  posix_descriptor end;              ///< Readable when it has ended.
  posix_descriptor link;             ///< Our end; does not block.
  std::array<output, 2> outputs;     ///< stdout, stderr.
  frame_reader in;
  frame_writer out;
  bool is_dirty = false; ///< Is listed among those to be written to.
  bool waits_to_write = false;
  bool reads = true;                                            ///< False: its link ended, or is not to be understood.
  std::optional<std::chrono::steady_clock::time_point> exit_by; ///< Then it is killed.
  std::string last_stderr;
  std::string why; ///< It was killed.

private:
  explicit posix_worker(std::size_t max_frame_bytes) : in(max_frame_bytes) {}

  std::uint64_t peak_memory_bytes_ = 0; // As far as looked at.
  bool is_lost_ = false;                // Somebody else waited for it.
};

} // namespace runtime
