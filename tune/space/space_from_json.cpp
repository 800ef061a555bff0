#include "tune/space/near_name.hpp"
#include "tune/space/space_json.hpp"
#include "tune/value/json_text.hpp"

#include <cmath>
#include <functional>
#include <map>
#include <set>

#include <fmt/format.h>

namespace tune {
namespace {

using json = nlohmann::ordered_json;
using mistakes = std::vector<std::string>;

std::string at(const std::string& name, const std::string& what) {
  return "space: \"" + name + "\": " + what;
}

/// The numbers of one domain; what is wrong with them is kept.
class arguments {
public:
  arguments(std::string kind, const json& list) : kind_(std::move(kind)), list_(list) {}

  double number(std::size_t i, const char* name) {
    if (list_[i].is_number())
      return list_[i].get<double>();
    return wrong(i, name, "a number");
  }
  std::int64_t integer(std::size_t i, const char* name) {
    const auto x = value_from(list_[i]);
    if (x && x->is_integer())
      return x->as<std::int64_t>();
    if (x && x->is_number() && std::abs(x->to_number()) < 0x1p53 && x->to_number() == std::floor(x->to_number()))
      return static_cast<std::int64_t>(x->to_number()); // YAML's 1e3.
    wrong(i, name, "an integer");
    return 0;
  }
  /// Ray's upper bound of randint and lograndint is excluded.
  std::int64_t excluded(std::size_t i, const char* name) {
    const auto bound = integer(i, name);
    return bound == INT64_MIN ? bound : bound - 1;
  }
  std::vector<value> values() {
    std::vector<value> all;
    for (const auto& each : list_)
      if (auto x = value_from(each); x)
        all.push_back(std::move(*x));
      else
        wrong_.push_back(kind_ + ": " + x.error().message);
    return all;
  }
  std::size_t size() const { return list_.size(); }
  const mistakes& wrong() const { return wrong_; }

private:
  double wrong(std::size_t i, const char* name, const char* wanted) {
    wrong_.push_back(fmt::format("{} needs {}, but {} is {}", kind_, wanted, name, list_[i].dump()));
    return 0;
  }

  std::string kind_;
  const json& list_;
  mistakes wrong_;
};

struct kind {
  std::size_t least = 0; ///< So many arguments,
  std::size_t most = 0;  ///< up to so many; 0: any number of them.
  const char* form;
  std::function<domain(arguments&)> make;
};

domain from_integers(arguments& a, domain::scale how, bool excludes_high) {
  const auto low = a.integer(0, "low");
  const auto high = excludes_high ? a.excluded(1, "high") : a.integer(1, "high");
  return domain(domain::integers{low, high, a.size() > 2 ? a.integer(2, "step") : 1, how});
}

const std::map<std::string, kind>& kinds() {
  using s = domain::scale;
  static const std::map<std::string, kind> all = {
    {"uniform", {2, 2, "[low, high]", [](arguments& a) { return uniform(a.number(0, "low"), a.number(1, "high")); }}},
    {"quniform",
     {3, 3, "[low, high, step]",
      [](arguments& a) { return quniform(a.number(0, "low"), a.number(1, "high"), a.number(2, "step")); }}},
    {"loguniform",
     {2, 2, "[low, high]", [](arguments& a) { return log_uniform(a.number(0, "low"), a.number(1, "high")); }}},
    {"qloguniform",
     {3, 3, "[low, high, step]",
      [](arguments& a) { return qlog_uniform(a.number(0, "low"), a.number(1, "high"), a.number(2, "step")); }}},
    {"randn",
     {2, 2, "[mean, deviation]", [](arguments& a) { return normal(a.number(0, "mean"), a.number(1, "deviation")); }}},
    {"qrandn",
     {3, 3, "[mean, deviation, step]",
      [](arguments& a) { return qnormal(a.number(0, "mean"), a.number(1, "deviation"), a.number(2, "step")); }}},
    {"randint", {2, 2, "[low, high], high excluded", [](arguments& a) { return from_integers(a, s::linear, true); }}},
    {"lograndint", {2, 2, "[low, high], high excluded", [](arguments& a) { return from_integers(a, s::log, true); }}},
    {"qrandint", {2, 3, "[low, high, step]", [](arguments& a) { return from_integers(a, s::linear, false); }}},
    {"qlograndint", {2, 3, "[low, high, step]", [](arguments& a) { return from_integers(a, s::log, false); }}},
    {"choice", {0, 0, "a list of values", [](arguments& a) { return choice(a.values()); }}},
    {"ordinal", {0, 0, "a list of values", [](arguments& a) { return ordinal(a.values()); }}},
    {"grid", {0, 0, "a list of values", [](arguments& a) { return grid(a.values()); }}},
    {"grid_search", {0, 0, "a list of values", [](arguments& a) { return grid(a.values()); }}}, // As Ray calls it.
  };
  return all;
}

std::vector<std::string> names_of_kinds() {
  std::vector<std::string> names;
  for (const auto& each : kinds())
    names.push_back(each.first);
  return names;
}

class reader {
public:
  explicit reader(mistakes& found) : found_(found) {}

