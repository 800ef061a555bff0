#include "runtime/owner/file_detached_store.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <optional>

#include <boost/filesystem.hpp>
#include <fmt/format.h>

#include "runtime/package/posix_file.hpp"

namespace runtime {
namespace {

namespace fs = boost::filesystem;

/// Nothing for what is not ours, as a file that was not completed.
std::optional<actor_id> id_of(const std::string& file_name) {
  if (file_name.size() != 16 || file_name.find_first_not_of("0123456789abcdef") != std::string::npos)
    return std::nullopt;
  return actor_id{std::strtoull(file_name.c_str(), nullptr, 16)};
}

[[nodiscard]] result<std::string> read_all(const std::string& path) {
  auto file = posix_file::open_for_reading(path);
  if (!file)
    return fail(file.error());
  const auto status = file->status();
  if (!status)
    return fail(status.error());
  if (status->st_size < 0 || status->st_size > std::numeric_limits<std::int32_t>::max())
    return fail(errc::too_large, fmt::format("{}: {} bytes are too many", path, status->st_size));
  return file->read_at(0, static_cast<std::uint32_t>(status->st_size));
}

} // namespace

std::string file_detached_store::path_of(actor_id actor) const {
  return fmt::format("{}/{:016x}", directory_, actor.value);
}

result<std::map<actor_id, std::string>> file_detached_store::load() {
  std::map<actor_id, std::string> kept;
  boost::system::error_code failed;
  fs::directory_iterator files(directory_, failed);
  if (failed == boost::system::errc::no_such_file_or_directory)
    return kept;
  if (failed)
    return fail(file_error(directory_, "read", failed.value()));
  for (; !failed && files != fs::directory_iterator(); files.increment(failed)) {
    const auto& file = files->path();
    const auto actor = id_of(file.filename().string());
    if (!actor)
      continue;
    auto bytes = read_all(file.string());
    if (!bytes)
      return fail(bytes.error());
    kept.emplace(*actor, std::move(*bytes));
  }
  if (failed)
    return fail(file_error(directory_, "read", failed.value()));
  return kept;
}

result<void> file_detached_store::keep(actor_id actor, const std::string& bytes) {
  boost::system::error_code failed;
  fs::create_directories(directory_, failed);
  if (failed)
    return fail(file_error(directory_, "made", failed.value()));
  const auto path = path_of(actor);
  const auto fresh = path + ".new";
  fs::remove(fresh, failed); // Of a process that was killed here: what is longer there would stay behind these.
  if (failed)
    return fail(file_error(fresh, "removed", failed.value()));
  const auto file = posix_file::open_for_writing(fresh);
  if (!file)
    return fail(file.error());
  const auto written = file->write_at(0, bytes).and_then([&] { return file->sync(); });
  if (!written)
    return written;
  if (std::rename(fresh.c_str(), path.c_str()) != 0)
    return fail(file_error(path, "written", errno));
  return sync_directory(directory_);
}

void file_detached_store::forget(actor_id actor) {
  boost::system::error_code ignored; // What stays is told to be over when it is gone on with.
  fs::remove(path_of(actor), ignored);
}

} // namespace runtime
