#include "tune/driver/attempts_actor.hpp"

#include <utility>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/behavior.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>

#include "runtime/base/overloaded.hpp"
#include "tune/controller/trial_demand.hpp"
#include "tune/driver/actor_failure.hpp"
#include "tune/driver/runner_end.hpp"
#include "tune/path.hpp"
#include "tune/trial/attempt_wire.hpp"

namespace tune {
namespace {

/// What runners tell, on threads of the runtime.
struct runner_is_alive {
  runner_id runner;
  runner_place place;
};
struct checkpoint_is_there {
  runner_id runner;
  attempt_key key;
  runtime::result<std::string> directory;
};
struct runner_says {
  runner_id runner;
  attempt_key key;
  runtime::result<std::string> events;
};
struct runner_makes_no_sense { ///< It lives, and says something that nobody understands.
  runner_id runner;
  error why;
};
struct runner_has_ended {
  runner_id runner;
  attempt_end why;
};

/// Whether a call failed because whom it asked has ended, or is about to.
bool is_end_of_runner(errc code) {
  return code == errc::worker_lost || code == errc::node_lost || code == errc::cancelled || code == errc::unreachable;
}

} // namespace
} // namespace tune

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::runner_is_alive)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::checkpoint_is_there)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::runner_says)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::runner_makes_no_sense)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::runner_has_ended)

