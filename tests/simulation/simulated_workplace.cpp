#include "tests/simulation/simulated_workplace.hpp"

#include <algorithm>

#include "tests/simulation/simulated_worker.hpp"

using namespace runtime;
using namespace std::chrono_literals;

namespace sim {
namespace {

constexpr std::size_t nodes = 3;

std::string node_of(std::size_t number) {
  return "node-" + std::to_string(number + 1);
}

} // namespace

workplace::workplace(network& net, disk& storage, search_history& history, const trial_habits& habits,
                     std::uint64_t seed)
  : net_(net),
    storage_(storage),
    history_(history),
    habits_(habits),
    random_(seed, "workplace") {
}

workplace::~workplace() = default;

result<remote_actor> workplace::spawn(const std::shared_ptr<process>& driver, const actor_options& how) {
  if (!driver->is_alive)
    return fail(errc::cancelled, "the driver is dead");
  auto made = std::make_shared<simulated_worker>(*this, driver, how.wants().avoided_node);
  waiting_.push_back(made);
  net_.at(net_.now() + between(random_, 100us, 20ms), [this] { fill_places(); });
  return remote_actor(std::move(made));
}

void workplace::fill_places() {
  while (workers_.size() < places_ && !waiting_.empty()) {
    const auto next = std::move(waiting_.front());
    waiting_.pop_front();
    if (!next->is_alive())
      continue;
    workers_.push_back(next);
    next->start(free_node(next->avoided()));
  }
}

/// That with the fewest workers, but this one only if no other has room.
std::string workplace::free_node(const std::string& avoided) const {
  std::string best;
  std::size_t fewest = 0;
  for (std::size_t i = 0; i != nodes; ++i) {
    const auto name = node_of(i);
    const auto used = static_cast<std::size_t>(
      std::count_if(workers_.begin(), workers_.end(), [&](const auto& each) { return each->node() == name; }));
    if (name != avoided && (best.empty() || used < fewest)) {
      best = name;
      fewest = used;
    }
  }
  return best;
}

void workplace::remove(simulated_worker& gone) {
  workers_.erase(
    std::remove_if(workers_.begin(), workers_.end(), [&](const auto& each) { return each.get() == &gone; }),
    workers_.end());
  fill_places();
}

std::vector<std::shared_ptr<simulated_worker>> workplace::running() const {
  return workers_;
}

void workplace::on_driver_died(const std::shared_ptr<process>& driver) {
  for (const auto& each : waiting_)
    if (each->is_of(driver))
      each->die(fail(errc::cancelled, "its driver is gone"));
  for (const auto& each : running()) {
    if (!each->is_of(driver))
      continue;
    const auto learns = net_.now() + between(random_, 10ms, 1s);
    net_.at(learns, [each] { each->close(); });
    net_.at(learns + 3s, [each] { each->die(fail(errc::cancelled, "its driver is gone")); });
  }
}

bool workplace::is_attempt_running(tune::trial_id trial, tune::attempt_number attempt) const {
  return std::any_of(workers_.begin(), workers_.end(), [&](const auto& each) { return each->runs(trial, attempt); });
}

void workplace::crash_one(random_stream& random) {
  if (const auto all = running(); !all.empty())
    all[random.below(all.size())]->die(fail(errc::worker_lost, "signal 9 (SIGKILL)"));
}

void workplace::lose_node(random_stream& random) {
  const auto name = node_of(random.below(nodes));
  net_.note("{} is lost", name);
  const bool runs_on = random.chance(0.6);
  for (const auto& each : running()) {
    if (each->node() != name)
      continue;
    each->cut_off();
    if (!runs_on) {
      each->die(fail(errc::node_lost, name + " was lost"));
      continue;
    }
    const auto learns = net_.now() + between(random, 10ms, 3s);
    net_.at(learns, [each] { each->close(); });
    net_.at(learns + 3s, [each] { each->die(fail(errc::node_lost, "its node is fenced")); });
  }
}

void workplace::lose_power() {
  for (const auto& each : running())
    each->die(fail(errc::node_lost, "the power went"));
  for (const auto& each : waiting_)
    each->die(fail(errc::node_lost, "the power went"));
}

} // namespace sim
