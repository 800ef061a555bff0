#include "tune/journal/file_journal.hpp"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "runtime/base/overloaded.hpp"
#include "runtime/base/version.hpp"
#include "tune/background/posix_background_thread.hpp"
#include "tune/journal/file_lock.hpp"
#include "tune/journal/file_segment_log.hpp"
#include "tune/journal/posix_journal_disk.hpp"
#include "tune/journal/record_wire.hpp"
#include "tune/journal/segment_format.hpp"

namespace tune {
namespace {

record_bytes_visitor decoding(const journal_visitor& visitor) {
  return [&visitor, reader = std::make_shared<record_wire::reader>()](journal_position at, std::string_view bytes) {
    return reader->read(bytes)
      .map_error([&](error why) { return runtime::within(fmt::format("record {}", at), std::move(why)); })
      .and_then([&](const journal_record& record) { return visitor(at, record); });
  };
}

journal_found what_was(const segments_read& read) {
  return {read.segments, read.last, read.torn_bytes, read.torn_file};
}

segment_log_options log_options(const file_journal_options& options) {
  const auto opened = options.opened.value_or(std::chrono::system_clock::now()).time_since_epoch();
  return {options.segment_bytes, fmt::format("caf-tune {}", runtime::version),
          std::chrono::duration_cast<std::chrono::nanoseconds>(opened).count()};
}

/// Whether somebody waits until it is on disk: a trial for its beginning or the answer to its report, a program for
/// what it has ordered or for its experiment's end. A record of the others can wait for one of these: alone it would
/// keep the disk busy with a sync that nobody needs, just when the next report comes.
bool is_awaited(const journal_record& record) {
  return std::visit(runtime::overloaded{
                      [](const record::trial_created&) { return false; },
                      [](const record::attempt_placed&) { return false; },
                      [](const record::checkpoint_lost&) { return false; },
                      [](const record::attempt_ended&) { return false; },
                      [](const record::trial_changed& changed) { return changed.by_user; },
                      [](const auto&) { return true; },
                    },
                    record);
}

[[nodiscard]] result<void> make_directory(const path& directory) {
  std::error_code why;
  const bool is_new = std::filesystem::create_directories(directory, why);
  if (why)
    return fail(errc::io, fmt::format("{} cannot be made: {}", directory.string(), why.message()));
  if (!is_new)
    return {};
  return posix_journal_disk(directory.parent_path()).sync_directory(); // Else it would be gone with the power.
}

} // namespace

struct file_journal::parts {
  parts(std::optional<file_lock> taken, file_segment_log opened, std::chrono::milliseconds patience,
        std::unique_ptr<background> other)
    : lock(std::move(taken)),
      log(std::move(opened)),
      gathering(patience),
      found(what_was(log.found())),
      beside(other ? std::move(other) : std::make_unique<background_thread>()),
      appended(log.last()),
      durable(log.last()) {}

  // What append() does alone.
  record_wire::writer encoder;
  std::string encoded;

  std::optional<file_lock> lock;
  file_segment_log log; ///< Of write() alone.
  const std::chrono::milliseconds gathering;
  const journal_found found;
  const std::unique_ptr<background> beside; ///< Runs write_what_is_due().

  std::mutex mutex;
  std::condition_variable settled; ///< For sync().
  std::string group;
  runtime::instant gathers_since{}; ///< With a group: when its first record came.
  bool is_awaited = false;          ///< Somebody waits for a record of the group.
  journal_position appended;
  journal_position durable;
  std::optional<error> failed;  ///< Final.
  std::optional<error> refused; ///< A record that cannot be written: what comes next fails with that.
  bool ends = false;
  durable_listener listener;
  std::string written; ///< Of write_what_is_due() alone: kept, so that its memory is used again.

