#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "tune/trial.hpp"
#include "tune/trial_actor.hpp"

namespace tune {

/// What the trials of an experiment run: a function or a class. Declared at namespace scope, so that the same program
/// knows it in a worker too; the name is unique among the program's trainables.
///
///   const tune::trainable objective("objective", [](tune::trial& trial) {
///     trial.report({{"loss", std::pow(trial.get<double>("x"), 2)}});
///   });
///   const auto net = tune::trainable::of<net_trainer>("net"); // a tune::trial_actor
class trainable {
public:
  using function = std::function<void(trial&)>;
  using factory = std::function<std::unique_ptr<trial_actor>()>;

  trainable(std::string name, function run);
  template <class Actor>
  static trainable of(std::string name) {
    return trainable(std::move(name), factory([] { return std::make_unique<Actor>(); }));
  }

  const std::string& name() const noexcept { return name_; }

private:
  trainable(std::string name, factory make);

  std::string name_;
};

} // namespace tune
