#include "tune/store/file_unheard_events.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "runtime/package/posix_file.hpp"
#include "tune/journal/crc32c.hpp"
#include "tune/trial/attempt_wire.hpp"

namespace tune {
namespace {

constexpr std::uint32_t most_bytes = 1u << 30; // 1,000 reports of 1 MiB each.
constexpr const char* format_name = "caf-tune-unheard-1";

path lock_file(const path& trial_directory, attempt_number attempt) {
  return trial_directory / fmt::format(".running.attempt-{}", attempt);
}

path unheard_file(const path& trial_directory, attempt_number attempt) {
  return trial_directory / fmt::format(".unheard.attempt-{}", attempt);
}

/// Of the open file, not of the process, which would lose it as soon as its trainable reads and closes the file.
struct flock whole_file() {
  struct flock all {};
  all.l_type = F_WRLCK;
  all.l_whence = SEEK_SET;
  return all;
}

/// The first line: format, length and checksum of what follows.
std::string head_of(std::string_view bytes) {
  return fmt::format("{} {} {:08x}\n", format_name, bytes.size(), crc32c(bytes));
}

} // namespace

attempt_lock::attempt_lock(const path& trial_directory, attempt_number attempt)
  : file_(lock_file(trial_directory, attempt)),
    descriptor_(::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  auto all = whole_file();
  if (descriptor_ >= 0 && ::fcntl(descriptor_, F_OFD_SETLK, &all) != 0) {
    // One of the same number, which no journal knows, still ends.
    ::close(descriptor_);
    descriptor_ = -1;
  }
}

attempt_lock::~attempt_lock() {
  if (descriptor_ < 0)
    return;
  ::unlink(file_.c_str()); // Before it is free: else a later one's file could be removed.
  ::close(descriptor_);
}

bool is_attempt_running(const path& trial_directory, attempt_number attempt) {
  // To look takes no right to write: nodes may run as another user than their drivers.
  const int descriptor = ::open(lock_file(trial_directory, attempt).c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return false;
  auto all = whole_file();
  const bool is_held = ::fcntl(descriptor, F_OFD_GETLK, &all) == 0 && all.l_type != F_UNLCK;
  ::close(descriptor);
  return is_held;
}

result<void> write_unheard(const path& trial_directory, attempt_number attempt, const attempt_events& events,
                           store_disk& disk) {
  const auto file = unheard_file(trial_directory, attempt);
  const path fresh = file.string() + ".tmp";
  const auto bytes = attempt_wire::to_bytes(events);
  if (const auto why = disk.remove_file(fresh); why && why != std::errc::no_such_file_or_directory)
    return fail(runtime::file_error(fresh.string(), "removed", why.value())); // What is longer would stay behind these.
  return disk.open_for_writing(fresh)
    .and_then([&](const std::unique_ptr<store_file>& to) {
      return to->write_at(0, head_of(bytes) + bytes).and_then([&] { return to->sync(); });
    })
    .and_then([&]() -> result<void> {
      if (const auto why = disk.rename(fresh, file))
        return fail(runtime::file_error(file.string(), "written", why.value()));
      return disk.sync_directory(trial_directory);
    });
}

result<std::optional<attempt_events>> read_unheard(const path& trial_directory, attempt_number attempt,
                                                   store_disk& disk) {
  const auto file = unheard_file(trial_directory, attempt).string();
  const auto text = disk.open_for_reading(file).and_then([](const std::unique_ptr<store_file>& from) {
    return from->size_bytes().and_then([&](std::uint64_t size) {
      return from->read_at(0, static_cast<std::uint32_t>(std::min<std::uint64_t>(size, most_bytes)));
    });
  });
  if (!text) {
    if (text.error().code == errc::not_found)
      return std::optional<attempt_events>();
    return fail(text.error());
  }
  const auto line_end = text->find('\n');
  const auto format = text->substr(0, text->find_first_of(" \n"));
  if (line_end == std::string::npos || format != format_name)
    return fail(errc::incompatible, fmt::format("{}: it is not of the format {}", file, format_name));
  const auto bytes = std::string_view(*text).substr(line_end + 1);
  if (text->substr(0, line_end + 1) != head_of(bytes))
    return fail(errc::incompatible, fmt::format("{}: its checksum or length is wrong", file));
  return attempt_wire::events_from(bytes).map(
    [](attempt_events events) { return std::optional<attempt_events>(std::move(events)); });
}

void remove_unheard(const path& trial_directory, attempt_number attempt, store_disk& disk) {
  (void)disk.remove_file(unheard_file(trial_directory, attempt));
  (void)disk.remove_file(lock_file(trial_directory, attempt));
}

} // namespace tune
