#include "tests/simulation/simulated_owner.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>

using namespace runtime;
using namespace std::chrono_literals;

namespace sim {
namespace {

std::shared_ptr<const work_spec> spec_of(work_kind kind, std::int64_t cpu) {
  auto spec = std::make_shared<work_spec>();
  spec->kind = kind;
  spec->type_name = kind == work_kind::task ? "sleep" : "echo";
  spec->wants.resources = cpus(static_cast<double>(cpu));
  spec->wants.waits_for_nodes = true;
  spec->max_restarts = -1; // However often it is lost, it must end.
  return spec;
}

} // namespace

simulated_owner::simulated_owner(network& net, caf::actor owner, caf::actor_system& system, place at)
  : net_(net),
    owner_(std::move(owner)),
    system_(system),
    at_(at),
    last_number_(at.first_number) {
}

const owner_core& simulated_owner::core() const {
  return static_cast<owner_actor*>(caf::actor_cast<caf::abstract_actor*>(owner_))->core();
}

void simulated_owner::die() {
  fate_ = fate::dead;
  caf::anon_send_exit(owner_, caf::exit_reason::kill);
}

void simulated_owner::leave() {
  fate_ = fate::left;
  caf::anon_send(owner_, leave_cluster{});
}

void simulated_owner::when_there(instant at, std::function<void()> what) {
  net_.at(at, [this, what = std::move(what)] {
    if (is_there())
      what();
  });
}

void simulated_owner::run(const workload& what, random_stream& random) {
  const auto cpus_of_one = [&] {
    return 1 + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(what.most_cpus)));
  };
  const auto when = [&] { return net_.now() + between(random, std::chrono::nanoseconds(0), what.over); };
  to_come_ += what.tasks + what.actors + what.groups;
  for (std::size_t i = 0; i < what.tasks; ++i) {
    const auto lasts = between(random, what.shortest, what.longest);
    const work_note note{std::chrono::duration_cast<std::chrono::milliseconds>(lasts).count(), ++last_number_,
                         cpus_of_one()};
    const auto is_stopped = what.stopped > 0 && random.chance(what.stopped);
    const auto stop_after = is_stopped ? between(random, 0ns, 2s) : 0ns; // Some while they wait, some while they run.
    when_there(when(), [this, note, is_stopped, stop_after] {
      --to_come_;
      submit_task(note);
      if (is_stopped)
        stop_task_after(note.number, stop_after);
    });
  }
  for (std::size_t i = 0; i < what.actors; ++i) {
    const work_note note{0, ++last_number_, cpus_of_one()};
    const auto life = between(random, std::chrono::nanoseconds(0), what.longest_life);
    when_there(when(), [this, note, life, calls = random.below(10)] {
      --to_come_;
      submit_actor(note, life, calls);
    });
  }
  for (std::size_t i = 0; i < what.groups; ++i)
    when_there(when(), [this, what, own = random_stream(random.next(), "group")]() mutable {
      --to_come_;
      submit_group(own, what);
    });
}

void simulated_owner::submit_task(const work_note& note) {
  submit(note, spec_of(work_kind::task, note.cpus), [] {});
}

void simulated_owner::stop_task_after(std::uint64_t number, std::chrono::nanoseconds time) {
  stopped_.insert(number);
  when_there(net_.now() + time, [this, number] {
    caf::anon_send(owner_, stop_task{task_id{number}, std::chrono::milliseconds(500)});
  });
}

void simulated_owner::submit(const work_note& note, std::shared_ptr<const work_spec> spec, std::function<void()> then) {
  ends_[note.number] = 0;
  const auto text = to_text(note);
  runtime::submit_task order;
  order.task = task_id{note.number};
  order.spec = std::move(spec);
  order.arguments = std::make_shared<const std::string>(text);
  order.on_end = [this, text, number = note.number, then = std::move(then)](const result<task_result>& outcome) {
    if (++ends_[number] != 1)
      complain(number, "ended twice");
    if (!outcome && stopped_.count(number) != 0 && outcome.error().code == errc::cancelled)
      return;
    if (!outcome)
      return complain_if_there(number, "failed: " + outcome.error().message);
    if (outcome->bytes != text)
      complain(number, "has the result of another: " + outcome->bytes);
    attempts_ += outcome->attempts;
    then();
  };
  caf::anon_send(owner_, std::move(order));
}

// ---- groups ----

