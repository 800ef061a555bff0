#include "runtime/process/head_part.hpp"

#include "runtime/base/version.hpp"
#include "runtime/net/file_token.hpp"
#include "runtime/net/tcp_socket.hpp"
#include "runtime/net/tls_liveness_server.hpp"
#include "runtime/net/token_keeper_actor.hpp"
#include "runtime/owner/custodian_actor.hpp"
#include "runtime/owner/file_detached_store.hpp"
#include "runtime/owner/package_server_actor.hpp"
#include "runtime/process/command_line.hpp"
#include "runtime/process/package_intake_actor.hpp"
#include "runtime/process/posix_random.hpp"

#include <utility>

#include <caf/send.hpp>
#include <caf/type_id.hpp>

namespace runtime {
namespace {

/// The head's view of the liveness link.
class link_judge : public liveness_judge {
public:
  explicit link_judge(std::shared_ptr<liveness_server> server) : server_(std::move(server)) {}
  void watch(node_id node, incarnation start) override { server_->watch(node, start); }
  void forget(node_id node) override { server_->forget(node); }

private:
  std::shared_ptr<liveness_server> server_;
};

} // namespace

result<std::unique_ptr<head_part>> head_part::start(cluster_process& process, head_part_options options) {
  std::unique_ptr<head_part> made(new head_part);
  made->host_ = options.host;
  made->port_ = options.port;
  made->log_ = options.log;
  head_actor_options head;
  head.core = options.core;
  head.core.version = version;
  head.host = options.host;
  head.switchboard = process.switchboard();
  head.log = options.log;
  head.on_event = std::move(options.on_event);
  socket_handle reserved; // The head is told its port before there is an actor that could listen on it.
  if (!options.listen_host.empty()) {
    auto bound = bind_to(options.listen_host, options.port);
    if (!bound)
      return fail(about_listening("--port", std::move(bound.error())));
    reserved = std::move(*bound);
    made->port_ = local_port(reserved.get());
    auto liveness = listen_for_heartbeats(options.listen_host, options.liveness_port, options.network, {}, options.log);
    if (!liveness)
      return fail(about_listening("--liveness-port", std::move(liveness.error())));
    made->liveness_ = std::move(*liveness);
    head.liveness_port = made->liveness_->port();
    head.liveness = std::make_shared<link_judge>(made->liveness_);
  }
  if (options.network && !options.token_file.empty()) {
    token_keeper_options keeper;
    keeper.tokens = options.network->tokens();
    keeper.save = [file = options.token_file](const token_ring& ring) { return save_tokens(file, ring); };
    keeper.log = options.log;
    head.token_keeper = process.system().spawn<token_keeper_actor, caf::detached>(std::move(keeper));
    process.end_with_process(head.token_keeper);
  }
  head.port = made->port_;
  made->head_ = process.system().spawn<head_actor>(std::move(head));
  process.end_with_process(made->head_);
  if (made->liveness_)
    made->liveness_->start({[to = made->head_](node_id node, incarnation life) {
                              caf::anon_send(to, node_silent{node, life});
                            },
                            [to = made->head_](node_id node, incarnation life) {
                              caf::anon_send(to, node_heard_again{node, life});
                            }});
  process.enter(made->host_, made->port_, made->head_);
  if (!options.listen_host.empty())
    if (const auto listening = process.listen(options.listen_host, made->port_, made->head_); !listening)
      return fail(about_listening("--port", listening.error()));
  return made;
}

head_part::~head_part() = default;

void head_part::add_custodian(cluster_process& process, std::shared_ptr<package_source> store,
                              const caf::actor& packages, const std::string& directory) {
  const auto server = process.system().spawn<package_server_actor, caf::detached>(std::move(store));
  process.end_with_process(server);
  owner_actor_options own;
  own.core.owner = detached_owner;
  own.core.head_address = endpoint_text(host_, port_);
  own.name = "detached";
  own.version = version;
  own.head_host = host_;
  own.head_port = port_;
  own.middleman = process.switchboard();
  own.drop_link = [&process](const caf::node_id& peer) { process.disconnect(peer); };
  own.packages = server;
  own.log = log_;
  std::shared_ptr<detached_store> kept;
  if (!directory.empty())
    kept = std::make_shared<file_detached_store>(directory);
  const auto custodian = process.system().spawn<custodian_actor, caf::detached>( // It waits for its store.
    std::move(own), std::make_shared<package_actor_intake>(process.system(), packages),
    [] { return actor_id{random_number()}; }, std::move(kept));
  process.end_with_process(custodian);
  caf::anon_send(head_, caf::put_atom_v, custodian);
}

} // namespace runtime
