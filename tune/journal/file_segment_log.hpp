#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tune/journal/journal_disk.hpp"
#include "tune/journal/record.hpp"

namespace tune {

/// Gets a record's bytes; an error ends the reading and is its result.
using record_bytes_visitor = std::function<result<void>(journal_position position, std::string_view bytes)>;

/// What there was when a journal was read.
struct segments_read {
  std::uint64_t segments = 0;
  journal_position last = 0;    ///< Of its records.
  std::uint64_t torn_bytes = 0; ///< At the end of the last segment: of a write that a crash cut off, or is under way.
  std::string torn_file;        ///< Empty: none.
  // Of the last segment:
  std::uint64_t whole_bytes = 0;
  std::uint64_t last_group = 0; ///< Where its newest group begins: all before it was synced. 0: it has none.
};

/// Reads all records, in order. What is broken that was whole once is an error (io), which names file and byte; a torn
/// tail of the last segment is not. While another process writes, it may see less, but never other than what is there.
/// With `first`, segments that have only earlier records are not read.
[[nodiscard]] result<segments_read> read_segments(journal_disk& disk, const record_bytes_visitor& visitor,
                                                  journal_position first = 1);

struct segment_log_options {
  std::uint64_t segment_bytes = 64u << 20; ///< After so many a new segment is begun; at least 1.
  std::string written_by;                  ///< For people.
  std::int64_t created_unix_ns = 0;        ///< What a segment says of when it was begun; for people.
};

/// A journal's segments, on one disk, being written. One thread at a time.
class file_segment_log {
public:
  /// Gives all records to the visitor, cuts off a torn tail, and is ready to go on. What it has read is durable.
  [[nodiscard]] static result<file_segment_log> open(std::shared_ptr<journal_disk> disk,
                                                     const record_bytes_visitor& visitor, segment_log_options options);

  /// Adds the record's frame to a group. Its bytes are 1 to segment_format::most_payload_bytes.
  static void add(std::string_view record, std::string& group);
  /// Writes a group of so many records; on return it is durable. After an error it must not be called again.
  [[nodiscard]] result<void> write(std::string_view group, std::uint64_t records);

  const segments_read& found() const noexcept { return found_; } ///< By open().
  journal_position last() const noexcept { return last_; }
  std::uint64_t segment() const noexcept { return segment_; } ///< The number of the one that is written to.

private:
  file_segment_log(std::shared_ptr<journal_disk> disk, segment_log_options options);
  [[nodiscard]] result<void> continue_last();
  [[nodiscard]] result<void> write_last_group_again(const std::string& file);
  [[nodiscard]] result<void> begin_segment(std::uint64_t number);

  std::shared_ptr<journal_disk> disk_;
  segment_log_options options_;
  segments_read found_;
  std::unique_ptr<journal_file> file_;
  std::uint64_t segment_ = 0;
  std::uint64_t synced_bytes_ = 0; ///< Of the segment: all of it.
  journal_position last_ = 0;
  std::string marked_; ///< Kept, so that its memory is used again.
};

} // namespace tune
