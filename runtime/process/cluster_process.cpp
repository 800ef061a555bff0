#include "runtime/process/cluster_process.hpp"

#include "runtime/net/caf_error.hpp"
#include "runtime/net/file_token.hpp"
#include "runtime/net/switchboard_actor.hpp"
#include "runtime/net/token_learner_actor.hpp"
#include "runtime/wire/wire_types.hpp"

#include <set>

#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/type_id.hpp>
#include <fmt/format.h>
#include <spdlog/logger.h>

namespace runtime {

cluster_process::config::config(const cluster_process_options& options) {
  set("scheduler.policy", caf::atom("sharing")); // Half the round trip of "stealing", and no wake-ups while idle.
  set("scheduler.max-threads", 2);
  set("logger.verbosity", caf::atom("quiet"));
  add_wire_types(*this);
  if (options.program)
    options.program->add_messages_to(*this);
  if (options.network)
    load<caf::io::middleman>();
}

cluster_process::cluster_process(cluster_process_options options)
  : log_(options.log),
    config_(options),
    system_(config_),
    ends_(system_, /*hide=*/true) {
  if (options.network)
    middleman_.emplace(system_, std::move(options.network), tls_options{}, std::move(options.log));
  switchboard_ =
    system_.spawn<switchboard_actor>(middleman_ ? caf::actor_cast<caf::actor>(middleman_->handle()) : caf::actor{});
  ends_->monitor(switchboard_);
}

cluster_process::~cluster_process() {
  if (log_)
    log_->set_level(spdlog::level::off); // That its own parts lose each other is no event.
  while (!parts_.empty()) {
    end(parts_.back());
    parts_.pop_back();
  }
  end(switchboard_);
  switchboard_ = nullptr;
  // CAF's network broker hears of the ends of those that peers know. Such a message holds its sender, and one that the
  // broker has not read when it is stopped is freed only after the system's destructor has waited for the threads of
  // detached actors: for ever, if it holds one of these.
  if (middleman_)
    middleman_->settle();
}

caf::actor cluster_process::learn_tokens(const std::shared_ptr<const tls_context>& network,
                                         const std::string& token_file, const std::string& name) {
  token_learner_actor_options options;
  options.name = name;
  options.tokens = network->tokens();
  options.save = [token_file](const token_ring& ring) { return save_tokens(token_file, ring); };
  options.log = log_;
  auto learner = system_.spawn<token_learner_actor, caf::detached>(std::move(options));
  end_with_process(learner);
  return learner;
}

void cluster_process::end_with_process(caf::actor part) {
  // Who monitors first hears of the end last: when the broker has been told already.
  ends_->monitor(part);
  std::lock_guard guard(mutex_);
  parts_.push_back(std::move(part));
}

void cluster_process::end(const caf::actor& part) {
  ends_->send_exit(part, caf::exit_reason::kill);
  while (ended_.count(part.address()) == 0)
    ends_->receive([this](const caf::down_msg& down) { ended_.insert(down.source); });
}

void cluster_process::enter(const std::string& host, std::uint16_t port, const caf::actor& whom) {
  caf::anon_send(switchboard_, caf::put_atom_v, host, port, caf::actor_cast<caf::strong_actor_ptr>(whom));
}

result<std::uint16_t> cluster_process::listen(const std::string& host, std::uint16_t port, const caf::actor& whom) {
  caf::scoped_actor self{system_, true};
  result<std::uint16_t> given = fail(errc::timed_out, fmt::format("port {} could not be opened in time", port));
  self
    ->request(switchboard_, std::chrono::seconds(5), caf::publish_atom_v, port,
              caf::actor_cast<caf::strong_actor_ptr>(whom), std::set<std::string>{}, host, /*reuse=*/true)
    .receive([&](std::uint16_t opened) { given = opened; },
             [&](const caf::error& why) { given = fail(from_caf_error(why)); });
  return given;
}

void cluster_process::disconnect(const caf::node_id& peer) {
  if (middleman_)
    middleman_->disconnect(peer);
}

} // namespace runtime
