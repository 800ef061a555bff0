#include "tune/journal/posix_journal_disk.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "runtime/package/posix_file.hpp"

namespace tune {
namespace {

using runtime::file_error;
using runtime::posix_file;

class posix_journal_file : public journal_file {
public:
  posix_journal_file(posix_file file, std::uint64_t bytes) : file_(std::move(file)), bytes_(bytes) {}

  result<void> append(std::string_view bytes) override {
    auto written = file_.write_at(bytes_, bytes);
    if (written)
      bytes_ += bytes.size();
    return written;
  }

  result<void> write_again(std::uint64_t offset, std::string_view bytes) override {
    return file_.write_at(offset, bytes);
  }

  result<void> sync() override {
    if (::fdatasync(file_.descriptor()) != 0)
      return fail(file_error(file_.path(), "synced", errno));
    return {};
  }

private:
  posix_file file_;
  std::uint64_t bytes_;
};

} // namespace

result<std::vector<std::string>> posix_journal_disk::list() {
  std::vector<std::string> names;
  std::error_code why;
  std::filesystem::directory_iterator each(directory_, why);
  for (; !why && each != std::filesystem::directory_iterator(); each.increment(why))
    names.push_back(each->path().filename().string());
  if (why && why != std::errc::no_such_file_or_directory)
    return fail(file_error(directory_.string(), "read", why.value()));
  return names;
}

result<std::string> posix_journal_disk::read(const std::string& file, std::uint64_t offset, std::uint32_t bytes) {
  if (read_name_ != file || !read_file_) {
    auto opened = posix_file::open_for_reading(path_of(file));
    if (!opened)
      return fail(std::move(opened.error()));
    read_file_ = std::make_shared<posix_file>(std::move(*opened));
    read_name_ = file;
  }
  return static_cast<const posix_file*>(read_file_.get())->read_at(offset, bytes);
}

result<std::unique_ptr<journal_file>> posix_journal_disk::create(const std::string& file) {
  // As the user's umask says: whoever may see the experiment may read its journal.
  const int made = ::open(path_of(file).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (made < 0 && errno == EEXIST)
    return fail(errc::already_exists, path_of(file) + " is there already");
  if (made < 0)
    return fail(file_error(path_of(file), "written", errno));
  ::close(made);
  return posix_file::open_for_writing(path_of(file)).map([](posix_file empty) -> std::unique_ptr<journal_file> {
    return std::make_unique<posix_journal_file>(std::move(empty), 0);
  });
}

result<std::unique_ptr<journal_file>> posix_journal_disk::open(const std::string& file, std::uint64_t bytes) {
  auto opened = posix_file::open_for_writing(path_of(file));
  if (!opened)
    return fail(std::move(opened.error()));
  if (::ftruncate(opened->descriptor(), static_cast<off_t>(bytes)) != 0)
    return fail(file_error(path_of(file), "repaired", errno));
  return std::unique_ptr<journal_file>(std::make_unique<posix_journal_file>(std::move(*opened), bytes));
}

result<void> posix_journal_disk::remove(const std::string& file) {
  if (::unlink(path_of(file).c_str()) != 0 && errno != ENOENT)
    return fail(file_error(path_of(file), "removed", errno));
  return {};
}

result<void> posix_journal_disk::sync_directory() {
  return runtime::sync_directory(directory_.string());
}

} // namespace tune
