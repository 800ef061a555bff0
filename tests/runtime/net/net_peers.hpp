#pragma once

#include "runtime/net/caf_error.hpp"
#include "runtime/net/key_derivation.hpp"
#include "runtime/net/tcp_socket.hpp"
#include "runtime/net/tls_middleman_actor.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/deserializer.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/io/middleman.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/type_id.hpp>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <netinet/in.h>
#include <thread>

/// Processes of a cluster, as far as the network sees them, for the tests of net/.
namespace peers {

using namespace std::chrono_literals;

inline constexpr auto patience = 30s; ///< Only a failure waits for so long.

inline std::shared_ptr<const runtime::tls_context> context_of(std::uint8_t token, const std::string& identity) {
  runtime::cluster_token bytes{};
  bytes.fill(token);
  return std::make_shared<runtime::tls_context>(bytes, identity);
}

inline runtime::good_token token_of(std::uint8_t number) {
  runtime::cluster_token bytes{};
  bytes.fill(number);
  return runtime::named(bytes);
}

/// The tokens that are good, by the numbers that fill them, the newest first.
inline runtime::token_ring ring_of(std::uint64_t generation, const std::vector<std::uint8_t>& numbers) {
  std::vector<runtime::good_token> tokens;
  for (const auto number : numbers)
    tokens.push_back(token_of(number));
  return {"0123456789abcdef", generation, std::move(tokens)};
}

/// A message that whoever receives it cannot finish reading before the gate is opened.
struct held_up {
  struct gate {
    std::promise<void> reached, opened;
  };
  static inline gate* at = nullptr;
  int number = 0;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, held_up& message) {
  if constexpr (std::is_base_of_v<caf::deserializer, Inspector>) {
    held_up::at->reached.set_value();
    held_up::at->opened.get_future().wait();
  }
  return f(caf::meta::type_name("held_up"), message.number);
}

struct caf_config : caf::actor_system_config {
  caf_config() {
    load<caf::io::middleman>();
    add_message_type<held_up>("held_up");
    set("scheduler.max-threads", 1);
    set("scheduler.policy", caf::atom("sharing"));
    set("logger.verbosity", caf::atom("quiet"));
  }
};

/// What a logger said.
class log_book : public spdlog::sinks::base_sink<std::mutex>, public std::enable_shared_from_this<log_book> {
public:
  static std::shared_ptr<log_book> open() {
    auto book = std::make_shared<log_book>();
    book->set_pattern("%l %v");
    return book;
  }
  std::shared_ptr<spdlog::logger> logger() { return std::make_shared<spdlog::logger>("test", shared_from_this()); }
  std::string text() {
    std::lock_guard guard(mutex_);
    return text_;
  }
  /// Waits until this was said.
  bool says(const std::string& what) {
    std::unique_lock guard(mutex_);
    return written_.wait_for(guard, patience, [&] { return text_.find(what) != std::string::npos; });
  }

protected:
  void sink_it_(const spdlog::details::log_msg& message) override { // Called with the mutex held.
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    text_.append(line.data(), line.size());
    written_.notify_all();
  }
  void flush_() override {}

private:
  std::string text_;
  std::condition_variable_any written_;
};

/// Answers a number with itself. (CAF dereferences a null pointer, which ubsan tells of, unless there is an argument.)
inline caf::behavior repeat(caf::event_based_actor*, int) {
  return {[](int x) { return x; }};
}

/// One process: an actor system of its own, its links, and an actor that answers a number with itself.
class process {
public:
  explicit process(std::uint8_t token = 1, const std::string& identity = "node/n1", runtime::tls_options options = {},
                   runtime::resolver::lookup names = runtime::look_up)
    : process(context_of(token, identity), options, std::move(names)) {}
  explicit process(std::shared_ptr<const runtime::tls_context> own, runtime::tls_options options = {},
                   runtime::resolver::lookup names = runtime::look_up)
    : context(std::move(own)),
      system(config),
      links(std::make_unique<runtime::tls_middleman>(system, context, options, log->logger(), std::move(names))) {
    echo = system.spawn(repeat, 0);
  }
  ~process() {
    links.reset(); // Before the handles, before the system.
    caf::anon_send_exit(echo, caf::exit_reason::kill);
    echo = nullptr;
  }

