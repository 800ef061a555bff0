#include "tune/space/space_json.hpp"

#include "runtime/base/overloaded.hpp"
#include "tune/value/json_text.hpp"

namespace tune {
namespace {

using json = nlohmann::ordered_json;
using runtime::overloaded;

json list_of(const std::vector<value>& values) {
  return json_of(value(values));
}

json domain_of(const domain::numbers& x) {
  const bool log = x.how == domain::scale::log;
  if (x.step)
    return {{log ? "qloguniform" : "quniform", {x.low, x.high, *x.step}}};
  return {{log ? "loguniform" : "uniform", {x.low, x.high}}};
}

json domain_of(const domain::integers& x) {
  const bool log = x.how == domain::scale::log;
  if (x.step == 1 && x.high < INT64_MAX) // Ray's bound is excluded here,
    return {{log ? "lograndint" : "randint", {x.low, x.high + 1}}};
  return {{log ? "qlograndint" : "qrandint", {x.low, x.high, x.step}}}; // and included here.
}

json domain_of(const domain::bell& x) {
  if (x.step)
    return {{"qrandn", {x.mean, x.deviation, *x.step}}};
  return {{"randn", {x.mean, x.deviation}}};
}

json form_of(const domain& x) {
  return std::visit(overloaded{
                      [](const domain::options& f) {
                        return json{{f.ordered ? "ordinal" : "choice", list_of(f.values)}};
                      },
                      [](const domain::crossed& f) {
                        return json{{"grid", list_of(f.values)}};
                      },
                      [](const domain::constant& f) { return json_of(f.what); },
                      [](const domain::sampled& f) {
                        return json{{"sample_from", f.name}};
                      },
                      [](const domain::group&) { return json(nullptr); }, // None is left in a space.
                      [](const auto& range) { return domain_of(range); },
                    },
                    x.get());
}

json conditions_of(const domain& x) {
  auto all = json::object();
  for (const auto& each : x.conditions()) {
    const bool is_one = each.values.size() == 1 && !each.values.front().is_list();
    auto values = is_one ? json_of(each.values.front()) : list_of(each.values);
    if (!all.contains(each.parameter)) {
      all[each.parameter] = std::move(values);
      continue;
    }
    // Two conditions on one parameter: both must hold.
    const auto& before = all[each.parameter];
    auto both = json::array();
    for (const auto& one : values.is_array() ? values : json::array({values}))
      for (const auto& other : before.is_array() ? before : json::array({before}))
        if (one == other)
          both.push_back(one);
    all[each.parameter] = std::move(both);
  }
  return all;
}

} // namespace

json json_of(const search_space& space) {
  auto all = json::object();
  for (const auto& each : space.parameters()) {
    auto form = form_of(each.what);
    if (!each.what.conditions().empty()) {
      if (!form.is_object())
        form = json{{"choice", json::array({form})}}; // A constant under a condition.
      form["when"] = conditions_of(each.what);
    }
    all[each.name] = std::move(form);
  }
  if (!space.constraints().empty()) {
    auto& texts = all["require"] = json::array();
    for (const auto& each : space.constraints())
      texts.push_back(each.group.empty() ? each.text : each.group + ": " + each.text);
  }
  return all;
}

std::string to_json(const search_space& space) {
  return json_of(space).dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace tune
