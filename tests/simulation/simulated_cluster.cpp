#include "tests/simulation/simulated_cluster.hpp"

#include <algorithm>
#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>
#include <spdlog/logger.h>

#include "runtime/owner/package_server_actor.hpp"
#include "tests/support/fake_package_actor.hpp"

using namespace runtime;
using namespace std::chrono_literals;

namespace sim {
namespace {

constexpr auto version = "1.0";
constexpr auto fingerprint = "c1";
constexpr std::uint16_t head_port = 6390;
constexpr std::uint16_t liveness_port = 6391;
constexpr std::uint16_t node_port = 7000;
constexpr std::uint64_t works_of_one_owner = 100'000;

/// A program that nobody fetches: each machine's fake package actor has it.
struct known_program : package_source {
  result<std::shared_ptr<const package_manifest>> own() override {
    sha256 digest;
    digest.value[0] = 1;
    return std::make_shared<const package_manifest>(package_manifest{{{"main", 3, digest, true}}, "main"});
  }
  result<std::string> read_chunk(const package_id&, std::string_view, std::uint64_t, std::uint32_t) override {
    return fail(errc::not_found, "no such file");
  }
};

std::shared_ptr<spdlog::logger> silent_log() {
  static const auto log = [] {
    auto made = std::make_shared<spdlog::logger>("simulation"); // Without a sink.
    made->set_level(spdlog::level::off);
    return made;
  }();
  return log;
}

} // namespace

const node_manager_core& cluster::node::core() const {
  return static_cast<node_manager_actor*>(caf::actor_cast<caf::abstract_actor*>(shell))->core();
}

const head_core& cluster::head() const {
  return static_cast<head_actor*>(caf::actor_cast<caf::abstract_actor*>(head_))->core();
}

cluster::cluster(seed s, cluster_options options)
  : seed_(s),
    options_(options),
    random_(s, "cluster"),
    net_(system_.get(), s) {
  start_head();
  for (machine m = 1; m <= options_.nodes; ++m)
    start_node(m);
  for (machine m = options_.nodes + 1; m < machines(); ++m)
    start_owner(m);
}

cluster::~cluster() {
  system_.end_actors(); // They use what goes before the system does.
}

// ---- machines ----

std::chrono::nanoseconds cluster::around(std::chrono::nanoseconds usual) {
  return between(random_, usual / 2, usual * 2);
}

void cluster::start_head() {
  liveness_ = std::make_shared<simulated_liveness_server>(net_, head_machine, liveness_port);
  head_actor_options o;
  o.core.version = version;
  o.core.cluster = fingerprint;
  o.core.repeat_every = around(o.core.repeat_every);
  o.core.node_grace = around(o.core.node_grace);
  o.core.owner_grace = around(o.core.owner_grace);
  o.core.refusal_pause = around(o.core.refusal_pause);
  o.core.patience = around(o.core.patience);
  o.host = host_of(head_machine);
  o.port = head_port;
  o.liveness_port = liveness_port;
  o.liveness = liveness_;
  o.log = silent_log();
  head_ = system_.keep(system_.get().spawn<head_actor>(std::move(o)));
  liveness_->start({[this](node_id who, incarnation life) {
                      caf::anon_send(head_, node_silent{who, life});
                    },
                    [this](node_id who, incarnation life) {
                      caf::anon_send(head_, node_heard_again{who, life});
                    }});
  net_.listen(head_machine, head_port, caf::actor_cast<caf::strong_actor_ptr>(head_));
}

std::shared_ptr<simulated_workers> cluster::make_workers(machine m) {
  simulated_workers::watcher watch;
  watch.on_begin = [this, m](const work_note& note) {
    nodes_.at(m).cpus_used += note.cpus;
    running_[note.number].insert(m);
  };
  watch.on_end = [this, m](const work_note& note) {
    nodes_.at(m).cpus_used -= note.cpus;
    auto& places = running_.at(note.number);
    places.erase(places.find(m));
  };
  fake_worker_options options;
  options.start = between(random_, 2ms, 200ms);
  options.exit = between(random_, 1ms, 500ms); // Longer than a lease takes to be granted anew.
  return all_workers_.emplace_back(std::make_shared<simulated_workers>(net_, options, std::move(watch)));
}

void cluster::start_node(machine m) {
  auto& n = nodes_[m];
  if (n.shell)
    return;
  ++n.starts;
  n.workers = make_workers(m);
  n.liveness = std::make_unique<simulated_liveness_client>(net_, m);
  node_manager_actor_options o;
  o.core.node.id = id_of(m);
  o.core.node.start = incarnation{random_.next()};
  o.core.node.name = host_of(m);
  o.core.node.host = host_of(m);
  o.core.node.port = node_port;
  o.core.node.total = cpus(static_cast<double>(options_.cpus));
  o.core.version = version;
  o.core.cluster = fingerprint;
  o.core.repeat_every = around(o.core.repeat_every);
  o.core.owner_grace = around(o.core.owner_grace);
  o.head_host = host_of(head_machine);
  o.head_port = head_port;
  o.log = silent_log();
  node_manager_events events;
  events.on_welcomed = [this, m, start = o.core.node.start](const std::string&, std::uint16_t port) {
    auto& welcomed = nodes_.at(m);
    const auto tell = [shell = welcomed.shell.address()](bool is_fenced) {
      if (const auto alive = caf::actor_cast<caf::actor>(shell))
        caf::anon_send(alive, node_fenced{is_fenced});
    };
    welcomed.liveness->start(host_of(head_machine), port, id_of(m), start,
                             {[tell] { tell(true); }, [tell] { tell(false); }});
  };
  n.shell = system_.keep(system_.get().spawn<node_manager_actor>(
    std::move(o), system_.keep(net_.middleman_of(m)), n.workers,
    system_.keep(system_.get().spawn<fake_package_actor>()), nullptr, std::move(events)));
  net_.listen(m, node_port, caf::actor_cast<caf::strong_actor_ptr>(n.shell));
}

void cluster::kill_node(machine m, std::chrono::nanoseconds others_learn) {
  auto& n = nodes_.at(m);
  if (!n.shell)
    return;
  net_.forget(m, others_learn); // First: what its actors do while they end is not seen elsewhere.
  n.workers->die();
  n.liveness.reset();
  caf::anon_send_exit(n.shell, caf::exit_reason::kill);
  n.shell = nullptr;
}

void cluster::isolate(machine m) {
  for (machine other = 0; other < machines(); ++other) {
    net_.block(m, other);
    net_.block(other, m);
  }
}

void cluster::rejoin(machine m) {
  for (machine other = 0; other < machines(); ++other) {
    net_.unblock(m, other);
    net_.unblock(other, m);
  }
}

void cluster::start_owner(machine m) {
  auto& system = system_.get();
  owner_actor_options o;
  o.core.owner = owner_id{100 + m};
  o.core.head_address = host_of(head_machine);
  o.core.repeat_after = around(o.core.repeat_after);
  o.core.node_grace = around(o.core.node_grace);
  o.name = host_of(m);
  o.version = version;
  o.head_host = host_of(head_machine);
  o.head_port = head_port;
  o.middleman = system_.keep(net_.middleman_of(m));
  o.packages = system_.keep(system.spawn<package_server_actor>(std::make_shared<known_program>()));
  o.log = silent_log();
  const auto shell = system_.keep(system.spawn<owner_actor>(std::move(o)));
  const simulated_owner::place place{m, owner_id{100 + m}, m * works_of_one_owner};
  owners_.push_back(std::make_unique<simulated_owner>(net_, shell, system, place));
}

// ---- what is done to it ----

void cluster::run(const workload& what) {
  random_stream random(seed_, "workload");
  for (auto& owner : owners_)
    owner->run(what, random);
}

void cluster::suffer(const fault& what) {
  strike_again(std::make_shared<fault>(what),
               std::make_shared<random_stream>(seed_, "fault " + std::to_string(++faults_)));
}

void cluster::strike_again(const std::shared_ptr<fault>& what, const std::shared_ptr<random_stream>& random) {
  net_.at(net_.now() + between(*random, 0ns, what->every * 2), [this, what, random] {
    if (healed_)
      return;
    what->strike(*this, *random);
    strike_again(what, random);
  });
}

cluster& cluster::heal() {
  healed_ = true;
  net_.unblock_all();
  for (machine m = 1; m <= options_.nodes; ++m)
    start_node(m);
  return *this;
}

// ---- time, and what must hold ----

bool cluster::goes_on() {
  ++events_;
  if (broken_.empty())
    for (const auto& c : checks_)
      if (auto wrong = c(*this)) {
        broken_ =
          *wrong + " at " + std::to_string(std::chrono::duration<double>(net_.now().time_since_epoch()).count()) + " s";
        break;
      }
  return broken_.empty();
}

std::string cluster::broken() const {
  if (!broken_.empty())
    return broken_;
  for (const auto& owner : owners_)
    if (!owner->complaints().empty())
      return owner->complaints().front();
  return {};
}

void cluster::advance(std::chrono::nanoseconds time) {
  net_.run_until(net_.now() + time, [this] { return goes_on(); });
}

std::string cluster::why_not_finished() const {
  for (const auto& owner : owners_)
    if (!owner->has_ended())
      return "an owner has " + std::to_string(owner->core().works()) + " works";
  if (const auto waiting = head().waiting(net_.now()); !waiting.empty())
    return "the head has " + std::to_string(waiting.size()) + " waiting demands";
  if (const auto leases = head().leases(); !leases.empty())
    return "the head has " + std::to_string(leases.size()) + " leases";
  if (head().nodes().size() != options_.nodes)
    return "the head knows " + std::to_string(head().nodes().size()) + " nodes";
  for (const auto& [m, n] : nodes_) {
    const auto& core = n.core();
    if (core.book().free() != core.book().capacity())
      return host_of(m) + " holds leases";
    if (core.unheard() != 0)
      return host_of(m) + " has " + std::to_string(core.unheard()) + " ends that nobody heard";
    if (core.is_fenced())
      return host_of(m) + " is fenced";
    if (n.workers->running() != 0)
      return host_of(m) + " runs something";
  }
  return {};
}

bool cluster::finishes_within(std::chrono::nanoseconds time) {
  const auto limit = net_.now() + time;
  while (net_.now() < limit && broken().empty() && !why_not_finished().empty())
    advance(1s);
  return why_not_finished().empty();
}

std::size_t cluster::attempts() const {
  std::size_t sum = 0;
  for (const auto& owner : owners_)
    sum += owner->attempts();
  return sum;
}

} // namespace sim
