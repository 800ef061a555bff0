#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tune/vocabulary.hpp"

namespace tune {

struct file_appender_options {
  std::size_t max_open = 384;                 ///< Descriptors that are kept open; the least used is closed first.
  std::size_t buffer_bytes = 64 * 1024;       ///< Of one file; more is written at once.
  std::size_t all_buffers = 64 * 1024 * 1024; ///< Of all files together.
  /// Called before each change of the disk; tests end the process in it.
  std::function<void()> before_each_change;
};

/// Appends to many files with few descriptors and few system calls. Used by one thread.
class file_appenders {
public:
  using key = std::uint64_t;
  struct failed {
    key file;
    error why;
  };

  explicit file_appenders(file_appender_options options) : options_(std::move(options)) {}
  ~file_appenders(); ///< Without writing what is buffered.
  file_appenders(const file_appenders&) = delete;
  file_appenders& operator=(const file_appenders&) = delete;

  enum class beginning { as_it_is, anew };
  /// The file is made when something is written; `anew`: what it held is dropped then.
  key add(std::string path, beginning how);
  /// After an error nothing more can be said of what the file holds.
  [[nodiscard]] result<void> append(key file, std::string_view bytes);
  [[nodiscard]] result<void> flush(key file);
  std::vector<failed> flush_all(); ///< Those that could not be written.
  void remove(key file);           ///< Closes it, without writing what is buffered.

private:
  struct entry {
    std::string path;
    std::string buffer;
    bool anew = false;
    int descriptor = -1;
    std::list<key>::iterator used; ///< In used_, while it is open.
  };

  [[nodiscard]] result<void> open(key file, entry& of);
  void close(entry& of);
  [[nodiscard]] result<void> write(key file, entry& of);

  file_appender_options options_;
  std::unordered_map<key, entry> files_;
  std::list<key> used_;    ///< The open ones, the newest use first.
  std::vector<key> dirty_; ///< Whose buffers are not empty; may name some twice, or some that are gone.
  std::size_t buffered_ = 0;
  key next_ = 0;
};

} // namespace tune
