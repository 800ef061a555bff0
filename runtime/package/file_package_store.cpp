#include "runtime/package/file_package_store.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <set>
#include <utility>

#include <boost/filesystem.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/invariant.hpp"
#include "runtime/package/file_digest.hpp"
#include "runtime/package/posix_file.hpp"

namespace runtime {
namespace {

namespace files = boost::filesystem;

constexpr char manifest_name[] = "/.manifest"; // No file of a package begins with '.'.
constexpr std::uint32_t longest_manifest = 1u << 20;

std::string place(const package_id& package) {
  return fmt::format("package {}", to_hex(package).substr(0, 12));
}

tl::unexpected<error> not_here(const package_id& package) {
  return fail(errc::not_found, fmt::format("{} is not in this machine's store", place(package)));
}

[[nodiscard]] result<void> make_directory(const std::string& path) {
  boost::system::error_code failed;
  files::create_directories(path, failed);
  if (failed)
    return fail(file_error(path, "made", failed.value()));
  return {};
}

/// As far as it can: what stays is swept when the store is opened next.
void remove_directory(const std::string& path) {
  boost::system::error_code ignored;
  files::remove_all(path, ignored);
}

/// The names in a directory, the one changed longest ago first: the order of their use is not kept on disk.
[[nodiscard]] result<std::vector<std::string>> names_by_age(const std::string& path) {
  std::vector<std::pair<std::time_t, std::string>> found;
  boost::system::error_code failed;
  for (files::directory_iterator at(path, failed), end; !failed && at != end; at.increment(failed)) {
    boost::system::error_code ignored;
    found.emplace_back(files::last_write_time(at->path(), ignored), at->path().filename().string());
  }
  if (failed)
    return fail(file_error(path, "read", failed.value()));
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  for (auto& [_, name] : found)
    names.push_back(std::move(name));
  return names;
}

/// Also says what is wrong with it, if it is not as the manifest says as far as its size tells.
[[nodiscard]] result<void> check_size(const package_file& expected, const std::string& path) {
  return posix_file::open_for_reading(path)
    .and_then([](const posix_file& file) { return file.status(); })
    .and_then([&](const struct stat& found) -> result<void> {
      if (S_ISREG(found.st_mode) && static_cast<std::uint64_t>(found.st_size) == expected.size_bytes)
        return {};
      return fail(errc::io, fmt::format("{} has {} bytes, not {}", path, found.st_size, expected.size_bytes));
    });
}

[[nodiscard]] result<void> check_digest(const package_file& expected, const std::string& path) {
  return hash_file(path).and_then([&](const sha256& found) -> result<void> {
    if (found == expected.digest)
      return {};
    return fail(errc::io, fmt::format("{} has the SHA-256 {}, not {}", path, found, expected.digest));
  });
}

[[nodiscard]] result<void> make_file_durable(const package_file& file, const std::string& path) {
  return posix_file::open_for_writing(path).and_then([&](const posix_file& open) {
    return open.set_mode(file.executable ? 0700 : 0600).and_then([&] { return open.sync(); });
  });
}

[[nodiscard]] result<void> write_manifest(const package_manifest& package, const std::string& directory) {
  return posix_file::open_for_writing(directory + manifest_name).and_then([&](const posix_file& file) {
    return file.write_at(0, canonical_encoding(package)).and_then([&] { return file.sync(); });
  });
}

} // namespace

result<std::unique_ptr<file_package_store>> file_package_store::open(const std::string& state_directory,
                                                                     package_cache_options options) {
  std::unique_ptr<file_package_store> store(new file_package_store(state_directory + "/packages", options));
  remove_directory(store->directory_ + "/incoming");
  const auto opened = make_directory(store->directory_ + "/incoming").and_then([&] { return store->find_packages(); });
  if (!opened)
    return fail(within("package store", opened.error()));
  return store;
}

result<void> file_package_store::find_packages() {
  auto names = names_by_age(directory_);
  if (!names)
    return fail(std::move(names.error()));
  for (const auto& name : *names) {
    const auto id = parse_sha256(name);
    if (!id) // "incoming", or not ours.
      continue;
    auto found = load(*id);
    if (!found) {
      remove_directory(path_of(*id)); // It can be fetched again.
      continue;
    }
    const auto bytes = total_bytes(*found->manifest);
    packages_.emplace(*id, std::move(*found));
    evict(cache_.on_found(*id, bytes));
  }
  return {};
}

result<file_package_store::stored_package> file_package_store::load(const package_id& package) const {
  const auto directory = path_of(package);
  const auto text = posix_file::open_for_reading(directory + manifest_name).and_then([](const posix_file& file) {
    return file.read_at(0, longest_manifest);
  });
  if (!text)
    return fail(text.error());
  if (digest_of(*text) != package)
    return fail(errc::io, fmt::format("{}: its manifest is damaged", place(package)));
  auto manifest = parse_manifest(*text);
  if (!manifest)
    return fail(std::move(manifest.error()));
  stored_package found;
  for (const auto& file : manifest->files) {
    found.paths.push_back(directory + "/" + file.name);
    if (auto good = check_size(file, found.paths.back()); !good)
      return fail(std::move(good.error()));
  }
  found.manifest = std::make_shared<const package_manifest>(std::move(*manifest));
  return found;
}

/// With the mutex held: a package that comes anew finds its old directory gone.
void file_package_store::evict(const package_cache::evictions& packages) {
  for (const auto& package : packages) {
    packages_.erase(package);
    remove_directory(path_of(package));
  }
}

std::vector<package_id> file_package_store::packages() const {
  const std::lock_guard lock(mutex_);
  std::vector<package_id> out;
  for (const auto& [package, _] : packages_)
    out.push_back(package);
  return out;
}

bool file_package_store::has(const package_id& package) const {
  const std::lock_guard lock(mutex_);
  return packages_.count(package) != 0;
}

result<file_package_store::stored_package> file_package_store::find(const package_id& package) const {
  const std::lock_guard lock(mutex_);
  const auto found = packages_.find(package);
  if (found == packages_.end())
    return not_here(package);
  return found->second;
}

result<std::shared_ptr<const package_manifest>> file_package_store::manifest_of(const package_id& package) const {
  return find(package).map([](const stored_package& found) { return found.manifest; });
}

result<package_id> file_package_store::adopt(const package_manifest& package, const std::vector<std::string>& paths) {
  if (auto valid = validate(package); !valid)
    return fail(std::move(valid.error()));
  if (paths.size() != package.files.size())
    return fail(errc::invalid_argument,
                fmt::format("the package has {} files, not {}", package.files.size(), paths.size()));
  for (std::size_t file = 0; file < paths.size(); ++file)
    if (auto good = check_size(package.files[file], paths[file]); !good)
      return fail(std::move(good.error()));
  const auto id = id_of(package);
  stored_package adopted{std::make_shared<const package_manifest>(package), paths, /*adopted=*/true,
                         /*verified=*/true};
  const std::lock_guard lock(mutex_);
  packages_.emplace(id, std::move(adopted)); // Not over one that the cache has: that one would never be removed.
  return id;
}

result<package_location> file_package_store::use(const package_id& package) {
  auto found = [&]() -> result<stored_package> {
    const std::lock_guard lock(mutex_);
    const auto at = packages_.find(package);
    if (at == packages_.end())
      return not_here(package);
    cache_.pin(package); // Before its files are looked at, so that they stay.
    return at->second;
  }();
  if (!found)
    return fail(std::move(found.error()));
  for (std::size_t file = 0; file < found->paths.size(); ++file) {
    const auto& expected = found->manifest->files[file];
    auto good = check_size(expected, found->paths[file]);
    if (good && !found->verified)
      good = check_digest(expected, found->paths[file]);
    if (!good) {
      remove(package);
      return fail(errc::not_found, fmt::format("{} was damaged: {}", place(package), good.error().message));
    }
  }
  package_location location;
  std::set<std::string> directories;
  for (std::size_t file = 0; file < found->paths.size(); ++file) {
    if (found->manifest->files[file].name == found->manifest->main)
      location.main = found->paths[file];
    else if (auto directory = files::path(found->paths[file]).parent_path().string();
             directories.insert(directory).second)
      location.library_directories.push_back(std::move(directory));
  }
  const std::lock_guard lock(mutex_);
  if (const auto at = packages_.find(package); at != packages_.end()) {
    at->second.verified = true;
    if (!at->second.adopted) // The order of use, for the next process; harmless if it cannot be noted.
      ::utimensat(AT_FDCWD, path_of(package).c_str(), nullptr, 0);
  }
  return location;
}

void file_package_store::release(const package_id& package) {
  const std::lock_guard lock(mutex_);
  cache_.unpin(package);
}

result<std::string> file_package_store::read_chunk(const package_id& package, std::string_view file_name,
                                                   std::uint64_t offset, std::uint32_t size_bytes) {
  const auto found = find(package);
  if (!found)
    return fail(found.error());
  const auto* file = find_file(*found->manifest, file_name);
  if (file == nullptr)
    return fail(errc::not_found, fmt::format("{} has no file {:?}", place(package), std::string(file_name)));
  const auto& path = found->paths[static_cast<std::size_t>(file - found->manifest->files.data())];
  return posix_file::open_for_reading(path).and_then(
    [&](const posix_file& open) { return open.read_at(offset, size_bytes); });
}

void file_package_store::remove(const package_id& package) {
  const std::lock_guard lock(mutex_);
  const auto found = packages_.find(package);
  if (found == packages_.end())
    return;
  const bool adopted = found->second.adopted;
  packages_.erase(found);
  if (adopted)
    return;
  cache_.forget(package);
  remove_directory(path_of(package));
}

result<std::vector<bool>> file_package_store::begin(const package_manifest& package) {
  if (auto valid = validate(package); !valid)
    return fail(std::move(valid.error()));
  const auto id = id_of(package);
  {
    const std::lock_guard lock(mutex_);
    if (packages_.count(id) + arrivals_.count(id) != 0)
      return fail(errc::already_exists, fmt::format("{} is here already, or on its way", place(id)));
    const auto evicted = cache_.make_room(id, total_bytes(package));
    if (!evicted)
      return fail(within(place(id), evicted.error()));
    evict(*evicted);
    arrivals_[id] = {std::make_shared<const package_manifest>(package), std::vector<bool>(package.files.size())};
  }
  remove_directory(arrival_path_of(id)); // Of an earlier arrival that could not be removed.
  if (auto made = make_directory(arrival_path_of(id)); !made) {
    abandon(id);
    return fail(within(place(id), std::move(made.error())));
  }
  auto have = link_known_files(package, arrival_path_of(id));
  const std::lock_guard lock(mutex_);
  if (const auto at = arrivals_.find(id); at != arrivals_.end())
    at->second.linked = have;
  return have;
}

/// A shared object that two programs use, or a data file beside a program that was built anew, is fetched once.
std::vector<bool> file_package_store::link_known_files(const package_manifest& package, const std::string& directory) {
  std::vector<bool> linked(package.files.size());
  for (std::size_t file = 0; file < package.files.size(); ++file) {
    const auto& wanted = package.files[file];
    const auto twin = find_twin(wanted);
    if (!twin)
      continue;
    const auto path = directory + "/" + wanted.name;
    if (::link(twin->c_str(), path.c_str()) != 0)
      continue; // Evicted meanwhile, or a file system without hard links: it is fetched.
    if (check_size(wanted, path) && check_digest(wanted, path))
      linked[file] = true;
    else
      ::unlink(path.c_str());
  }
  return linked;
}

/// A file in another package that has the same content and mode. An adopted one is not ours to share.
std::optional<std::string> file_package_store::find_twin(const package_file& wanted) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [_, package] : packages_) {
    if (package.adopted)
      continue;
    for (std::size_t file = 0; file < package.paths.size(); ++file) {
      const auto& here = package.manifest->files[file];
      if (here.digest == wanted.digest && here.size_bytes == wanted.size_bytes && here.executable == wanted.executable)
        return package.paths[file];
    }
  }
  return {};
}

