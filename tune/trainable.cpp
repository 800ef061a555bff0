#include "tune/trainable.hpp"

#include "tune/worker/trainable_registry.hpp"

namespace tune {

trainable::trainable(std::string name, function run) : name_(std::move(name)) {
  trainable_registry::of_this_program().add(name_, std::move(run));
}

trainable::trainable(std::string name, factory make) : name_(std::move(name)) {
  trainable_registry::of_this_program().add(name_, std::move(make));
}

} // namespace tune
