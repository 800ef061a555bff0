#include "tune/journal/file_segment_log.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "runtime/base/mutation.hpp"
#include "tune/journal/segment_format.hpp"
#include "tune/journal/segment_reader.hpp"
#include "tune/proto/journal.pb.h"

namespace tune {
namespace {

namespace wire = caf_tune::tune::v1;
using runtime::mutated;
using runtime::mutation;
using segment_format::frame_kind;

constexpr std::uint32_t piece_bytes = 1u << 20;
constexpr int most_looks = 4;

[[nodiscard]] result<std::vector<std::uint64_t>> segments_of(journal_disk& disk) {
  auto names = disk.list();
  if (!names)
    return fail(std::move(names.error()));
  std::vector<std::uint64_t> numbers;
  for (const auto& name : *names)
    if (const auto number = segment_format::number_of(name); number != 0)
      numbers.push_back(number);
  std::sort(numbers.begin(), numbers.end());
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (numbers[i] != i + 1)
      return fail(errc::io, fmt::format("{} is missing: the journal is not whole",
                                        disk.path_of(segment_format::file_name(i + 1))));
  return numbers;
}

/// One pass over all segments.
class reading {
public:
  reading(journal_disk& disk, const record_bytes_visitor& visitor, journal_position first)
    : disk_(disk),
      visitor_(visitor),
      first_(first) {}

  result<segments_read> run() {
    const auto numbers = segments_of(disk_);
    if (!numbers)
      return fail(numbers.error());
    for (auto number = where_to_begin(numbers->size()); number <= numbers->size(); ++number)
      if (auto done = read_segment(number, number == numbers->size()); !done)
        return fail(std::move(done.error()));
    return std::move(read_);
  }

private:
  /// The last segment that begins before what is wanted. What cannot be read here is an error when it is read whole.
  std::uint64_t where_to_begin(std::uint64_t last) {
    for (auto number = last; number > 1 && first_ > 1; --number)
      if (const auto begins = first_position_of(segment_format::file_name(number)); begins && *begins <= first_) {
        read_.last = *begins - 1;
        return number;
      }
    return 1;
  }

  std::optional<journal_position> first_position_of(const std::string& file) {
    constexpr std::uint32_t enough = 4096;
    const auto bytes = disk_.read(file, 0, enough);
    if (!bytes)
      return std::nullopt;
    segment_reader reader;
    reader.feed(*bytes);
    const auto frame = reader.next();
    wire::SegmentHeader header;
    if (!frame || !*frame || (*frame)->kind != frame_kind::header ||
        !header.ParseFromArray((*frame)->payload.data(), static_cast<int>((*frame)->payload.size())) ||
        header.first_position() == 0)
      return std::nullopt;
    return header.first_position();
  }

  result<void> read_segment(std::uint64_t number, bool is_last) {
    const auto file = segment_format::file_name(number);
    has_header_ = false;
    read_.segments = number;
    read_.last_group = 0;
    segment_reader reader;
    segment_reader::end end;
    for (int look = 1;; ++look) {
      const auto from = look == 1 ? 0 : end.whole_bytes;
      if (auto done = read_from(from, file, number, reader); !done)
        return done;
      end = reader.finish();
      read_.last_group = std::max(read_.last_group, end.last_group);
      // Another process may just be writing here: then a second look finds it whole.
      if (end.how != segment_reader::ending::damaged || !is_last || look == most_looks)
        break;
      reader = end.whole_bytes == 0 ? segment_reader() : segment_reader::from(end.whole_bytes);
    }
    if (end.how == segment_reader::ending::damaged || (end.how == segment_reader::ending::torn && !is_last))
      return fail(errc::io, fmt::format("{} is damaged at byte {} of {}: what was written there once cannot be read; "
                                        "restore the file from a copy",
                                        disk_.path_of(file), end.whole_bytes, end.total_bytes));
    if (!has_header_ && !is_last)
      return fail(errc::io, fmt::format("{} is empty: the journal is not whole", disk_.path_of(file)));
    read_.whole_bytes = has_header_ ? end.whole_bytes : 0;
    if (end.total_bytes != read_.whole_bytes) {
      read_.torn_file = file;
      read_.torn_bytes = end.total_bytes - read_.whole_bytes;
    }
    return {};
  }

  result<void> read_from(std::uint64_t offset, const std::string& file, std::uint64_t number, segment_reader& reader) {
    for (;;) {
      const auto piece = disk_.read(file, offset, piece_bytes);
      if (!piece)
        return fail(piece.error());
      reader.feed(*piece);
      offset += piece->size();
      for (;;) {
        const auto frame = reader.next();
        if (!frame)
          return fail(runtime::within(disk_.path_of(file), frame.error()));
        if (!*frame)
          break;
        if (auto done = take(**frame, file, number); !done)
          return done;
      }
      if (piece->size() < piece_bytes)
        return {};
    }
  }

  result<void> take(const segment_reader::frame& frame, const std::string& file, std::uint64_t number) {
    if (!has_header_)
      return take_header(frame, number).map_error([&](error why) {
        return runtime::within(disk_.path_of(file), std::move(why));
      });
    if (frame.kind != frame_kind::record)
      return fail(errc::incompatible, fmt::format("{} has two headers", disk_.path_of(file)));
    ++read_.last;
    return read_.last < first_ ? result<void>() : visitor_(read_.last, frame.payload);
  }

