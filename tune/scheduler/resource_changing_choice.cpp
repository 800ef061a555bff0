#include "tune/scheduler/resource_changing_choice.hpp"

#include "tune/scheduler/fifo.hpp"
#include "tune/scheduler/resource_changing_scheduler.hpp"
#include "tune/value/json_options.hpp"

#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace tune {
namespace {

using json = nlohmann::ordered_json;
using allocation = resource_changing_options::allocation;

constexpr iteration_number most_iterations = 1'000'000'000'000;
constexpr const char* own_name = "resource_changing";

std::vector<std::string> own_mistakes(const resource_changing_options& options) {
  std::vector<std::string> found;
  if (options.interval < 1 || options.interval > most_iterations)
    found.push_back(fmt::format("interval is {}, but must be from 1 to {}", options.interval, most_iterations));
  if (options.scheduler && options.scheduler->name() == own_name)
    found.emplace_back("its scheduler is resource_changing, too, but must be another one");
  return found;
}

std::vector<std::string> mistakes_of(const resource_changing_options& options) {
  auto found = own_mistakes(options);
  if (options.scheduler)
    for (const auto& each : options.scheduler->mistakes())
      found.push_back("its " + each);
  return found;
}

std::vector<std::string> within(const char* where, std::vector<std::string> mistakes) {
  for (auto& each : mistakes)
    each.insert(0, std::string(where) + ": ");
  return mistakes;
}

std::string json_of(const resource_changing_options& options) {
  const resource_changing_options plain;
  auto all = json::object();
  if (options.allocate == allocation::top_trial)
    all["allocate"] = "top_trial";
  if (options.max_size != plain.max_size)
    all["max_size"] = options.max_size;
  if (options.interval != plain.interval)
    all["interval"] = options.interval;
  if (options.scheduler)
    all["scheduler"] = json::parse(to_json(*options.scheduler));
  return all.dump();
}

[[nodiscard]] result<resource_changing_options> options_from_json(std::string_view text) {
  resource_changing_options options;
  std::string allocate = "evenly";
  std::string inside;
  std::int64_t max_size = 0;
  json_options fields("scheduler resource_changing", text);
  fields.read("allocate", allocate);
  fields.read("max_size", max_size);
  fields.read("interval", options.interval);
  fields.read_json("scheduler", inside);
  if (allocate == "top_trial")
    options.allocate = allocation::top_trial;
  else if (allocate != "evenly")
    fields.add("allocate", "is \"" + allocate + "\", but must be \"evenly\" or \"top_trial\"");
  constexpr auto most = std::numeric_limits<std::uint32_t>::max();
  if (max_size < 0 || max_size > most)
    fields.add("max_size", fmt::format("is {}, but must be from 0 to {}", max_size, most));
  options.max_size = static_cast<std::uint32_t>(max_size);
  auto mistakes = fields.mistakes();
  if (!inside.empty()) {
    if (auto made = scheduler_from_json(inside))
      options.scheduler = std::move(*made);
    else
      mistakes.push_back("scheduler resource_changing: its " + made.error().message);
  }
  if (mistakes.empty())
    mistakes = within("scheduler resource_changing", mistakes_of(options));
  if (!mistakes.empty())
    return fail(errc::invalid_argument, fmt::format("{}", fmt::join(mistakes, "\n")));
  return options;
}

} // namespace

scheduler_choice resource_changing(const resource_changing_options& options) {
  scheduler_choice::kind made;
  made.make = [options](const scheduler_setup& setup) -> std::unique_ptr<scheduler> {
    auto inside = options.scheduler ? options.scheduler->make(setup) : std::make_unique<fifo_scheduler>();
    return std::make_unique<resource_changing_scheduler>(options, setup, std::move(inside));
  };
  made.mistakes = [options] { return within("scheduler", mistakes_of(options)); };
  made.mistakes_with = [options](const search_space& space) {
    auto found = own_mistakes(options);
    if (options.scheduler)
      for (const auto& each : options.scheduler->mistakes(space))
        found.push_back("its " + each);
    return within("scheduler", std::move(found));
  };
  return {own_name, json_of(options), std::move(made)};
}

result<void> validate(const resource_changing_options& options) {
  if (const auto mistakes = mistakes_of(options); !mistakes.empty())
    return fail(errc::invalid_argument, fmt::format("{}: {}", own_name, fmt::join(mistakes, "; ")));
  return {};
}

result<scheduler_choice> resource_changing_from_json(std::string_view text) {
  return options_from_json(text).map(resource_changing);
}

} // namespace tune
