#include "tests/fuzz/fuzz_target.hpp"

#include <algorithm>

#include "tune/spec/search_spec.hpp"
#include "tune/spec/spec_document.hpp"

/// A spec file, YAML or JSON; corpus/ has some. What has no mistakes is read again as the same search, and JSON that is
/// read as YAML says the same.

namespace {

using namespace tune;

void check_mistakes(const search_spec_read& read, std::string_view text) {
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 2;
  for (const auto& each : read.mistakes) {
    fuzz::require(!each.text.empty(), "a mistake says nothing");
    fuzz::require(each.line <= lines, "a mistake lies behind the end of the file");
  }
  fuzz::require(read.spec.has_value() == read.mistakes.empty(), "neither a search nor a mistake, or both");
  fuzz::require(texts_of(read.mistakes, "spec.yaml").size() == read.mistakes.size(), "a mistake is not told");
}

/// A comment makes YAML of it.
void check_as_yaml(std::string_view text) {
  const auto json = nlohmann::ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded())
    return;
  const auto as_json = read_spec_document(text);
  const auto as_yaml = read_spec_document("# \n" + std::string(text));
  if (as_json.mistakes.empty() && as_yaml.mistakes.empty()) // YAML has a few limits that JSON has not.
    fuzz::require(as_json.root.dump() == as_yaml.root.dump(), "JSON says something else as YAML");
}

void run(std::string_view text) {
  const auto read = read_search_spec(text);
  check_mistakes(read, text);
  check_as_yaml(text);
  if (!read.spec)
    return;
  const auto written = to_json(*read.spec);
  const auto again = read_search_spec(written);
  fuzz::require(again.spec.has_value(), "what was written cannot be read");
  fuzz::require(to_json(*again.spec) == written, "what was written reads as something else");
  fuzz::require(differences_of_specs(written, to_json(*again.spec)).empty(), "a search differs from itself");
}

fuzz::inputs seeds() {
  return {};
}

const fuzz::target search_spec_target("tune/spec/search_spec", run, seeds);

} // namespace
