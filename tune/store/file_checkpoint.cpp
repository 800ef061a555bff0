#include "tune/store/file_checkpoint.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "runtime/base/version.hpp"
#include "runtime/package/posix_file.hpp"
#include "tune/journal/crc32c.hpp"

namespace tune {
namespace {

namespace fs = std::filesystem;
using runtime::file_error;
using runtime::posix_file;

constexpr std::uint32_t piece_bytes = 1u << 20;
constexpr std::string_view unfinished = ".tmp";
constexpr std::string_view set_aside_as = ".left"; // Behind that, once or more often.
constexpr std::uint64_t full_below_bytes = 64u << 10;

error no_such(const path& file, const char* what, const std::error_code& why) {
  return file_error(file.string(), what, why.value());
}

/// That each of them is there survives a power loss, too.
[[nodiscard]] result<void> make_directories(const path& directory) {
  std::error_code why;
  std::vector<path> new_ones;
  for (path at = directory; !at.empty() && !fs::exists(at, why) && at != at.parent_path(); at = at.parent_path())
    new_ones.push_back(at);
  fs::create_directories(directory, why);
  if (why)
    return fail(no_such(directory, "made", why));
  for (std::size_t i = 1; i < new_ones.size(); ++i) // The directory's own parent is synced when it is renamed.
    if (auto synced = runtime::sync_directory((new_ones[i] / "..").string()); !synced)
      return synced;
  return {};
}

[[nodiscard]] result<void> remove_tree(const path& directory) {
  std::error_code why;
  fs::remove_all(directory, why);
  if (why)
    return fail(no_such(directory, "removed", why));
  return {};
}

[[nodiscard]] result<void> check_room(const path& directory, std::uint64_t least_free_bytes) {
  struct statvfs room {};
  if (::statvfs(directory.c_str(), &room) != 0)
    return fail(file_error(directory.string(), "measured", errno));
  const auto free = std::uint64_t{room.f_bavail} * room.f_frsize;
  if (free < least_free_bytes)
    return fail(errc::io, fmt::format("{}: only {} KiB are free, and below {} KiB no checkpoint is written; make room "
                                      "there",
                                      directory.string(), free >> 10, least_free_bytes >> 10));
  return {};
}

[[nodiscard]] result<std::uint32_t> checksum_of(const posix_file& file, std::uint64_t& size_bytes) {
  std::uint32_t checksum = 0;
  for (size_bytes = 0;;) {
    const auto piece = file.read_at(size_bytes, piece_bytes);
    if (!piece)
      return fail(piece.error());
    checksum = crc32c(*piece, checksum);
    size_bytes += piece->size();
    if (piece->size() < piece_bytes)
      return checksum;
  }
}

[[nodiscard]] result<checkpoint_manifest::file> seal_file(const path& file, std::string name) {
  if (auto checked = check_manifest_path(name); !checked)
    return fail(std::move(checked.error()));
  const auto opened = posix_file::open_for_reading(file.string());
  if (!opened)
    return fail(opened.error());
  checkpoint_manifest::file sealed{std::move(name), 0, 0};
  const auto checksum = checksum_of(*opened, sealed.size_bytes);
  if (!checksum)
    return fail(checksum.error());
  sealed.crc32c = *checksum;
  if (auto synced = opened->sync(); !synced)
    return fail(std::move(synced.error()));
  return sealed;
}

/// The files below a directory; each directory is synced.
[[nodiscard]] result<std::vector<checkpoint_manifest::file>> seal_files(const path& root) {
  std::vector<checkpoint_manifest::file> files;
  std::error_code why;
  fs::recursive_directory_iterator each(root, why);
  for (; !why && each != fs::recursive_directory_iterator(); each.increment(why)) {
    const auto& found = each->path();
    const auto kind = each->symlink_status(why).type();
    if (why)
      return fail(no_such(found, "read", why));
    if (kind == fs::file_type::directory) {
      if (auto synced = runtime::sync_directory(found.string()); !synced)
        return fail(std::move(synced.error()));
    } else if (kind != fs::file_type::regular) {
      return fail(errc::invalid_argument,
                  fmt::format("{} is no plain file; a checkpoint has only files and directories", found.string()));
    } else if (auto sealed = seal_file(found, found.lexically_relative(root).generic_string())) {
      files.push_back(std::move(*sealed));
    } else {
      return fail(std::move(sealed.error()));
    }
  }
  if (why)
    return fail(no_such(root, "read", why));
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

[[nodiscard]] result<void> write_synced(const path& file, const std::string& content) {
  auto made = posix_file::open_for_writing(file.string());
  if (!made)
    return fail(std::move(made.error()));
  return made->write_at(0, content).and_then([&] { return made->set_mode(0644); }).and_then([&] {
    return made->sync();
  });
}

/// Each part of the path is a directory, the last one a plain file: no link leads out.
[[nodiscard]] result<struct stat> status_of(const path& root, const std::string& name) {
  struct stat found {};
  path at = root;
  for (const auto& part : path(name)) {
    at /= part;
    if (::lstat(at.c_str(), &found) != 0)
      return fail(file_error(at.string(), "read", errno));
    if (S_ISLNK(found.st_mode))
      return fail(errc::invalid_argument, fmt::format("{} is a symbolic link; a checkpoint has none", at.string()));
  }
  if (!S_ISREG(found.st_mode))
    return fail(errc::invalid_argument, fmt::format("{} is no plain file", at.string()));
  return found;
}

[[nodiscard]] result<void> check_file(const path& root, const checkpoint_manifest::file& expected) {
  const auto status = status_of(root, expected.path);
  if (!status)
    return fail(status.error());
  const auto file = (root / expected.path).string();
  if (static_cast<std::uint64_t>(status->st_size) != expected.size_bytes)
    return fail(errc::invalid_argument,
                fmt::format("{} has {} bytes, and the manifest says {}", file, status->st_size, expected.size_bytes));
  const auto opened = posix_file::open_for_reading(file);
  if (!opened)
    return fail(opened.error());
  std::uint64_t size_bytes = 0;
  const auto checksum = checksum_of(*opened, size_bytes);
  if (!checksum)
    return fail(checksum.error());
  if (*checksum != expected.crc32c)
    return fail(errc::invalid_argument,
                fmt::format("{} has the checksum {:08x}, and the manifest says {:08x}: it is damaged", file, *checksum,
                            expected.crc32c));
  return {};
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() > end.size() && text.substr(text.size() - end.size()) == end;
}

/// Also one that was set aside, and not removed any more.
bool is_unfinished(std::string_view name) {
  while (ends_with(name, set_aside_as))
    name.remove_suffix(set_aside_as.size());
  return ends_with(name, unfinished) && parse_checkpoint_name(name.substr(0, name.size() - unfinished.size()));
}

[[nodiscard]] result<path> set_aside(const path& leftover) {
  if (ends_with(leftover.string(), set_aside_as))
    return leftover;
  std::error_code why;
  path to = leftover.string() + std::string(set_aside_as);
  while (fs::exists(fs::symlink_status(to, why)))
    to += set_aside_as;
  if (::rename(leftover.c_str(), to.c_str()) != 0)
    return fail(file_error(leftover.string(), "moved", errno));
  return to;
}

/// A directory that is being written, by itself and not by its name: that may come to be another's meanwhile.
class held_directory {
public:
  explicit held_directory(const path& directory)
    : path_(directory),
      descriptor_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
      why_not_(descriptor_ < 0 ? errno : 0) {}
  ~held_directory() {
    if (descriptor_ >= 0)
      ::close(descriptor_);
  }
  held_directory(const held_directory&) = delete;
  held_directory& operator=(const held_directory&) = delete;

  result<void> check_still_there() const {
    struct stat held {
    }, now{};
    if (why_not_ != 0)
      return fail(file_error(path_.string(), "read", why_not_));
    if (::fstat(descriptor_, &held) != 0)
      return fail(file_error(path_.string(), "read", errno));
    const bool is_there = ::stat(path_.c_str(), &now) == 0;
    if (!is_there && errno != ENOENT && errno != ENOTDIR)
      return fail(file_error(path_.string(), "read", errno));
    if (is_there && held.st_dev == now.st_dev && held.st_ino == now.st_ino)
      return {};
    return fail(errc::io, fmt::format("{} was removed while the checkpoint was written into it: a later driver of the "
                                      "experiment has cleared up, or the trainable did it",
                                      path_.string()));
  }

private:
  path path_;
  int descriptor_;
  int why_not_; ///< It is not held: an errno. 0: it is.
};

[[nodiscard]] result<std::string> read_manifest(const path& directory) {
  const auto file = posix_file::open_for_reading((directory / manifest_file).string());
  if (!file)
    return fail(file.error());
  const auto status = file->status();
  if (!status)
    return fail(status.error());
  constexpr std::uint32_t most_bytes = 256u << 20;
  if (status->st_size > most_bytes)
    return fail(errc::too_large, fmt::format("{} has {} bytes", file->path(), status->st_size));
  return file->read_at(0, static_cast<std::uint32_t>(status->st_size));
}

} // namespace

result<checkpoint_manifest> seal_checkpoint(const path& directory, std::optional<named_checkpoint> name) {
  auto files = seal_files(directory);
  if (!files)
    return fail(std::move(files.error()));
  checkpoint_manifest manifest;
  manifest.written_by = fmt::format("caf-tune {}", runtime::version);
  if (name) {
    manifest.iteration = name->iteration;
    manifest.attempt = name->attempt;
  }
  manifest.files = std::move(*files);
  if (manifest.files.empty())
    return manifest;
  return runtime::sync_directory(directory.string()) // All that the manifest names is there before it is.
    .and_then([&] { return write_synced(directory / manifest_file, to_json(manifest)); })
    .and_then([&] { return runtime::sync_directory(directory.string()); })
    .map([&] { return std::move(manifest); });
}

result<checkpoint_manifest> check_checkpoint(const path& directory) {
  return read_manifest(directory).and_then([&](const std::string& text) -> result<checkpoint_manifest> {
    auto manifest = parse_manifest(text);
    if (!manifest)
      return fail(runtime::within((directory / manifest_file).string(), std::move(manifest.error())));
    for (const auto& each : manifest->files)
      if (auto checked = check_file(directory, each); !checked)
        return fail(std::move(checked.error()));
    return manifest;
  });
}

result<void> remove_checkpoint(const path& directory) {
  if (::unlink((directory / manifest_file).c_str()) != 0 && errno != ENOENT && errno != ENOTDIR)
    return fail(file_error((directory / manifest_file).string(), "removed", errno));
  return remove_tree(directory);
}

result<std::vector<path>> set_unfinished_checkpoints_aside(const path& trial_directory) {
  std::vector<path> found;
  std::error_code why;
  fs::directory_iterator each(trial_directory, why);
  for (; !why && each != fs::directory_iterator(); each.increment(why))
    if (is_unfinished(each->path().filename().string()))
      found.push_back(each->path());
  if (why && why != std::errc::no_such_file_or_directory)
    return fail(no_such(trial_directory, "read", why));
  std::vector<path> aside;
  for (const auto& leftover : found)
    if (auto moved = set_aside(leftover))
      aside.push_back(std::move(*moved));
    else
      return fail(std::move(moved.error()));
  return aside;
}

result<std::optional<std::uint64_t>> file_checkpoint_files::write(const path& directory, const fill& with) {
  const path work = directory.string() + std::string(unfinished);
  auto ready = remove_tree(work).and_then([&] { return make_directories(work); }).and_then([&] {
    return check_room(work, options_.least_free_bytes);
  });
  struct sweeper {
    const path& work;
    ~sweeper() {
      std::error_code ignored; // What stays is removed by the next one.
      fs::remove_all(work, ignored);
    }
  } sweep{work};
  if (!ready)
    return fail(std::move(ready.error()));
  const held_directory held(work);
  with(work);
  if (auto there = held.check_still_there(); !there)
    return fail(std::move(there.error()));
  // Who writes with streams may not have noticed that the disk was full: then its files are too short.
  if (auto room = check_room(work, std::max(options_.least_free_bytes, full_below_bytes)); !room)
    return fail(std::move(room.error()));
  const auto sealed = seal_checkpoint(work, parse_checkpoint_name(directory.filename().string()));
  if (!sealed)
    return fail(sealed.error());
  if (sealed->files.empty())
    return std::optional<std::uint64_t>();
  if (auto removed = remove_checkpoint(directory); !removed) // An earlier one of this name.
    return fail(std::move(removed.error()));
  if (::rename(work.c_str(), directory.c_str()) != 0)
    return fail(file_error(directory.string(), "written", errno));
  return runtime::sync_directory(directory.parent_path().string()).map([&] {
    return std::optional<std::uint64_t>(sealed->size_bytes());
  });
}

result<void> file_checkpoint_files::check(const path& directory) {
  return check_checkpoint(directory).map([](const checkpoint_manifest&) {});
}

} // namespace tune
