#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tune/journal/segment_format.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// Finds the frames in a segment's bytes, which come piece by piece, and where they stop being whole.
class segment_reader {
public:
  segment_reader() = default;
  /// From a frame's start on, which is so far into the file.
  static segment_reader from(std::uint64_t offset);

  void feed(std::string_view bytes);

  struct frame {
    segment_format::frame_kind kind = segment_format::frame_kind::record; ///< Header or record.
    std::string_view payload;                                             ///< Until the next call of feed().
  };
  /// The next whole one; none until more is fed, or because there is none. incompatible: this is no segment, or one of
  /// a newer version.
  [[nodiscard]] result<std::optional<frame>> next();

  enum class ending {
    clean,   ///< Behind a whole frame.
    torn,    ///< What a crash left of a write, or a write that is under way. Nothing that was synced is lost.
    damaged, ///< Something is broken that was synced once.
  };
  struct end {
    ending how = ending::clean;
    std::uint64_t whole_bytes = 0; ///< So far everything is whole.
    std::uint64_t total_bytes = 0; ///< Of the file.
    std::uint64_t last_group = 0;  ///< Where the newest group begins that is whole so far; 0: there is none.
  };
  end finish(); ///< Nothing more will be fed.

private:
  std::uint64_t offset() const noexcept { return base_ + at_; }
  std::string_view rest() const noexcept { return std::string_view(buffer_).substr(at_); }
  [[nodiscard]] result<bool> read_preamble();
  void look_for_marks();
  void drop_what_was_read();

  std::string buffer_;
  std::uint64_t base_ = 0; ///< Where buffer_ begins in the file.
  std::size_t at_ = 0;     ///< How much of buffer_ was read.
  std::uint64_t last_group_ = 0;
  std::optional<std::uint64_t> broken_at_;
  bool is_damaged_ = false;
};

} // namespace tune