result<std::string> file_package_store::arriving_path(const package_id& package, std::size_t file) const {
  const std::lock_guard lock(mutex_);
  const auto found = arrivals_.find(package);
  if (found == arrivals_.end())
    return fail(errc::not_found, fmt::format("{} is not on its way", place(package)));
  const auto& arriving = found->second;
  CAF_TUNE_INVARIANT(file < arriving.linked.size() && !arriving.linked[file], "{} file {}", place(package), file);
  return arrival_path_of(package) + "/" + arriving.manifest->files[file].name;
}

result<void> file_package_store::write(const package_id& package, std::size_t file, std::uint64_t offset,
                                       std::string_view bytes) {
  return arriving_path(package, file)
    .and_then([](const std::string& path) { return posix_file::open_for_writing(path); })
    .and_then([&](const posix_file& open) { return open.write_at(offset, bytes); });
}

result<sha256> file_package_store::hash_arrived(const package_id& package, std::size_t file) {
  return arriving_path(package, file)
    .and_then([](const std::string& path) { return posix_file::open_for_writing(path); }) // Makes it if it is empty.
    .and_then([](const posix_file& open) { return hash_file(open); });
}

result<void> file_package_store::complete(const package_id& package) {
  arrival arriving;
  {
    const std::lock_guard lock(mutex_);
    const auto found = arrivals_.find(package);
    if (found == arrivals_.end())
      return fail(errc::not_found, fmt::format("{} is not on its way", place(package)));
    arriving = found->second;
  }
  return make_durable(package, arriving).map([&] {
    stored_package stored{arriving.manifest, {}, /*adopted=*/false, /*verified=*/true};
    for (const auto& file : arriving.manifest->files)
      stored.paths.push_back(path_of(package) + "/" + file.name);
    const std::lock_guard lock(mutex_);
    arrivals_.erase(package);
    packages_.emplace(package, std::move(stored));
    cache_.unpin(package);
  });
}