  search_space read(const json& object) {
    read_group(object, "");
    return std::move(space_);
  }

private:
  void read_group(const json& object, const std::string& prefix) {
    for (const auto& [key, form] : object.items()) {
      const auto name = prefix + key;
      if (prefix.empty() && key == "require")
        found_.push_back("space: \"require\": a constraint is a function of the program; a file cannot have one");
      else if (form.is_null())
        found_.push_back(at(name, "it has no value"));
      else if (!form.is_object())
        read_constant(form, name);
      else if (const auto kind_of_it = kind_in(form); !kind_of_it.empty())
        read_domain(form, kind_of_it, name);
      else if (form.contains("sample_from"))
        found_.push_back(at(name, "sample_from is a function of the program; a file cannot have one"));
      else if (!is_slip(form, name))
        read_group(form, name + "/");
    }
  }

  static std::string kind_in(const json& form) {
    for (const auto& [key, arguments_of_it] : form.items())
      if (kinds().count(key) != 0)
        return key;
    return {};
  }

  /// {"loguniforn": [0, 1]} is no group with a constant.
  bool is_slip(const json& form, const std::string& name) {
    for (const auto& [key, x] : form.items()) {
      const auto nearest = x.is_array() && form.size() <= 2 ? nearest_name(key, names_of_kinds()) : "";
      if (nearest.empty() && !(form.contains("when") && key != "when"))
        continue;
      found_.push_back(at(name, "there is no domain \"" + key + "\"" + hint(key, names_of_kinds())));
      return true;
    }
    return false;
  }

  void read_constant(const json& form, const std::string& name) {
    if (auto x = value_from(form))
      space_.add(name, std::move(*x));
    else
      found_.push_back(at(name, x.error().message));
  }

  void read_domain(const json& form, const std::string& kind_of_it, const std::string& name) {
    for (const auto& [key, x] : form.items())
      if (key != kind_of_it && key != "when")
        found_.push_back(at(name, "beside \"" + kind_of_it + "\" there may be \"when\", but not \"" + key + "\""));
    const auto& list = form[kind_of_it];
    const auto& what = kinds().at(kind_of_it);
    if (!list.is_array() || list.size() < what.least || (what.most > 0 && list.size() > what.most)) {
      found_.push_back(at(name, fmt::format("{} needs {}, but has {}", kind_of_it, what.form, list.dump())));
      return;
    }
    arguments given(kind_of_it, list);
    auto made = what.make(given);
    for (const auto& each : given.wrong())
      found_.push_back(at(name, each));
    const auto conditioned = form.contains("when") ? with_conditions(std::move(made), form["when"], name) : made;
    if (given.wrong().empty()) // Else the space would be blamed for what only stands in for it.
      space_.add(name, conditioned);
    else
      space_.add(name, 0);
  }

  domain with_conditions(domain made, const json& conditions, const std::string& name) {
    if (!conditions.is_object()) {
      found_.push_back(at(name, "when needs {parameter: value or list of values}, but is " + conditions.dump()));
      return made;
    }
    for (const auto& [parent, wanted] : conditions.items()) {
      std::vector<value> values;
      for (const auto& each : wanted.is_array() ? wanted : json::array({wanted}))
        if (auto x = value_from(each))
          values.push_back(std::move(*x));
        else
          found_.push_back(at(name, "when: \"" + parent + "\": " + x.error().message));
      made = made.when(parent, std::move(values));
    }
    return made;
  }

  mistakes& found_;
  search_space space_;
};

/// nlohmann's parser takes the last of two equal keys; here they are a mistake.
class key_watcher {
public:
  explicit key_watcher(mistakes& found) : found_(found) {}

  bool operator()(int, json::parse_event_t event, json& parsed) {
    switch (event) {
    case json::parse_event_t::object_start: open_.emplace_back(); break;
    case json::parse_event_t::object_end: open_.pop_back(); break;
    case json::parse_event_t::key:
      if (const auto key = parsed.get<std::string>(); !open_.back().insert(key).second)
        found_.push_back(at(key, "two parameters have this name"));
      break;
    default: break;
    }
    return true;
  }

private:
  mistakes& found_;
  std::vector<std::set<std::string>> open_;
};

} // namespace

search_space space_from(const json& form, std::vector<std::string>& found) {
  if (!form.is_object()) {
    found.push_back("space: an object of parameters is needed, but it is " + form.dump());
    return {};
  }
  return reader(found).read(form);
}

space_from_json_result space_from_json(std::string_view text) {
  space_from_json_result read;
  key_watcher watcher(read.mistakes);
  const auto form = json::parse(text, std::ref(watcher), /*allow_exceptions=*/false);
  if (form.is_discarded()) {
    read.mistakes.emplace_back("space: it is not JSON");
    return read;
  }
  read.space = space_from(form, read.mistakes);
  for (auto& each : mistakes_of(read.space))
    read.mistakes.push_back(std::move(each));
  return read;
}

} // namespace tune
