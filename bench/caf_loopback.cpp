#include "bench/caf_loopback.hpp"

#include "bench/posix_child.hpp"

#include <caf/all.hpp>
#include <caf/io/all.hpp>

#include <chrono>
#include <cstdio>
#include <deque>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

namespace bench {
namespace {

using clock_type = std::chrono::steady_clock;

struct config : caf::actor_system_config {
  config() {
    load<caf::io::middleman>();
    set("scheduler.max-threads", 2);
    set("scheduler.policy", caf::atom("sharing"));
    set("logger.verbosity", caf::atom("quiet"));
  }
};

caf::behavior answer_numbers() {
  return {[](int number) { return number; }};
}

double seconds_since(clock_type::time_point start) {
  return std::chrono::duration<double>(clock_type::now() - start).count();
}

template <class Value>
Value or_fail(caf::expected<Value> value, const char* what) {
  if (!value)
    throw std::runtime_error(what);
  return std::move(*value);
}

} // namespace

class caf_loopback::implementation {
public:
  implementation() : other_({posix_child::own_program(), serve_argument}), system_(settings_), self_(system_) {
    const auto port = static_cast<std::uint16_t>(std::stoi(other_.read_line()));
    peer_ = or_fail(system_.middleman().remote_actor("127.0.0.1", port), "cannot connect");
  }

  caf::scoped_actor& self() { return self_; }
  const caf::actor& peer() const { return peer_; }

private:
  posix_child other_;
  config settings_;
  caf::actor_system system_;
  caf::scoped_actor self_;
  caf::actor peer_;
};

caf_loopback::caf_loopback() : how_(std::make_unique<implementation>()) {
}

caf_loopback::~caf_loopback() = default;

double caf_loopback::calls_per_second_one_by_one(int calls) {
  auto& self = how_->self();
  const auto start = clock_type::now();
  for (int i = 0; i < calls; ++i)
    self->request(how_->peer(), std::chrono::seconds(60), i)
      .receive([](int) {}, [](const caf::error&) { throw std::runtime_error("no answer"); });
  return calls / seconds_since(start);
}

double caf_loopback::calls_per_second_pipelined(int calls, int in_flight) {
  auto& self = how_->self();
  const auto start = clock_type::now();
  for (int sent = 0, answered = 0; answered < calls;) {
    for (; sent < calls && sent - answered < in_flight; ++sent)
      self->send(how_->peer(), sent);
    self->receive([](int) {}); // What a message without a request is answered with comes as one, too.
    ++answered;
  }
  return calls / seconds_since(start);
}

int caf_loopback::serve() {
  config settings;
  caf::actor_system system(settings);
  auto server = system.spawn(answer_numbers);
  const auto port = system.middleman().publish(server, 0, "127.0.0.1");
  if (!port)
    return 1;
  fmt::print("{}\n", *port);
  std::fflush(stdout);
  while (std::getchar() != EOF) {}
  caf::anon_send_exit(server, caf::exit_reason::kill);
  return 0;
}

double caf_local_actors_per_second(int actors, int in_flight) {
  caf::actor_system_config settings;
  settings.set("scheduler.max-threads", 2);
  settings.set("scheduler.policy", caf::atom("sharing"));
  caf::actor_system system(settings);
  caf::scoped_actor self(system);
  std::deque<caf::actor> alive;
  const auto start = clock_type::now();
  for (int spawned = 0, answered = 0; answered < actors; ++answered) {
    for (; spawned < actors && spawned - answered < in_flight; ++spawned) {
      alive.push_back(system.spawn(answer_numbers));
      self->send(alive.back(), spawned);
    }
    self->receive([](int) {});
    self->send_exit(alive.front(), caf::exit_reason::user_shutdown);
    alive.pop_front();
  }
  return actors / seconds_since(start);
}

} // namespace bench
