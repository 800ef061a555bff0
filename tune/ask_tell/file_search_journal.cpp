#include "tune/ask_tell/file_search_journal.hpp"

#include <chrono>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "runtime/base/version.hpp"
#include "tune/journal/file_lock.hpp"
#include "tune/journal/posix_journal_disk.hpp"
#include "tune/journal/record_wire.hpp"
#include "tune/journal/segment_format.hpp"

namespace tune {
namespace {

/// The directory and those above it that are new, each with its name on the disk.
[[nodiscard]] result<void> make_directory(const path& directory) {
  std::error_code why;
  if (std::filesystem::is_directory(directory, why))
    return {};
  if (directory.has_parent_path() && directory.parent_path() != directory)
    if (auto made = make_directory(directory.parent_path()); !made)
      return made;
  if (!std::filesystem::create_directory(directory, why) && why)
    return fail(errc::io, fmt::format("{} cannot be made: {}", directory.string(), why.message()));
  return posix_journal_disk(directory.parent_path()).sync_directory();
}

record_bytes_visitor decoding(const journal_visitor& visitor) {
  return [&visitor, reader = std::make_shared<record_wire::reader>()](journal_position at, std::string_view bytes) {
    return reader->read(bytes)
      .map_error([&](error why) { return runtime::within(fmt::format("record {}", at), std::move(why)); })
      .and_then([&](const journal_record& record) { return visitor(at, record); });
  };
}

segment_log_options log_options() {
  segment_log_options options;
  options.written_by = fmt::format("caf-tune {}", runtime::version);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  options.created_unix_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
  return options;
}

} // namespace

struct file_search_journal::parts {
  file_lock lock;
  file_segment_log log;
  record_wire::writer writer;
  std::string encoded;
  std::string group;
  std::uint64_t records = 0; ///< In the group.
};

file_search_journal::file_search_journal(std::unique_ptr<parts> made) : parts_(std::move(made)) {
}

file_search_journal::~file_search_journal() = default;
file_search_journal::file_search_journal(file_search_journal&&) noexcept = default;
file_search_journal& file_search_journal::operator=(file_search_journal&&) noexcept = default;

const segments_read& file_search_journal::found() const noexcept {
  return parts_->log.found();
}

result<file_search_journal> file_search_journal::open(const path& given, const journal_visitor& visitor) {
  std::error_code why;
  const auto directory = std::filesystem::absolute(given / "journal", why).lexically_normal();
  if (why)
    return fail(errc::io, fmt::format("{} cannot be made: {}", given.string(), why.message()));
  if (auto made = make_directory(directory); !made)
    return fail(std::move(made.error()));
  auto lock = file_lock::take((directory / "lock").string());
  if (!lock)
    return fail(runtime::within(fmt::format("the journal in {}", directory.string()), std::move(lock.error())));
  auto log = file_segment_log::open(std::make_shared<posix_journal_disk>(directory), decoding(visitor), log_options());
  if (!log)
    return fail(std::move(log.error()));
  return file_search_journal(std::unique_ptr<parts>(new parts{std::move(*lock), std::move(*log), {}, {}, {}, 0}));
}

result<void> file_search_journal::add(const journal_record& record) {
  auto& p = *parts_;
  p.encoded.clear();
  if (auto written = p.writer.append(record, p.encoded); !written)
    return written;
  if (p.encoded.size() > segment_format::most_payload_bytes)
    return fail(errc::too_large, fmt::format("a record has {} bytes; at most {} can be written", p.encoded.size(),
                                             segment_format::most_payload_bytes));
  file_segment_log::add(p.encoded, p.group);
  ++p.records;
  return {};
}

result<void> file_search_journal::sync() {
  auto& p = *parts_;
  if (p.records == 0)
    return {};
  auto written = p.log.write(p.group, p.records);
  p.group.clear();
  p.records = 0;
  return written;
}

} // namespace tune
