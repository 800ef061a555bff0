// Messages between two processes over loopback: our TLS links beside CAF's own plain ones, in one run.
#include "bench/figures.hpp"
#include "bench/stranger.hpp"
#include "runtime/net/tls_middleman_actor.hpp"

#include <caf/all.hpp>
#include <caf/io/all.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

extern char** environ;

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

struct config : caf::actor_system_config {
  config() {
    load<caf::io::middleman>();
    set("scheduler.max-threads", 2);
    set("scheduler.policy", caf::atom("sharing"));
    set("logger.verbosity", caf::atom("quiet"));
  }
};

std::shared_ptr<const runtime::tls_context> context_of(const std::string& identity) {
  runtime::cluster_token token{};
  token.fill(7);
  return std::make_shared<runtime::tls_context>(token, identity);
}

caf::behavior answer_numbers() {
  return {
    [](int number) { return number; },
    [count = 0](caf::add_atom, int) mutable { ++count; },
    [](caf::get_atom) { return caf::ok_atom_v; },
  };
}

/// The other process: prints its port, and lives until its standard input closes.
int serve(const std::string& how) {
  config settings;
  caf::actor_system system(settings);
  auto hub = system.spawn(answer_numbers);
  {
    std::unique_ptr<runtime::tls_middleman> links;
    if (how == "tls")
      links = std::make_unique<runtime::tls_middleman>(system, context_of("head/bench"));
    auto via = caf::make_function_view(links ? links->handle() : system.middleman().actor_handle(), caf::duration{10s});
    const auto port = via(caf::publish_atom_v, std::uint16_t{0}, caf::actor_cast<caf::strong_actor_ptr>(hub),
                          std::set<std::string>{}, std::string("127.0.0.1"), false);
    if (!port)
      return 1;
    fmt::print("{}\n", *port);
    std::fflush(stdout);
    ::dup2(STDERR_FILENO, STDOUT_FILENO); // What is logged of strangers; nobody reads our output any more.
    while (std::getchar() != EOF) {}
  }
  caf::anon_send_exit(hub, caf::exit_reason::kill);
  return 0;
}

class other_process {
public:
  explicit other_process(const char* how) {
    int in[2], out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0)
      throw std::runtime_error("no pipe");
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    ::posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    const char* arguments[] = {"net_bench", "serve", how, nullptr};
    const int failure =
      ::posix_spawn(&process_, "/proc/self/exe", &actions, nullptr, const_cast<char**>(arguments), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    life_ = in[1];
    char text[16] = {};
    const bool said = failure == 0 && ::read(out[0], text, sizeof text - 1) > 0;
    ::close(out[0]);
    if (!said)
      throw std::runtime_error("the other process did not start");
    port_ = static_cast<std::uint16_t>(std::atoi(text));
  }
  ~other_process() {
    ::close(life_);
    ::waitpid(process_, nullptr, 0);
  }
  other_process(const other_process&) = delete;
  other_process& operator=(const other_process&) = delete;
  std::uint16_t port() const { return port_; }

private:
  pid_t process_ = 0;
  int life_ = -1;
  std::uint16_t port_ = 0;
};

caf::actor dial(const caf::io::middleman_actor& via, std::uint16_t port) {
  auto ask = caf::make_function_view(via, caf::duration{10s});
  auto answer = ask(caf::connect_atom_v, std::string("127.0.0.1"), port);
  if (!answer)
    throw std::runtime_error("cannot connect");
  return caf::actor_cast<caf::actor>(std::get<1>(*answer));
}

double seconds_since(clock_type::time_point start) {
  return std::chrono::duration<double>(clock_type::now() - start).count();
}

double messages_per_second(caf::scoped_actor& self, const caf::actor& peer, int messages) {
  const auto start = clock_type::now();
  for (int i = 0; i < messages; ++i)
    self->send(peer, caf::add_atom_v, i);
  self
    ->request(peer, 60s, caf::get_atom_v) // In order: answered after all of them.
    .receive([](caf::ok_atom) {},
             [](const caf::error& why) { throw std::runtime_error("no answer: " + caf::to_string(why)); });
  return messages / seconds_since(start);
}

double round_trip_us(caf::scoped_actor& self, const caf::actor& peer, int trips) {
  const auto start = clock_type::now();
  for (int i = 0; i < trips; ++i)
    self->request(peer, 60s, i).receive([](int) {}, [](const caf::error&) { throw std::runtime_error("no answer"); });
  return seconds_since(start) * 1e6 / trips;
}

void measure(const bench::figures& figures) {
  const other_process plain("plain"), secret("tls");
  config settings;
  caf::actor_system system(settings);
  runtime::tls_middleman links(system, context_of("driver/bench"));
  caf::scoped_actor self(system);
  const auto plain_peer = dial(system.middleman().actor_handle(), plain.port());
  const auto tls_peer = dial(links.handle(), secret.port());
  const int rounds = figures.is_quick() ? 5 : 25;
  // In turns, in short rounds, and the best of each: what else the machine does then spoils neither.
  const auto compare = [&](auto&& one, auto&& better) {
    double by_plain = one(plain_peer), by_tls = one(tls_peer);
    for (int round = 1; round < rounds; ++round) {
      by_plain = better(by_plain, one(plain_peer));
      by_tls = better(by_tls, one(tls_peer));
    }
    return std::make_pair(by_plain, by_tls);
  };
  const auto larger = [](double a, double b) { return std::max(a, b); };
  const auto smaller = [](double a, double b) { return std::min(a, b); };
  if (const std::string name = "net_messages_per_second"; figures.wants(name)) {
    const int messages = figures.is_quick() ? 10'000 : 40'000;
    const auto [by_plain, by_tls] =
      compare([&](const caf::actor& peer) { return messages_per_second(self, peer, messages); }, larger);
    figures.show({name, by_tls, "1/s", /*at_least=*/by_plain, {}, fmt::format("plain CAF io: {:.0f}/s", by_plain)});
  }
  if (const std::string name = "net_round_trip_us"; figures.wants(name)) {
    const int trips = figures.is_quick() ? 300 : 1'000;
    const auto [by_plain, by_tls] =
      compare([&](const caf::actor& peer) { return round_trip_us(self, peer, trips); }, smaller);
    figures.show({name, by_tls, "us", {}, /*at_most=*/by_plain, fmt::format("plain CAF io: {:.1f} us", by_plain)});
  }
  if (const std::string name = "net_messages_share_beside_stranger"; figures.wants(name)) {
    constexpr unsigned connects = 1'000; // A second.
    const int messages = figures.is_quick() ? 10'000 : 40'000;
    double alone = 0, beside = 0;
    for (int round = 0; round < rounds; ++round) {
      alone = std::max(alone, messages_per_second(self, tls_peer, messages));
      const bench::stranger knocks(secret.port(), connects);
      beside = std::max(beside, messages_per_second(self, tls_peer, messages));
    }
    figures.show({name,
                  100 * beside / alone,
                  "%",
                  90,
                  {},
                  fmt::format("{:.0f}/s while somebody without the token connects {} times a second; alone {:.0f}/s",
                              beside, connects, alone)});
  }
}

} // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "serve")
    return serve(argv[2]);
  const bench::figures figures(argc, argv);
  try {
    measure(figures);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "net_bench: {}\n", failure.what());
    return 1;
  }
  return 0;
}
