#include "tune/value/json_text.hpp"

#include "runtime/base/overloaded.hpp"

#include <cmath>

#include <fmt/format.h>

namespace tune {
namespace {

using json = nlohmann::ordered_json;

/// The object in which the last part of a nested name lies, and that part.
std::pair<json*, std::string> place_of(json& root, const std::string& name) {
  json* here = &root;
  std::size_t begin = 0;
  for (auto slash = name.find('/'); slash != std::string::npos; slash = name.find('/', begin)) {
    json& next = (*here)[name.substr(begin, slash - begin)];
    if (!next.is_object() && !next.is_null())
      break; // "a" and "a/b" both: the rest of the name stays as it is.
    here = &next;
    begin = slash + 1;
  }
  return {here, name.substr(begin)};
}

[[nodiscard]] result<void> gather(const json& object, const std::string& prefix, named_values& into) {
  for (const auto& [key, each] : object.items()) {
    const auto name = prefix + key;
    if (each.is_object()) {
      if (auto gathered = gather(each, name + "/", into); !gathered)
        return gathered;
      continue;
    }
    auto x = value_from(each);
    if (!x)
      return fail(runtime::within("\"" + name + "\"", x.error()));
    into.set(name, std::move(*x));
  }
  return {};
}

} // namespace

json json_of(const value& x) {
  return std::visit(runtime::overloaded{
                      [](double number) { return std::isfinite(number) ? json(number) : json(nullptr); },
                      [](const value::list& values) {
                        auto all = json::array();
                        for (const auto& each : values)
                          all.push_back(json_of(each));
                        return all;
                      },
                      [](const auto& other) { return json(other); },
                    },
                    x.get());
}

json json_of(const named_values& values) {
  auto root = json::object();
  for (const auto& [name, x] : values) {
    const auto [object, last] = place_of(root, name);
    (*object)[last] = json_of(x);
  }
  return root;
}

result<value> value_from(const json& x) {
  switch (x.type()) {
  case json::value_t::null: return value(std::numeric_limits<double>::quiet_NaN());
  case json::value_t::boolean: return value(x.get<bool>());
  case json::value_t::number_integer: return value(x.get<std::int64_t>());
  case json::value_t::number_unsigned:
    if (const auto number = x.get<std::uint64_t>(); number <= static_cast<std::uint64_t>(INT64_MAX))
      return value(static_cast<std::int64_t>(number));
    return value(x.get<double>());
  case json::value_t::number_float: return value(x.get<double>());
  case json::value_t::string: return value(x.get<std::string>());
  case json::value_t::array: {
    value::list values;
    for (const auto& each : x) {
      auto element = value_from(each);
      if (!element)
        return element;
      values.push_back(std::move(*element));
    }
    return value(std::move(values));
  }
  default: return fail(errc::invalid_argument, fmt::format("{} is not a number, text, truth value or list", x.dump()));
  }
}

result<named_values> values_from(const json& object) {
  if (!object.is_object())
    return fail(errc::invalid_argument, fmt::format("{} is not an object", object.dump()));
  named_values values;
  if (auto gathered = gather(object, "", values); !gathered)
    return fail(gathered.error());
  return values;
}

} // namespace tune