void simulated_owner::submit_group(random_stream& random, const workload& what) {
  const auto number = ++last_number_;
  auto wants = std::make_shared<group_demand>();
  constexpr std::array strategies{group_strategy::pack, group_strategy::spread, group_strategy::strict_pack,
                                  group_strategy::strict_spread};
  wants->strategy = strategies.at(random.below(strategies.size()));
  wants->waits_for_nodes = true;
  const auto bundles = 1 + random.below(3);
  const auto cpus_of_each = wants->strategy == group_strategy::strict_pack ? 1 : 1 + random.below(2);
  wants->bundles.assign(bundles, cpus(static_cast<double>(cpus_of_each)));
  auto& g = groups_[number];
  g.wants = wants;
  runtime::submit_group order;
  order.group = group_id{number};
  order.wants = wants;
  order.on_granted = [this, number](const result<std::vector<granted_lease>>& leases) { on_group(number, leases); };
  caf::anon_send(owner_, std::move(order));
  for (std::uint32_t bundle = 0; bundle != bundles; ++bundle)
    for (auto tasks = 1 + random.below(2); tasks != 0; --tasks) {
      const auto lasts = between(random, what.shortest, what.longest);
      const work_note note{std::chrono::duration_cast<std::chrono::milliseconds>(lasts).count(), ++last_number_,
                           static_cast<std::int64_t>(cpus_of_each)};
      auto spec = std::make_shared<work_spec>(*spec_of(work_kind::task, note.cpus));
      spec->wants = {};
      spec->group = group_id{number};
      spec->bundle = bundle;
      ++g.tasks;
      submit(note, std::move(spec), [this, number] {
        if (--groups_.at(number).tasks == 0)
          caf::anon_send(owner_, release_group{group_id{number}});
      });
    }
}

void simulated_owner::on_group(std::uint64_t number, const result<std::vector<granted_lease>>& leases) {
  auto& g = groups_.at(number);
  if (++g.granted != 1)
    return complain(number, "is a group that was granted twice");
  if (!leases)
    return complain_if_there(number, "is a group that failed: " + leases.error().message);
  std::set<node_id> nodes;
  for (const auto& lease : *leases)
    nodes.insert(lease.node);
  if (leases->size() != g.wants->bundles.size())
    complain(number, "is a group that has another number of leases than bundles");
  if (g.wants->strategy == group_strategy::strict_pack && nodes.size() != 1)
    complain(number, "is a group that is not packed");
  if (g.wants->strategy == group_strategy::strict_spread && nodes.size() != leases->size())
    complain(number, "is a group that is not spread");
}

// ---- actors ----

void simulated_owner::submit_actor(const work_note& note, std::chrono::nanoseconds life, std::uint64_t calls) {
  const actor_id id{note.number};
  ends_[note.number] = 0;
  const auto& stub = stubs_.emplace(note.number, actor_stub(system_, std::to_string(note.number), {})).first->second;
  stub.on_ended([this, number = note.number](const result<void>&) {
    if (++ends_[number] != 1)
      complain(number, "ended twice");
  });
  runtime::submit_actor order;
  order.actor = id;
  order.spec = spec_of(work_kind::actor, note.cpus);
  order.arguments = std::make_shared<const std::string>(to_text(note));
  order.watch = stub.watch();
  caf::anon_send(owner_, std::move(order));
  for (std::uint64_t i = 1; i <= calls; ++i)
    when_there(net_.now() + life * static_cast<std::int64_t>(i) / static_cast<std::int64_t>(calls),
               [this, number = note.number, content = std::to_string(note.number) + "." + std::to_string(i)] {
                 call(number, content);
               });
  when_there(net_.now() + life, [this, id] { caf::anon_send(owner_, stop_actor{id, std::chrono::milliseconds(500)}); });
}

void simulated_owner::call(std::uint64_t number, const std::string& content) {
  answers_[content] = 0;
  stubs_.at(number).call(content, [this, number, content](const result<std::string>& reply) {
    if (++answers_[content] != 1)
      complain(number, "answered call " + content + " twice");
    if (reply && *reply != content)
      complain(number, "answered call " + content + " with " + *reply);
  });
}

void simulated_owner::complain(std::uint64_t number, std::string what) {
  if (fate_ != fate::dead)
    complaints_.push_back("work " + std::to_string(number) + " " + std::move(what));
}

void simulated_owner::complain_if_there(std::uint64_t number, std::string what) {
  if (is_there()) // Of one that leaves everything fails.
    complain(number, std::move(what));
}

bool simulated_owner::has_ended() const {
  if (fate_ == fate::dead)
    return true;
  const auto is_done = [](const auto& counted) { return counted.second != 0; };
  const auto is_granted = [](const auto& entry) { return entry.second.granted != 0; };
  return (fate_ == fate::left || (to_come_ == 0 && core().works() == 0)) &&
         std::all_of(ends_.begin(), ends_.end(), is_done) && std::all_of(answers_.begin(), answers_.end(), is_done) &&
         std::all_of(groups_.begin(), groups_.end(), is_granted);
}

std::string simulated_owner::why_not_ended() const {
  std::string numbers;
  for (const auto& [number, ends] : ends_)
    if (ends == 0)
      numbers += fmt::format(" {}", number);
  for (const auto& [content, answers] : answers_)
    if (answers == 0)
      numbers += fmt::format(" call {}", content);
  for (const auto& [number, g] : groups_)
    if (g.granted == 0)
      numbers += fmt::format(" group {}", number);
  return fmt::format("owner {} has {} works, and did not hear of:{}", at_.id,
                     fate_ == fate::there ? core().works() : std::size_t{0}, numbers);
}

} // namespace sim
