#include "tune/space/domain_values.hpp"

#include "runtime/base/overloaded.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace tune {
namespace {

using runtime::overloaded;

std::optional<std::uint64_t> position(const std::vector<value>& values, const value& what) {
  const auto found = std::find(values.begin(), values.end(), what);
  if (found == values.end())
    return std::nullopt;
  return static_cast<std::uint64_t>(found - values.begin());
}

std::uint64_t count(const domain::integers& x) {
  return (static_cast<std::uint64_t>(x.high) - static_cast<std::uint64_t>(x.low)) / static_cast<std::uint64_t>(x.step) +
         1;
}

std::optional<std::uint64_t> count(const domain::numbers& x) {
  if (x.low == x.high)
    return 1;
  if (!x.step)
    return std::nullopt;
  return static_cast<std::uint64_t>(std::llround((x.high - x.low) / *x.step)) + 1;
}

std::string list(const std::vector<value>& values) {
  constexpr std::size_t shown = 10;
  std::string text;
  for (std::size_t i = 0; i < std::min(values.size(), shown); ++i)
    text += (i == 0 ? "" : ", ") + to_json(values[i]);
  return text + (values.size() > shown ? ", ..." : "");
}

std::string name(const char* linear, const char* log, domain::scale how) {
  return how == domain::scale::log ? log : linear;
}

tl::unexpected<error> no(std::string why) {
  return fail(errc::invalid_argument, std::move(why));
}

template <class Range>
[[nodiscard]] result<void> within_bounds(const Range& x, decltype(x.low) what) {
  if (what < x.low)
    return no(fmt::format("{} is below low {}", what, x.low));
  if (what > x.high)
    return no(fmt::format("{} is above high {}", what, x.high));
  return {};
}

[[nodiscard]] result<value> fit(const domain::numbers& x, const value& what) {
  const auto number = what.is_number() ? what.to_number() : std::nan("");
  if (std::isnan(number))
    return no(to_json(what) + " is not a number");
  if (auto inside = within_bounds(x, number); !inside)
    return fail(inside.error());
  if (!x.step)
    return value(number);
  const auto nearest = stepped(x, static_cast<std::uint64_t>(std::llround((number - x.low) / *x.step)));
  if (std::abs(number - nearest) > 1e-9 * *x.step)
    return no(fmt::format("{} is not {} + i * {}; the nearest is {}", number, x.low, *x.step, nearest));
  return value(nearest);
}

[[nodiscard]] result<value> fit(const domain::integers& x, const value& what) {
  if (!what.is_integer())
    return no(to_json(what) + " is not an integer");
  const auto number = what.as<std::int64_t>();
  if (auto inside = within_bounds(x, number); !inside)
    return fail(inside.error());
  const auto offset = static_cast<std::uint64_t>(number) - static_cast<std::uint64_t>(x.low);
  const auto step = static_cast<std::uint64_t>(x.step);
  if (offset % step != 0)
    return no(fmt::format("{} is not {} + i * {}; the next below is {}", number, x.low, x.step,
                          number - static_cast<std::int64_t>(offset % step)));
  return what;
}

[[nodiscard]] result<value> fit(const domain::bell& x, const value& what) {
  if (!what.is_number() || !std::isfinite(what.to_number()))
    return no(to_json(what) + " is not a number");
  const auto number = what.to_number();
  if (!x.step)
    return value(number);
  const auto nearest = std::round(number / *x.step) * *x.step;
  if (std::abs(number - nearest) > 1e-9 * *x.step)
    return no(fmt::format("{} is not a multiple of {}; the nearest is {}", number, *x.step, nearest));
  return value(nearest);
}

[[nodiscard]] result<value> fit(const std::vector<value>& values, const value& what) {
  if (position(values, what))
    return what;
  if (what.is_number()) // 1 for 1.0, and the other way round.
    for (const auto& each : values)
      if (each.is_number() && each.to_number() == what.to_number())
        return each;
  return no(to_json(what) + " is not one of " + list(values));
}

} // namespace

double stepped(const domain::numbers& x, std::uint64_t index) {
  const auto last = *count(x) - 1;
  return index >= last ? x.high : x.low + static_cast<double>(index) * *x.step;
}

