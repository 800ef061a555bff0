#include "tune/config.hpp"

#include "tune/value/json_text.hpp"

#include <algorithm>
#include <ostream>

#include <fmt/format.h>

namespace tune {

named_values::named_values(std::initializer_list<entry> entries) {
  for (const auto& [name, x] : entries)
    set(name, x);
}

named_values::named_values(std::vector<entry> entries) : entries_(std::move(entries)) {
  if (const auto* twice = find_repeated(entries_))
    throw failure(error{errc::invalid_argument, fmt::format("\"{}\" is there twice", *twice)});
}

const std::string* named_values::find_repeated(const std::vector<entry>& entries) {
  constexpr std::size_t few = 16;
  if (entries.size() <= few) { // As almost always.
    for (std::size_t i = 1; i < entries.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (entries[i].first == entries[j].first)
          return &entries[i].first;
    return nullptr;
  }
  std::vector<const std::string*> names;
  for (const auto& [name, x] : entries)
    names.push_back(&name);
  std::sort(names.begin(), names.end(), [](const auto* a, const auto* b) { return *a < *b; });
  const auto twice =
    std::adjacent_find(names.begin(), names.end(), [](const auto* a, const auto* b) { return *a == *b; });
  return twice == names.end() ? nullptr : *twice;
}

void named_values::set(const std::string& name, value x) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const entry& e) { return e.first == name; });
  if (found == entries_.end())
    entries_.emplace_back(name, std::move(x));
  else
    found->second = std::move(x);
}

void named_values::add(std::string name, value x) {
  entries_.emplace_back(std::move(name), std::move(x));
}

bool named_values::erase(const std::string& name) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const entry& e) { return e.first == name; });
  if (found == entries_.end())
    return false;
  entries_.erase(found);
  return true;
}

const value* named_values::find(const std::string& name) const noexcept {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const entry& e) { return e.first == name; });
  return found == entries_.end() ? nullptr : &found->second;
}

const value& named_values::at(const std::string& name) const {
  if (const auto* x = find(name))
    return *x;
  std::string names;
  for (const auto& each : entries_)
    names += (names.empty() ? "\"" : ", \"") + each.first + "\"";
  throw failure(error{errc::not_found, names.empty() ? "there is no such value, nor any other"
                                                     : fmt::format("there is no such value; there is {}", names)});
}

bool operator==(const named_values& a, const named_values& b) {
  return a.size() == b.size() && std::all_of(a.begin(), a.end(), [&](const named_values::entry& e) {
           const auto* other = b.find(e.first);
           return other != nullptr && *other == e.second;
         });
}

std::string to_json(const named_values& values) {
  return json_of(values).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::ostream& operator<<(std::ostream& out, const named_values& values) {
  return out << to_json(values);
}

} // namespace tune
