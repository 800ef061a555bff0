#include "tune/worker/posix_attempt_output.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tune/worker/posix_last_words.hpp"

namespace tune {
namespace {

void flush_all() {
  std::cout.flush();
  std::cerr.flush();
  std::clog.flush();
  std::fflush(stdout);
  std::fflush(stderr);
}

void close(int& descriptor) {
  if (descriptor >= 0)
    ::close(descriptor);
  descriptor = -1;
}

} // namespace

std::string attempt_output::cut_note(std::uint64_t most_bytes) {
  return fmt::format("\n[caf-tune: cut here: more than {} bytes]\n", most_bytes);
}

attempt_output::attempt_output(std::uint64_t most_bytes, std::chrono::milliseconds look_every)
  : most_bytes_(most_bytes),
    look_every_(look_every) {
  streams_[0].descriptor = STDOUT_FILENO;
  streams_[1].descriptor = STDERR_FILENO;
  watcher_ = std::thread([this] { watch(); });
}

attempt_output::~attempt_output() {
  end();
  {
    std::lock_guard guard(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  watcher_.join();
}

result<void> attempt_output::begin(const path& directory, const std::string& suffix) {
  end();
  flush_all();
  std::lock_guard guard(mutex_);
  for (auto& s : streams_)
    if (auto opened = open(s, directory / ((s.descriptor == STDOUT_FILENO ? "stdout" : "stderr") + suffix)); !opened) {
      for (auto& each : streams_)
        restore(each);
      return opened;
    }
  is_begun_ = true;
  pass_last_words_on(streams_[1].file, streams_[1].before);
  changed_.notify_all();
  return {};
}

result<void> attempt_output::open(stream& s, const path& file) {
  const auto failed = [&] { return fail(errc::io, fmt::format("{}: {}", file.string(), std::strerror(errno))); };
  s.is_cut = false;
  s.file = ::open(file.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (s.file < 0)
    return failed();
  s.before = ::fcntl(s.descriptor, F_DUPFD_CLOEXEC, 3); // None: it is closed, and will be again.
  if (::dup2(s.file, s.descriptor) < 0)
    return failed();
  look(s);
  return {};
}

void attempt_output::look(stream& s) const {
  struct stat is {};
  if (s.file < 0 || ::fstat(s.file, &is) != 0)
    return;
  const auto size = static_cast<std::uint64_t>(is.st_size);
  const auto most_with_note = most_bytes_ + cut_note(most_bytes_).size();
  if (!s.is_cut && size >= most_bytes_)
    cut(s);
  else if (s.is_cut && size > most_with_note) // A child that was there before it was cut goes on.
    (void)!::ftruncate(s.file, static_cast<off_t>(most_with_note));
}

void attempt_output::cut(stream& s) const {
  s.is_cut = true;
  if (const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC); null >= 0) {
    ::dup2(null, s.descriptor);
    ::close(null);
  }
  const auto note = cut_note(most_bytes_);
  if (::ftruncate(s.file, static_cast<off_t>(most_bytes_)) == 0)
    (void)!::write(s.file, note.data(), note.size());
}

void attempt_output::restore(stream& s) const {
  if (s.file >= 0 && s.before >= 0)
    ::dup2(s.before, s.descriptor);
  else if (s.file >= 0)
    ::close(s.descriptor);
  close(s.before);
  close(s.file);
}

void attempt_output::end() {
  std::lock_guard guard(mutex_);
  if (!is_begun_)
    return;
  is_begun_ = false;
  pass_last_words_on(-1, -1);
  flush_all();
  for (auto& s : streams_) {
    look(s);
    restore(s);
  }
}

void attempt_output::watch() {
  std::unique_lock lock(mutex_);
  while (!is_ending_) {
    if (!is_begun_)
      changed_.wait(lock, [this] { return is_begun_ || is_ending_; });
    else
      changed_.wait_for(lock, look_every_, [this] { return is_ending_; });
    if (is_begun_)
      for (auto& s : streams_)
        look(s);
  }
}

} // namespace tune
