#include "tune/results/experiment_description.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tune {
namespace {

using nlohmann::ordered_json;

/// A text, or a list of them.
[[nodiscard]] result<std::vector<std::string>> texts(const ordered_json& json, const char* field) {
  const auto found = json.find(field);
  if (found == json.end())
    return std::vector<std::string>();
  const auto all = found->is_array() ? *found : ordered_json::array({*found});
  std::vector<std::string> read;
  for (const auto& each : all) {
    if (!each.is_string())
      return fail(errc::invalid_argument, fmt::format("{}: {} is no text, nor a list of texts", field, found->dump()));
    read.push_back(each.get<std::string>());
  }
  return read;
}

[[nodiscard]] result<std::vector<objective>> objectives_of(const ordered_json& json) {
  const auto metrics = texts(json, "metric");
  if (!metrics)
    return fail(metrics.error());
  const auto modes = texts(json, "mode");
  if (!modes)
    return fail(modes.error());
  std::vector<objective> objectives;
  for (std::size_t i = 0; i < metrics->size(); ++i) {
    const auto mode = i < modes->size() ? (*modes)[i] : modes->empty() ? "max" : modes->back();
    if (mode != "min" && mode != "max")
      return fail(errc::invalid_argument, fmt::format("mode: \"{}\" is neither min nor max", mode));
    objectives.push_back({(*metrics)[i], mode == "min" ? direction::minimize : direction::maximize});
  }
  return objectives;
}

std::string trainable_of(const ordered_json& json) {
  const auto found = json.find("trainable");
  if (found == json.end())
    return {};
  if (found->is_string())
    return found->get<std::string>();
  if (!found->is_object())
    return {};
  if (const auto name = found->find("name"); name != found->end() && name->is_string())
    return name->get<std::string>();
  for (const char* field : {"program", "command"})
    if (const auto words = texts(*found, field); words && !words->empty()) {
      const auto& program = words->front();
      return program.substr(program.rfind('/') + 1); // 0 where there is no slash.
    }
  return {};
}

/// What is no object is a value: a parameter of its own, or the argument of a domain, whose name is no parameter's.
void gather_constants(const ordered_json& space, const std::string& prefix, std::set<std::string>& constants) {
  for (const auto& [name, each] : space.items())
    if (each.is_object())
      gather_constants(each, prefix + name + "/", constants);
    else
      constants.insert(prefix + name);
}

} // namespace

result<experiment_description> read_description(const std::string& text) {
  experiment_description description;
  if (text.empty())
    return description;
  const auto json = ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object())
    return fail(errc::invalid_argument, "the experiment's description is no JSON object");
  description.trainable = trainable_of(json);
  if (const auto chose = json.find("searcher_chose"); chose != json.end() && chose->is_string())
    description.searcher_chose = chose->get<std::string>();
  auto objectives = objectives_of(json);
  if (!objectives)
    return fail(objectives.error());
  description.objectives = std::move(*objectives);
  auto command = texts(json, "command");
  if (!command)
    return fail(command.error());
  description.command = std::move(*command);
  if (const auto resources = json.find("resources"); resources != json.end() && resources->is_object())
    for (const auto& [name, amount] : resources->items())
      if (amount.is_number())
        description.resources[name] = amount.get<double>();
  if (const auto kept = json.find("checkpoints"); kept != json.end() && kept->is_object())
    if (const auto most = kept->find("keep"); most != kept->end() && most->is_number_unsigned())
      description.checkpoints_kept = most->get<std::size_t>();
  if (const auto space = json.find("space"); space != json.end() && space->is_object())
    gather_constants(*space, "", description.constants);
  return description;
}

} // namespace tune
