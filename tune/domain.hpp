#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "tune/chance.hpp"
#include "tune/config.hpp"
#include "tune/value.hpp"

namespace tune {

class search_space;

/// Draws a parameter's value: from what was chosen before it, and from chance that is the trial's own. Called in the
/// driver; may throw, which counts as a draw that did not succeed.
using sample_function = std::function<value(const config& chosen_before, chance& random)>;

/// What a parameter may be, and when it is there at all. Made by the functions below: any value stands for itself, a
/// search_space for a group of parameters whose names begin with this one's and a slash. What cannot be, such as an
/// empty range, is found when the experiment is submitted: mistakes_of(search_space).
class domain {
public:
  enum class scale { linear, log };

  struct numbers { ///< [low, high], or low, low + step, ..., high.
    double low = 0;
    double high = 0;
    std::optional<double> step = std::nullopt; ///< None: any number between.
    scale how = scale::linear;
  };
  struct integers { ///< low, low + step, ..., high.
    std::int64_t low = 0;
    std::int64_t high = 0;
    std::int64_t step = 1;
    scale how = scale::linear;
  };
  struct bell { ///< Normally distributed, without bounds.
    double mean = 0;
    double deviation = 1;
    std::optional<double> step = std::nullopt; ///< Rounded to multiples of it.
  };
  struct options {
    std::vector<value> values;
    bool ordered = false;
  };
  struct crossed { ///< Every one of them, with every other of the space.
    std::vector<value> values;
    std::string mistake; ///< Why it could not be made from the domain that was given; empty: it could.
  };
  struct constant {
    value what;
  };
  struct sampled {
    std::string name; ///< For people, and to tell whether the space has changed.
    sample_function function;
  };
  struct group {
    std::shared_ptr<const search_space> inner;
  };
  using form = std::variant<numbers, integers, bell, options, crossed, constant, sampled, group>;

  /// The parameter is there only while the other one has one of these values.
  struct condition {
    std::string parameter;
    std::vector<value> values;
  };

  template <class Value, class = std::enable_if_t<std::is_convertible_v<Value, value> &&
                                                  !std::is_base_of_v<domain, std::decay_t<Value>>>>
  domain(Value&& constant_value) : form_(constant{value(std::forward<Value>(constant_value))}) {}
  domain(const search_space& inner);
  explicit domain(form what) : form_(std::move(what)) {}

  /// There only while `parameter`, which comes before it in the space, has this value or one of these. Of several
  /// conditions all must hold.
  domain when(std::string parameter, value is) const;
  domain when(std::string parameter, std::initializer_list<value> is_one_of) const;
  domain when(std::string parameter, std::vector<value> is_one_of) const;

  const form& get() const noexcept { return form_; }
  const std::vector<condition>& conditions() const noexcept { return conditions_; }

private:
  form form_;
  std::vector<condition> conditions_;
};

domain uniform(double low, double high);                                    ///< A number in [low, high].
domain quniform(double low, double high, double step);                      ///< low, low + step, ..., high.
domain log_uniform(double low, double high);                                ///< Its logarithm is uniform; low > 0.
domain qlog_uniform(double low, double high, double step);                  ///< The same, rounded to low + i * step.
domain normal(double mean, double deviation);                               ///< Without bounds.
domain qnormal(double mean, double deviation, double step);                 ///< The same, rounded to multiples of step.
domain integer(std::int64_t low, std::int64_t high, std::int64_t step = 1); ///< Both inclusive.
domain log_integer(std::int64_t low, std::int64_t high, std::int64_t step = 1); ///< Small ones more often; low >= 1.

/// One of these; nothing is said about which are alike.
domain choice(std::initializer_list<value> values);
domain choice(std::vector<value> values);
/// One of these, in an order: neighbours are alike.
domain ordinal(std::initializer_list<value> values);
domain ordinal(std::vector<value> values);
/// Each of these, crossed with every other grid of the space: an experiment's `samples` says how often.
domain grid(std::initializer_list<value> values);
domain grid(std::vector<value> values);
domain grid(const domain& finite); ///< Each value of integer(1, 3), quniform(0, 1, 0.25), ...

/// Whatever the function returns; `name` stands for it where the space is shown or compared with an older one.
domain sample_from(std::string name, sample_function function);
domain sample_from(sample_function function);

template <class T, class = std::enable_if_t<!std::is_same_v<T, value>>>
domain choice(const std::vector<T>& values) {
  return choice(std::vector<value>(values.begin(), values.end()));
}
template <class T, class = std::enable_if_t<!std::is_same_v<T, value>>>
domain ordinal(const std::vector<T>& values) {
  return ordinal(std::vector<value>(values.begin(), values.end()));
}
template <class T, class = std::enable_if_t<!std::is_same_v<T, value>>>
domain grid(const std::vector<T>& values) {
  return grid(std::vector<value>(values.begin(), values.end()));
}

} // namespace tune
