#include "tune/spec/run_spec.hpp"

#include "runtime/resources/resource_stock.hpp"
#include "tune/controller/trial_demand.hpp"
#include "tune/space/near_name.hpp"
#include "tune/spec/spec_document.hpp"
#include "tune/value/json_text.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace tune {
namespace {

using json = nlohmann::ordered_json;

constexpr double longest_s = 3650.0 * 86400; // Ten years.

class reader {
public:
  reader(spec_document document, const std::vector<objective>& objectives)
    : document_(std::move(document)),
      objectives_(objectives) {}

  run_spec_read read() {
    if (document_.root.is_object() && document_.root.contains("space")) {
      read_stop();
      read_resources();
      read_checkpoints();
      spec_.failures.max_failures = integer("max_failures", spec_.failures.max_failures, -1);
      spec_.failures.max_losses = integer("max_losses", spec_.failures.max_losses, -1);
      spec_.max_concurrent_trials = integer<std::size_t>("max_concurrent_trials", 0, 0);
      spec_.in_process_threads = integer<std::size_t>("in_process_threads", 0, 0);
      spec_.time_budget = time("time_budget_s");
      spec_.step_deadline = time("step_deadline_s");
      spec_.trial_deadline = time("trial_deadline_s");
      spec_.fail_fast = truth("fail_fast");
      spec_.wait_for_nodes = truth("wait_for_nodes");
      spec_.wait_for_disk = truth("wait_for_disk");
      spec_.process_per_attempt = truth("process_per_attempt");
    }
    return {std::move(spec_), std::move(mistakes_)};
  }

private:
  void wrong(const std::string& path, std::string text) {
    mistakes_.push_back({document_.line_of(path), std::move(text)});
  }

  const json* field(const std::string& name) const {
    const auto found = document_.root.find(name);
    return found == document_.root.end() ? nullptr : &*found;
  }

  template <class Integer>
  Integer integer(const char* name, Integer otherwise, std::int64_t least) {
    const auto* x = field(name);
    return x == nullptr ? otherwise : integer(name, name, *x, otherwise, least);
  }
  template <class Integer>
  Integer integer(const std::string& path, const std::string& place, const json& x, Integer otherwise,
                  std::int64_t least) {
    constexpr std::int64_t most = std::numeric_limits<int>::max();
    if (x.is_number_integer() && x >= least && x <= most)
      return x.get<Integer>();
    wrong(path, fmt::format("{}: {} is no integer from {} to {}", place, x.dump(), least, most));
    return otherwise;
  }

  bool truth(const char* name) {
    const auto* x = field(name);
    return x != nullptr && truth(name, name, *x, false);
  }
  bool truth(const std::string& path, const std::string& place, const json& x, bool otherwise) {
    if (x.is_boolean())
      return x.get<bool>();
    wrong(path, fmt::format("{}: {} is neither true nor false", place, x.dump()));
    return otherwise;
  }

  std::optional<std::chrono::nanoseconds> time(const char* name) {
    const auto* x = field(name);
    if (x == nullptr)
      return std::nullopt;
    const double s = x->is_number() ? x->get<double>() : 0;
    if (s > 0 && s <= longest_s)
      return std::chrono::nanoseconds(std::llround(s * 1e9));
    wrong(name, fmt::format("{}: {} is no number of seconds; use more than 0 and at most {:.0f}", name, x->dump(),
                            longest_s));
    return std::nullopt;
  }

  void read_stop() {
    const auto* all = field("stop");
    if (all == nullptr)
      return;
    if (!all->is_object())
      return wrong(
        "stop", fmt::format("stop: a mapping such as {{training_iteration: 81}} is needed, but it is {}", all->dump()));
    const auto before = mistakes_.size();
    for (const auto& each : all->items())
      read_condition(each.key(), each.value());
    if (mistakes_.size() == before && !objectives_.empty())
      for (auto& each : mistakes_of(spec_.stop, objectives_.front()))
        wrong("stop", std::move(each));
  }

  void read_condition(const std::string& metric, const json& x) {
    using relation = stop_condition::relation;
    const auto goal = std::find_if(objectives_.begin(), objectives_.end(),
                                   [&](const objective& each) { return each.metric == metric; });
    auto when =
      goal != objectives_.end() && goal->better == direction::minimize ? relation::at_most : relation::at_least;
    const auto* bound = &x;
    if (x.is_object() && x.size() == 1 && (x.contains("at_least") || x.contains("at_most"))) {
      when = x.contains("at_least") ? relation::at_least : relation::at_most;
      bound = &x.front();
    }
    if (bound->is_number())
      return spec_.stop.emplace_back(metric, when, bound->get<double>()), void();
    wrong("stop/" + metric, fmt::format("stop: \"{}\": {} is no bound; use a number, {{at_least: 0.9}} or "
                                        "{{at_most: 0.1}}",
                                        metric, x.dump()));
  }

  void read_resources() {
    const auto* all = field("resources");
    if (all == nullptr)
      return;
    if (!all->is_object())
      return wrong("resources",
                   fmt::format("resources: a mapping such as {{cpu: 1}} is needed, but it is {}", all->dump()));
    std::map<std::string, value> named;
    for (const auto& each : all->items()) {
      auto amount = value_from(each.value());
      if (amount)
        named[each.key()] = std::move(*amount);
      else
        wrong("resources/" + each.key(), fmt::format("resources: \"{}\": {}", each.key(), amount.error().message));
    }
    auto wants = demand_of(named).and_then([](runtime::resource_set demand) -> result<runtime::resource_set> {
      if (auto good = runtime::validate_demand(demand); !good)
        return fail(runtime::within("resources", good.error()));
      return demand;
    });
    if (wants)
      spec_.resources = std::move(*wants);
    else
      wrong("resources", wants.error().message);
  }

  void read_checkpoints() {
    const auto* all = field("checkpoints");
    if (all == nullptr)
      return;
    if (!all->is_object())
      return wrong("checkpoints",
                   fmt::format("checkpoints: a mapping such as {{every: 5}} is needed, but it is {}", all->dump()));
    for (const auto& each : all->items()) {
      const auto& name = each.key();
      const auto path = "checkpoints/" + name;
      const auto place = "checkpoints: " + name;
      if (name == "every")
        spec_.checkpoints.every = integer<iteration_number>(path, place, each.value(), 0, 0);
      else if (name == "keep")
        spec_.checkpoints_kept = integer<std::size_t>(path, place, each.value(), 2, 1);
      else if (name == "at_end")
        spec_.checkpoints.at_end = truth(path, place, each.value(), true);
      else if (name == "local_first" || name == "second_node")
        (void)truth(path, place, each.value(), false); // Where copies lie.
      else
        wrong(path, fmt::format("checkpoints: there is no \"{}\"{}", name,
                                hint(name, {"every", "at_end", "keep", "local_first", "second_node"})));
    }
  }

  spec_document document_;
  const std::vector<objective>& objectives_;
  run_spec spec_;
  std::vector<spec_mistake> mistakes_;
};

} // namespace

run_spec_read read_run_spec(std::string_view text, const std::vector<objective>& objectives) {
  return reader(read_spec_document(text), objectives).read();
}

} // namespace tune
