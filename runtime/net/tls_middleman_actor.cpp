#include "runtime/net/tls_middleman_actor.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/net/caf_error.hpp"
#include "runtime/net/dialler_actor.hpp"
#include "runtime/net/shell_failure.hpp"
#include "runtime/net/tcp_socket.hpp"
#include "runtime/net/tls_doorman.hpp"

#include <caf/all.hpp>
#include <caf/io/all.hpp>
#include <caf/io/basp_broker.hpp>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace runtime {
namespace {

namespace net = caf::io::network;

net::default_multiplexer& multiplexer_of(caf::actor_system& system) {
  return static_cast<net::default_multiplexer&>(system.middleman().backend());
}

/// What is asked of a middleman: listening is done here, dialling by the dialler, the rest by the broker.
class tls_middleman_actor : public caf::io::middleman_actor::base {
public:
  tls_middleman_actor(caf::actor_config& config, caf::actor broker, caf::actor dialler, link_setup setup)
    : typed_event_based_actor(config),
      broker_(std::move(broker)),
      dialler_(std::move(dialler)),
      setup_(std::move(setup)) {
    set_exception_handler(ends_process("middleman"));
  }

  const char* name() const override { return "tls_middleman_actor"; }
  void on_exit() override {
    broker_ = nullptr;
    dialler_ = nullptr;
  }

  behavior_type make_behavior() override {
    using interfaces = std::set<std::string>;
    using linked = caf::delegated<caf::node_id, caf::strong_actor_ptr, interfaces>;
    using address = caf::delegated<caf::node_id, std::string, std::uint16_t>;
    return {
      [this](caf::publish_atom, std::uint16_t port, caf::strong_actor_ptr& whom, interfaces& known,
             const std::string& at, bool) { return open(port, std::move(whom), std::move(known), at); },
      [this](caf::open_atom, std::uint16_t port, const std::string& at, bool) { return open(port, {}, {}, at); },
      [this](caf::connect_atom, const std::string& host, std::uint16_t port) {
        delegate(dialler_, caf::connect_atom_v, host, port);
        return linked{};
      },
      [this](caf::unpublish_atom, const caf::actor_addr& whom, std::uint16_t port) {
        delegate(broker_, caf::unpublish_atom_v, whom, port);
      },
      [this](caf::close_atom, std::uint16_t port) { delegate(broker_, caf::close_atom_v, port); },
      [](caf::spawn_atom, const caf::node_id&, const std::string&, const caf::message&,
         const interfaces&) -> caf::result<caf::strong_actor_ptr> {
        return to_caf_error({errc::refused, "no actors are spawned by name across a link"});
      },
      [this](caf::get_atom, const caf::node_id& node) {
        delegate(broker_, caf::get_atom_v, node);
        return address{};
      },
    };
  }

private:
  caf::result<std::uint16_t> open(std::uint16_t port, caf::strong_actor_ptr whom, std::set<std::string> known,
                                  const std::string& at) {
    auto socket = listen_on(at, port);
    if (!socket)
      return to_caf_error(socket.error());
    caf::io::doorman_ptr doorman = caf::make_counted<tls_doorman>(multiplexer_of(system()), socket->get(), setup_);
    socket->release();
    const auto chosen = doorman->port();
    caf::anon_send(broker_, caf::publish_atom_v, std::move(doorman), chosen, std::move(whom), std::move(known));
    return chosen;
  }

  caf::actor broker_;
  caf::actor dialler_;
  const link_setup setup_;
};

/// Ends each stranger whose ticket comes back at its deadline, and what tokens that were ended have let in.
caf::behavior bounce(caf::event_based_actor* self, const std::shared_ptr<connection_table>& connections,
                     const std::shared_ptr<token_holder>& tokens, std::chrono::milliseconds ended_token_grace,
                     const std::shared_ptr<spdlog::logger>& log) {
  return {
    [=](connection_table::ticket who) { connections->expire(who); },
    [=](caf::update_atom) { self->delayed_send(self, ended_token_grace, caf::tick_atom_v); },
    [=](caf::tick_atom) {
      if (const auto ended = connections->end_others_than(*tokens->now()); ended != 0)
        (log ? log : spdlog::default_logger())
          ->warn("links ended count={} why=\"nobody vouched for them with a token that is good\"", ended);
    },
  };
}

} // namespace

