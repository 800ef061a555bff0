#include "tune/value/values_wire.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "runtime/base/overloaded.hpp"

namespace tune::values_wire {
namespace {

template <class Values>
[[nodiscard]] result<Values> values_from(const named& in) {
  std::vector<named_values::entry> entries;
  entries.reserve(static_cast<std::size_t>(in.size()));
  for (const auto& entry : in) {
    auto read = value_from(entry.value());
    if (!read)
      return fail(runtime::within(fmt::format("\"{}\"", entry.name()), std::move(read.error())));
    entries.emplace_back(entry.name(), std::move(*read));
  }
  if (const auto* twice = named_values::find_repeated(entries))
    return fail(errc::invalid_argument, fmt::format("\"{}\" is there twice", *twice));
  return Values(std::move(entries));
}

bool is_too_deep(const value& x, int depth) {
  const auto* list = std::get_if<value::list>(&x.get());
  if (list == nullptr)
    return false;
  if (depth == most_list_depth)
    return true;
  for (const auto& inner : *list)
    if (is_too_deep(inner, depth + 1))
      return true;
  return false;
}

} // namespace

void write(const value& x, wire::Value& out) {
  std::visit(runtime::overloaded{
               [&](std::int64_t v) { out.set_integer(v); },
               [&](double v) { out.set_number(v); },
               [&](bool v) { out.set_truth(v); },
               [&](const std::string& v) { out.set_text(v); },
               [&](const value::list& v) {
                 auto& values = *out.mutable_list()->mutable_values();
                 for (const auto& each : v)
                   write(each, *values.Add());
               },
             },
             x.get());
}

void write(const named_values& values, named& out) {
  out.Reserve(static_cast<int>(values.size()));
  for (const auto& [name, x] : values) {
    auto& entry = *out.Add();
    entry.set_name(name);
    write(x, *entry.mutable_value());
  }
}

result<value> value_from(const wire::Value& in) {
  switch (in.kind_case()) {
  case wire::Value::kInteger: return value(in.integer());
  case wire::Value::kNumber: return value(in.number());
  case wire::Value::kTruth: return value(in.truth());
  case wire::Value::kText: return value(in.text());
  case wire::Value::kList: {
    value::list all;
    all.reserve(static_cast<std::size_t>(in.list().values_size()));
    for (const auto& each : in.list().values()) {
      auto read = value_from(each);
      if (!read)
        return read;
      all.push_back(std::move(*read));
    }
    return value(std::move(all));
  }
  case wire::Value::KIND_NOT_SET: break;
  }
  return fail(errc::incompatible, "a value of no kind");
}

result<config> config_from(const named& in) {
  return values_from<config>(in);
}

result<metrics> metrics_from(const named& in) {
  return values_from<metrics>(in);
}

result<void> check_depth(const named_values& values) {
  for (const auto& [name, x] : values)
    if (is_too_deep(x, 0))
      return fail(errc::invalid_argument,
                  fmt::format("\"{}\" has lists in lists more than {} deep", name, most_list_depth));
  return {};
}

} // namespace tune::values_wire
