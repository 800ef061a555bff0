#include "tune/ask_tell/command_text.hpp"

#include "tune/space/near_name.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tune {
namespace {

using json = nlohmann::ordered_json;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr iteration_number most_iterations = 1'000'000'000'000'000; ///< Exact in a double, and in other languages.

auto wrong(std::string text) {
  return fail(errc::invalid_argument, std::move(text));
}

std::string shown(const json& x) {
  constexpr std::size_t most = 100;
  auto text = x.dump(-1, ' ', false, json::error_handler_t::replace);
  return text.size() <= most ? text : text.substr(0, most) + "...";
}

/// NaN, Infinity and -Infinity outside of texts get quotes.
std::string with_quoted_numbers(std::string_view line) {
  std::string quoted;
  bool is_in_text = false;
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] == '"')
      is_in_text = !is_in_text;
    if (is_in_text && line[i] == '\\' && i + 1 < line.size()) {
      quoted.append(line.substr(i, 2));
      i += 2;
      continue;
    }
    bool is_one = false;
    for (const std::string_view word : {"NaN", "Infinity", "-Infinity"})
      if (!is_in_text && line.compare(i, word.size(), word) == 0) {
        quoted.append("\"").append(word).append("\"");
        i += word.size();
        is_one = true;
        break;
      }
    if (!is_one)
      quoted += line[i++];
  }
  return quoted;
}

/// So deep that whoever walks it may run out of stack.
bool is_too_deep(std::string_view line) {
  constexpr int most = 64;
  int depth = 0;
  for (const char c : line) // Also within texts: nobody's has so many open brackets.
    if (c == '{' || c == '[') {
      if (++depth > most)
        return true;
    } else if (c == '}' || c == ']')
      --depth;
  return false;
}

[[nodiscard]] result<json> object_in(std::string_view line) {
  if (is_too_deep(line))
    return wrong("it is nested too deep; use for example {\"ask\": 1}");
  auto read = json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (read.is_discarded())
    read = json::parse(with_quoted_numbers(line), nullptr, /*allow_exceptions=*/false);
  if (read.is_discarded())
    return wrong("it is no JSON; use for example {\"ask\": 1}");
  if (!read.is_object())
    return wrong(fmt::format("it is {}, but must be a JSON object such as {{\"ask\": 1}}", shown(read)));
  return read;
}

bool is_not_finite_in_words(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  if (!text.empty() && (text.front() == '-' || text.front() == '+'))
    text.erase(0, 1);
  return text == "nan" || text == "inf" || text == "infinity";
}

[[nodiscard]] result<double> number_from(const json& x) {
  if (x.is_number()) {
    const auto number = x.get<double>();
    return std::isfinite(number) ? number : not_a_number;
  }
  if (x.is_null() || (x.is_string() && is_not_finite_in_words(x.get<std::string>())))
    return not_a_number;
  return wrong(fmt::format("is {}, but must be a number; null or NaN where there is none", shown(x)));
}

std::string names_of(const std::vector<objective>& objectives) {
  std::string names;
  for (const auto& each : objectives)
    names += (names.empty() ? "" : ", ") + each.metric;
  return names;
}

/// What lies under "tell" or "report".
class fields {
public:
  fields(const char* what, const json& object, const std::vector<objective>& objectives)
    : what_(what),
      object_(object),
      objectives_(objectives) {}

  result<void> check_names(const std::vector<std::string>& known) const {
    if (!object_.is_object())
      return wrong(
        fmt::format("{}: it is {}, but must be an object such as {{\"trial\": 1, ...}}", what_, shown(object_)));
    for (const auto& each : object_.items())
      if (std::find(known.begin(), known.end(), each.key()) == known.end())
        return wrong(fmt::format("{}: it has no \"{}\"{}", what_, each.key(), hint(each.key(), known)));
    return {};
  }

  result<trial_id> trial() const {
    const auto found = object_.find("trial");
    if (found == object_.end())
      return wrong(fmt::format("{}: \"trial\" is missing, the number that an ask was answered with", what_));
    if (!found->is_number_unsigned())
      return wrong(
        fmt::format("{}: trial is {}, but must be a number that an ask was answered with", what_, shown(*found)));
    return trial_id(found->get<std::uint64_t>());
  }

  result<iteration_number> iteration() const {
    const auto found = object_.find("iteration");
    if (found == object_.end())
      return wrong(fmt::format("{}: \"iteration\" is missing, which counts the reports of a trial from 1", what_));
    if (!found->is_number_unsigned() || found->get<std::uint64_t>() < 1 ||
        found->get<std::uint64_t>() > static_cast<std::uint64_t>(most_iterations))
      return wrong(
        fmt::format("{}: iteration is {}, but must be an integer from 1 to {}", what_, shown(*found), most_iterations));
    return found->get<iteration_number>();
  }

