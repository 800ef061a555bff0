#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tune/ask_tell/ask_tell_core.hpp"

namespace tune {

/// ask-tell as a stream: bytes in, lines out. The shell gives it what it has read, and takes what is to be written:
/// first the records, then, when they are durable, the text.
class line_session {
public:
  static constexpr std::size_t most_line_bytes = 16u << 20; ///< A longer line is refused as a whole.
  static constexpr std::size_t enough_out_bytes = 4u << 20; ///< So much is written before more is done.

  /// Replayed and begun.
  explicit line_session(ask_tell_core core) : core_(std::move(core)) {}

  void on_bytes(std::string_view bytes);
  void on_end_of_input(); ///< The last line may lack its newline.

  struct output {
    std::vector<journal_record> records;
    std::string text;
    bool is_empty() const noexcept { return records.empty() && text.empty(); }
  };
  /// What the whole lines that have come ask for, in their order; of many the first. Nothing: more must be read.
  output next(record::wall_time now);

  std::uint64_t lines() const noexcept { return line_; }    ///< That were answered.
  std::uint64_t errors() const noexcept { return errors_; } ///< Of these, with an error.

private:
  void answer(std::string_view line, record::wall_time now, output& out);
  void refuse(std::string why, output& out);

  ask_tell_core core_;
  std::string unread_;
  std::size_t begin_ = 0; ///< Of what is not yet answered, in unread_.
  std::uint64_t line_ = 0;
  std::uint64_t errors_ = 0;
  bool is_too_long_ = false; ///< The line that is being read: what of it has come is gone.
};

} // namespace tune
