#include "tune/store/posix_store_disk.hpp"

#include <cerrno>
#include <cstdio>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "runtime/package/posix_file.hpp"

namespace tune {
namespace {

namespace fs = std::filesystem;
using runtime::posix_file;

std::error_code outcome_of(int returned) {
  return returned == 0 ? std::error_code() : std::error_code(errno, std::generic_category());
}

store_disk::kind kind_of(fs::file_type type) {
  switch (type) {
  case fs::file_type::none:
  case fs::file_type::not_found: return store_disk::kind::none;
  case fs::file_type::regular: return store_disk::kind::file;
  case fs::file_type::directory: return store_disk::kind::directory;
  case fs::file_type::symlink: return store_disk::kind::link;
  default: return store_disk::kind::other;
  }
}

store_disk::kind kind_of(mode_t mode) {
  return S_ISREG(mode)   ? store_disk::kind::file
         : S_ISDIR(mode) ? store_disk::kind::directory
         : S_ISLNK(mode) ? store_disk::kind::link
                         : store_disk::kind::other;
}

class file_of_system : public store_file {
public:
  explicit file_of_system(posix_file file) : file_(std::move(file)) {}
  result<std::string> read_at(std::uint64_t offset, std::uint32_t bytes) const override {
    return file_.read_at(offset, bytes);
  }
  result<void> write_at(std::uint64_t offset, std::string_view bytes) override { return file_.write_at(offset, bytes); }
  result<std::uint64_t> size_bytes() const override {
    return file_.status().map([](const struct stat& of) { return static_cast<std::uint64_t>(of.st_size); });
  }
  result<void> sync() override { return file_.sync(); }

private:
  posix_file file_;
};

class directory_of_system : public held_directory {
public:
  explicit directory_of_system(const path& directory)
    : path_(directory),
      descriptor_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
      why_not_(descriptor_ < 0 ? outcome_of(-1) : std::error_code{}) {}
  ~directory_of_system() override {
    if (descriptor_ >= 0)
      ::close(descriptor_);
  }
  directory_of_system(const directory_of_system&) = delete;
  directory_of_system& operator=(const directory_of_system&) = delete;

  std::error_code look(bool& is_still_there) const override {
    struct stat held {
    }, now{};
    is_still_there = false;
    if (why_not_)
      return why_not_;
    if (const auto why = outcome_of(::fstat(descriptor_, &held)))
      return why;
    const auto why = outcome_of(::stat(path_.c_str(), &now));
    if (why == std::errc::no_such_file_or_directory || why == std::errc::not_a_directory)
      return {};
    is_still_there = !why && held.st_dev == now.st_dev && held.st_ino == now.st_ino;
    return why;
  }

private:
  path path_;
  int descriptor_;
  std::error_code why_not_; ///< It is not held.
};

class disk_of_system : public store_disk {
public:
  result<std::unique_ptr<store_file>> open_for_reading(const path& file) override {
    return posix_file::open_for_reading(file.string()).map(wrapped);
  }
  result<std::unique_ptr<store_file>> open_for_writing(const path& file) override {
    return posix_file::open_for_writing(file.string()).and_then([](posix_file opened) {
      return opened.set_mode(0644).map([&] { return wrapped(std::move(opened)); });
    });
  }
  result<void> sync_directory(const path& directory) override { return runtime::sync_directory(directory.string()); }

  std::error_code look_at(const path& at, status& found) override {
    struct stat seen {};
    if (const auto why = outcome_of(::lstat(at.c_str(), &seen)))
      return why;
    found = {kind_of(seen.st_mode), static_cast<std::uint64_t>(seen.st_size)};
    return {};
  }
  std::error_code list(const path& directory, std::vector<entry>& found) override {
    std::error_code why;
    fs::directory_iterator each(directory, why);
    for (; !why && each != fs::directory_iterator(); each.increment(why)) {
      std::error_code unseen;
      const auto type = each->symlink_status(unseen).type();
      if (type == fs::file_type::none) // Not: it is gone by now.
        return unseen;
      found.push_back({each->path().filename().string(), kind_of(type)});
    }
    return why;
  }
  std::error_code make_directories(const path& directory) override {
    std::error_code why;
    fs::create_directories(directory, why);
    return why;
  }
  std::error_code make_link(const path& to, const path& link) override {
    return outcome_of(::symlink(to.c_str(), link.c_str()));
  }
  std::error_code read_link(const path& link, path& to) override {
    std::error_code why;
    to = fs::read_symlink(link, why);
    return why;
  }
  std::error_code rename(const path& from, const path& to) override {
    return outcome_of(std::rename(from.c_str(), to.c_str()));
  }
  std::error_code remove_file(const path& file) override { return outcome_of(::unlink(file.c_str())); }
  std::error_code remove_tree(const path& at) override {
    std::error_code why;
    fs::remove_all(at, why);
    return why;
  }
  std::error_code measure(const path& at, std::uint64_t& free_bytes) override {
    struct statvfs room {};
    if (const auto why = outcome_of(::statvfs(at.c_str(), &room)))
      return why;
    free_bytes = std::uint64_t{room.f_bavail} * room.f_frsize;
    return {};
  }
  std::unique_ptr<held_directory> hold(const path& directory) override {
    return std::make_unique<directory_of_system>(directory);
  }

private:
  static std::unique_ptr<store_file> wrapped(posix_file file) {
    return std::make_unique<file_of_system>(std::move(file));
  }
};

} // namespace

store_disk& posix_store_disk() {
  static disk_of_system disk;
  return disk;
}

} // namespace tune
