#include "tune/trainable.hpp"

#include "tune/worker/checkpoint_keeper_actor.hpp"
#include "tune/worker/experiment_board_actor.hpp"
#include "tune/worker/trainable_registry.hpp"
#include "tune/worker/trial_runner_actor.hpp"

namespace tune {
namespace {

/// Whoever declares a trainable has the actor that runs it, in workers too: from a static library the linker takes only
/// what is used.
void register_what_runs_it() {
  (void)trial_runner_type();
  (void)checkpoint_keeper_type();
  (void)experiment_board_type();
}

} // namespace

trainable::trainable(std::string name, function run) : name_(std::move(name)) {
  trainable_registry::of_this_program().add(name_, std::move(run));
  register_what_runs_it();
}

trainable::trainable(std::string name, factory make) : name_(std::move(name)) {
  trainable_registry::of_this_program().add(name_, std::move(make));
  register_what_runs_it();
}

} // namespace tune
