#include "tune/worker/trainable_registry.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tune {

trainable_registry& trainable_registry::of_this_program() {
  static trainable_registry the_one; // First used before main() begins, by whichever trainable comes first.
  return the_one;
}

void trainable_registry::add(const std::string& name, entry how) {
  if (name.empty())
    mistakes_.emplace_back("a trainable needs a name");
  else if (!std::visit([](const auto& f) { return static_cast<bool>(f); }, how))
    mistakes_.push_back(fmt::format("the trainable \"{}\" has no function", name));
  else if (!entries_.emplace(name, std::move(how)).second)
    mistakes_.push_back(fmt::format("there are two trainables \"{}\"", name));
}

result<void> trainable_registry::check() const {
  if (mistakes_.empty())
    return {};
  return fail(errc::invalid_argument, fmt::format("{}", fmt::join(mistakes_, "; ")));
}

result<trainable_registry::entry> trainable_registry::find(const std::string& name) const {
  if (const auto found = entries_.find(name); found != entries_.end())
    return found->second;
  std::vector<std::string> names;
  for (const auto& each : entries_)
    names.push_back(fmt::format("\"{}\"", each.first));
  return fail(errc::not_found, names.empty() ? fmt::format("this program has no trainable \"{}\", nor any other", name)
                                             : fmt::format("this program has no trainable \"{}\"; it has {}", name,
                                                           fmt::join(names, ", ")));
}

} // namespace tune