  /// What publish() then offers instead of the actor that answers numbers.
  void serve(caf::behavior (*how)(caf::event_based_actor*, int)) {
    caf::anon_send_exit(echo, caf::exit_reason::kill);
    echo = system.spawn(how, 0);
  }

  [[nodiscard]] runtime::result<std::uint16_t> publish(std::uint16_t port = 0,
                                                       const std::string& address = "127.0.0.1") {
    runtime::result<std::uint16_t> answer = runtime::fail(runtime::errc::timed_out, "the middleman is silent");
    caf::scoped_actor self{system};
    self
      ->request(links->handle(), patience, caf::publish_atom_v, port, caf::actor_cast<caf::strong_actor_ptr>(echo),
                std::set<std::string>{}, address, false)
      .receive([&](std::uint16_t chosen) { answer = chosen; },
               [&](const caf::error& why) { answer = runtime::fail(runtime::from_caf_error(why)); });
    return answer;
  }

  [[nodiscard]] runtime::result<caf::actor> dial(const std::string& host, std::uint16_t port) {
    runtime::result<caf::actor> answer = runtime::fail(runtime::errc::timed_out, "the middleman is silent");
    caf::scoped_actor self{system};
    self->request(links->handle(), patience, caf::connect_atom_v, host, port)
      .receive([&](const caf::node_id&, const caf::strong_actor_ptr& actor,
                   const std::set<std::string>&) { answer = caf::actor_cast<caf::actor>(actor); },
               [&](const caf::error& why) { answer = runtime::fail(runtime::from_caf_error(why)); });
    return answer;
  }

  int round_trip(const caf::actor& to, int x) {
    int got = -1;
    caf::scoped_actor self{system};
    self->request(to, patience, x).receive([&](int y) { got = y; }, [](const caf::error&) {});
    return got;
  }

  bool is_vouched_for() const { ///< Waits until all its links are those of its newest token.
    while (links->links_of_older_tokens() != 0)
      std::this_thread::yield();
    return true;
  }

  std::shared_ptr<log_book> log = log_book::open();
  std::shared_ptr<const runtime::tls_context> context;
  caf_config config;
  caf::actor_system system;
  std::unique_ptr<runtime::tls_middleman> links;
  caf::actor echo;
};

/// Connects like a stranger; blocks.
inline runtime::socket_handle stranger(std::uint16_t port) {
  const auto to = *runtime::parse_address("127.0.0.1", port);
  runtime::socket_handle socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to.bytes), to.length) != 0)
    return {};
  return socket;
}

/// Waits until the other side has ended the connection; what it said before.
inline std::string last_words(const runtime::socket_handle& socket) {
  std::string words;
  char buffer[256];
  for (ssize_t n; (n = ::recv(socket.get(), buffer, sizeof buffer, 0)) > 0;)
    words.append(buffer, static_cast<std::size_t>(n));
  return words;
}

/// A port where nobody listens: it was free a moment ago.
inline std::uint16_t closed_port() {
  const auto socket = runtime::listen_on("127.0.0.1", 0);
  return runtime::local_port(socket->get());
}

/// An address whose connections the kernel drops unanswered, like a host behind a silent firewall: its queue is full.
struct black_hole {
  explicit black_hole(const std::string& address = "127.0.0.1", std::uint16_t wanted = 0)
    : listener(std::move(*runtime::listen_on(address, wanted))),
      port(runtime::local_port(listener.get())) {
    ::listen(listener.get(), 0);
    for (int i = 0; i < 2; ++i)
      fillers.push_back(std::move(*runtime::start_connecting(*runtime::parse_address(address, port))));
  }
  runtime::socket_handle listener;
  std::uint16_t port;
  std::vector<runtime::socket_handle> fillers;
};

} // namespace peers
