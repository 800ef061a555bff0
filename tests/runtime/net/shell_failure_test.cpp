#include "runtime/net/shell_failure.hpp"

#include <sstream>
#include <stdexcept>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <doctest/doctest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

namespace {

/// A shell whose core breaks at the first message.
class breaking_actor : public caf::event_based_actor {
public:
  breaking_actor(caf::actor_config& config, runtime::exception_handler handler) : event_based_actor(config) {
    set_exception_handler(std::move(handler));
  }
  caf::behavior make_behavior() override {
    return {[](int) -> int { throw std::runtime_error("free > capacity"); }};
  }
};

/// Sends it a request: it ends, and whoever asked hears so.
void break_with(const runtime::exception_handler& handler) {
  caf::actor_system_config config;
  caf::actor_system system(config);
  caf::scoped_actor self(system);
  const auto shell = system.spawn<breaking_actor>(handler);
  self->request(shell, caf::infinite, 1)
    .receive([](int) { FAIL("it has answered"); },
             [](const caf::error& why) { CHECK(why == caf::exit_reason::unhandled_exception); });
}

struct book {
  std::ostringstream text;
  std::shared_ptr<spdlog::logger> logger =
    std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text));
  book() { logger->set_pattern("%l %v"); }
};

} // namespace

TEST_CASE("shell failure: a part of a node says what broke and ends its process") {
  book book;
  int deaths = 0;

  break_with(runtime::ends_process("node manager", book.logger, [&] { ++deaths; }));

  CHECK(deaths == 1);
  CHECK(book.text.str() == "critical node manager ends why=\"std::runtime_error: free > capacity\"\n");
}

TEST_CASE("shell failure: a part of a driver says what broke to those who wait, and its process goes on") {
  book book;
  runtime::error heard;

  break_with(runtime::ends_actor("stub", book.logger, [&](const runtime::error& why) { heard = why; }));

  CHECK(heard == runtime::error{runtime::errc::cancelled, "stub has failed: std::runtime_error: free > capacity"});
  CHECK(book.text.str() == "critical stub ends why=\"std::runtime_error: free > capacity\"\n");
}
