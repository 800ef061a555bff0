#include "runtime/node/work_end.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "runtime/base/utf8.hpp"

namespace runtime {
namespace {

constexpr std::size_t most_words_bytes = 400; // Of a message that people read in one line.
constexpr std::size_t most_words_lines = 3;

/// Terminals obey control characters, and protobuf refuses what is not UTF-8: neither comes through.
std::string printable(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const auto size = utf8_character_bytes(text);
    const auto first = static_cast<unsigned char>(text[0]);
    if (first == '\t')
      clean += ' ';
    else if (size == 0 || (size == 1 && (first < 0x20 || first == 0x7F)))
      clean += '?';
    else
      clean.append(text.substr(0, size));
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return clean;
}

std::string_view without_blanks(std::string_view line) {
  const auto first = line.find_first_not_of(" \t\r");
  return first == std::string_view::npos ? std::string_view()
                                         : line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

/// The last lines that are not empty, in one line.
std::string last_words(std::string_view text) {
  std::string words;
  for (std::size_t lines = 0; !text.empty() && lines < most_words_lines;) {
    const auto start = text.find_last_of('\n');
    const auto line = without_blanks(start == std::string_view::npos ? text : text.substr(start + 1));
    text = start == std::string_view::npos ? std::string_view() : text.substr(0, start);
    if (line.empty())
      continue;
    words = words.empty() ? std::string(line) : fmt::format("{} | {}", line, words);
    ++lines;
  }
  if (words.size() <= most_words_bytes)
    return printable(words);
  auto cut = words.size() - most_words_bytes;
  while (cut < words.size() && (static_cast<unsigned char>(words[cut]) & 0xC0) == 0x80) // Not within a character.
    ++cut;
  return "…" + printable(std::string_view(words).substr(cut));
}

std::string how(const worker_exit& exit) {
  switch (exit.kind) {
  case exit_kind::exited: return fmt::format("worker exited with code {}", exit.exit_code);
  case exit_kind::signalled:
    return fmt::format("worker was killed by signal {} ({}{})", exit.signal,
                       exit.signal_name.empty() ? "no name" : exit.signal_name,
                       exit.core_dumped ? ", core dumped" : "");
  case exit_kind::start_failed: return "worker could not be started";
  }
  return "worker ended";
}

} // namespace

std::string describe_bytes(std::uint64_t bytes) {
  static constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(units); ++unit)
    value /= 1024;
  auto number = fmt::format("{:.1f}", value);
  if (number.size() >= 2 && number.compare(number.size() - 2, 2, ".0") == 0)
    number.resize(number.size() - 2);
  return number + " " + units[unit];
}

std::string describe_nonsense(std::string_view frame) {
  constexpr std::size_t most_shown_bytes = 40;
  const auto shown = printable(frame.substr(0, most_shown_bytes));
  return fmt::format(
    "it sent {} bytes that are no message of a worker (\"{}\"{}); only caf-tune's library may write to "
    "descriptor 3",
    frame.size(), shown, frame.size() > most_shown_bytes ? " and more" : "");
}

std::string describe(const worker_exit& exit) {
  auto text = how(exit);
  if (!exit.message.empty())
    text += ": " + printable(exit.message);
  if (exit.peak_memory_bytes != 0)
    text += "; peak memory " + describe_bytes(exit.peak_memory_bytes);
  if (!exit.survivors.empty())
    text += fmt::format("; what it held stays taken until processes {} of it have ended", exit.survivors);
  if (const auto words = last_words(exit.last_stderr); !words.empty())
    text += "; its last words: " + words;
  return text;
}

} // namespace runtime
