#include "tests/simulation/simulated_cluster.hpp"

#include <algorithm>
#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>
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
constexpr std::uint64_t works_of_one_machine = 1'000'000;
constexpr std::uint64_t works_of_one_owner = 10'000;

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
  if (options_.any_timing)
    draw_liveness();
  start_head();
  for (machine m = 1; m <= options_.nodes; ++m)
    start_node(m);
  owners_.resize(options_.owners);
  for (std::size_t i = 0; i < owners_.size(); ++i)
    start_owner(i);
}

cluster::~cluster() {
  system_.end_actors(); // They use what goes before the system does.
}

// ---- machines ----

template <class Duration>
void cluster::draw(Duration& usual) {
  const auto least = options_.any_timing ? usual / 8 : usual / 2;
  const auto most = options_.any_timing ? usual * 4 : usual * 2;
  usual = std::chrono::duration_cast<Duration>(between(random_, least, most));
}

void cluster::draw_liveness() {
  draw(heartbeats_.fence_after);
  heartbeats_.beat_every = between(random_, heartbeats_.fence_after / 8, heartbeats_.fence_after / 2);
  heartbeats_.reconnect_after = between(random_, heartbeats_.beat_every, heartbeats_.fence_after);
  patience_.silent_after = heartbeats_.fence_after + between(random_, 500ms, 5s); // Workers take so long to die.
}

void cluster::start_head() {
  if (head_)
    return;
  net_.note("the head starts on {}", host_of(head_machine));
  liveness_ = std::make_shared<simulated_liveness_server>(net_, head_machine, liveness_port, patience_);
  head_actor_options o;
  o.core.version = version;
  o.core.cluster = fingerprint;
  o.core.epoch = ++head_starts_;
  for (auto* time :
       {&o.core.repeat_every, &o.core.node_grace, &o.core.contest_grace, &o.core.owner_grace, &o.core.adoption_grace,
        &o.core.return_grace, &o.core.refusal_pause, &o.core.reason_age, &o.core.patience})
    draw(*time);
  o.core.max_passes = 1 + random_.below(50);
  if (head_starts_ > 1)
    o.core.settling = o.core.adoption_grace;
  o.host = host_of(head_machine);
  o.port = head_port;
  o.liveness_port = liveness_port;
  o.liveness = liveness_;
  o.log = silent_log();
  o.die = [this] { broken_ = "the head broke an invariant"; };
  head_ = system_.keep(system_.get().spawn<head_actor>(std::move(o)));
  liveness_->start({[head = head_](node_id who, incarnation life) {
                      caf::anon_send(head, node_silent{who, life});
                    },
                    [head = head_](node_id who, incarnation life) {
                      caf::anon_send(head, node_heard_again{who, life});
                    }});
  net_.listen(head_machine, head_port, caf::actor_cast<caf::strong_actor_ptr>(head_));
}

void cluster::kill_head(std::chrono::nanoseconds others_learn) {
  if (!head_)
    return;
  net_.note("the head dies");
  net_.forget(head_machine, others_learn);
  liveness_->die();
  caf::anon_send_exit(head_, caf::exit_reason::kill);
  head_ = nullptr;
}

std::shared_ptr<simulated_workers> cluster::make_workers(machine m) {
  simulated_workers::watcher watch;
  watch.on_begin = [this, m](const work_note& note) {
    net_.note("{} begins work {}, cpu={}", host_of(m), note.number, note.cpus);
    nodes_.at(m).cpus_used += note.cpus;
    running_[note.number].insert(m);
  };
  watch.on_end = [this, m](const work_note& note) {
    net_.note("{} has no work {} any more", host_of(m), note.number);
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
  net_.note("{} starts", host_of(m));
  ++n.starts;
  n.workers = make_workers(m);
  n.liveness = std::make_unique<simulated_liveness_client>(net_, m, heartbeats_);
  node_manager_actor_options o;
  o.core.node.id = id_of(m);
  o.core.node.start = incarnation{random_.next()};
  o.core.node.name = host_of(m);
  o.core.node.host = host_of(m);
  o.core.node.port = node_port;
  o.core.node.total = cpus(static_cast<double>(options_.cpus));
  o.core.version = version;
  o.core.cluster = n.state->cluster();
  for (auto* time : {&o.core.redial_least, &o.core.redial_most, &o.core.welcome_deadline, &o.core.repeat_every,
                     &o.core.owner_grace, &o.core.detached_grace, &o.core.owner_memory, &o.core.drain_deadline})
    draw(*time);
  o.core.redial_most = std::max(o.core.redial_least, o.core.redial_most);
  draw(o.core.stop_deadline);
  o.head_host = host_of(head_machine);
  o.head_port = head_port;
  o.log = silent_log();
  node_manager_events events;
  events.on_left = [this, m, starts = n.starts] {
    net_.at(net_.now(), [this, m, starts] {
      if (nodes_.at(m).starts == starts)
        kill_node(m, 5ms); // Its process ends.
    });
  };
  events.on_head_dropped = [this, m, starts = n.starts](const caf::node_id&) {
    net_.at(net_.now(), [this, m, starts] {
      if (nodes_.at(m).starts == starts)
        net_.reset(m, head_machine, 5ms, 5ms);
    });
  };
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
    system_.keep(system_.get().spawn<fake_package_actor>()), n.state, std::move(events)));
  net_.listen(m, node_port, caf::actor_cast<caf::strong_actor_ptr>(n.shell));
}

