#include "runtime/base/short_text.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/base/utf8.hpp"

#include <fmt/format.h>

namespace runtime {
namespace {

constexpr std::size_t most_ending_bytes = 48; // Of the words that say how much was cut.

} // namespace

std::string short_text(std::string_view text, std::size_t most) {
  CAF_TUNE_INVARIANT(most > most_ending_bytes, "{} bytes", most);
  auto made = made_utf8(text.substr(0, most + 1)); // No more of it can be needed.
  if (text.size() <= most && made.size() <= most)
    return made;
  std::size_t used = 0;
  std::size_t kept = 0;
  for (auto rest = text; !rest.empty();) {
    const auto size = utf8_character_bytes(rest);
    const auto taken = size == 0 ? 1 : size;
    const auto given = size == 0 ? 3 : size; // U+FFFD takes three.
    if (kept + given > most - most_ending_bytes)
      break;
    kept += given;
    used += taken;
    rest.remove_prefix(taken);
  }
  made.resize(kept);
  return made + fmt::format("… ({} more bytes)", text.size() - used);
}

} // namespace runtime
