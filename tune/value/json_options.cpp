#include "tune/value/json_options.hpp"

#include "tune/space/near_name.hpp"

#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

namespace tune {

using json = nlohmann::ordered_json;

struct json_options::parsed {
  json object;
};

json_options::json_options(std::string where, std::string_view text)
  : where_(std::move(where)),
    parsed_(std::make_unique<parsed>()) {
  parsed_->object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (parsed_->object.is_object())
    return;
  mistakes_.push_back(where_ + ": its options must be a JSON object, but are " + std::string(text));
  parsed_->object = json::object();
}

json_options::~json_options() = default;

template <class Fits, class Take>
void json_options::read(const char* name, const char* wanted, Fits fits, Take take) {
  known_.emplace_back(name);
  const auto found = parsed_->object.find(name);
  if (found == parsed_->object.end())
    return;
  if (fits(*found))
    take(*found);
  else
    add(name, std::string("is ") + found->dump() + ", but must be " + wanted);
}

void json_options::read(const char* name, bool& field) {
  read(
    name, "true or false", [](const json& x) { return x.is_boolean(); }, [&](const json& x) { field = x.get<bool>(); });
}

void json_options::read(const char* name, std::int64_t& field) {
  const auto fits = [](const json& x) {
    return x.is_number_integer() &&
           !(x.is_number_unsigned() && x.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX));
  };
  read(name, "an integer", fits, [&](const json& x) { field = x.get<std::int64_t>(); });
}

void json_options::read(const char* name, int& field) {
  const auto fits = [](const json& x) {
    return x.is_number_integer() && x.get<double>() >= std::numeric_limits<int>::min() &&
           x.get<double>() <= std::numeric_limits<int>::max();
  };
  read(name, "an integer", fits, [&](const json& x) { field = x.get<int>(); });
}

void json_options::read(const char* name, double& field) {
  read(
    name, "a number", [](const json& x) { return x.is_number(); }, [&](const json& x) { field = x.get<double>(); });
}

void json_options::read(const char* name, std::string& field) {
  read(
    name, "a text", [](const json& x) { return x.is_string(); }, [&](const json& x) { field = x.get<std::string>(); });
}

void json_options::read(const char* name, std::optional<std::uint64_t>& field) {
  read(
    name, "an integer that is not negative", [](const json& x) { return x.is_number_unsigned(); },
    [&](const json& x) { field = x.get<std::uint64_t>(); });
}

void json_options::read(const char* name, std::optional<int>& field) {
  int found = field.value_or(0);
  read(name, found);
  if (parsed_->object.contains(name))
    field = found;
}

void json_options::read(const char* name, std::optional<double>& field) {
  read(
    name, "a number", [](const json& x) { return x.is_number(); }, [&](const json& x) { field = x.get<double>(); });
}

void json_options::read_json(const char* name, std::string& text) {
  read(
    name, "", [](const json&) { return true; }, [&](const json& x) { text = x.dump(); });
}

void json_options::add(const char* name, const std::string& mistake) {
  mistakes_.push_back(where_ + ": " + name + " " + mistake);
}

std::vector<std::string> json_options::mistakes() const {
  auto all = mistakes_;
  for (const auto& [name, x] : parsed_->object.items())
    if (std::find(known_.begin(), known_.end(), name) == known_.end())
      all.push_back(where_ + ": it has no option \"" + name + "\"" + hint(name, known_));
  return all;
}

} // namespace tune
