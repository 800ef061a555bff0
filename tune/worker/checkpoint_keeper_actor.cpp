#include "tune/worker/checkpoint_keeper_actor.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <vector>

#include <caf/behavior.hpp>
#include <caf/error.hpp>
#include <caf/result.hpp>
#include <caf/sec.hpp>
#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include "runtime/codec.hpp"
#include "runtime/worker_place.hpp"
#include "tune/store/file_checkpoint.hpp"
#include "tune/store/posix_sync.hpp"
#include "tune/worker/posix_attempt_place.hpp"

namespace tune {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t most_at_once = 4u << 20;

caf::error because(const path& file, const std::string& why) {
  return caf::make_error(caf::sec::runtime_error, fmt::format("{}: {}", file.string(), why));
}

caf::error because_of_errno(const path& file) {
  return because(file, std::strerror(errno));
}

/// Whether a file lies below the root, with neither ".." nor a link on the way out of it.
bool is_below(const path& root, const path& file) {
  std::error_code failed;
  const auto whole = fs::weakly_canonical(file, failed);
  const auto top = fs::weakly_canonical(root, failed);
  if (failed || !file.is_absolute())
    return false;
  const auto differs = std::mismatch(top.begin(), top.end(), whole.begin(), whole.end());
  return differs.first == top.end() && differs.second != whole.end();
}

caf::result<std::string> list(const path& directory) {
  std::vector<checkpoint_file> files;
  std::error_code failed;
  for (fs::recursive_directory_iterator each(directory, failed), end; !failed && each != end; each.increment(failed))
    if (each->is_regular_file(failed))
      files.emplace_back(fs::relative(each->path(), directory, failed).string(), each->file_size(failed));
  if (failed)
    return because(directory, failed.message());
  return runtime::to_bytes(files);
}

caf::result<std::string> read(const path& file, std::uint64_t offset, std::uint32_t most) {
  std::ifstream from(file, std::ios::binary);
  std::string bytes(std::min(most, most_at_once), '\0');
  if (!from.seekg(static_cast<std::streamoff>(offset)))
    return because_of_errno(file);
  from.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (from.bad())
    return because_of_errno(file);
  bytes.resize(static_cast<std::size_t>(from.gcount()));
  return bytes;
}

caf::result<void> write(const path& file, std::uint64_t offset, const std::string& bytes) {
  std::error_code failed;
  fs::create_directories(file.parent_path(), failed);
  const int to = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (offset == 0 ? O_TRUNC : 0), 0600);
  if (to < 0)
    return because_of_errno(file);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto n = ::pwrite(to, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno != EINTR) {
      auto why = because_of_errno(file);
      ::close(to);
      return why;
    }
    done += n < 0 ? 0 : static_cast<std::size_t>(n);
  }
  ::close(to);
  return caf::unit;
}

caf::result<void> make_whole(const path& directory) {
  if (auto synced = sync_tree(directory); !synced)
    return because(directory, synced.error().message);
  return caf::unit;
}

caf::result<void> forget(const path& directory) {
  std::error_code failed;
  fs::remove_all(directory, failed);
  if (failed)
    return because(directory, failed.message());
  return caf::unit;
}

caf::result<void> check(const path& directory) {
  if (const auto whole = check_checkpoint(directory); !whole)
    return because(directory, whole.error().message);
  return caf::unit;
}

caf::result<std::int64_t> size_of(const path& file) {
  std::error_code failed;
  if (!fs::exists(file, failed))
    return std::int64_t{-1};
  const auto size = fs::file_size(file, failed);
  if (failed)
    return because(file, failed.message());
  return static_cast<std::int64_t>(size);
}

/// Whether it lies below the directory, or is it.
bool is_in(const path& directory, const path& what) {
  return std::mismatch(directory.begin(), directory.end(), what.begin(), what.end()).first == directory.end();
}

caf::result<void> clean(const path& directory, const std::vector<path>& keep) {
  std::error_code failed;
  if (keep.empty())
    return forget(directory);
  std::vector<path> all;
  for (fs::directory_iterator each(directory, failed), end; !failed && each != end; each.increment(failed))
    all.push_back(each->path());
  for (const auto& each : all) {
    std::vector<path> inside;
    for (const auto& kept : keep)
      if (is_in(each, kept))
        inside.push_back(kept);
    const bool is_kept = std::find(inside.begin(), inside.end(), each) != inside.end();
    if (is_kept)
      continue;
    if (auto done = clean(each, inside); done.flag != caf::rt_value)
      return done;
  }
  return caf::unit;
}

} // namespace

checkpoint_keeper_actor::checkpoint_keeper_actor(caf::actor_config& config) : event_based_actor(config) {
  if (const auto place = runtime::this_worker_place())
    root_ = directory_for_experiments(place->directory);
}

caf::behavior checkpoint_keeper_actor::make_behavior() {
  set_exception_handler([](std::exception_ptr& thrown) { return runtime::end_of_actor(thrown); });
  return {
    [](here_atom) {},
    [this](list_atom, const std::string& directory) { return allowed<std::string>(directory, list); },
    [this](size_atom, const std::string& file) { return allowed<std::int64_t>(file, size_of); },
    [this](read_atom, const std::string& file, std::uint64_t offset, std::uint32_t most) {
      return allowed<std::string>(file, [&](const path& whole) { return read(whole, offset, most); });
    },
    [this](write_atom, const std::string& file, std::uint64_t offset, const std::string& bytes) {
      return allowed<void>(file, [&](const path& whole) { return write(whole, offset, bytes); });
    },
    [this](whole_atom, const std::string& directory) { return allowed<void>(directory, make_whole); },
    [this](check_atom, const std::string& directory) { return allowed<void>(directory, check); },
    [this](forget_atom, const std::string& what) { return allowed<void>(what, forget); },
    [this](clean_atom, const std::string& directory, const std::string& keep) -> caf::result<void> {
      const auto kept = runtime::from_bytes<std::vector<std::string>>(keep);
      if (!kept)
        return because(directory, kept.error().message);
      std::vector<path> paths;
      for (const auto& each : std::get<0>(*kept))
        paths.push_back(root_ / each);
      return allowed<void>(directory, [&](const path& whole) { return clean(whole, paths); });
    },
  };
}

template <class Result, class Function>
caf::result<Result> checkpoint_keeper_actor::allowed(const std::string& what, Function use) const {
  const auto whole = root_ / what; // What is absolute stays so.
  if (root_.empty() || !is_below(root_, whole))
    return because(what, fmt::format("it does not lie in {}", root_.string()));
  return use(whole);
}

const runtime::actor_type<caf::behavior(checkpoint_keeper_actor*)>& checkpoint_keeper_type() {
  static const auto type = runtime::actor_type_of<checkpoint_keeper_actor>("caf_tune.checkpoint_keeper");
  return type;
}

} // namespace tune
