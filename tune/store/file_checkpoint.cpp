#include "tune/store/file_checkpoint.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "runtime/base/mutation.hpp"
#include "runtime/base/version.hpp"
#include "runtime/package/posix_file.hpp"
#include "tune/journal/crc32c.hpp"

namespace tune {
namespace {

using runtime::file_error;
using runtime::mutated;
using runtime::mutation;
using kind = store_disk::kind;

constexpr std::uint32_t piece_bytes = 1u << 20;
constexpr std::string_view unfinished = ".tmp";
constexpr std::string_view set_aside_as = ".left"; // Behind that, once or more often.
constexpr std::uint64_t full_below_bytes = 64u << 10;

error no_such(const path& file, const char* what, const std::error_code& why) {
  return file_error(file.string(), what, why.value());
}

/// That each of them is there survives a power loss, too.
[[nodiscard]] result<void> make_directories(store_disk& disk, const path& directory) {
  std::vector<path> new_ones;
  for (path at = directory; !at.empty() && at != at.parent_path(); at = at.parent_path()) {
    store_disk::status found;
    const auto why = disk.look_at(at, found);
    if (why && why != std::errc::no_such_file_or_directory && why != std::errc::not_a_directory)
      return fail(no_such(at, "read", why));
    if (!why && found.what != kind::none)
      break;
    new_ones.push_back(at);
  }
  if (const auto why = disk.make_directories(directory))
    return fail(no_such(directory, "made", why));
  for (std::size_t i = 1; i < new_ones.size(); ++i) // The directory's own parent is synced when it is renamed.
    if (auto synced = disk.sync_directory(new_ones[i] / ".."); !synced)
      return synced;
  return {};
}

/// That it is there, and that its trial's directory is: whoever made that may not have synced it.
[[nodiscard]] result<void> sync_names(store_disk& disk, const path& checkpoint) {
  const auto of_trial = checkpoint.parent_path();
  return disk.sync_directory(of_trial).and_then([&]() -> result<void> {
    if (!of_trial.has_parent_path() || mutated(mutation::forget_trial_directory))
      return {};
    return disk.sync_directory(of_trial.parent_path());
  });
}

[[nodiscard]] result<void> remove_tree(store_disk& disk, const path& directory) {
  if (const auto why = disk.remove_tree(directory))
    return fail(no_such(directory, "removed", why));
  return {};
}

[[nodiscard]] result<void> check_room(store_disk& disk, const path& directory, std::uint64_t least_free_bytes) {
  std::uint64_t free = 0;
  if (const auto why = disk.measure(directory, free))
    return fail(no_such(directory, "measured", why));
  if (free < least_free_bytes)
    return fail(errc::io, fmt::format("{}: only {} KiB are free, and below {} KiB no checkpoint is written; make room "
                                      "there",
                                      directory.string(), free >> 10, least_free_bytes >> 10));
  return {};
}

[[nodiscard]] result<std::uint32_t> checksum_of(const store_file& file, std::uint64_t& size_bytes) {
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

[[nodiscard]] result<checkpoint_manifest::file> seal_file(store_disk& disk, const path& file, std::string name) {
  if (auto checked = check_manifest_path(name); !checked)
    return fail(std::move(checked.error()));
  const auto opened = disk.open_for_reading(file);
  if (!opened)
    return fail(opened.error());
  checkpoint_manifest::file sealed{std::move(name), 0, 0};
  const auto checksum = checksum_of(**opened, sealed.size_bytes);
  if (!checksum)
    return fail(checksum.error());
  sealed.crc32c = *checksum;
  if (!mutated(mutation::seal_without_sync))
    if (auto synced = (*opened)->sync(); !synced)
      return fail(std::move(synced.error()));
  return sealed;
}

/// The files in a directory and below; each directory below is synced.
[[nodiscard]] result<void> seal_files(store_disk& disk, const path& root, const path& directory,
                                      std::vector<checkpoint_manifest::file>& files) {
  std::vector<store_disk::entry> entries;
  if (const auto why = disk.list(directory, entries))
    return fail(no_such(root, "read", why));
  for (const auto& each : entries) {
    const auto found = directory / each.name;
    if (each.what == kind::directory) {
      auto sealed = disk.sync_directory(found).and_then([&] { return seal_files(disk, root, found, files); });
      if (!sealed)
        return sealed;
    } else if (each.what != kind::file) {
      return fail(errc::invalid_argument,
                  fmt::format("{} is no plain file; a checkpoint has only files and directories", found.string()));
    } else if (auto sealed = seal_file(disk, found, found.lexically_relative(root).generic_string())) {
      files.push_back(std::move(*sealed));
    } else {
      return fail(std::move(sealed.error()));
    }
  }
  return {};
}

[[nodiscard]] result<void> write_synced(store_disk& disk, const path& file, const std::string& content) {
  return disk.open_for_writing(file).and_then([&](const std::unique_ptr<store_file>& made) {
    return made->write_at(0, content).and_then([&] { return made->sync(); });
  });
}

/// Each part of the path is a directory, the last one a plain file: no link leads out.
[[nodiscard]] result<store_disk::status> status_of(store_disk& disk, const path& root, const std::string& name) {
  store_disk::status found;
  path at = root;
  for (const auto& part : path(name)) {
    at /= part;
    if (const auto why = disk.look_at(at, found))
      return fail(no_such(at, "read", why));
    if (found.what == kind::link)
      return fail(errc::invalid_argument, fmt::format("{} is a symbolic link; a checkpoint has none", at.string()));
  }
  if (found.what != kind::file)
    return fail(errc::invalid_argument, fmt::format("{} is no plain file", at.string()));
  return found;
}

[[nodiscard]] result<void> check_file(store_disk& disk, const path& root, const checkpoint_manifest::file& expected) {
  const auto status = status_of(disk, root, expected.path);
  if (!status)
    return fail(status.error());
  const auto file = root / expected.path;
  if (status->size_bytes != expected.size_bytes)
    return fail(errc::invalid_argument, fmt::format("{} has {} bytes, and the manifest says {}", file.string(),
                                                    status->size_bytes, expected.size_bytes));
  const auto opened = disk.open_for_reading(file);
  if (!opened)
    return fail(opened.error());
  std::uint64_t size_bytes = 0;
  const auto checksum = checksum_of(**opened, size_bytes);
  if (!checksum)
    return fail(checksum.error());
  if (*checksum != expected.crc32c && !mutated(mutation::skip_checkpoint_checksum))
    return fail(errc::invalid_argument,
                fmt::format("{} has the checksum {:08x}, and the manifest says {:08x}: it is damaged", file.string(),
                            *checksum, expected.crc32c));
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

[[nodiscard]] result<path> set_aside(store_disk& disk, const path& leftover) {
  if (ends_with(leftover.string(), set_aside_as))
    return leftover;
  path to = leftover.string() + std::string(set_aside_as);
  while (disk.is_there(to))
    to += set_aside_as;
  if (const auto why = disk.rename(leftover, to))
    return fail(no_such(leftover, "moved", why));
  return to;
}

[[nodiscard]] result<std::string> read_manifest(store_disk& disk, const path& directory) {
  const auto file = disk.open_for_reading(directory / manifest_file);
  if (!file)
    return fail(file.error());
  const auto size_bytes = (*file)->size_bytes();
  if (!size_bytes)
    return fail(size_bytes.error());
  constexpr std::uint32_t most_bytes = 256u << 20;
  if (*size_bytes > most_bytes)
    return fail(errc::too_large, fmt::format("{} has {} bytes", (directory / manifest_file).string(), *size_bytes));
  return (*file)->read_at(0, static_cast<std::uint32_t>(*size_bytes));
}

} // namespace

result<checkpoint_manifest> seal_checkpoint(const path& directory, std::optional<named_checkpoint> name,
                                            store_disk& disk) {
  checkpoint_manifest manifest;
  if (auto sealed = seal_files(disk, directory, directory, manifest.files); !sealed)
    return fail(std::move(sealed.error()));
  std::sort(manifest.files.begin(), manifest.files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  manifest.written_by = fmt::format("caf-tune {}", runtime::version);
  if (name) {
    manifest.iteration = name->iteration;
    manifest.attempt = name->attempt;
  }
  if (manifest.files.empty())
    return manifest;
  return disk
    .sync_directory(directory) // All that the manifest names is there before it is.
    .and_then([&] { return write_synced(disk, directory / manifest_file, to_json(manifest)); })
    .and_then([&] { return disk.sync_directory(directory); })
    .map([&] { return std::move(manifest); });
}

result<checkpoint_manifest> check_checkpoint(const path& directory, store_disk& disk) {
  return read_manifest(disk, directory).and_then([&](const std::string& text) -> result<checkpoint_manifest> {
    auto manifest = parse_manifest(text);
    if (!manifest)
      return fail(runtime::within((directory / manifest_file).string(), std::move(manifest.error())));
    for (const auto& each : manifest->files)
      if (auto checked = check_file(disk, directory, each); !checked)
        return fail(std::move(checked.error()));
    return manifest;
  });
}

result<void> remove_checkpoint(const path& directory, store_disk& disk) {
  const auto why = disk.remove_file(directory / manifest_file);
  if (why && why != std::errc::no_such_file_or_directory && why != std::errc::not_a_directory)
    return fail(no_such(directory / manifest_file, "removed", why));
  return remove_tree(disk, directory);
}

result<std::vector<path>> set_unfinished_checkpoints_aside(const path& trial_directory, store_disk& disk) {
  std::vector<store_disk::entry> found;
  const auto why = disk.list(trial_directory, found);
  if (why && why != std::errc::no_such_file_or_directory)
    return fail(no_such(trial_directory, "read", why));
  std::vector<path> aside;
  for (const auto& each : found) {
    if (!is_unfinished(each.name))
      continue;
    if (auto moved = set_aside(disk, trial_directory / each.name))
      aside.push_back(std::move(*moved));
    else
      return fail(std::move(moved.error()));
  }
  return aside;
}

file_checkpoint_files::file_checkpoint_files(file_checkpoint_options options, store_disk& disk)
  : options_(options),
    disk_(disk) {
}

result<std::optional<std::uint64_t>> file_checkpoint_files::write(const path& directory, const fill& with) {
  const path work = directory.string() + std::string(unfinished);
  auto ready = remove_tree(disk_, work).and_then([&] { return make_directories(disk_, work); }).and_then([&] {
    return check_room(disk_, work, options_.least_free_bytes);
  });
  struct sweeper {
    store_disk& disk;
    const path& work;
    ~sweeper() { (void)disk.remove_tree(work); } // What stays is removed by the next one.
  } sweep{disk_, work};
  if (!ready)
    return fail(std::move(ready.error()));
  const auto held = disk_.hold(work);
  with(work);
  bool is_still_there = false;
  if (const auto why = held->look(is_still_there))
    return fail(no_such(work, "read", why));
  if (!is_still_there)
    return fail(errc::io, fmt::format("{} was removed while the checkpoint was written into it: a later driver of the "
                                      "experiment has cleared up, or the trainable did it",
                                      work.string()));
  // Who writes with streams may not have noticed that the disk was full: then its files are too short.
  if (auto room = check_room(disk_, work, std::max(options_.least_free_bytes, full_below_bytes)); !room)
    return fail(std::move(room.error()));
  const auto sealed = seal_checkpoint(work, parse_checkpoint_name(directory.filename().string()), disk_);
  if (!sealed)
    return fail(sealed.error());
  if (sealed->files.empty())
    return std::optional<std::uint64_t>();
  if (auto removed = remove_checkpoint(directory, disk_); !removed) // An earlier one of this name.
    return fail(std::move(removed.error()));
  if (const auto why = disk_.rename(work, directory))
    return fail(no_such(directory, "written", why));
  return sync_names(disk_, directory).map([&] { return std::optional<std::uint64_t>(sealed->size_bytes()); });
}

result<void> file_checkpoint_files::check(const path& directory) {
  return check_checkpoint(directory, disk_).map([](const checkpoint_manifest&) {});
}

} // namespace tune
