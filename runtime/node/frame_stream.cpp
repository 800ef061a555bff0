#include "runtime/node/frame_stream.hpp"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "runtime/base/invariant.hpp"

namespace runtime {
namespace {

constexpr std::size_t length_bytes = 4;

std::size_t read_length(std::string_view bytes) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i)
    length |= static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return length;
}

} // namespace

result<void> frame_reader::read(std::string_view bytes, std::vector<std::string>& frames) {
  const auto too_large = [this](std::size_t length) {
    return fail(errc::too_large,
                fmt::format("a frame of {} bytes was announced; the limit is {}", length, max_frame_bytes_));
  };
  while (!rest_.empty() && !bytes.empty()) { // First the length, then the content of the one that was begun.
    const auto wanted = rest_.size() < length_bytes ? length_bytes : length_bytes + read_length(rest_);
    const auto taken = std::min(wanted - rest_.size(), bytes.size());
    rest_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    if (rest_.size() < length_bytes)
      return {};
    const auto length = read_length(rest_);
    if (length > max_frame_bytes_)
      return too_large(length);
    if (rest_.size() < length_bytes + length)
      continue;
    frames.push_back(rest_.substr(length_bytes));
    rest_.clear();
  }
  while (bytes.size() >= length_bytes) {
    const auto length = read_length(bytes);
    if (length > max_frame_bytes_)
      return too_large(length);
    if (bytes.size() - length_bytes < length) {
      rest_.reserve(length_bytes + length);
      break;
    }
    frames.emplace_back(bytes.substr(length_bytes, length));
    bytes.remove_prefix(length_bytes + length);
  }
  rest_.append(bytes);
  return {};
}

void frame_writer::add(std::string_view frame) {
  CAF_TUNE_INVARIANT(frame.size() <= UINT32_MAX, "a frame of {} bytes", frame.size());
  char length[length_bytes];
  for (std::size_t i = 0; i < length_bytes; ++i)
    length[i] = static_cast<char>(frame.size() >> (8 * i) & 0xFF);
  bytes_.append(length, length_bytes).append(frame);
}

void frame_writer::written(std::size_t count) {
  CAF_TUNE_INVARIANT(count <= bytes_.size() - at_, "{} bytes written of {}", count, bytes_.size() - at_);
  at_ += count;
  if (at_ == bytes_.size())
    clear();
  else if (at_ > bytes_.size() / 2) {
    bytes_.erase(0, at_);
    at_ = 0;
  }
}

void frame_writer::clear() {
  constexpr std::size_t kept = 1u << 20; // An idle worker does not keep what one large message took.
  if (bytes_.capacity() > kept)
    bytes_ = {};
  bytes_.clear();
  at_ = 0;
}

} // namespace runtime
