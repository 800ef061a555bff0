#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <sys/stat.h>

#include "runtime/base/result.hpp"

namespace runtime {

/// An open file; closed at the end of its scope. Errors name the file, and say when a disk is full.
class posix_file {
public:
  [[nodiscard]] static result<posix_file> open_for_reading(const std::string& path);
  /// Made if there is none; what it holds stays.
  [[nodiscard]] static result<posix_file> open_for_writing(const std::string& path);
  posix_file(posix_file&& other) noexcept;
  posix_file& operator=(posix_file&& other) noexcept;
  ~posix_file();

  int descriptor() const noexcept { return descriptor_; }
  const std::string& path() const noexcept { return path_; }
  /// Exactly size_bytes, or fewer at the file's end.
  [[nodiscard]] result<std::string> read_at(std::uint64_t offset, std::uint32_t size_bytes) const;
  [[nodiscard]] result<void> write_at(std::uint64_t offset, std::string_view bytes) const;
  [[nodiscard]] result<void> set_mode(mode_t mode) const;
  [[nodiscard]] result<void> sync() const;
  [[nodiscard]] result<struct stat> status() const;

private:
  posix_file(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}

  int descriptor_;
  std::string path_;
};

/// not_found, permission_denied or io.
[[nodiscard]] error file_error(const std::string& path, const char* what, int code);
[[nodiscard]] result<void> sync_directory(const std::string& path);

} // namespace runtime
