#include "tune/worker/reported_values.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "runtime/base/overloaded.hpp"
#include "runtime/base/utf8.hpp"

namespace tune {
namespace {

constexpr std::size_t most_names_in_a_message = 20;
constexpr std::size_t most_shown_of_a_name = 100;

std::string shown(const std::string& name) {
  if (!runtime::is_utf8(name))
    return fmt::format("a name of {} bytes that is not UTF-8", name.size());
  return name.size() <= most_shown_of_a_name ? fmt::format("\"{}\"", name)
                                             : fmt::format("a name of {} bytes", name.size());
}

std::string names_of(const metrics& values) {
  std::vector<std::string> names;
  for (const auto& [name, x] : values)
    if (names.size() < most_names_in_a_message)
      names.push_back(shown(name));
  if (values.size() > names.size())
    names.push_back(fmt::format("and {} more", values.size() - names.size()));
  return names.empty() ? "nothing was reported" : fmt::format("reported: {}", fmt::join(names, ", "));
}

/// What a value takes, about, and what is wrong with it.
struct measured {
  std::size_t bytes = 0;
  bool is_too_deep = false;
  bool is_utf8 = true;
};

void measure(const value& x, std::size_t depth, measured& sum) {
  constexpr std::size_t each = 8;
  std::visit(runtime::overloaded{
               [&](const std::string& text) {
                 sum.bytes += each + text.size();
                 sum.is_utf8 = sum.is_utf8 && runtime::is_utf8(text);
               },
               [&](const value::list& list) {
                 sum.bytes += each;
                 if (depth == most_value_depth) {
                   sum.is_too_deep = true;
                   return;
                 }
                 for (const auto& inner : list)
                   measure(inner, depth + 1, sum);
               },
               [&](const auto&) { sum.bytes += each; },
             },
             x.get());
}

void check_metric(const metrics& values, const std::string& name, std::vector<std::string>& mistakes) {
  const auto* x = values.find(name);
  if (x == nullptr)
    mistakes.push_back(fmt::format("the metric \"{}\" is missing; {}", name, names_of(values)));
  else if (!x->is_number() && !x->is_truth())
    mistakes.push_back(
      fmt::format("the metric \"{}\" is a {}; it is to be a number", name, x->is_text() ? "text" : "list"));
}

void check_value(const std::string& name, const value& x, std::size_t& bytes, std::vector<std::string>& mistakes) {
  measured sum;
  sum.bytes = name.size();
  measure(x, 0, sum);
  bytes += sum.bytes;
  if (name.empty())
    mistakes.emplace_back("a value has no name");
  if (!runtime::is_utf8(name))
    mistakes.push_back(shown(name));
  if (!sum.is_utf8)
    mistakes.push_back(fmt::format("the text of {} is not UTF-8", shown(name)));
  if (sum.is_too_deep)
    mistakes.push_back(fmt::format("{} has lists in lists more than {} deep", shown(name), most_value_depth));
}

} // namespace

result<void> check_reported(const metrics& values, const std::vector<std::string>& wanted) {
  if (values.size() > most_reported_values)
    return fail(errc::too_large, fmt::format("{} values are more than the limit of {}; write what is large into a file",
                                             values.size(), most_reported_values));
  std::vector<std::string> mistakes;
  for (const auto& name : wanted)
    check_metric(values, name, mistakes);
  std::size_t bytes = 0;
  for (const auto& [name, x] : values)
    if (mistakes.size() < most_names_in_a_message)
      check_value(name, x, bytes, mistakes);
  if (const auto* done = values.find("done"); done != nullptr && !done->is_truth())
    mistakes.push_back("\"done\" is to be true or false");
  if (!mistakes.empty())
    return fail(errc::user_code, fmt::format("{}", fmt::join(mistakes, "; ")));
  if (bytes > most_reported_bytes)
    return fail(errc::too_large, fmt::format("the values take {} bytes, more than the limit of {}; write what is large "
                                             "into a file",
                                             bytes, most_reported_bytes));
  return {};
}

bool says_done(const metrics& values) {
  const auto* done = values.find("done");
  return done != nullptr && done->is_truth() && done->as<bool>();
}

} // namespace tune
