#include "tune/store/posix_sync.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace tune {
namespace {

namespace fs = std::filesystem;

[[nodiscard]] result<void> sync_one(const path& file) {
  const int opened = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = opened >= 0 && ::fsync(opened) == 0;
  const int why = errno;
  if (opened >= 0)
    ::close(opened);
  if (!synced)
    return fail(errc::io, fmt::format("{}: {}", file.string(), std::strerror(why)));
  return {};
}

} // namespace

result<void> sync_tree(const path& directory) {
  std::vector<path> all;
  std::error_code failed;
  for (fs::recursive_directory_iterator each(directory, failed), end; !failed && each != end; each.increment(failed))
    all.push_back(each->path());
  if (failed)
    return fail(errc::io, fmt::format("{}: {}", directory.string(), failed.message()));
  all.push_back(directory);
  all.push_back(directory.parent_path());
  for (const auto& each : all)
    if (auto synced = sync_one(each); !synced)
      return synced;
  return {};
}

} // namespace tune
