#include "runtime/process/posix_event.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <system_error>

namespace runtime {

posix_event::posix_event() : counter_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!counter_)
    throw std::system_error(errno, std::generic_category(), "eventfd");
}

void posix_event::raise() const noexcept {
  const std::uint64_t once = 1;
  [[maybe_unused]] const auto full = ::write(counter_.get(), &once, sizeof once); // Then it is raised already.
}

void posix_event::clear() noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto none = ::read(counter_.get(), &count, sizeof count);
}

posix_event::cause posix_event::wait_until(std::chrono::steady_clock::time_point deadline, int process) const {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    const auto patience = std::clamp<std::int64_t>(left, 0, 60'000); // What is longer waits again.
    pollfd events[] = {{counter_.get(), POLLIN, 0}, {process, POLLIN, 0}};
    const int ready = ::poll(events, 2, static_cast<int>(patience));
    if (ready > 0)
      return events[0].revents != 0 ? cause::raised : cause::process_ended;
    if (ready == 0 && patience >= left)
      return cause::too_late;
  }
}

} // namespace runtime
