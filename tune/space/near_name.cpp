#include "tune/space/near_name.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <numeric>

namespace tune {
namespace {

std::size_t letters_apart(const std::string& a, const std::string& b) { // Levenshtein's distance; case is no letter.
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto changed = diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

} // namespace

std::string nearest_name(const std::string& wrong, const std::vector<std::string>& names) {
  constexpr std::size_t longest = 100; // Nobody's slip of the pen.
  std::string nearest;
  std::size_t least = wrong.size() > longest ? 0 : wrong.size() / 3 + 1;
  for (const auto& name : names)
    if (name.size() <= longest)
      if (const auto apart = letters_apart(wrong, name); apart < least || (apart == least && nearest.empty())) {
        least = apart;
        nearest = name;
      }
  return least < std::max<std::size_t>(nearest.size(), 1) ? nearest : ""; // "a" is not a slip of "b".
}

std::string hint(const std::string& wrong, const std::vector<std::string>& names) {
  if (const auto nearest = nearest_name(wrong, names); !nearest.empty())
    return "; did you mean \"" + nearest + "\"?";
  std::string all;
  constexpr std::size_t shown = 20; // All searchers there are, and more.
  for (std::size_t i = 0; i < std::min(names.size(), shown); ++i)
    all += (all.empty() ? "\"" : ", \"") + names[i] + "\"";
  if (all.empty())
    return "; there is none";
  return "; there is " + all + (names.size() > shown ? ", ..." : "");
}

} // namespace tune
