#include "tools/caf_tune_soak/seed_pool.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <stdexcept>

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sim {
namespace {

using clock = std::chrono::steady_clock;

/// What a child writes for each seed; what is wrong follows.
struct record {
  seed s = 0;
  std::int64_t virtual_nanoseconds = 0;
  std::uint64_t events = 0;
  std::uint64_t wrong_size = 0;
};

void write_all(int to, const void* data, std::size_t size) {
  for (const auto* next = static_cast<const char*>(data); size != 0;) {
    const auto written = ::write(to, next, size);
    if (written < 0 && errno != EINTR)
      ::_exit(3); // The parent is gone.
    if (written > 0) {
      next += written;
      size -= static_cast<std::size_t>(written);
    }
  }
}

/// Each stripe has every n-th seed; its child is replaced when it crashes.
struct stripe {
  seed next = 0; ///< That has not been heard of.
  pid_t child = -1;
  int from_child = -1;
  std::string received;
  clock::time_point heard_at;
  bool is_ended = false; ///< By us: enough has failed.
};

class pool {
public:
  pool(const pool_options& options, const std::function<storm_outcome(seed)>& run)
    : options_(options),
      run_(run),
      stripes_(std::max(1u, options.jobs)) {
    if (options_.lasts)
      ends_ = clock::now() + *options_.lasts;
  }

  pool_report finish() {
    for (std::size_t i = 0; i != stripes_.size(); ++i) {
      stripes_[i].next = options_.seeds.first + i;
      start(stripes_[i]);
    }
    while (std::any_of(stripes_.begin(), stripes_.end(), [](const stripe& s) { return s.from_child >= 0; }))
      hear();
    std::sort(report_.failures.begin(), report_.failures.end(),
              [](const auto& a, const auto& b) { return a.s < b.s; });
    return std::move(report_);
  }

private:
  bool is_over() const {
    return report_.failures.size() >= options_.most_failures || (ends_ && clock::now() >= *ends_);
  }

  void start(stripe& s) {
    if (s.next > options_.seeds.last || is_over())
      return;
    int ends[2];
    if (::pipe(ends) != 0)
      throw std::runtime_error(fmt::format("no pipe for a child: {}", std::strerror(errno)));
    s.child = ::fork();
    if (s.child < 0)
      throw std::runtime_error(fmt::format("no child process: {}", std::strerror(errno)));
    if (s.child == 0) {
      ::close(ends[0]);
      for (const int fatal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL}) // Whoever handles them tells of the parent.
        std::signal(fatal, SIG_DFL);
      for (seed at = s.next; at <= options_.seeds.last && !(ends_ && clock::now() >= *ends_); at += stripes_.size())
        tell(ends[1], at, run_one(at));
      ::_exit(0);
    }
    ::close(ends[1]);
    s.from_child = ends[0];
    s.heard_at = clock::now();
  }

  storm_outcome run_one(seed at) const {
    try {
      return run_(at);
    } catch (const std::exception& e) {
      return {fmt::format("it threw: {}", e.what()), {}, 0, 0};
    }
  }

  static void tell(int to, seed at, const storm_outcome& outcome) {
    record r;
    r.s = at;
    r.virtual_nanoseconds = outcome.virtual_time.count();
    r.events = outcome.events;
    r.wrong_size = outcome.wrong.size();
    write_all(to, &r, sizeof r);
    write_all(to, outcome.wrong.data(), outcome.wrong.size());
  }

  void hear() {
    std::vector<pollfd> waited_for;
    for (const auto& s : stripes_)
      waited_for.push_back({s.from_child, POLLIN, 0}); // Those below 0 are passed over.
    if (::poll(waited_for.data(), waited_for.size(), /*milliseconds=*/1'000) < 0)
      return; // A signal came.
    for (std::size_t i = 0; i != stripes_.size(); ++i)
      if (waited_for[i].revents != 0)
        hear(stripes_[i]);
    for (auto& s : stripes_) {
      if (s.child > 0 && report_.failures.size() >= options_.most_failures)
        end(s);
      else if (s.child > 0 && clock::now() - s.heard_at > options_.seed_deadline)
        ::kill(s.child, SIGKILL);
    }
  }

  void hear(stripe& s) {
    char buffer[65'536];
    const auto size = ::read(s.from_child, buffer, sizeof buffer);
    if (size > 0) {
      s.heard_at = clock::now();
      s.received.append(buffer, static_cast<std::size_t>(size));
      take_records(s);
    } else if (size == 0)
      bury(s);
  }

  void take_records(stripe& s) {
    record r;
    while (s.received.size() >= sizeof r) {
      std::memcpy(&r, s.received.data(), sizeof r);
      if (s.received.size() < sizeof r + r.wrong_size)
        return;
      if (r.wrong_size != 0)
        report_.failures.push_back({r.s, s.received.substr(sizeof r, r.wrong_size)});
      s.received.erase(0, sizeof r + r.wrong_size);
      ++report_.seeds;
      report_.virtual_time += std::chrono::nanoseconds(r.virtual_nanoseconds);
      report_.events += r.events;
      s.next = r.s + stripes_.size();
    }
  }

  static void end(stripe& s) {
    s.is_ended = true;
    ::kill(s.child, SIGKILL);
  }

  void bury(stripe& s) {
    ::close(s.from_child);
    s.from_child = -1;
    int status = 0;
    while (::waitpid(s.child, &status, 0) < 0 && errno == EINTR)
      ;
    s.child = -1;
    s.received.clear();
    if (s.is_ended || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
      return;
    const bool hung = clock::now() - s.heard_at > options_.seed_deadline;
    const auto how = hung                  ? fmt::format("force after {} s", options_.seed_deadline.count())
                     : WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                                           : fmt::format("exit code {}", WEXITSTATUS(status));
    report_.failures.push_back({s.next, "its process ended by " + how});
    ++report_.seeds;
    s.next += stripes_.size();
    start(s);
  }

  const pool_options options_;
  const std::function<storm_outcome(seed)>& run_;
  std::vector<stripe> stripes_;
  std::optional<clock::time_point> ends_;
  pool_report report_;
};

} // namespace

pool_report run_seeds(const pool_options& options, const std::function<storm_outcome(seed)>& run) {
  return pool(options, run).finish();
}

} // namespace sim
