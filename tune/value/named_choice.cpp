#include "tune/value/named_choice.hpp"

#include <nlohmann/json.hpp>

namespace tune {

using json = nlohmann::ordered_json;

std::string json_of_choice(const std::string& name, const std::string& options) {
  auto all = json::object();
  all["name"] = name;
  all.update(json::parse(options));
  return all.dump();
}

result<choice_text> choice_from_json(const std::string& what, std::string_view text) {
  auto form = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (form.is_string())
    return choice_text{form.get<std::string>(), "{}"};
  if (!form.is_object() || !form.contains("name") || !form["name"].is_string())
    return fail(errc::invalid_argument,
                what + ": a name, or an object with \"name\", is needed, but it is " + std::string(text));
  auto name = form["name"].get<std::string>();
  form.erase("name");
  return choice_text{std::move(name), form.dump()};
}

} // namespace tune
