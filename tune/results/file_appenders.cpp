#include "tune/results/file_appenders.hpp"

#include "runtime/package/posix_file.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace tune {

file_appenders::~file_appenders() {
  for (auto& [file, each] : files_)
    if (each.descriptor >= 0)
      ::close(each.descriptor);
}

file_appenders::key file_appenders::add(std::string path, beginning how) {
  auto& added = files_[++next_];
  added.path = std::move(path);
  added.anew = how == beginning::anew;
  return next_;
}

result<void> file_appenders::append(key file, std::string_view bytes) {
  auto& to = files_.at(file);
  if (to.buffer.empty() && !bytes.empty())
    dirty_.push_back(file);
  to.buffer += bytes;
  buffered_ += bytes.size();
  if (to.buffer.size() >= options_.buffer_bytes || buffered_ >= options_.all_buffers)
    return write(file, to);
  return {};
}

result<void> file_appenders::flush(key file) {
  return write(file, files_.at(file));
}

std::vector<file_appenders::failed> file_appenders::flush_all() {
  std::vector<failed> failures;
  auto dirty = std::exchange(dirty_, {});
  std::sort(dirty.begin(), dirty.end());
  dirty.erase(std::unique(dirty.begin(), dirty.end()), dirty.end());
  for (const auto file : dirty)
    if (const auto found = files_.find(file); found != files_.end())
      if (auto written = write(file, found->second); !written)
        failures.push_back({file, std::move(written.error())});
  return failures;
}

void file_appenders::remove(key file) {
  const auto found = files_.find(file);
  if (found == files_.end())
    return;
  buffered_ -= found->second.buffer.size();
  close(found->second);
  files_.erase(found);
}

void file_appenders::close(entry& of) {
  if (of.descriptor < 0)
    return;
  ::close(std::exchange(of.descriptor, -1)); // What was written is with the kernel: nothing can go wrong any more.
  used_.erase(of.used);
}

result<void> file_appenders::open(key file, entry& of) {
  if (of.descriptor >= 0) {
    used_.splice(used_.begin(), used_, of.used);
    return {};
  }
  const auto flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | (of.anew ? O_TRUNC : 0);
  while (used_.size() >= std::max<std::size_t>(options_.max_open, 1))
    close(files_.at(used_.back()));
  for (;;) {
    of.descriptor = ::open(of.path.c_str(), flags, 0666);
    if (of.descriptor >= 0 || (errno != EMFILE && errno != ENFILE) || used_.empty())
      break;
    close(files_.at(used_.back())); // The process has fewer than it was thought to have.
  }
  if (of.descriptor < 0)
    return fail(runtime::file_error(of.path, "written", errno));
  of.anew = false;
  used_.push_front(file);
  of.used = used_.begin();
  return {};
}

result<void> file_appenders::write(key file, entry& of) {
  if (of.buffer.empty())
    return {};
  if (options_.before_each_change)
    options_.before_each_change();
  if (auto opened = open(file, of); !opened)
    return opened;
  std::string_view left = of.buffer;
  while (!left.empty()) {
    const auto written = ::write(of.descriptor, left.data(), left.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return fail(runtime::file_error(of.path, "written", errno));
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  buffered_ -= of.buffer.size();
  of.buffer.clear();
  return {};
}

} // namespace tune
