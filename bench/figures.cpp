#include "bench/figures.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bench {
namespace {

std::string goal_of(const figure& measured) {
  if (measured.at_least)
    return fmt::format("at least {}", *measured.at_least);
  return measured.at_most ? fmt::format("at most {}", *measured.at_most) : std::string();
}

std::optional<bool> holds(const figure& measured) {
  if (measured.at_least)
    return measured.value >= *measured.at_least;
  if (measured.at_most)
    return measured.value <= *measured.at_most;
  return std::nullopt;
}

/// All that does not take a measurement; the rest is null.
nlohmann::ordered_json described(const figure& wanted) {
  const auto goal = goal_of(wanted);
  nlohmann::ordered_json line = {{"name", wanted.name}, {"value", nullptr}, {"unit", wanted.unit},
                                 {"goal", nullptr},     {"holds", nullptr}, {"beside", nullptr}};
  if (!goal.empty())
    line["goal"] = goal;
  if (!wanted.what.empty())
    line["what"] = wanted.what;
  return line;
}

} // namespace

figures::figures(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--quick")
      quick_ = true;
    else if (flag == "--json")
      json_ = true;
    else if (flag == "--only" && i + 1 < argc)
      only_ = argv[++i];
    else {
      fmt::print(stderr, "unknown flag \"{}\"; there are --quick, --only NAME and --json\n", flag);
      std::exit(2);
    }
  }
}

bool figures::wants(const std::string& name) const {
  return name.find(only_) != std::string::npos;
}

void figures::show(const figure& measured) const {
  const auto goal = goal_of(measured);
  const auto kept = holds(measured);
  if (json_) {
    auto line = described(measured);
    line["value"] = measured.value;
    if (kept)
      line["holds"] = *kept;
    if (!measured.beside.empty())
      line["beside"] = measured.beside;
    if (measured.median) {
      line["median"] = *measured.median;
      line["rounds"] = measured.rounds;
    }
    fmt::print("{}\n", line.dump());
  } else
    fmt::print("{}: {:.6g} {}{}{}{}\n", measured.name, measured.value, measured.unit,
               goal.empty() ? "" : fmt::format(" (goal {}: {})", goal, *kept ? "holds" : "MISSED"),
               measured.beside.empty() ? "" : "; ", measured.beside);
  std::fflush(stdout); // A program that is stopped later has still shown this.
}

void figures::skip(const figure& wanted, const std::string& why) const {
  const auto skipped = "skipped: " + why;
  if (json_) {
    auto line = described(wanted);
    line["beside"] = skipped;
    fmt::print("{}\n", line.dump());
  } else
    fmt::print("{}: {}\n", wanted.name, skipped);
  std::fflush(stdout);
}

} // namespace bench
