#include "tune/controller/same_experiment.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tune/search_space.hpp"

namespace tune {

std::vector<std::string> differences_of_experiments(const std::string& before, const std::string& now) {
  const auto old_one = nlohmann::ordered_json::parse(before, nullptr, /*allow_exceptions=*/false);
  const auto new_one = nlohmann::ordered_json::parse(now, nullptr, /*allow_exceptions=*/false);
  if (!old_one.is_object() || !new_one.is_object())
    return {"its description in the journal cannot be read"};
  const auto part = [](const auto& whole, const char* name) {
    const auto found = whole.find(name);
    return found == whole.end() ? std::string("nothing") : found->dump();
  };
  std::vector<std::string> changed;
  for (const char* name : {"trainable", "metric", "mode", "points_to_evaluate"})
    if (part(old_one, name) != part(new_one, name))
      changed.push_back(fmt::format("{}: it was {}, now it is {}", name, part(old_one, name), part(new_one, name)));
  for (auto& each : differences(part(old_one, "space"), part(new_one, "space")))
    changed.push_back(std::move(each));
  return changed;
}

result<void> keep_searcher(searcher_choice& now, const std::string& before) {
  if (now.name() != "auto")
    return {};
  const auto all = nlohmann::ordered_json::parse(before, nullptr, /*allow_exceptions=*/false);
  const auto found = all.is_object() ? all.find("searcher") : all.end();
  if (found == all.end())
    return fail(errc::incompatible, "its description in the journal has no searcher");
  auto kept = searcher_from_json(found->dump());
  if (!kept)
    return fail(errc::already_exists,
                "the searcher that it was begun with is not known here; name one to go on with: " +
                  kept.error().message);
  now = std::move(*kept);
  return {};
}

} // namespace tune
