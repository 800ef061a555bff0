#include "runtime/options.hpp"

#include "runtime/resources/amount.hpp"

namespace runtime {

template <class Options>
Options& work_options<Options>::resource(const std::string& name, double n) {
  or_throw(validate_resource_name(name));
  const auto value = amount::from_double(n);
  if (!value)
    throw failure(within(name, value.error()));
  wants_.resources.set(name, *value);
  return self();
}

template <class Options>
Options& work_options<Options>::memory(const std::string& text) {
  const auto value = parse_memory(text);
  if (!value)
    throw failure(within("memory", value.error()));
  wants_.resources.set("memory", *value);
  return self();
}

template class work_options<task_options>;
template class work_options<actor_options>;

} // namespace runtime
