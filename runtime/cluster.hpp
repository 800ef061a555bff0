#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtime/actor_type.hpp"
#include "runtime/base/describe_exception.hpp"
#include "runtime/cluster_state.hpp"
#include "runtime/codec.hpp"
#include "runtime/future.hpp"
#include "runtime/message_type.hpp"
#include "runtime/options.hpp"
#include "runtime/placement_group.hpp"
#include "runtime/remote_actor.hpp"
#include "runtime/session.hpp"
#include "runtime/task_type.hpp"

namespace runtime {

namespace detail {

template <class T>
struct identity {
  using type = T;
};

/// A parameter's type that is not deduced from what is passed: the actor type says it.
template <class T>
using as_given = typename identity<T>::type;

/// What map() gives of many values: nothing of many nothings.
template <class T>
struct many {
  using type = std::vector<T>;
};
template <>
struct many<void> {
  using type = void;
};
template <class T>
using all_of = typename many<T>::type;

} // namespace detail

class cluster_access;
struct work_spec;

/// What a task's options ask for, to be shared by all tasks that ask for the same.
[[nodiscard]] std::shared_ptr<const work_spec> spec_of_task(const std::string& type, const task_options& options);

/// How a program reaches a cluster, or starts one.
struct cluster_options {
  std::string address;      ///< HOST:PORT of the head. Empty: a cluster of this machine, embedded.
  std::string token_file;   ///< Empty: the one that a head of this user writes.
  std::string program_name; ///< For people; empty: this program's file name.
  std::chrono::milliseconds connect_deadline{5000}; ///< For the head's first answer; 1 ms to a year.
  resource_set quota;                      ///< At most this much at once; names that are not there are unlimited.
  std::optional<double> cpus;              ///< Embedded: how many it has; absent: what the machine has.
  std::vector<std::string> shared_objects; ///< Files that travel to the nodes beside the program itself.
  std::string log_level = "warn";          ///< Of the runtime, on standard error.
};

/// A cluster, as a driver uses it: spawns actors, runs tasks, asks what is going on. All functions may be called by any
/// thread but those of the runtime (listeners of remote_actor::on_end() run there), since they may wait for these.
/// When it goes, which no other thread's call may see, everything that it owns ends: actors that are not detached,
/// tasks, groups. Remote actors, futures and groups may be kept: they say then that it has ended. One that was moved
/// from throws runtime::failure.
class cluster {
public:
  /// Errors: unreachable (with the cause), permission_denied (the token), incompatible (another version),
  /// invalid_argument (an option; which one is said).
  [[nodiscard]] static result<cluster> connect(cluster_options options);

  cluster(cluster&&) noexcept;
  cluster& operator=(cluster&&) noexcept;
  ~cluster();

  /// Runs a task; the default options are one cpu and three retries.
  template <class Result, class... Arguments, class... Values>
  future<typename task_type<Result(Arguments...)>::result_type> submit(const task_type<Result(Arguments...)>& type,
                                                                       const task_options& options, Values&&... values);
  template <class Result, class... Arguments>
  future<typename task_type<Result(Arguments...)>::result_type>
  submit(const task_type<Result(Arguments...)>& type, const detail::as_given<std::decay_t<Arguments>>&... values) {
    return submit(type, task_options(), values...);
  }

  /// Runs a task for each of many arguments, at most task_options::most_in_flight() at once, and gives the results in
  /// the order of the arguments, which must be a range that can be gone through twice. A failure stops none of the
  /// others: when all have ended, map() throws runtime::failure for the first in that order that failed, and
  /// try_map() gives each its own result. What the range's iterators, or the serialisation of an argument, throw
  /// arrives when all tasks submitted before have ended; no more are submitted then.
  template <class Result, class Argument, class Range>
  detail::all_of<std::decay_t<Result>> map(const task_type<Result(Argument)>& type, const Range& arguments,
                                           const task_options& options = {});
  template <class Result, class Argument, class Range>
  [[nodiscard]] std::vector<result<std::decay_t<Result>>>
  try_map(const task_type<Result(Argument)>& type, const Range& arguments, const task_options& options = {});

  /// Spawns an actor; `arguments` are those of its function after `self`. It returns before the actor is alive: calls
  /// wait for it. Throws runtime::failure where the name is taken or a detached actor is refused.
  template <class Result, class Self, class... Arguments>
  remote_actor spawn(const actor_type<Result(Self*, Arguments...)>& type, const actor_options& options,
                     const detail::as_given<std::decay_t<Arguments>>&... arguments) {
    return or_throw(try_spawn(type, options, arguments...));
  }
  template <class Result, class Self, class... Arguments>
  [[nodiscard]] result<remote_actor> try_spawn(const actor_type<Result(Self*, Arguments...)>& type,
                                               const actor_options& options,
                                               const detail::as_given<std::decay_t<Arguments>>&... arguments) {
    return spawn_from_bytes(type.name(), options, to_bytes(arguments...));
  }

