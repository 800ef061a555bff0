#include "tests/fuzz/fuzz_target.hpp"

#include "tests/tune/journal/fake_journal_disk.hpp"
#include "tune/journal/file_segment_log.hpp"
#include "tune/journal/segment_format.hpp"
#include "tune/journal/segment_reader.hpp"

/// The segments of a journal. The first byte says in which pieces a segment is read; then come the segments, each
///
///   one byte    even: the bytes as they are; odd: frames, whose checksums are made right
///   a piece     these; of frames: a kind and a piece, one after the other
///   two bytes   where in the segment a byte is changed, unless that is 0
///
/// so that the fuzzer need not guess checksums to get behind them.

namespace {

using namespace tune;

std::string framed(std::string_view described) {
  std::string bytes;
  segment_format::append_preamble(bytes);
  fuzz::parts frames(described);
  while (!frames.empty()) {
    const auto kind = static_cast<segment_format::frame_kind>(frames.byte());
    const auto payload = frames.piece();
    if (!payload.empty())
      segment_format::append_frame(kind, payload, bytes);
  }
  return bytes;
}

std::shared_ptr<fake_journal_disk> disk_of(fuzz::parts& input) {
  constexpr std::uint64_t most_segments = 4;
  auto disk = std::make_shared<fake_journal_disk>();
  for (std::uint64_t number = 1; number <= most_segments && !input.empty(); ++number) {
    const bool is_framed = input.byte() % 2 == 1;
    const auto described = input.piece();
    auto bytes = is_framed ? framed(described) : std::string(described);
    const auto changed = input.byte() | std::size_t{input.byte()} << 8;
    if (changed != 0 && !bytes.empty())
      bytes[changed % bytes.size()] = static_cast<char>(bytes[changed % bytes.size()] ^ 0x10);
    disk->set_content(segment_format::file_name(number), std::move(bytes));
  }
  return disk;
}

struct all_records {
  result<segments_read> read = segments_read();
  fuzz::inputs records;
};

all_records records_of(journal_disk& disk, journal_position first = 1) {
  all_records all;
  auto next = first;
  all.read = read_segments(
    disk,
    [&](journal_position position, std::string_view bytes) {
      fuzz::require(position == next++, "positions have gaps");
      all.records.emplace_back(bytes);
      return result<void>();
    },
    first);
  return all;
}

/// The frames of one segment, and how it ends, as text.
std::string frames_in(std::string_view bytes, std::size_t piece) {
  std::string found;
  segment_reader reader;
  while (!bytes.empty()) {
    reader.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (;;) {
      const auto frame = reader.next();
      if (!frame)
        return found + frame.error().message;
      if (!*frame)
        break;
      found += fmt::format("{} {}\n", static_cast<int>((*frame)->kind), (*frame)->payload);
    }
  }
  const auto end = reader.finish();
  return found + fmt::format("{} at {} of {}", static_cast<int>(end.how), end.whole_bytes, end.total_bytes);
}

void check_suffixes(journal_disk& disk, const all_records& all) {
  const auto& records = all.records;
  for (std::size_t skipped = 1; skipped < records.size() && skipped < 8; ++skipped) {
    const auto rest = records_of(disk, skipped + 1);
    fuzz::require(rest.read.has_value(), "a journal that is whole is not whole from a later record on");
    fuzz::require(rest.records == fuzz::inputs(records.begin() + static_cast<std::ptrdiff_t>(skipped), records.end()),
                  "a journal says something else from a later record on");
  }
}

/// A driver opens it, adds a record, and the next one finds all that.
void check_going_on(const std::shared_ptr<fake_journal_disk>& disk, const all_records& before) {
  const auto ignore = [](journal_position, std::string_view) { return result<void>(); };
  auto log = file_segment_log::open(disk, ignore, {});
  fuzz::require(log.has_value() == before.read.has_value(), "who writes a journal reads it otherwise");
  if (!log)
    return fuzz::require(!log.error().message.empty(), "an error says nothing");
  std::string group;
  file_segment_log::add("one more", group);
  or_throw(log->write(group, 1));

  auto expected = before.records;
  expected.emplace_back("one more");
  const auto after = records_of(*disk);
  fuzz::require(after.read.has_value(), "a journal that was gone on with cannot be read");
  fuzz::require(after.records == expected, "a journal that was gone on with says something else");
  fuzz::require(after.read->torn_bytes == 0, "a torn tail was not cut off");
}

void run(std::string_view input) {
  fuzz::parts parts(input);
  const auto piece = std::size_t{1} + parts.byte();
  const auto disk = disk_of(parts);
  for (const auto& file : or_throw(disk->list())) {
    const auto bytes = disk->content(file);
    fuzz::require(frames_in(bytes, piece) == frames_in(bytes, bytes.size() + 1), "a segment depends on its pieces");
  }
  const auto all = records_of(*disk);
  if (all.read)
    check_suffixes(*disk, all);
  check_going_on(disk, all);
}

std::string as_it_is(std::string_view segment) {
  auto input = fuzz::of_kind(0, "");
  fuzz::put_piece(input, segment);
  return input + std::string(2, '\0');
}

/// What a driver writes, in segments of so many bytes.
std::vector<std::string> written(std::uint64_t segment_bytes) {
  auto disk = std::make_shared<fake_journal_disk>();
  const auto ignore = [](journal_position, std::string_view) { return result<void>(); };
  segment_log_options options;
  options.segment_bytes = segment_bytes;
  auto log = or_throw(file_segment_log::open(disk, ignore, options));
  for (const char* record : {"first", "second", "third"}) {
    std::string group;
    file_segment_log::add(record, group);
    file_segment_log::add("beside it", group);
    or_throw(log.write(group, 2));
  }
  std::vector<std::string> segments;
  for (const auto& file : or_throw(disk->list()))
    segments.push_back(disk->content(file));
  return segments;
}

/// The same as frames: what the fuzzer can change without breaking a checksum.
std::string described(std::string_view segment) {
  std::string frames;
  segment.remove_prefix(segment_format::preamble_bytes);
  while (!segment.empty()) {
    const auto size = segment_format::read_number(segment.substr(0, 3));
    frames += segment[3];
    fuzz::put_piece(frames, segment.substr(segment_format::frame_head_bytes, size));
    segment.remove_prefix(segment_format::frame_head_bytes + size);
  }
  auto input = fuzz::of_kind(1, "");
  fuzz::put_piece(input, frames);
  return input + std::string(2, '\0');
}

fuzz::inputs seeds() {
  fuzz::inputs all;
  for (const std::uint64_t segment_bytes : {1u << 20, 1u}) {
    auto whole = fuzz::of_kind(16, "");
    auto frames = fuzz::of_kind(16, "");
    for (const auto& segment : written(segment_bytes)) {
      whole += as_it_is(segment);
      frames += described(segment);
    }
    auto torn = whole.substr(0, whole.size() - 7);
    torn.append(7, '\0');
    auto damaged = frames;
    damaged.back() = 0;
    damaged[damaged.size() - 2] = 60;
    all.insert(all.end(), {whole, frames, torn, damaged});
  }
  return all;
}

const fuzz::target file_segment_log_target("tune/journal/file_segment_log", run, seeds);

} // namespace
