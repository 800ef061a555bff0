#include "tune/results/result_text.hpp"

#include "runtime/base/overloaded.hpp"
#include "tune/value/json_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace tune {
namespace {

template <class Number>
void append_number(std::string& to, Number x) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), x).ptr;
  to.append(digits.data(), end);
}

/// Shortest text that reads back as the same number; with a point or exponent, so that it stays a number.
void append_finite(std::string& to, double x) {
  const auto begin = to.size();
  append_number(to, x);
  if (to.find_first_of(".e", begin) == std::string::npos)
    to += ".0";
}

bool needs_no_escape(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7f' && c != '"' && c != '\\'; });
}

} // namespace

void append_json(std::string& to, double x) {
  if (std::isfinite(x))
    append_finite(to, x);
  else
    to += "null";
}

void append_json(std::string& to, std::string_view text) {
  if (needs_no_escape(text)) {
    to += '"';
    to += text;
    to += '"';
  } else
    to += nlohmann::ordered_json(text).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void append_json(std::string& to, const value& x) {
  std::visit(runtime::overloaded{
               [&](std::int64_t number) { append_number(to, number); },
               [&](double number) { append_json(to, number); },
               [&](bool truth) { to += truth ? "true" : "false"; },
               [&](const std::string& text) { append_json(to, std::string_view(text)); },
               [&](const value::list& values) {
                 to += '[';
                 for (std::size_t i = 0; i < values.size(); ++i) {
                   if (i > 0)
                     to += ", ";
                   append_json(to, values[i]);
                 }
                 to += ']';
               },
             },
             x.get());
}

void append_json_fields(std::string& to, const named_values& values) {
  const bool nested = std::any_of(values.begin(), values.end(),
                                  [](const auto& each) { return each.first.find('/') != std::string::npos; });
  if (nested) {
    const auto json = json_of(values).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    to.append(json, 1, json.size() - 2);
    return;
  }
  bool first = true;
  for (const auto& [name, x] : values) {
    if (!first)
      to += ", ";
    first = false;
    append_json(to, std::string_view(name));
    to += ": ";
    append_json(to, x);
  }
}

void append_csv(std::string& to, double x) {
  if (std::isfinite(x))
    append_finite(to, x);
  else
    to += std::isnan(x) ? "nan" : x > 0 ? "inf" : "-inf";
}

void append_csv(std::string& to, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    to += text;
    return;
  }
  to += '"';
  for (const char c : text) {
    if (c == '"')
      to += '"';
    to += c;
  }
  to += '"';
}

void append_csv(std::string& to, const value& x) {
  std::visit(runtime::overloaded{
               [&](std::int64_t number) { append_number(to, number); },
               [&](double number) { append_csv(to, number); },
               [&](bool truth) { to += truth ? "true" : "false"; },
               [&](const std::string& text) { append_csv(to, std::string_view(text)); },
               [&](const value::list&) {
                 std::string json;
                 append_json(json, x);
                 append_csv(to, std::string_view(json));
               },
             },
             x.get());
}

} // namespace tune