/// Content first, then names, then the directory's own name: after power loss a package is there whole or not at all.
result<void> file_package_store::make_durable(const package_id& package, const arrival& arriving) const {
  const auto directory = arrival_path_of(package);
  for (std::size_t file = 0; file < arriving.linked.size(); ++file) {
    if (arriving.linked[file]) // Is durable, and could not be opened for writing while it runs.
      continue;
    const auto& about = arriving.manifest->files[file];
    if (auto done = make_file_durable(about, directory + "/" + about.name); !done)
      return done;
  }
  return write_manifest(*arriving.manifest, directory)
    .and_then([&] { return sync_directory(directory); })
    .and_then([&]() -> result<void> {
      remove_directory(path_of(package)); // What is there and not known is damaged.
      if (::rename(directory.c_str(), path_of(package).c_str()) != 0)
        return fail(file_error(path_of(package), "written", errno));
      return sync_directory(directory_);
    });
}

void file_package_store::abandon(const package_id& package) {
  const std::lock_guard lock(mutex_);
  if (arrivals_.erase(package) == 0)
    return;
  cache_.forget(package);
  remove_directory(arrival_path_of(package));
}

result<std::shared_ptr<const package_manifest>> file_package_store::own() {
  return fail(errc::not_found, "a package store has packages of others only");
}

std::uint64_t file_package_store::used_bytes() const {
  const std::lock_guard lock(mutex_);
  return cache_.used_bytes();
}

std::string file_package_store::path_of(const package_id& package) const {
  return directory_ + "/" + to_hex(package);
}

std::string file_package_store::arrival_path_of(const package_id& package) const {
  return directory_ + "/incoming/" + to_hex(package);
}

} // namespace runtime
