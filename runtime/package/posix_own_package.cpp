#include "runtime/package/posix_own_package.hpp"

#include <cerrno>
#include <utility>

#include <boost/filesystem.hpp>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/package/file_digest.hpp"
#include "runtime/package/posix_file.hpp"

namespace runtime {
namespace {

namespace files = boost::filesystem;

/// What tells that a file has been written to.
struct file_stamp {
  off_t size;
  std::int64_t modified_ns;

  friend bool operator!=(const file_stamp& a, const file_stamp& b) {
    return a.size != b.size || a.modified_ns != b.modified_ns;
  }
};

[[nodiscard]] result<file_stamp> stamp_of(const posix_file& file) {
  return file.status().map([](const struct stat& found) {
    return file_stamp{found.st_size,
                      std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + std::int64_t{found.st_mtim.tv_nsec}};
  });
}

/// One of the package's files. It is kept open: a build that replaces the file does not change what we give.
struct open_file {
  posix_file file;
  file_stamp stamp;
  package_file about;
};

tl::unexpected<error> has_changed(const std::string& path) {
  return fail(errc::io, fmt::format("{} has been changed since this program used it; start the program anew", path));
}

[[nodiscard]] result<open_file> open_with_digest(const std::string& path, const std::string& name, bool executable) {
  auto file = posix_file::open_for_reading(path);
  if (!file)
    return fail(std::move(file.error()));
  const auto before = stamp_of(*file);
  const auto digest = hash_file(*file);
  if (!digest)
    return fail(digest.error());
  const auto after = stamp_of(*file);
  if (!before || !after)
    return fail(before ? after.error() : before.error());
  if (*before != *after)
    return has_changed(path);
  return open_file{std::move(*file), *after, {name, static_cast<std::uint64_t>(after->size), *digest, executable}};
}

/// The name of the running binary, which may have been removed or built anew since it was started.
[[nodiscard]] result<std::string> own_name() {
  boost::system::error_code failed;
  auto name = files::read_symlink("/proc/self/exe", failed).filename().string();
  if (failed)
    return fail(file_error("/proc/self/exe", "read", failed.value()));
  constexpr std::string_view removed = " (deleted)"; // The kernel's mark.
  if (name.size() > removed.size() && name.compare(name.size() - removed.size(), removed.size(), removed) == 0)
    name.resize(name.size() - removed.size());
  return name;
}

} // namespace

struct posix_own_package::making {
  std::shared_ptr<const content> what;
  std::vector<open_file> files; // In the manifest's order.
};

posix_own_package::posix_own_package(std::vector<std::string> shared_objects)
  : shared_objects_(std::move(shared_objects)) {
}

posix_own_package::~posix_own_package() = default;

result<std::shared_ptr<const posix_own_package::making>> posix_own_package::make() const {
  auto out = std::make_shared<making>();
  package_manifest manifest;
  std::vector<std::string> paths;
  const auto add = [&](const std::string& path, const std::string& name, bool executable) -> result<void> {
    return open_with_digest(path, name, executable).map([&](open_file&& file) {
      manifest.files.push_back(file.about);
      paths.push_back(path);
      out->files.push_back(std::move(file));
    });
  };
  const auto name = own_name();
  if (!name)
    return fail(name.error());
  manifest.main = *name;
  // By the process, not by its path: that leads to what runs here even after a new build.
  if (auto added = add(fmt::format("/proc/{}/exe", ::getpid()), *name, /*executable=*/true); !added)
    return fail(within("own package", std::move(added.error())));
  for (const auto& path : shared_objects_)
    if (auto added = add(files::absolute(path).string(), files::path(path).filename().string(), /*executable=*/false);
        !added)
      return fail(within("own package", std::move(added.error())));
  if (auto valid = validate(manifest); !valid)
    return fail(within("own package", std::move(valid.error())));
  const auto id = id_of(manifest);
  out->what = std::make_shared<const content>(
    content{id, std::make_shared<const package_manifest>(std::move(manifest)), std::move(paths)});
  return out;
}

result<std::shared_ptr<const posix_own_package::making>> posix_own_package::made() {
  const std::lock_guard lock(mutex_);
  if (made_ == nullptr) {
    auto fresh = make();
    if (!fresh)
      return fail(std::move(fresh.error()));
    made_ = std::move(*fresh);
  }
  return made_;
}

result<std::shared_ptr<const posix_own_package::content>> posix_own_package::get() {
  return made().map([](const auto& all) { return all->what; });
}

result<std::shared_ptr<const package_manifest>> posix_own_package::own() {
  return made().map([](const auto& all) { return all->what->manifest; });
}

result<std::string> posix_own_package::read_chunk(const package_id& package, std::string_view file_name,
                                                  std::uint64_t offset, std::uint32_t size_bytes) {
  const auto all = made();
  if (!all)
    return fail(all.error());
  if (package != (*all)->what->id)
    return fail(errc::not_found, fmt::format("package {} is not this program's; it has {}", package, (*all)->what->id));
  for (const auto& open : (*all)->files) {
    if (open.about.name != file_name)
      continue;
    const auto stamp = stamp_of(open.file);
    if (!stamp)
      return fail(stamp.error());
    if (*stamp != open.stamp)
      return has_changed(open.file.path());
    return open.file.read_at(offset, size_bytes);
  }
  return fail(errc::not_found, fmt::format("this program's package has no file {:?}", std::string(file_name)));
}

} // namespace runtime
