#include "runtime/node/node_manager_options.hpp"

#include "runtime/resources/resource_stock.hpp"

namespace runtime {

result<void> validate(const node_manager_options& options) {
  std::string wrong;
  const auto note = [&](const std::string& what) { wrong += (wrong.empty() ? "" : "; ") + what; };
  const auto note_error = [&](const result<void>& r) {
    if (!r)
      note(r.error().message);
  };
  if (!options.node.id)
    note("a node needs an id");
  if (!options.node.start)
    note("a node needs an incarnation");
  if (options.node.name.empty())
    note("a node needs a name");
  note_error(validate_capacity(options.node.total));
  note_error(validate(options.workers));
  note_error(validate(options.starts));
  const auto devices = options.node.total.gpu().units() / amount::steps_in_one;
  if (!options.gpu_names.empty() && options.gpu_names.size() < static_cast<std::size_t>(devices))
    note(fmt::format("there are {} gpus but only {} names of them", devices, options.gpu_names.size()));
  const auto positive = [&](const char* name, std::chrono::nanoseconds value) {
    if (value <= std::chrono::nanoseconds(0))
      note(fmt::format("{} must be more than 0", name));
  };
  positive("redial_least", options.redial_least);
  positive("welcome_deadline", options.welcome_deadline);
  positive("repeat_every", options.repeat_every);
  if (options.redial_most < options.redial_least)
    note("redial_most must be at least redial_least");
  const auto not_negative = [&](const char* name, std::chrono::nanoseconds value) {
    if (value < std::chrono::nanoseconds(0))
      note(fmt::format("{} must not be negative", name));
  };
  not_negative("owner_grace", options.owner_grace);
  not_negative("detached_grace", options.detached_grace);
  not_negative("owner_memory", options.owner_memory);
  not_negative("stop_deadline", options.stop_deadline);
  not_negative("drain_deadline", options.drain_deadline);
  if (options.max_leases == 0 || options.max_owners == 0)
    note("max_leases and max_owners must be at least 1");
  if (!wrong.empty())
    return fail(errc::invalid_argument, wrong);
  return {};
}

} // namespace runtime
