#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "tune/spec/spec_mistake.hpp"

namespace tune {

/// A spec file's text as JSON, with the line of each of its keys and elements. Only .cpp files include this:
/// nlohmann's header is large.
struct spec_document {
  nlohmann::ordered_json root; ///< null: empty, or it could not be read.
  /// By path: "space/lr", "points_to_evaluate/0". Of a key that is there twice, the first.
  std::map<std::string, std::size_t> lines;
  std::vector<spec_mistake> mistakes; ///< Of the text: where it cannot be read, and keys that are there twice.

  std::size_t line_of(const std::string& path) const; ///< 0: there is no such thing.
};

/// Reads JSON or, where it is none, YAML: version 1.2's core schema, so that `1e-5` is a number and `no` a text, as in
/// JSON. Anchors and aliases are followed. What YAML has beside it (several documents, merge keys, keys that are no
/// texts, tags of one's own) is a mistake, and so is what is no UTF-8: every text in the document is.
[[nodiscard]] spec_document read_spec_document(std::string_view text);

} // namespace tune
