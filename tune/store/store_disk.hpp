#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "tune/path.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// An open file; closed with the object. Errors name the file.
class store_file {
public:
  virtual ~store_file() = default;
  /// So many bytes, or fewer at the file's end.
  [[nodiscard]] virtual result<std::string> read_at(std::uint64_t offset, std::uint32_t bytes) const = 0;
  [[nodiscard]] virtual result<void> write_at(std::uint64_t offset, std::string_view bytes) = 0;
  [[nodiscard]] virtual result<std::uint64_t> size_bytes() const = 0;
  [[nodiscard]] virtual result<void> sync() = 0; ///< What was written survives a power loss, if the file is found.
};

/// A directory that is held, by itself and not by its name: that may come to be another's meanwhile.
class held_directory {
public:
  virtual ~held_directory() = default;
  virtual std::error_code look(bool& is_still_there) const = 0; ///< Under its name.
};

/// The disk that checkpoints lie on, as the operating system shows it. That a file is there, or has another name,
/// survives a power loss when its directory was synced.
class store_disk {
public:
  enum class kind { none, file, directory, link, other };
  struct status {
    kind what = kind::none;
    std::uint64_t size_bytes = 0;
  };
  struct entry {
    std::string name;
    kind what = kind::none; ///< Of a link itself.
  };

  virtual ~store_disk() = default;
  [[nodiscard]] virtual result<std::unique_ptr<store_file>> open_for_reading(const path& file) = 0;
  /// Made if there is none, for all to read; what it holds stays.
  [[nodiscard]] virtual result<std::unique_ptr<store_file>> open_for_writing(const path& file) = 0;
  [[nodiscard]] virtual result<void> sync_directory(const path& directory) = 0;

  // What callers say of an error is theirs.
  virtual std::error_code look_at(const path& at, status& found) = 0; ///< At a link itself.
  virtual std::error_code list(const path& directory, std::vector<entry>& found) = 0;
  virtual std::error_code make_directories(const path& directory) = 0; ///< With those above it.
  virtual std::error_code make_link(const path& to, const path& link) = 0;
  virtual std::error_code read_link(const path& link, path& to) = 0;
  virtual std::error_code rename(const path& from, const path& to) = 0;
  virtual std::error_code remove_file(const path& file) = 0;
  virtual std::error_code remove_tree(const path& at) = 0; ///< Nothing there: no error.
  virtual std::error_code measure(const path& at, std::uint64_t& free_bytes) = 0;

  virtual std::unique_ptr<held_directory> hold(const path& directory) = 0;

  bool is_there(const path& at) {
    status found;
    return !look_at(at, found) && found.what != kind::none;
  }
};

} // namespace tune
