#include "tune/spec/document_builder.hpp"

#include <utility>

#include <fmt/format.h>

namespace tune {

using json = nlohmann::ordered_json;

namespace {

std::size_t values_in(const json& x) {
  std::size_t all = 1;
  if (x.is_structured())
    for (const auto& each : x)
      all += values_in(each);
  return all;
}

} // namespace

bool document_builder::wants_key() const noexcept {
  return !levels_.empty() && levels_.back().container.is_object() && !levels_.back().open_key;
}

void document_builder::mistake(std::size_t line, std::string text) {
  made_.mistakes.push_back({line, std::move(text)});
}

void document_builder::give_up(std::size_t line, std::string text) {
  if (!has_given_up_)
    mistake(line, std::move(text));
  has_given_up_ = true;
}

void document_builder::note(const std::string& path, std::size_t line) {
  if (!path.empty())
    made_.lines.try_emplace(path, line);
}

std::string document_builder::path_of_next() const {
  if (levels_.empty())
    return {};
  const auto& here = levels_.back();
  const auto name = here.open_key ? *here.open_key : std::to_string(here.container.size());
  return here.path.empty() ? name : here.path + "/" + name;
}

void document_builder::key(const std::string& name, std::size_t line) {
  auto& here = levels_.back();
  here.open_key = name;
  here.is_repeated = !here.keys.insert(name).second;
  if (here.is_repeated)
    mistake(line, fmt::format("\"{}\" is there twice, first in line {}; each name once", name,
                              made_.line_of(path_of_next())));
  else
    note(path_of_next(), line);
}

void document_builder::value(json what, std::size_t line) {
  if (has_given_up_)
    return;
  values_ += values_in(what);
  if (values_ > most_values)
    return give_up(line, fmt::format("it holds more than {} values", most_values));
  if (!levels_.empty() && levels_.back().container.is_array())
    note(path_of_next(), line);
  put(std::move(what));
}

void document_builder::begin(json::value_t object_or_array, std::size_t line) {
  if (has_given_up_)
    return;
  if (levels_.size() == most_depth)
    return give_up(line, fmt::format("it is nested more than {} deep", most_depth));
  if (!levels_.empty() && levels_.back().container.is_array())
    note(path_of_next(), line);
  level next;
  next.container = json(object_or_array);
  next.path = path_of_next();
  levels_.push_back(std::move(next));
}

const json* document_builder::end() {
  if (has_given_up_ || levels_.empty())
    return nullptr;
  auto ended = std::move(levels_.back().container);
  levels_.pop_back();
  return put(std::move(ended));
}

const json* document_builder::put(json what) {
  if (levels_.empty()) {
    made_.root = std::move(what);
    return &made_.root;
  }
  auto& here = levels_.back();
  if (here.container.is_array()) {
    here.container.push_back(std::move(what));
    return &here.container.back();
  }
  const auto name = *std::exchange(here.open_key, std::nullopt);
  if (here.is_repeated)
    return nullptr;
  return &(here.container[name] = std::move(what));
}

spec_document document_builder::finish() && {
  if (has_given_up_)
    made_.root = nullptr;
  return std::move(made_);
}

} // namespace tune
