#include "runtime/net/nonsense_log.hpp"

#include <sstream>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/forwarding_actor_proxy.hpp>
#include <caf/make_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <doctest/doctest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

namespace {

struct book {
  std::ostringstream text;
  std::shared_ptr<spdlog::logger> logger =
    std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text));
  book() { logger->set_pattern("%l %v"); }
};

class shell_actor : public caf::event_based_actor {
public:
  shell_actor(caf::actor_config& config, std::shared_ptr<spdlog::logger> log) : event_based_actor(config) {
    runtime::outlive_peers(*this, std::make_shared<runtime::nonsense_log>("shell", std::move(log)));
  }
  caf::behavior make_behavior() override {
    return {[](int x) { return x; }};
  }
};

/// A shell, and a peer in another process that says things to it.
struct shell_fixture {
  void peer_says(caf::message what) {
    caf::actor_config fresh;
    const auto peer = caf::make_actor<caf::forwarding_actor_proxy, caf::strong_actor_ptr>(
      caf::actor_id{5}, caf::make_node_id(7, std::string(40, 'a')).value(), &system, fresh, caf::actor());
    shell->enqueue(peer, caf::make_message_id(), std::move(what), nullptr);
  }
  bool lives() {
    int answer = 0;
    self->request(shell, caf::infinite, 3).receive([&](int x) { answer = x; }, [](const caf::error&) {});
    return answer == 3;
  }

  book log;
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  caf::actor shell = system.spawn<shell_actor>(log.logger);
};

} // namespace

TEST_CASE("outlive peers: no exit, error or unknown message of another process ends a shell") {
  shell_fixture f;
  const auto far = caf::make_node_id(7, std::string(40, 'a')).value();
  caf::actor_config config;
  const auto peer =
    caf::make_actor<caf::forwarding_actor_proxy, caf::actor>(caf::actor_id{6}, far, &f.system, config, caf::actor());

  f.peer_says(caf::make_message(caf::exit_msg{peer.address(), caf::exit_reason::user_shutdown}));
  CHECK(f.lives());
  f.peer_says(caf::make_message(caf::make_error(caf::sec::unexpected_message)));
  CHECK(f.lives());
  f.peer_says(caf::make_message(std::string("what?")));
  CHECK(f.lives());

  CHECK(f.log.text.str() ==
        "warning message dropped by=\"shell\" what=exit repeated=1 why=\"only its own process may end it\"\n");
}

TEST_CASE("outlive peers: its own process ends it, also without saying who asks") {
  for (const bool names_itself : {true, false}) {
    shell_fixture f;
    const auto source = names_itself ? f.self->address() : caf::actor_addr();
    f.self->send(f.shell, caf::exit_msg{source, caf::exit_reason::user_shutdown});
    CHECK(!f.lives());
    CHECK(f.log.text.str().empty());
  }
}

TEST_CASE("nonsense log: what is repeated is told of at its first time and each 128th after it") {
  book book;
  runtime::nonsense_log log("head", book.logger);

  for (int i = 0; i < 130; ++i)
    log.dropped("NodeHello", "it has no sender");

  CHECK(book.text.str() ==
        "warning message dropped by=\"head\" what=NodeHello repeated=1 why=\"it has no sender\"\n"
        "warning message dropped by=\"head\" what=NodeHello repeated=129 why=\"it has no sender\"\n");
}