  result<void> take_header(const segment_reader::frame& frame, std::uint64_t number) {
    wire::SegmentHeader header;
    if (frame.kind != frame_kind::header ||
        !header.ParseFromArray(frame.payload.data(), static_cast<int>(frame.payload.size())))
      return fail(errc::incompatible, "it has no header");
    if (header.number() != number)
      return fail(errc::io, fmt::format("it says that it is segment {}; was it renamed?", header.number()));
    if (header.first_position() != read_.last + 1)
      return fail(errc::io, fmt::format("it begins with record {}, but the segments before it end with {}: the journal "
                                        "is not whole",
                                        header.first_position(), read_.last));
    has_header_ = true;
    return {};
  }

  journal_disk& disk_;
  const record_bytes_visitor& visitor_;
  const journal_position first_;
  segments_read read_;
  bool has_header_ = false;
};

} // namespace

result<segments_read> read_segments(journal_disk& disk, const record_bytes_visitor& visitor, journal_position first) {
  return reading(disk, visitor, first).run();
}

file_segment_log::file_segment_log(std::shared_ptr<journal_disk> disk, segment_log_options options)
  : disk_(std::move(disk)),
    options_(std::move(options)) {
}

result<file_segment_log> file_segment_log::open(std::shared_ptr<journal_disk> disk, const record_bytes_visitor& visitor,
                                                segment_log_options options) {
  file_segment_log log(std::move(disk), std::move(options));
  auto found = read_segments(*log.disk_, visitor);
  if (!found)
    return fail(std::move(found.error()));
  log.found_ = std::move(*found);
  log.last_ = log.found_.last;
  if (auto ready = log.continue_last(); !ready)
    return fail(std::move(ready.error()));
  return log;
}

result<void> file_segment_log::continue_last() {
  if (found_.segments == 0)
    return begin_segment(1);
  const auto file = segment_format::file_name(found_.segments);
  if (found_.whole_bytes == 0) // It was just being made: nothing is in it.
    return disk_->remove(file).and_then([&] { return begin_segment(found_.segments); });
  auto opened = disk_->open(file, found_.whole_bytes);
  if (!opened)
    return fail(std::move(opened.error()));
  file_ = std::move(*opened);
  segment_ = found_.segments;
  synced_bytes_ = found_.whole_bytes;
  // What an earlier driver wrote and did not sync was read, and now counts: also that the file is there at all.
  return write_last_group_again(file).and_then([&] { return file_->sync(); }).and_then([&] {
    return disk_->sync_directory();
  });
}

/// If its sync failed, the system may take it for written, and would not write it at the next sync: then it would be
/// there until the power goes, with records behind it that are on the disk.
result<void> file_segment_log::write_last_group_again(const std::string& file) {
  if (mutated(mutation::trust_failed_sync))
    return {};
  std::string group;
  while (found_.last_group + group.size() < found_.whole_bytes) {
    const auto at = found_.last_group + group.size();
    const auto piece =
      disk_->read(file, at, static_cast<std::uint32_t>(std::min<std::uint64_t>(piece_bytes, found_.whole_bytes - at)));
    if (!piece)
      return fail(piece.error());
    if (piece->empty())
      break;
    group += *piece;
  }
  auto reader = found_.last_group == 0 ? segment_reader() : segment_reader::from(found_.last_group);
  reader.feed(group);
  for (auto frame = reader.next(); frame && *frame;)
    frame = reader.next();
  const auto end = reader.finish();
  if (end.how != segment_reader::ending::clean || end.whole_bytes != found_.whole_bytes)
    return fail(errc::io, fmt::format("{} cannot be read twice alike: the disk, or the memory, is not well",
                                      disk_->path_of(file)));
  return file_->write_again(found_.last_group, group);
}

result<void> file_segment_log::begin_segment(std::uint64_t number) {
  auto made = disk_->create(segment_format::file_name(number));
  if (!made)
    return fail(std::move(made.error()));
  wire::SegmentHeader header;
  header.set_number(number);
  header.set_first_position(last_ + 1);
  header.set_written_by(options_.written_by);
  header.set_created_unix_ns(options_.created_unix_ns);
  std::string bytes;
  segment_format::append_preamble(bytes);
  segment_format::append_frame(frame_kind::header, header.SerializeAsString(), bytes);
  file_ = std::move(*made);
  segment_ = number;
  synced_bytes_ = bytes.size();
  return file_->append(bytes).and_then([&] { return file_->sync(); }).and_then([&] { return disk_->sync_directory(); });
}

void file_segment_log::add(std::string_view record, std::string& group) {
  segment_format::append_frame(frame_kind::record, record, group);
}

result<void> file_segment_log::write(std::string_view group, std::uint64_t records) {
  if (synced_bytes_ >= options_.segment_bytes)
    if (auto begun = begin_segment(segment_ + 1); !begun)
      return begun;
  marked_.clear();
  segment_format::append_mark(synced_bytes_, marked_);
  marked_ += group;
  if (auto written = file_->append(marked_); !written)
    return written;
  if (!mutated(mutation::acknowledge_before_sync))
    if (auto synced = file_->sync(); !synced)
      return synced;
  synced_bytes_ += marked_.size();
  last_ += records;
  return {};
}

} // namespace tune
