#pragma once

#include "runtime/codec.hpp"
#include "runtime/program_registry.hpp"

#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <caf/detail/type_traits.hpp>

namespace runtime {

/// A function that can run on the cluster. Declared at namespace scope, so that the same program knows it in a worker
/// too; the name is unique among the program's task types. Arguments and result are values that to_bytes() takes; they
/// travel in messages and are limited to 16 MiB each way. It may run more than once (retries), its result counts once.
///
///   const runtime::task_type square("square", [](double x) { return x * x; });
template <class Signature>
class task_type;

template <class Result, class... Arguments>
class task_type<Result(Arguments...)> {
public:
  using result_type = std::decay_t<Result>;
  using arguments_type = std::tuple<std::decay_t<Arguments>...>;

  /// Throwing fails the task: what() becomes the error of its future.
  template <class Function>
  task_type(std::string name, Function function) : name_(std::move(name)) {
    program_registry::of_this_program().add_task(name_, [function](std::string_view bytes) {
      return from_bytes<std::decay_t<Arguments>...>(bytes).map([&](auto values) {
        if constexpr (std::is_void_v<Result>) {
          std::apply(function, std::move(values));
          return to_bytes();
        } else
          return to_bytes(std::apply(function, std::move(values)));
      });
    });
  }

  const std::string& name() const noexcept { return name_; }

private:
  std::string name_;
};

template <class Function>
task_type(std::string, Function) -> task_type<typename caf::detail::get_callable_trait<Function>::fun_sig>;

} // namespace runtime