void cluster::kill_node(machine m, std::chrono::nanoseconds others_learn) {
  auto& n = nodes_.at(m);
  if (!n.shell)
    return;
  net_.note("{} dies", host_of(m));
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

void cluster::drain_node(machine m) {
  if (const auto& n = nodes_.at(m); n.shell) {
    net_.note("{} is to leave in good order", host_of(m));
    caf::anon_send(n.shell, runtime::drain_node{});
  }
}

void cluster::restart_if_drained(machine m) {
  if (const auto& n = nodes_.at(m); n.shell && n.core().is_draining())
    kill_node(m, 5ms);
  start_node(m);
}

owner_actor_options cluster::owner_options(machine m) {
  owner_actor_options o;
  for (auto* time : {&o.core.repeat_after, &o.core.most_repeat, &o.core.node_grace, &o.core.node_connect_deadline,
                     &o.core.head_link.first_redial, &o.core.head_link.most_redial, &o.core.head_link.hello_again,
                     &o.core.node_link.first_redial, &o.core.node_link.most_redial, &o.core.node_link.hello_again,
                     &o.core.restarts.first_delay, &o.core.restarts.most_delay, &o.core.restarts.healthy_after,
                     &o.core.announcements.gathers_for})
    draw(*time);
  o.core.most_repeat = std::max(o.core.repeat_after, o.core.most_repeat);
  if (options_.have_quotas && random_.chance(0.7))
    o.quota = cpus(static_cast<double>(6 + random_.below(4)));
  o.core.connect_deadline = 1h; // A user would start it again.
  o.core.owner = owner_id{100 * (m + 1) + owner_starts_[m]};
  o.core.head_address = host_of(head_machine);
  o.name = host_of(m);
  o.version = version;
  o.head_host = host_of(head_machine);
  o.head_port = head_port;
  o.middleman = system_.keep(net_.middleman_of(m));
  o.packages = system_.keep(system_.get().spawn<package_server_actor>(std::make_shared<known_program>()));
  o.log = silent_log();
  return o;
}

void cluster::start_owner(std::size_t i) {
  auto& owner = owners_.at(i);
  if (owner && owner->is_there())
    return;
  if (owner)
    former_owners_.push_back(std::move(owner));
  const auto m = static_cast<machine>(1 + options_.nodes + i);
  const auto start = owner_starts_[m]++;
  auto o = owner_options(m);
  const simulated_owner::place place{m, o.core.owner, m * works_of_one_machine + start * works_of_one_owner};
  net_.note("owner {} starts on {}", place.id, host_of(m));
  const auto shell = system_.keep(system_.get().spawn<owner_actor>(std::move(o)));
  owner = std::make_unique<simulated_owner>(net_, shell, system_.get(), place);
  if (start == 0 || !work_)
    return;
  random_stream random(seed_, "workload of owner " + std::to_string(place.id.value));
  auto less = *work_;
  less.tasks /= 4;
  less.groups /= 2;
  less.actors /= 2;
  owner->run(less, random);
}

void cluster::kill_owner(std::size_t i, std::chrono::nanoseconds others_learn) {
  if (!owners_.at(i)->is_there())
    return;
  net_.note("the owner on {} dies", host_of(static_cast<machine>(1 + options_.nodes + i)));
  net_.forget(static_cast<machine>(1 + options_.nodes + i), others_learn);
  owners_[i]->die();
}

void cluster::let_owner_leave(std::size_t i) {
  if (!owners_.at(i)->is_there())
    return;
  net_.note("the owner on {} leaves in good order", host_of(static_cast<machine>(1 + options_.nodes + i)));
  owners_[i]->leave();
  net_.at(net_.now() + between(random_, 1100ms, 1900ms), [this, i] {
    net_.forget(static_cast<machine>(1 + options_.nodes + i), 5ms); // Its process has ended.
  });
}

// ---- what is done to it ----

void cluster::run(const workload& what) {
  work_ = what;
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
  net_.note("no more faults");
  net_.unblock_all();
  start_head();
  for (machine m = 1; m <= options_.nodes; ++m)
    restart_if_drained(m);
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
  for (const auto* all : {&owners_, &former_owners_})
    for (const auto& owner : *all)
      if (!owner->complaints().empty())
        return owner->complaints().front();
  return {};
}

void cluster::advance(std::chrono::nanoseconds time) {
  net_.run_until(net_.now() + time, [this] { return goes_on(); });
}

std::string cluster::what_waits() const {
  const auto waiting = head().waiting(net_.now());
  return waiting.empty() ? "; the head has no demands that wait"
                         : fmt::format("; the head has {} demands that wait: {} of owner {} {}", waiting.size(),
                                       waiting.front().request, waiting.front().owner, waiting.front().why);
}

std::string cluster::why_not_finished() const {
  if (!head_)
    return "the head is dead";
  for (const auto* all : {&owners_, &former_owners_})
    for (const auto& owner : *all)
      if (!owner->has_ended())
        return owner->why_not_ended() + what_waits();
  if (head().queue().size() != 0)
    return "all works have ended" + what_waits();
  if (const auto leases = head().leases(); !leases.empty())
    return "the head has " + std::to_string(leases.size()) + " leases";
  if (head().nodes().size() != options_.nodes)
    return "the head knows " + std::to_string(head().nodes().size()) + " nodes";
  for (const auto& [m, n] : nodes_) {
    if (head().books().find(id_of(m))->kept_for)
      return "the head keeps " + host_of(m) + " for somebody";
    if (!n.shell)
      return host_of(m) + " is dead";
    if (n.state->saved != std::vector<std::string>{fingerprint})
      return fmt::format("{} has kept {} clusters", host_of(m), n.state->saved.size());
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
  for (const auto* all : {&owners_, &former_owners_})
    for (const auto& owner : *all)
      sum += owner->attempts();
  return sum;
}

} // namespace sim
