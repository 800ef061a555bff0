#pragma once

#include "runtime/codec.hpp"
#include "runtime/program_registry.hpp"

#include <exception>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/detail/type_traits.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

namespace runtime {

/// What an exception in an actor's handler becomes: the reason of its end, with the exception's type and text.
[[nodiscard]] caf::error end_of_actor(const std::exception_ptr& thrown);

namespace detail {

/// A user's actor class that ends with a readable reason when a handler of it throws.
template <class Actor>
class hosted : public Actor {
public:
  using Actor::Actor;

protected:
  caf::behavior make_behavior() override {
    this->set_exception_handler([](std::exception_ptr& thrown) { return end_of_actor(thrown); });
    return Actor::make_behavior();
  }
};

template <class... Arguments, class Spawn>
[[nodiscard]] result<caf::actor> spawn_from(std::string_view bytes, Spawn spawn) {
  return from_bytes<Arguments...>(bytes).map([&](auto values) { return std::apply(spawn, std::move(values)); });
}

} // namespace detail

/// An actor that can be spawned on the cluster. Declared at namespace scope, so that the same program knows it in a
/// worker too; the name is unique among the program's actor types.
///
///   caf::behavior counter(caf::stateful_actor<int>* self, int start);
///   const runtime::actor_type counter_type("counter", counter);
template <class Signature>
class actor_type;

template <class Result, class Self, class... Arguments>
class actor_type<Result(Self*, Arguments...)> {
public:
  /// From a function or lambda as CAF spawns them: `self` first, then the arguments.
  template <class Function>
  actor_type(std::string name, Function function) : name_(std::move(name)) {
    program_registry::of_this_program().add_actor(name_, [function](caf::actor_system& system, std::string_view bytes) {
      return detail::spawn_from<std::decay_t<Arguments>...>(bytes, [&](std::decay_t<Arguments>... arguments) {
        // The lambda says its types in full: from them CAF learns which kind of actor to make.
        return caf::actor_cast<caf::actor>(system.spawn(
          [function](Self* self, std::decay_t<Arguments>... values) {
            self->set_exception_handler([](std::exception_ptr& thrown) { return end_of_actor(thrown); });
            return function(self, std::move(values)...);
          },
          std::move(arguments)...));
      });
    });
  }

  /// From a class derived from caf::event_based_actor, whose constructor takes caf::actor_config& and the arguments.
  static actor_type of_class(std::string name) {
    program_registry::of_this_program().add_actor(name, [](caf::actor_system& system, std::string_view bytes) {
      return detail::spawn_from<std::decay_t<Arguments>...>(bytes, [&](auto&&... arguments) {
        return system.spawn<detail::hosted<Self>>(std::forward<decltype(arguments)>(arguments)...);
      });
    });
    return actor_type(std::move(name), from_class{});
  }

  const std::string& name() const noexcept { return name_; }

private:
  struct from_class {};
  actor_type(std::string name, from_class) : name_(std::move(name)) {}

  std::string name_;
};

template <class Function>
actor_type(std::string, Function) -> actor_type<typename caf::detail::get_callable_trait<Function>::fun_sig>;

/// From a class derived from caf::event_based_actor, whose constructor takes caf::actor_config& and the arguments:
/// `const auto counter_type = runtime::actor_type_of<counter, int>("counter");`
template <class Actor, class... Arguments>
auto actor_type_of(std::string name) {
  return actor_type<caf::behavior(Actor*, Arguments...)>::of_class(std::move(name));
}

} // namespace runtime
