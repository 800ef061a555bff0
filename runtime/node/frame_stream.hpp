#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.hpp"

namespace runtime {

/// Bytes of a stream become frames: 4 bytes of length, little endian, then content.
class frame_reader {
public:
  explicit frame_reader(std::size_t max_frame_bytes) : max_frame_bytes_(max_frame_bytes) {}

  /// Adds to `frames` each that is complete with these bytes. too_large: a longer one was announced; the reader is of
  /// no use afterwards.
  [[nodiscard]] result<void> read(std::string_view bytes, std::vector<std::string>& frames);

private:
  std::size_t max_frame_bytes_;
  std::string rest_; // Of a frame that is not complete, with its length.
};

/// Frames that wait to be written, as one run of bytes.
class frame_writer {
public:
  void add(std::string_view frame);
  std::string_view waiting() const noexcept { return std::string_view(bytes_).substr(at_); }
  void written(std::size_t count); ///< Of waiting().
  void clear();

private:
  std::string bytes_;
  std::size_t at_ = 0; // Moved seldom: each byte once on average.
};

} // namespace runtime
