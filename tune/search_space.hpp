#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tune/config.hpp"
#include "tune/domain.hpp"

namespace tune {

/// What is searched: parameters by name, in an order. A parameter may depend on those before it.
///
///   space = {{"lr", tune::log_uniform(1e-4, 1)},
///            {"optimizer", tune::choice({"sgd", "adam"})},
///            {"momentum", tune::uniform(0, 0.99).when("optimizer", "sgd")}};
///   space.require("lr < momentum", [](const tune::config& c) { return c.get("lr", 0.0) < c.get("momentum", 1.0); });
///
/// Nothing here throws; mistakes_of() finds what cannot be.
class search_space {
public:
  struct parameter {
    std::string name; ///< With slashes, if it lies in a group.
    domain what;      ///< Never a group.
  };
  using predicate = std::function<bool(const config&)>;
  struct constraint {
    std::string text;
    predicate holds;   ///< Throwing counts as false.
    std::string group; ///< It sees the parameters of this group, by their names in it; empty: all.
  };

  search_space() = default;
  search_space(std::initializer_list<std::pair<std::string, domain>> parameters);

  /// A group's parameters are added as "name/inner"; its own conditions become conditions of each.
  search_space& add(const std::string& name, const domain& what);
  /// Only configurations for which the predicate holds are tried. The text stands for it.
  search_space& require(std::string text, predicate holds);

  const std::vector<parameter>& parameters() const noexcept { return parameters_; }
  const std::vector<constraint>& constraints() const noexcept { return constraints_; }

private:
  std::vector<parameter> parameters_;
  std::vector<constraint> constraints_;
};

/// Every mistake of the space, each with its place: `space: "lr": log scale needs low > 0, but low is 0; use for
/// example 1e-6`. Empty: it can be searched.
[[nodiscard]] std::vector<std::string> mistakes_of(const search_space& space);

/// As a spec file says it: {"lr": {"loguniform": [0.0001, 1.0]}, "momentum": {"uniform": [0, 0.99], "when":
/// {"optimizer": "sgd"}}, "seed": 7}. Functions and constraints by their names: {"sample_from": "name"}, and
/// "require": ["text"].
std::string to_json(const search_space& space);

/// A space from that form; the mistakes of the form and of the space. Groups may be nested objects or names with
/// slashes. The names are Ray Tune's, and so are the bounds: randint and lograndint exclude the upper one.
struct space_from_json_result {
  search_space space;
  std::vector<std::string> mistakes;
};
[[nodiscard]] space_from_json_result space_from_json(std::string_view json);

/// What has changed between two spaces that to_json() wrote, in words; empty: nothing.
[[nodiscard]] std::vector<std::string> differences(const std::string& old_space, const std::string& new_space);

} // namespace tune
