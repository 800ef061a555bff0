#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tune/vocabulary.hpp"

namespace tune {

/// A file that a journal is written to.
class journal_file {
public:
  virtual ~journal_file() = default;
  [[nodiscard]] virtual result<void> append(std::string_view bytes) = 0;
  /// Once more what is there already: a sync that failed may have left it off the disk, and taken it for written.
  [[nodiscard]] virtual result<void> write_again(std::uint64_t offset, std::string_view bytes) = 0;
  /// All that was appended survives a power loss. After an error nothing is known of what was appended since.
  [[nodiscard]] virtual result<void> sync() = 0;
};

/// The directory that a journal lies in. Errors name the file.
class journal_disk {
public:
  virtual ~journal_disk() = default;
  [[nodiscard]] virtual result<std::vector<std::string>> list() = 0; ///< Names of files; none if it does not exist.
  /// So many bytes, or fewer at the file's end.
  [[nodiscard]] virtual result<std::string> read(const std::string& file, std::uint64_t offset,
                                                 std::uint32_t bytes) = 0;
  /// A new one; already_exists if there is one.
  [[nodiscard]] virtual result<std::unique_ptr<journal_file>> create(const std::string& file) = 0;
  /// One that exists, to be continued after its first so many bytes; what is behind them is cut off.
  [[nodiscard]] virtual result<std::unique_ptr<journal_file>> open(const std::string& file, std::uint64_t bytes) = 0;
  [[nodiscard]] virtual result<void> remove(const std::string& file) = 0;
  /// That files were made and removed survives a power loss.
  [[nodiscard]] virtual result<void> sync_directory() = 0;
  virtual std::string path_of(const std::string& file) const = 0; ///< For messages.
};

} // namespace tune
