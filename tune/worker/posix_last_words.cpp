#include "tune/worker/posix_last_words.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <ctime>

#include <sys/stat.h>
#include <unistd.h>

namespace tune {
namespace {

constexpr std::array<int, 6> fatal = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSYS};
constexpr std::size_t most_words = 1000;
constexpr std::size_t stack_bytes = 64u << 10;

std::atomic<int> words_from = -1; // Signal handlers may read lock-free atomics.
std::atomic<int> words_to = -1;
static_assert(std::atomic<int>::is_always_lock_free);

std::atomic<const report_progress*> reports_to_arrive = nullptr;
static_assert(std::atomic<const report_progress*>::is_always_lock_free);
static_assert(std::atomic<iteration_number>::is_always_lock_free);

// Only what a signal handler may call.

void wait_for_reports() {
  const auto* reports = reports_to_arrive.exchange(nullptr);
  constexpr timespec pause{0, 200'000};
  constexpr int most_pauses = 2'500;
  for (int i = 0; reports != nullptr && i < most_pauses && reports->answered < reports->told; ++i)
    ::nanosleep(&pause, nullptr);
}

void write_last_words() {
  const int from = words_from.exchange(-1);
  struct stat is {};
  if (from < 0 || ::fstat(from, &is) != 0)
    return;
  std::array<char, most_words> words;
  const auto begin = is.st_size > static_cast<off_t>(words.size()) ? is.st_size - static_cast<off_t>(words.size()) : 0;
  const auto size = ::pread(from, words.data(), words.size(), begin);
  if (size > 0)
    (void)!::write(words_to.load(), words.data(), static_cast<std::size_t>(size));
}

void on_fatal_signal(int number) {
  wait_for_reports();
  write_last_words();
  ::raise(number); // The action is the default one again (SA_RESETHAND): it ends here.
}

void watch_for_the_end() {
  for (const int number : fatal) {
    struct sigaction before {};
    if (::sigaction(number, nullptr, &before) != 0 || before.sa_handler != SIG_DFL)
      continue; // A debugging tool's, or the user's own.
    struct sigaction ours {};
    ours.sa_handler = on_fatal_signal;
    ours.sa_flags = static_cast<int>(SA_RESETHAND) | SA_NODEFER | SA_ONSTACK;
    ::sigaction(number, &ours, nullptr);
  }
  ::on_exit(
    [](int status, void*) {
      wait_for_reports();
      if (status != 0)
        write_last_words();
    },
    nullptr);
}

void watch_once() {
  static const bool is_watched = (watch_for_the_end(), true);
  (void)is_watched;
}

} // namespace

void let_reports_arrive(const report_progress* reports) {
  watch_once();
  reports_to_arrive = reports;
}

void pass_last_words_on(int from, int to) {
  watch_once();
  words_to = to;
  words_from = from;
}

last_words_stack::last_words_stack() : memory_(static_cast<char*>(std::malloc(stack_bytes))) {
  stack_t other{};
  other.ss_sp = memory_;
  other.ss_size = stack_bytes;
  other.ss_flags = memory_ == nullptr ? SS_DISABLE : 0;
  ::sigaltstack(&other, nullptr);
}

last_words_stack::~last_words_stack() {
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  ::sigaltstack(&none, nullptr);
  std::free(memory_);
}

} // namespace tune
