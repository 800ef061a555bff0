#pragma once

#include "tests/fuzz/fuzz_target.hpp"

#include <optional>
#include <string>
#include <string_view>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message_lite.h>
#include <google/protobuf/stubs/logging.h>

#include "runtime/base/result.hpp"

namespace fuzz {

/// It would say of each text that it is no UTF-8.
inline const auto protobuf_is_quiet = google::protobuf::SetLogHandler(nullptr);

/// A message's bytes; equal messages give equal ones, whatever the order of their maps.
inline std::string canonical_bytes(const google::protobuf::MessageLite& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  require(message.SerializeToCodedStream(&out), "a message could not be written");
  out.Trim();
  return bytes;
}

/// Nothing: the bytes are no such message.
template <class Message>
std::optional<Message> parse(std::string_view bytes) {
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return std::nullopt;
  return message;
}

/// Whoever is refused is told why.
inline void check_error(const runtime::error& why) {
  require(!why.message.empty(), "an error says nothing");
}

/// Reads a message, writes what was read, and reads that: it must be the same. `read` gives a result, `write` a
/// message that can be read again.
template <class Message, class Read, class Write>
void check_round_trip(std::string_view bytes, Read read, Write write) {
  const auto message = parse<Message>(bytes);
  if (!message)
    return;
  const auto value = read(*message);
  if (!value)
    return check_error(value.error());
  const auto written = write(*value);
  const auto again = read(written);
  require(again.has_value(), "what was written from what was read is refused");
  require(canonical_bytes(write(*again)) == canonical_bytes(written), "what was written reads as something else");
}

/// For what reads any message, as check_round_trip() wants it.
template <class Read>
auto never_refused(Read read) {
  return [read](const auto& message) { return runtime::result<decltype(read(message))>(read(message)); };
}

} // namespace fuzz
