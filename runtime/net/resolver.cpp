#include "runtime/net/resolver.hpp"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <system_error>
#include <thread>

namespace runtime {

struct resolver::state {
  explicit state(lookup function) : how(std::move(function)) {}

  const lookup how;
  std::mutex mutex;
  std::size_t under_way = 0;
  std::uint64_t last = 0;
  std::map<std::uint64_t, then> waiting; ///< Here and not in the threads, so that nothing outlives the resolver.
};

resolver::resolver(lookup how, std::size_t most_at_once)
  : state_(std::make_shared<state>(std::move(how))),
    most_at_once_(most_at_once) {
}

resolver::~resolver() {
  std::lock_guard guard(state_->mutex); // Waits for an answer that is being told.
  state_->waiting.clear();
}

void resolver::resolve(const std::string& host, std::uint16_t port, then done) {
  if (auto numbers = parse_address(host, port))
    return done(std::vector<socket_address>{std::move(*numbers)});
  {
    std::lock_guard guard(state_->mutex);
    if (state_->under_way < most_at_once_) {
      try {
        std::thread([state = state_, host, port, number = ++state_->last] {
          auto found = state->how(host, port);
          std::lock_guard told(state->mutex);
          --state->under_way;
          if (auto mine = state->waiting.extract(number))
            mine.mapped()(std::move(found));
        }).detach();
        ++state_->under_way; // The thread needs the mutex before it counts down.
        state_->waiting.emplace(state_->last, std::move(done));
        return;
      } catch (const std::system_error&) { // No thread to be had: as when there are too many lookups.
      }
    }
  }
  done(
    fail(errc::unreachable, fmt::format("the name {} was not looked up: too many lookups wait for an answer", host)));
}

} // namespace runtime
