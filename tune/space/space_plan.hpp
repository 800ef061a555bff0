#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tune/chance.hpp"
#include "tune/config.hpp"
#include "tune/search_space.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// A space without mistakes, made ready for drawing: its conditions refer to parameters by place.
class space_plan {
public:
  struct link { ///< A condition.
    std::size_t parent;
    std::vector<value> values; ///< As the parent's domain has them.
  };
  struct dimension {
    std::string name;
    domain what;
    std::vector<link> links;
    std::optional<std::uint64_t> count; ///< None: no end of values.
  };
  /// By dimension; none: not decided.
  using values = std::vector<std::optional<value>>;

  explicit space_plan(const search_space& space);

  std::size_t size() const noexcept { return dimensions_.size(); }
  const dimension& at(std::size_t i) const { return dimensions_[i]; }
  const std::vector<dimension>& dimensions() const noexcept { return dimensions_; }
  std::optional<std::size_t> place_of(const std::string& name) const;
  bool has_constraints() const noexcept { return !constraints_.empty(); }
  bool has_functions() const noexcept { return has_functions_; } ///< sample_from, somewhere.

  /// The active parameters: what is fixed as it is, the rest from its number in [0, 1). A fixed value of a parameter
  /// that is not active is an error, and so is a function that throws.
  [[nodiscard]] result<config> complete(const std::vector<double>& units, const values& fixed, chance& functions) const;
  /// The same, where a wish for a parameter that is not active counts for nothing.
  [[nodiscard]] result<config> complete_near(const std::vector<double>& units, const values& wishes,
                                             chance& functions) const;
  /// Whether the constraints hold; an error names the one that does not.
  [[nodiscard]] result<void> check(const config& values) const;
  /// Both, from the numbers of `random` from the i-th on.
  [[nodiscard]] result<config> draw(const values& fixed, const chance& random, std::uint64_t i) const;
  /// The first of at most `tries` draws that succeeds.
  [[nodiscard]] result<config> first_draw(const values& fixed, const chance& random, std::uint64_t tries) const;

private:
  enum class inactive { is_refused, is_left_out };
  [[nodiscard]] result<config> filled(const std::vector<double>& units, const values& fixed, chance& functions,
                                      inactive what) const;
  bool is_active(const dimension& x, const config& chosen, const std::vector<std::size_t>& places) const;

  std::vector<dimension> dimensions_;
  std::vector<search_space::constraint> constraints_;
  bool has_functions_ = false;
};

} // namespace tune
