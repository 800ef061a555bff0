#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tune {

/// What is wrong in a spec file, and where.
struct spec_mistake {
  std::size_t line = 0; ///< From 1; 0: of the file as a whole, or of a flag.
  std::string text;     ///< `space: "lr": log scale needs low > 0, ...`

  friend bool operator==(const spec_mistake& a, const spec_mistake& b) { return a.line == b.line && a.text == b.text; }
};

/// "spec.yaml:3: space: ..." for each, in the order of the lines; of a flag, "--mode: ...", without the file.
[[nodiscard]] std::vector<std::string> texts_of(std::vector<spec_mistake> mistakes, const std::string& file);

} // namespace tune
