#include "tests/simulation/simulated_owner.hpp"

#include <algorithm>
#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

using namespace runtime;

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

void simulated_owner::run(const workload& what, random_stream& random) {
  const auto cpus_of_one = [&] {
    return 1 + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(what.most_cpus)));
  };
  const auto when = [&] { return net_.now() + between(random, std::chrono::nanoseconds(0), what.over); };
  to_come_ += what.tasks + what.actors;
  for (std::size_t i = 0; i < what.tasks; ++i) {
    const auto lasts = between(random, what.shortest, what.longest);
    const work_note note{std::chrono::duration_cast<std::chrono::milliseconds>(lasts).count(), ++last_number_,
                         cpus_of_one()};
    net_.at(when(), [this, note] {
      --to_come_;
      submit_task(note);
    });
  }
  for (std::size_t i = 0; i < what.actors; ++i) {
    const work_note note{0, ++last_number_, cpus_of_one()};
    const auto life = between(random, std::chrono::nanoseconds(0), what.longest_life);
    net_.at(when(), [this, note, life, calls = random.below(10)] {
      --to_come_;
      submit_actor(note, life, calls);
    });
  }
}

void simulated_owner::submit_task(const work_note& note) {
  ends_[note.number] = 0;
  const auto text = to_text(note);
  runtime::submit_task order;
  order.task = task_id{note.number};
  order.spec = spec_of(work_kind::task, note.cpus);
  order.arguments = std::make_shared<const std::string>(text);
  order.on_end = [this, text, number = note.number](const result<task_result>& outcome) {
    if (++ends_[number] != 1)
      complain(number, "ended twice");
    if (!outcome)
      return complain(number, "failed: " + outcome.error().message);
    if (outcome->bytes != text)
      complain(number, "has the result of another: " + outcome->bytes);
    attempts_ += outcome->attempts;
  };
  caf::anon_send(owner_, std::move(order));
}

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
    net_.at(net_.now() + life * static_cast<std::int64_t>(i) / static_cast<std::int64_t>(calls),
            [this, number = note.number, content = std::to_string(note.number) + "." + std::to_string(i)] {
              call(number, content);
            });
  net_.at(net_.now() + life, [this, id] { caf::anon_send(owner_, stop_actor{id, std::chrono::milliseconds(500)}); });
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
  complaints_.push_back("work " + std::to_string(number) + " " + std::move(what));
}

bool simulated_owner::has_ended() const {
  const auto is_done = [](const auto& counted) { return counted.second != 0; };
  return to_come_ == 0 && core().works() == 0 && std::all_of(ends_.begin(), ends_.end(), is_done) &&
         std::all_of(answers_.begin(), answers_.end(), is_done);
}

} // namespace sim