result<void> validate(const tls_options& options) {
  using std::chrono::milliseconds;
  std::string wrong;
  const auto check = [&](const char* field, milliseconds value) {
    if (value < milliseconds(10) || value > milliseconds(3'600'000))
      wrong += fmt::format("{}{} is {} ms; use 10 ms to 1 h", wrong.empty() ? "" : "; ", field, value.count());
  };
  check("dial_deadline", options.dial_deadline);
  check("handshake_deadline", options.handshake_deadline);
  check("silence_deadline", options.silence_deadline);
  check("ended_token_grace", options.ended_token_grace);
  if (options.most_strangers == 0)
    wrong += fmt::format("{}most_strangers is 0; use at least 1", wrong.empty() ? "" : "; ");
  if (!wrong.empty())
    return fail(errc::invalid_argument, wrong);
  return {};
}

tls_middleman::tls_middleman(caf::actor_system& system, std::shared_ptr<const tls_context> context, tls_options options,
                             std::shared_ptr<spdlog::logger> log, resolver::lookup names)
  : system_(system),
    tokens_(context->tokens()),
    connections_(std::make_shared<connection_table>(options.most_strangers)) {
  const auto valid = validate(options);
  CAF_TUNE_INVARIANT(valid, "{}", valid.error().message);
  voucher_ = std::make_shared<link_voucher>(context, connections_, log);
  bouncer_ = system.spawn<caf::hidden>(bounce, connections_, tokens_, options.ended_token_grace, log);
  broker_ = system.middleman().named_broker<caf::io::basp_broker>(caf::atom("BASP"));
  const link_setup setup{std::move(context), connections_, std::make_shared<stranger_log>(std::move(log)),
                         voucher_,           bouncer_,     options};
  auto make_scribe = [&system, setup](socket_handle socket, const std::shared_ptr<dial_attempt>& attempt) {
    auto scribe = caf::make_counted<tls_scribe>(multiplexer_of(system), socket.get(), setup, attempt);
    socket.release();
    const auto ticket = scribe->ticket();
    return std::make_pair(caf::io::scribe_ptr(std::move(scribe)), ticket);
  };
  // Both detached: trials that keep the scheduler's threads busy must not keep connections from being made.
  dialler_ = system.spawn<dialler_actor, caf::detached + caf::hidden>(
    dialler_actor::parts{broker_, std::move(make_scribe), connections_, std::make_shared<resolver>(std::move(names)),
                         options.dial_deadline, [tokens = tokens_] { return tokens->now()->tokens().size(); }});
  actor_ = system.spawn<tls_middleman_actor, caf::detached + caf::hidden>(broker_, dialler_, setup);
  // Nobody spawns actors by name or reads configuration across a link.
  system.registry().erase(caf::atom("SpawnServ"));
  system.registry().erase(caf::atom("ConfigServ"));
  on_tokens_.emplace(tokens_, [voucher = voucher_, bouncer = bouncer_] {
    voucher->wake();
    caf::anon_send(bouncer, caf::update_atom_v);
  });
}

tls_middleman::~tls_middleman() {
  on_tokens_.reset();
  caf::scoped_actor self{system_, true};
  self->send_exit(actor_, caf::exit_reason::kill); // Detached: the system's destructor would wait for them for ever.
  self->send_exit(dialler_, caf::exit_reason::kill);
  self->wait_for(actor_, dialler_);
  caf::anon_send_exit(bouncer_, caf::exit_reason::kill);
}

void tls_middleman::disconnect(const caf::node_id& peer) {
  caf::anon_send(dialler_, caf::close_atom_v, peer);
}

void tls_middleman::settle() {
  caf::scoped_actor self{system_, true};
  self
    ->request(broker_, std::chrono::seconds(5), caf::get_atom_v, caf::node_id{}) // Which changes nothing.
    .receive([](const caf::node_id&, const std::string&, std::uint16_t) {}, [](const caf::error&) {});
}

std::size_t tls_middleman::links_of_older_tokens() const {
  return connections_->count_without(tokens_->now()->newest().fingerprint);
}

std::size_t tls_middleman::strangers() const {
  return connections_->strangers();
}

} // namespace runtime
