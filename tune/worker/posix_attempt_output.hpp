#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "tune/path.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// Leads what this process and its children print into the files "stdout" and "stderr" of a directory, and back. The
/// files are written directly, so that what was printed last before a crash is there, too; they are looked at from time
/// to time, and one that has become too large is cut, with a line that says so. What was printed last to stderr before
/// a crash goes to where it went before, too. One thread calls; one object a process.
class attempt_output {
public:
  static constexpr std::uint64_t default_most_bytes = 10u << 20; ///< Of each file, over all attempts.
  static std::string cut_note(std::uint64_t most_bytes);         ///< Stands where a file was cut.

  explicit attempt_output(std::uint64_t most_bytes = default_most_bytes,
                          std::chrono::milliseconds look_every = std::chrono::milliseconds(100));
  ~attempt_output();
  attempt_output(const attempt_output&) = delete;
  attempt_output& operator=(const attempt_output&) = delete;

  /// Appends to the files that are there; "stdout" and "stderr" with this behind.
  [[nodiscard]] result<void> begin(const path& directory, const std::string& suffix = "");
  void end(); ///< Not begun: does nothing.

private:
  struct stream {
    int descriptor = -1; // 1 or 2.
    int before = -1;     // What it was.
    int file = -1;
    bool is_cut = false;
  };

  [[nodiscard]] result<void> open(stream& s, const path& file);
  void look(stream& s) const;
  void cut(stream& s) const;
  void restore(stream& s) const;
  void watch();

  const std::uint64_t most_bytes_;
  const std::chrono::milliseconds look_every_;
  std::mutex mutex_; // Of what follows.
  std::condition_variable changed_;
  std::array<stream, 2> streams_;
  bool is_begun_ = false;
  bool is_ending_ = false;
  std::thread watcher_;
};

} // namespace tune