  /// The actor of this name, whoever spawned it. errc::not_found if there is none.
  [[nodiscard]] result<remote_actor> find_actor(const std::string& name);

  /// Reserves several bundles of resources at once, or none; they are held until the group goes.
  [[nodiscard]] placement_group reserve(group_demand bundles);

  [[nodiscard]] result<cluster_state> state(); ///< As the head knows it now.
  const std::string& address() const;          ///< HOST:PORT of the head; "embedded" without network.

  /// Where the stubs of remote actors live: for actors of your own that talk to them. They must end before the cluster.
  caf::actor_system& actor_system();

private:
  friend class test_cluster;
  class implementation;
  explicit cluster(std::unique_ptr<implementation> how);
  implementation& own() const; ///< Throws runtime::failure if it was moved from.
  [[nodiscard]] static result<cluster> over(std::unique_ptr<cluster_access> access, cluster_options options);

  using task_outcome = std::function<void(result<std::string>)>;
  void submit_bytes(const std::shared_ptr<const work_spec>& spec, std::string arguments, task_outcome then);
  [[nodiscard]] result<remote_actor> spawn_from_bytes(const std::string& type, const actor_options& options,
                                                      std::string arguments);

  std::unique_ptr<implementation> how_;
};

namespace detail {

/// Keeps map() from having more than so many tasks under way. It does not go before all have landed.
class bounded_flight {
public:
  explicit bounded_flight(std::size_t most) : most_(most) {}
  bounded_flight(const bounded_flight&) = delete;
  bounded_flight& operator=(const bounded_flight&) = delete;
  ~bounded_flight() { wait_for_all(); }
  void enter() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return flying_ < most_; });
    ++flying_;
  }
  void leave() {
    std::lock_guard guard(mutex_);
    --flying_;
    changed_.notify_one(); // Under the lock: the waiting thread destroys this as soon as it can go on.
  }
  void wait_for_all() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return flying_ == 0; });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  const std::size_t most_;
  std::size_t flying_ = 0;
};

template <class Value>
[[nodiscard]] result<Value> value_of_task(const result<std::string>& bytes) {
  if (!bytes)
    return fail(bytes.error());
  if constexpr (std::is_void_v<Value>)
    return {};
  else
    try {
      return from_bytes<Value>(*bytes).map([](auto value) { return std::move(std::get<0>(value)); });
    } catch (...) { // From the value's own inspect().
      return fail(errc::user_code,
                  "the result of the task cannot be read: " + describe_exception(std::current_exception()));
    }
}

} // namespace detail

template <class Result, class... Arguments, class... Values>
future<typename task_type<Result(Arguments...)>::result_type>
cluster::submit(const task_type<Result(Arguments...)>& type, const task_options& options, Values&&... values) {
  using value = typename task_type<Result(Arguments...)>::result_type;
  auto promise = std::make_shared<std::promise<result<value>>>();
  auto outcome = promise->get_future();
  const std::tuple<std::decay_t<Arguments>...> arguments{std::forward<Values>(values)...};
  submit_bytes(
    spec_of_task(type.name(), options), std::apply([](const auto&... each) { return to_bytes(each...); }, arguments),
    [promise](const result<std::string>& bytes) { promise->set_value(detail::value_of_task<value>(bytes)); });
  return future<value>(std::move(outcome));
}

template <class Result, class Argument, class Range>
std::vector<result<std::decay_t<Result>>> cluster::try_map(const task_type<Result(Argument)>& type,
                                                           const Range& arguments, const task_options& options) {
  using value = std::decay_t<Result>;
  std::vector<result<value>> results(
    static_cast<std::size_t>(std::distance(std::begin(arguments), std::end(arguments))),
    fail(errc::cancelled, "not run"));
  const auto spec = spec_of_task(type.name(), options);
  detail::bounded_flight flight(options.most_in_flight()); // Goes before the results: waits for them if this throws.
  std::size_t next = 0;
  for (const std::decay_t<Argument>& argument : arguments) {
    auto bytes_of_argument = to_bytes(argument); // May throw, so before it counts as under way.
    flight.enter();
    submit_bytes(spec, std::move(bytes_of_argument), [&flight, &into = results[next++]](const auto& bytes) {
      into = detail::value_of_task<value>(bytes);
      flight.leave();
    });
  }
  flight.wait_for_all();
  return results;
}

template <class Result, class Argument, class Range>
detail::all_of<std::decay_t<Result>> cluster::map(const task_type<Result(Argument)>& type, const Range& arguments,
                                                  const task_options& options) {
  auto results = try_map(type, arguments, options);
  for (std::size_t i = 0; i < results.size(); ++i)
    if (!results[i])
      throw failure(within(fmt::format("{} {}", type.name(), i), results[i].error()));
  if constexpr (!std::is_void_v<std::decay_t<Result>>) {
    std::vector<std::decay_t<Result>> values;
    values.reserve(results.size());
    for (auto& each : results)
      values.push_back(std::move(*each));
    return values;
  }
}

} // namespace runtime