  std::optional<runtime::instant> write_what_is_due(runtime::instant now);
  result<journal_position> write(std::string_view bytes, journal_position up_to);
};

result<journal_position> file_journal::parts::write(std::string_view bytes, journal_position up_to) {
  try {
    if (auto done = log.write(bytes, up_to - log.last()); !done)
      return fail(std::move(done.error()));
    return up_to;
  } catch (const std::exception& e) { // Out of memory.
    return fail(errc::io, fmt::format("the journal cannot be written: {}", e.what()));
  }
}

/// All that has gathered, in one go, once somebody waits for some of it or it has gathered for long enough.
std::optional<runtime::instant> file_journal::parts::write_what_is_due(runtime::instant now) {
  std::unique_lock<std::mutex> hold(mutex);
  if (failed || (group.empty() && !refused))
    return std::nullopt;
  if (const auto due = gathers_since + gathering; !ends && !is_awaited && !refused && now < due)
    return due;
  is_awaited = false;
  written.clear();
  std::swap(written, group);
  const auto up_to = appended;
  auto outcome = refused ? result<journal_position>(fail(*refused)) : result<journal_position>(up_to);
  if (outcome) {
    hold.unlock();
    outcome = write(written, up_to);
    hold.lock();
  }
  if (outcome)
    durable = up_to;
  else
    failed = outcome.error();
  const auto tell = listener;
  settled.notify_all();
  hold.unlock();
  if (tell)
    tell(std::move(outcome));
  return now; // Others may have come meanwhile.
}

file_journal::file_journal(std::unique_ptr<parts> made) : parts_(std::move(made)) {
  parts_->beside->start([p = parts_.get()](runtime::instant now) { return p->write_what_is_due(now); });
}

file_journal::~file_journal() {
  {
    const std::lock_guard<std::mutex> hold(parts_->mutex);
    parts_->ends = true;
  }
  parts_->beside->finish();
}

result<std::unique_ptr<file_journal>> file_journal::open(const path& directory, const journal_visitor& visitor,
                                                         file_journal_options options) {
  if (auto made = make_directory(directory); !made)
    return fail(std::move(made.error()));
  auto lock = file_lock::take((directory / "lock").string());
  if (!lock)
    return fail(runtime::within(fmt::format("the journal in {}", directory.string()), std::move(lock.error())));
  auto log =
    file_segment_log::open(std::make_shared<posix_journal_disk>(directory), decoding(visitor), log_options(options));
  if (!log)
    return fail(std::move(log.error()));
  return std::unique_ptr<file_journal>(
    new file_journal(std::make_unique<parts>(std::move(*lock), std::move(*log), options.gathering, nullptr)));
}

result<std::unique_ptr<file_journal>> file_journal::open(std::shared_ptr<journal_disk> disk,
                                                         const journal_visitor& visitor, file_journal_options options,
                                                         std::unique_ptr<background> beside) {
  auto log = file_segment_log::open(std::move(disk), decoding(visitor), log_options(options));
  if (!log)
    return fail(std::move(log.error()));
  return std::unique_ptr<file_journal>(
    new file_journal(std::make_unique<parts>(std::nullopt, std::move(*log), options.gathering, std::move(beside))));
}

const journal_found& file_journal::found() const noexcept {
  return parts_->found;
}

void file_journal::listen(durable_listener listener) {
  const std::lock_guard<std::mutex> hold(parts_->mutex);
  parts_->listener = std::move(listener);
}

journal_position file_journal::append(const journal_record& record, record_haste haste) {
  auto& p = *parts_;
  p.encoded.clear();
  auto written = p.encoder.append(record, p.encoded);
  if (written && p.encoded.size() > segment_format::most_payload_bytes)
    written = fail(errc::too_large, fmt::format("it has {} bytes; at most {} can be written", p.encoded.size(),
                                                segment_format::most_payload_bytes));
  journal_position position = 0;
  {
    const std::lock_guard<std::mutex> hold(p.mutex);
    position = ++p.appended;
    if (p.failed || p.refused)
      return position;
    if (p.group.empty())
      p.gathers_since = p.beside->now();
    p.is_awaited = p.is_awaited || (haste == record_haste::as_its_kind && is_awaited(record));
    if (written)
      file_segment_log::add(p.encoded, p.group);
    else
      p.refused = runtime::within(fmt::format("record {} of the journal", position), std::move(written.error()));
  }
  p.beside->wake();
  return position;
}

result<void> file_journal::sync() {
  auto& p = *parts_;
  std::unique_lock<std::mutex> hold(p.mutex);
  const auto wanted = p.appended;
  if (!p.group.empty()) {
    p.is_awaited = true;
    p.beside->wake();
  }
  p.settled.wait(hold, [&] { return p.failed || p.durable >= wanted; });
  if (p.durable >= wanted)
    return {};
  return fail(*p.failed);
}

result<journal_found> read_journal(const path& directory, const journal_visitor& visitor, journal_position first) {
  posix_journal_disk disk(directory);
  return read_segments(disk, decoding(visitor), first)
    .and_then([&](const segments_read& read) -> result<journal_found> {
      if (read.segments == 0)
        return fail(errc::not_found, fmt::format("there is no journal in {}", directory.string()));
      return what_was(read);
    });
}

} // namespace tune