namespace tune {

attempts_actor::attempts_actor(caf::actor_config& config, spawn_runner spawn, options how, caf::actor controller)
  : event_based_actor(config),
    spawn_(std::move(spawn)),
    options_(std::move(how)),
    controller_(std::move(controller)),
    pool_(options_.pool) {
  set_exception_handler(ends_experiment(
    "what runs attempts", [this](const error& why) { caf::anon_send(controller_, experiment_breaks{why}); }));
}

caf::behavior attempts_actor::make_behavior() {
  return {
    [this](begin_attempt& order) {
      const auto key = order.key;
      orders_[key] = {std::move(order.order), std::move(order.lent)};
      perform(pool_.on_order(key, std::move(order.where)));
    },
    [this](const answer_attempt& answer) {
      for (auto& [id, each] : runners_)
        if (each.attempt == answer.key)
          return ask_next(id, each, answer.reply);
    },
    [this](const end_attempt_at_once& which) { perform(pool_.on_kill(which.key)); },
    [this](const withdraw_attempt_if_it_waits& which) { perform(pool_.on_withdraw(which.key, which.why)); },
    [this](const end_all_attempts&) {
      is_closing_ = true;
      perform(pool_.on_close());
      quit_when_empty();
    },
    [this](const runner_is_alive& news) {
      if (const auto found = runners_.find(news.runner); found != runners_.end())
        found->second.place = news.place;
      perform(pool_.on_alive(news.runner, news.place.node, now()));
    },
    [this](const checkpoint_is_there& news) { begin_there(news.runner, news.key, news.directory); },
    [this](const runner_says& news) { hear(news.runner, news.key, news.events); },
    [this](const runner_makes_no_sense& news) { give_up(news.runner, news.why); },
    [this](const runner_has_ended& news) {
      runners_.erase(news.runner);
      perform(pool_.on_ended(news.runner, news.why));
      quit_when_empty();
    },
  };
}

void attempts_actor::perform(const runner_pool::actions& todo) {
  for (const auto& each : todo)
    std::visit(runtime::overloaded{
                 [this](const runner_pool::spawn& a) { spawn(a.runner, a.where); },
                 [this](const runner_pool::begin& a) { begin(a.runner, a.attempt); },
                 [this](const runner_pool::stop& a) { end(a.runner, options_.stop_deadline); },
                 [this](const runner_pool::kill& a) { end(a.runner, std::chrono::milliseconds(0)); },
                 [this](const runner_pool::tell_over& a) {
                   orders_.erase(a.attempt);
                   tell(a.attempt, {attempt_over{a.end, std::nullopt, ""}});
                 },
               },
               each);
}

void attempts_actor::spawn(runner_id id, const place_wish& where) {
  const caf::actor me(this);
  auto how = options_.runner;
  how.resources(times(options_.each, where.size));
  if (!where.avoid_node.empty())
    how.avoid_node(where.avoid_node);
  if (where.waits_for_node)
    how.wait_for_nodes();
  if (!options_.process_of.empty()) // No worker of another environment serves it.
    how.environment("CAF_TUNE_PROCESS", fmt::format("{}_{}", options_.process_of, id.value));
  auto remote = spawn_(how);
  if (!remote) {
    caf::anon_send(me, runner_has_ended{id, end_of_runner(fail(remote.error()))});
    return;
  }
  runners_[id].remote = *remote;
  remote->on_end([me, id](const runtime::result<void>& end) {
    caf::anon_send(me, runner_has_ended{id, end_of_runner(end)});
  });
  remote->call_then<std::string>(
    [me, id](const runtime::result<std::string>& answer) {
      if (!answer && is_end_of_runner(answer.error().code))
        return; // It is told.
      auto place = answer.and_then([](const std::string& bytes) { return runner_place_from(bytes); });
      if (place)
        caf::anon_send(me, runner_is_alive{id, std::move(*place)});
      else
        caf::anon_send(me, runner_makes_no_sense{id, place.error()});
    },
    hello_atom::value, options_.marker_file, options_.marker);
}

void attempts_actor::begin(runner_id id, attempt_key key) {
  const auto found = orders_.find(key);
  auto& r = runners_.at(id);
  r.attempt = key;
  const auto& [order, lent] = found->second;
  if (!order.restore || r.place.sees_storage)
    return begin_there(id, key, order.restore ? order.restore->directory : "");
  const auto directory = fmt::format("{}/{}/restored/{}_{}", r.place.directory, order.experiment, order.trial_name,
                                     order.attempt); // Of its own: an older copy there may be another one.
  const caf::actor me(this);
  const auto what = lent.value_or(lent_checkpoint{key.trial, *order.restore});
  options_.provide(key.trial, what, r.place.node, directory, [me, id, key](const result<std::string>& where) {
    caf::anon_send(me, checkpoint_is_there{id, key, where});
  });
}

void attempts_actor::begin_there(runner_id id, attempt_key key, const result<std::string>& restored) {
  const auto order = orders_.find(key);
  const auto found = runners_.find(id);
  if (order == orders_.end() || found == runners_.end() || !(found->second.attempt == key))
    return;        // It was killed meanwhile.
  if (!restored) { // The runner is well, its attempt cannot begin.
    orders_.erase(order);
    found->second.attempt = {};
    const bool is_unread = restored.error().code == errc::io || restored.error().code == errc::permission_denied;
    const bool is_bad = restored.error().code == errc::not_found || restored.error().code == errc::invalid_argument;
    const auto cause = is_unread ? end_cause::unreadable_checkpoint
                       : is_bad  ? end_cause::bad_checkpoint
                                 : end_cause::lost; // Else it is good itself.
    tell(key, {attempt_over{{cause, restored.error().message}, std::nullopt, ""}});
    return perform(pool_.on_over(id, now()));
  }
  auto& what = order->second.order;
  if (what.restore) // Where it is relative, it lies below the node's own directory.
    what.restore->directory = (path(found->second.place.directory) / *restored).string();
  call(id, found->second, begin_atom::value, attempt_wire::to_bytes(what));
  orders_.erase(order);
}

void attempts_actor::ask_next(runner_id id, runner& r, attempt_reply reply) {
  call(id, r, answer_atom::value, attempt_wire::to_number(reply.what), reply.free_until);
}

template <class... Parts>
void attempts_actor::call(runner_id id, runner& r, Parts&&... parts) {
  const caf::actor me(this);
  r.remote.call_then<std::string>(
    [me, id, key = r.attempt](runtime::result<std::string> events) {
      caf::anon_send(me, runner_says{id, key, std::move(events)});
    },
    std::forward<Parts>(parts)...);
}

void attempts_actor::end(runner_id id, std::chrono::milliseconds deadline) {
  const auto found = runners_.find(id);
  if (found == runners_.end())
    return;
  if (found->second.attempt == attempt_key{}) // It need not leave its last words for a later driver.
    found->second.remote.call_then<void>([](const runtime::result<void>&) {}, heard_atom::value);
  (void)found->second.remote.stop(deadline); // Where it cannot be told any more, its end is on its way.
}

void attempts_actor::hear(runner_id id, attempt_key key, const runtime::result<std::string>& bytes) {
  const auto found = runners_.find(id);
  if (found == runners_.end() || !(found->second.attempt == key))
    return;
  if (!bytes && is_end_of_runner(bytes.error().code))
    return; // Its end is told, with the cause.
  auto said = bytes.and_then([](const std::string& all) { return attempt_wire::events_from(all); });
  if (!said)
    return give_up(id, said.error());
  const bool is_over = std::holds_alternative<attempt_over>(said->back());
  if (std::holds_alternative<attempt_alive>(said->back())) // To a report the controller has something to say.
    ask_next(id, found->second, {});
  tell(key, std::move(*said));
  if (is_over) {
    found->second.attempt = {};
    perform(pool_.on_over(id, now()));
  }
}

/// Its attempt, if it has one, has failed by that; it is killed, and what is told of its end matters no more.
void attempts_actor::give_up(runner_id id, const error& why) {
  end(id, std::chrono::milliseconds(0));
  runners_.erase(id);
  perform(pool_.on_ended(id, {end_cause::not_started, why.message}));
  quit_when_empty();
}

/// Nothing of the experiment is left on the cluster then.
void attempts_actor::quit_when_empty() {
  if (is_closing_ && pool_.is_empty())
    quit();
}

void attempts_actor::tell(attempt_key key, attempt_events events) {
  send(controller_, attempt_news{key, std::move(events)});
}

void attempts_actor::on_exit() {
  for (auto& each : runners_)
    (void)each.second.remote.kill();
  runners_.clear();
  controller_ = nullptr;
  options_.provide = nullptr;
}

} // namespace tune
