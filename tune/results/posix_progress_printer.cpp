#include "tune/results/posix_progress_printer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace tune {
namespace {

progress_options size_of_terminal(int descriptor) {
  progress_options size;
  winsize window{};
  if (::ioctl(descriptor, TIOCGWINSZ, &window) == 0 && window.ws_col >= 20 && window.ws_row >= 8) {
    size.width = window.ws_col - 1u; // In the last column some terminals begin a new line.
    size.rows = std::min<std::size_t>(window.ws_row - 6u, 16);
  }
  return size;
}

/// What cannot be printed is lost: there is nobody to tell.
void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno != EINTR)
      return;
    text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
  }
}

} // namespace

bool is_terminal(int descriptor) {
  const auto* kind = std::getenv("TERM");
  return ::isatty(descriptor) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

posix_progress_printer::posix_progress_printer(progress_printer_options options)
  : options_(std::move(options)),
    thread_([this] { run(); }) {
}

posix_progress_printer::~posix_progress_printer() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void posix_progress_printer::add(std::string line) {
  if (line.empty())
    return;
  const std::lock_guard lock(mutex_);
  if (lines_.size() >= options_.max_lines)
    ++left_out_;
  else
    lines_.push_back(std::move(line));
}

void posix_progress_printer::run() {
  sigset_t all;
  sigfillset(&all); // Signals are the business of the thread that waits for them.
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  for (bool ends = false; !ends;) {
    std::deque<std::string> lines;
    std::uint64_t left_out = 0;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, options_.redraw_every, [this] { return ends_; });
      lines.swap(lines_);
      left_out = std::exchange(left_out_, 0);
      ends = ends_;
    }
    print(lines, left_out, options_.block && options_.draw);
  }
}

void posix_progress_printer::print(const std::deque<std::string>& lines, std::uint64_t left_out, bool redraw) {
  const auto block = redraw ? options_.draw(size_of_terminal(options_.descriptor)) : std::string();
  std::string text;
  if (drawn_lines_ > 0)
    text = fmt::format("\x1b[{}A\x1b[J", drawn_lines_); // Back to where the block began, and clear from there.
  for (const auto& line : lines)
    text += line;
  if (left_out > 0)
    text += fmt::format("{} more events are not shown\n", left_out);
  text += block;
  drawn_lines_ = static_cast<std::size_t>(std::count(block.begin(), block.end(), '\n'));
  write_all(options_.descriptor, text);
}

} // namespace tune