std::optional<std::uint64_t> count_of(const domain& x) {
  return std::visit(overloaded{
                      [](const domain::numbers& f) { return count(f); },
                      [](const domain::integers& f) { return std::optional(count(f)); },
                      [](const domain::bell&) { return std::optional<std::uint64_t>(); },
                      [](const domain::options& f) { return std::optional<std::uint64_t>(f.values.size()); },
                      [](const domain::crossed& f) { return std::optional<std::uint64_t>(f.values.size()); },
                      [](const domain::constant&) { return std::optional<std::uint64_t>(1); },
                      [](const domain::sampled&) { return std::optional<std::uint64_t>(); },
                      [](const domain::group&) { return std::optional<std::uint64_t>(); },
                    },
                    x.get());
}

value value_at(const domain& x, std::uint64_t index) {
  return std::visit(overloaded{
                      [&](const domain::numbers& f) { return f.step ? value(stepped(f, index)) : value(f.low); },
                      [&](const domain::integers& f) {
                        const auto offset = index * static_cast<std::uint64_t>(f.step);
                        return value(static_cast<std::int64_t>(static_cast<std::uint64_t>(f.low) + offset));
                      },
                      [&](const domain::options& f) { return f.values.at(index); },
                      [&](const domain::crossed& f) { return f.values.at(index); },
                      [](const domain::constant& f) { return f.what; },
                      [](const auto&) { return value(); }, // No end of them, so none has an index.
                    },
                    x.get());
}

std::optional<std::uint64_t> index_of(const domain& x, const value& what) {
  if (const auto* f = std::get_if<domain::options>(&x.get()))
    return position(f->values, what);
  if (const auto* f = std::get_if<domain::crossed>(&x.get()))
    return position(f->values, what);
  const auto known = fitted(x, what);
  if (!known || *known != what)
    return std::nullopt;
  return std::visit(overloaded{
                      [&](const domain::numbers& f) -> std::optional<std::uint64_t> {
                        if (!f.step)
                          return f.low == f.high ? std::optional<std::uint64_t>(0) : std::nullopt;
                        return static_cast<std::uint64_t>(std::llround((what.to_number() - f.low) / *f.step));
                      },
                      [&](const domain::integers& f) -> std::optional<std::uint64_t> {
                        return (static_cast<std::uint64_t>(what.as<std::int64_t>()) -
                                static_cast<std::uint64_t>(f.low)) /
                               static_cast<std::uint64_t>(f.step);
                      },
                      [](const domain::constant&) -> std::optional<std::uint64_t> { return 0; },
                      [](const auto&) -> std::optional<std::uint64_t> { return std::nullopt; },
                    },
                    x.get());
}

result<value> fitted(const domain& x, const value& what) {
  return std::visit(overloaded{
                      [&](const domain::options& f) { return fit(f.values, what); },
                      [&](const domain::crossed& f) { return fit(f.values, what); },
                      [&](const domain::constant& f) { return fit(std::vector<value>{f.what}, what); },
                      [&](const domain::sampled&) { return result<value>(what); },
                      [&](const domain::group&) { return result<value>(no("a group has no value of its own")); },
                      [&](const auto& range) { return fit(range, what); },
                    },
                    x.get());
}

std::string description_of(const domain& x) {
  return std::visit(
    overloaded{
      [](const domain::numbers& f) {
        return f.step ? fmt::format("{}({}, {}, {})", name("quniform", "qlog_uniform", f.how), f.low, f.high, *f.step)
                      : fmt::format("{}({}, {})", name("uniform", "log_uniform", f.how), f.low, f.high);
      },
      [](const domain::integers& f) {
        return f.step == 1
                 ? fmt::format("{}({}, {})", name("integer", "log_integer", f.how), f.low, f.high)
                 : fmt::format("{}({}, {}, {})", name("integer", "log_integer", f.how), f.low, f.high, f.step);
      },
      [](const domain::bell& f) {
        return f.step ? fmt::format("qnormal({}, {}, {})", f.mean, f.deviation, *f.step)
                      : fmt::format("normal({}, {})", f.mean, f.deviation);
      },
      [](const domain::options& f) { return (f.ordered ? "ordinal({" : "choice({") + list(f.values) + "})"; },
      [](const domain::crossed& f) { return "grid({" + list(f.values) + "})"; },
      [](const domain::constant& f) { return to_json(f.what); },
      [](const domain::sampled& f) { return "sample_from(\"" + f.name + "\")"; },
      [](const domain::group&) { return std::string("search_space"); },
    },
    x.get());
}

} // namespace tune