  /// None: neither "value" nor "values" is there.
  result<std::optional<ask_tell::numbers>> values() const {
    const auto one = object_.find("value");
    const auto all = object_.find("values");
    if (one == object_.end() && all == object_.end())
      return std::nullopt;
    if (one != object_.end() && all != object_.end())
      return wrong(fmt::format("{}: \"value\" and \"values\": only one of them", what_));
    if (one != object_.end()) {
      if (objectives_.size() > 1)
        return wrong(fmt::format("{}: there are {} objectives ({}), so it needs \"values\", a list of {} numbers",
                                 what_, objectives_.size(), names_of(objectives_), objectives_.size()));
      return number_from(*one)
        .map([](double x) { return std::optional(ask_tell::numbers{x}); })
        .map_error([&](error why) { return within("value ", std::move(why)); });
    }
    if (!all->is_array() || all->size() != objectives_.size())
      return wrong(fmt::format("{}: values is {}, but must be a list of {} number{} ({})", what_, shown(*all),
                               objectives_.size(), objectives_.size() == 1 ? "" : "s", names_of(objectives_)));
    ask_tell::numbers numbers;
    for (std::size_t i = 0; i < all->size(); ++i) {
      const auto number = number_from((*all)[i]);
      if (!number)
        return fail(within(fmt::format("number {} of values ", i + 1), number.error()));
      numbers.push_back(*number);
    }
    return numbers;
  }

  /// completed, unless "state" says otherwise.
  result<trial_outcome> outcome() const {
    const auto found = object_.find("state");
    if (found == object_.end() || *found == "completed")
      return trial_outcome::completed;
    if (*found == "failed")
      return trial_outcome::failed;
    if (*found == "ignored")
      return trial_outcome::ignored;
    return wrong(
      fmt::format("{}: state is {}, but must be \"completed\", \"failed\" or \"ignored\"", what_, shown(*found)));
  }

private:
  error within(const std::string& field, error why) const {
    why.message = fmt::format("{}: {}{}", what_, field, why.message);
    return why;
  }

  const char* what_;
  const json& object_;
  const std::vector<objective>& objectives_;
};

[[nodiscard]] result<ask_tell::command> ask_from(const json& count) {
  if (!count.is_number_unsigned() || count.get<std::uint64_t>() < 1 ||
      count.get<std::uint64_t>() > ask_tell::most_asked)
    return wrong(fmt::format("ask is {}, but must be how many trials are wanted, from 1 to {}", shown(count),
                             ask_tell::most_asked));
  return ask_tell::ask{count.get<std::uint64_t>()};
}

[[nodiscard]] result<ask_tell::command> tell_from(const json& object, const std::vector<objective>& objectives) {
  const fields given("tell", object, objectives);
  if (auto known = given.check_names({"trial", "value", "values", "state"}); !known)
    return fail(known.error());
  const auto trial = given.trial();
  if (!trial)
    return fail(trial.error());
  const auto how = given.outcome();
  if (!how)
    return fail(how.error());
  auto values = given.values();
  if (!values)
    return fail(values.error());
  if (*how != trial_outcome::completed) {
    if (*values && std::any_of((*values)->begin(), (*values)->end(), [](double x) { return !std::isnan(x); }))
      return wrong("tell: a trial that failed or is ignored has no value; leave out the value or the state");
    values->reset();
  }
  return ask_tell::tell{*trial, *how, std::move(*values)};
}

[[nodiscard]] result<ask_tell::command> report_from(const json& object, const std::vector<objective>& objectives) {
  const fields given("report", object, objectives);
  if (auto known = given.check_names({"trial", "iteration", "value", "values"}); !known)
    return fail(known.error());
  const auto trial = given.trial();
  if (!trial)
    return fail(trial.error());
  const auto iteration = given.iteration();
  if (!iteration)
    return fail(iteration.error());
  auto values = given.values();
  if (!values)
    return fail(values.error());
  if (!*values)
    return wrong(objectives.size() == 1 ? "report: \"value\" is missing" : "report: \"values\" is missing");
  return ask_tell::report{*trial, *iteration, std::move(**values)};
}

template <class Question>
[[nodiscard]] result<ask_tell::command> question_from(const char* name, const json& x) {
  if (x != true)
    return wrong(fmt::format("{} is {}, but must be true", name, shown(x)));
  return Question{};
}

} // namespace

result<ask_tell::command> command_from(std::string_view line, const std::vector<objective>& objectives) {
  const auto object = object_in(line);
  if (!object)
    return fail(object.error());
  if (object->size() != 1)
    return wrong(fmt::format("it has {} commands, but a line is one of \"ask\", \"tell\", \"report\", \"best\" and "
                             "\"pending\"",
                             object->size()));
  const auto& name = object->begin().key();
  const auto& what = object->begin().value();
  if (name == "ask")
    return ask_from(what);
  if (name == "tell")
    return tell_from(what, objectives);
  if (name == "report")
    return report_from(what, objectives);
  if (name == "best")
    return question_from<ask_tell::best>("best", what);
  if (name == "pending")
    return question_from<ask_tell::pending>("pending", what);
  return wrong(
    fmt::format("there is no command \"{}\"{}", name, hint(name, {"ask", "tell", "report", "best", "pending"})));
}

} // namespace tune
