#include "tune/journal/segment_reader.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/base/mutation.hpp"

namespace tune {

using segment_format::frame_head_bytes;
using segment_format::frame_kind;

segment_reader segment_reader::from(std::uint64_t offset) {
  segment_reader made;
  made.base_ = offset;
  return made;
}

void segment_reader::feed(std::string_view bytes) {
  drop_what_was_read();
  buffer_ += bytes;
}

void segment_reader::drop_what_was_read() {
  base_ += at_;
  buffer_.erase(0, at_);
  at_ = 0;
}

result<bool> segment_reader::read_preamble() {
  if (rest().size() < segment_format::preamble_bytes)
    return false;
  const auto preamble = rest().substr(0, segment_format::preamble_bytes);
  if (std::all_of(preamble.begin(), preamble.end(), [](char c) { return c == 0; })) {
    broken_at_ = 0; // Its size reached the disk, its content did not.
    return false;
  }
  if (preamble.substr(0, 8) != segment_format::magic)
    return fail(errc::incompatible, "this is no segment of a journal");
  if (const auto found = segment_format::read_number(preamble.substr(8)); found != segment_format::version)
    return fail(errc::incompatible, fmt::format("its format has the version {}, and this program reads {}; use the "
                                                "version that wrote it, or a newer one",
                                                found, segment_format::version));
  at_ += segment_format::preamble_bytes;
  return true;
}

result<std::optional<segment_reader::frame>> segment_reader::next() {
  using found = std::optional<frame>;
  while (!broken_at_) {
    if (offset() == 0) {
      const auto read = read_preamble();
      if (!read)
        return fail(read.error());
      if (!*read)
        break;
    }
    const auto bytes = rest();
    if (bytes.size() < frame_head_bytes)
      break;
    const auto kind_with_size = segment_format::read_number(bytes.substr(0, 4));
    const auto size = static_cast<std::size_t>(kind_with_size & segment_format::most_payload_bytes);
    if (size != 0 && bytes.size() < frame_head_bytes + size)
      break;
    const auto payload = bytes.substr(frame_head_bytes, size);
    if (size == 0 || !segment_format::is_whole(bytes.substr(0, frame_head_bytes), payload)) {
      broken_at_ = offset();
      break;
    }
    at_ += frame_head_bytes + size;
    switch (const auto kind = static_cast<frame_kind>(kind_with_size >> 24)) {
    case frame_kind::header:
    case frame_kind::record: return found(frame{kind, payload});
    case frame_kind::mark: last_group_ = offset() - frame_head_bytes - size; continue;
    }
    return fail(errc::incompatible, fmt::format("at byte {}: a part of kind {}, which only a newer version knows",
                                                offset() - frame_head_bytes - size, kind_with_size >> 24));
  }
  if (broken_at_)
    look_for_marks();
  return found();
}

/// Behind what is broken: does a mark say that it was synced once?
void segment_reader::look_for_marks() {
  constexpr auto mark_bytes = frame_head_bytes + segment_format::mark_payload_bytes;
  const auto bytes = rest();
  auto word = bytes.find(segment_format::mark_word);
  for (; word != std::string_view::npos; word = bytes.find(segment_format::mark_word, word + 1)) {
    if (word < frame_head_bytes)
      continue;
    const auto mark = bytes.substr(word - frame_head_bytes, mark_bytes);
    if (mark.size() < mark_bytes)
      break;
    const auto payload = mark.substr(frame_head_bytes);
    if (segment_format::is_whole(mark.substr(0, frame_head_bytes), payload) &&
        segment_format::read_number(payload.substr(8)) > *broken_at_)
      is_damaged_ = true;
  }
  if (bytes.size() > mark_bytes)
    at_ += bytes.size() - mark_bytes; // One that begins here may go on in the next piece.
}

segment_reader::end segment_reader::finish() {
  if (!broken_at_ && !rest().empty())
    broken_at_ = offset();
  if (!broken_at_)
    return {ending::clean, offset(), offset(), last_group_};
  look_for_marks();
  const bool is_damage = is_damaged_ && !runtime::mutated(runtime::mutation::take_damage_for_torn);
  return {is_damage ? ending::damaged : ending::torn, *broken_at_, base_ + buffer_.size(), last_group_};
}

} // namespace tune
