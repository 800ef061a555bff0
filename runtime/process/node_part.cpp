#include "runtime/process/node_part.hpp"

#include "runtime/base/version.hpp"
#include "runtime/net/tcp_socket.hpp"
#include "runtime/net/tls_liveness_client.hpp"
#include "runtime/node/package_actor.hpp"
#include "runtime/node/posix_worker_launcher.hpp"
#include "runtime/node/posix_worker_sweep.hpp"
#include "runtime/node/worker_mark.hpp"
#include "runtime/process/command_line.hpp"

#include <future>
#include <utility>

#include <boost/filesystem/operations.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>
#include <spdlog/logger.h>

namespace runtime {
namespace {

/// Kills what a node manager that ended badly left of its workers, and gives the next one its launcher.
[[nodiscard]] result<std::shared_ptr<worker_launcher>> make_launcher(const node_part_options& options) {
  const auto& node = options.core.node;
  worker_host_options host;
  host.record_directory = options.state_directory + "/running";
  host.node_mark = mark_of_node(node.id, node.start);
  host.leftovers.directory = fmt::format("{}/workers/{:016x}", options.state_directory, node.start.value);
  host.leftovers.max_kept = options.core.max_kept_workers;
  host.leftovers.adopts_orphans = options.is_own_process;
  if (const auto swept = sweep_workers(host.record_directory); !swept)
    return fail(swept.error());
  if (const auto killed = sweep_marked(mark_of_node(node.id)); killed != 0 && options.log)
    options.log->warn("processes of an earlier start's workers killed count={}", killed);
  return posix_worker_launcher::open(std::move(host), options.log)
    .map([](std::unique_ptr<posix_worker_launcher> made) -> std::shared_ptr<worker_launcher> { return made; });
}

/// The directory for what workers leave there for later ones, without what an earlier node manager's workers left.
[[nodiscard]] result<std::string> make_scratch(const std::string& state_directory) {
  namespace fs = boost::filesystem;
  boost::system::error_code failed;
  const auto path = fs::absolute(state_directory) / "scratch";
  fs::remove_all(path, failed);
  if (!failed)
    fs::create_directories(path, failed);
  if (failed)
    return fail(errc::io, fmt::format("{}: {}", path.string(), failed.message()));
  return path.string();
}

/// The liveness link of a node: its beats go to whichever head has welcomed the node last.
class heart {
public:
  heart(std::shared_ptr<liveness_client> client, const node_part_options& options)
    : client_(std::move(client)),
      head_host_(options.head_host),
      node_(options.core.node.id),
      life_(options.core.node.start) {}

  void beat_for(std::uint16_t liveness_port, const caf::actor_addr& weak) {
    const auto tell = [weak](bool is_fenced) {
      if (const auto alive = caf::actor_cast<caf::strong_actor_ptr>(weak))
        caf::anon_send(caf::actor_cast<caf::actor>(alive), node_fenced{is_fenced});
    };
    if (liveness_port != 0)
      client_->start(head_host_, liveness_port, node_, life_, {[tell] { tell(true); }, [tell] { tell(false); }});
  }

private:
  std::shared_ptr<liveness_client> client_;
  std::string head_host_;
  node_id node_;
  incarnation life_;
};

} // namespace

result<std::unique_ptr<node_part>> node_part::start(cluster_process& process, node_part_options options) {
  std::unique_ptr<node_part> made(new node_part);
  auto& description = options.core.node;
  socket_handle reserved; // The node says its port in its first message, before there is an actor that could listen.
  if (!options.listen_host.empty()) {
    auto bound = bind_to(options.listen_host, description.port);
    if (!bound)
      return fail(about_listening(options.port_flag, std::move(bound.error())));
    reserved = std::move(*bound);
    description.port = local_port(reserved.get());
  }
  made->host_ = description.host;
  made->port_ = description.port;
  options.core.version = version;
  auto store = file_package_store::open(options.state_directory, options.packages);
  if (!store)
    return fail(store.error());
  made->store_ = std::move(*store);
  auto launcher = make_launcher(options);
  if (!launcher)
    return fail(launcher.error());
  auto scratch = make_scratch(options.state_directory); // After the sweep: nobody writes there any more.
  if (!scratch)
    return fail(scratch.error());
  options.core.scratch_directory = std::move(*scratch);
  made->packages_ = process.system().spawn<package_actor, caf::detached>(made->store_, process.switchboard());
  process.end_with_process(made->packages_);

  if (options.network)
    made->liveness_ = make_liveness_client(options.network, {}, options.log);
  if (options.network && !options.token_file.empty()) {
    const auto learner = process.learn_tokens(options.network, options.token_file, "node/" + options.core.node.name);
    options.events.on_head_linked = [learner](const caf::actor& head) {
      caf::anon_send(learner, caf::put_atom_v, head);
    };
  }
  std::promise<caf::actor_addr> itself; // The callback may come before spawn() has returned: then it waits a moment.
  node_manager_events events = options.events;
  events.on_head_dropped = [&process, told = options.events.on_head_dropped](const caf::node_id& head) {
    process.disconnect(head);
    if (told)
      told(head);
  };
  if (made->liveness_)
    events.on_welcomed = [self = itself.get_future().share(), heart = heart(made->liveness_, options),
                          told = options.events.on_welcomed](const std::string& cluster,
                                                             std::uint16_t liveness_port) mutable {
      heart.beat_for(liveness_port, self.get());
      if (told)
        told(cluster, liveness_port);
    };
  node_manager_actor_options node;
  node.core = options.core;
  node.head_host = options.head_host;
  node.head_port = options.head_port;
  node.log = options.log;
  made->node_manager_ = process.system().spawn<node_manager_actor>(
    std::move(node), process.switchboard(), std::move(*launcher), made->packages_, options.state, std::move(events));
  itself.set_value(made->node_manager_.address());
  process.end_with_process(made->node_manager_);
  process.enter(made->host_, made->port_, made->node_manager_);
  if (!options.listen_host.empty())
    if (const auto listening = process.listen(options.listen_host, made->port_, made->node_manager_); !listening)
      return fail(about_listening(options.port_flag, listening.error()));
  return made;
}

node_part::~node_part() = default;

void node_part::drain() {
  caf::anon_send(node_manager_, drain_node{});
}

} // namespace runtime
