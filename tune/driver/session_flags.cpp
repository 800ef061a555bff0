#include "tune/driver/session_flags.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include <fmt/format.h>

namespace tune {
namespace {

bool is_flag(const std::string& word) {
  return word.size() > 1 && word[0] == '-';
}

std::optional<std::uint64_t> number_of(const std::string& flag, const std::string& text, session_flags& flags) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec == std::errc() && read.ptr == text.data() + text.size())
    return number;
  flags.mistakes.push_back(fmt::format("{}: \"{}\" is not a whole number from 0 up", flag, text));
  return std::nullopt;
}

void take(const std::string& flag, const std::string& text, session_flags& flags) {
  if (flag == "--samples")
    flags.samples = number_of(flag, text, flags);
  else if (flag == "--seed")
    flags.seed = number_of(flag, text, flags);
  else if (text.empty())
    flags.mistakes.push_back(flag + ": it is empty");
  else
    (flag == "--storage" ? flags.storage : flags.name) = text;
}

/// Beside an unknown flag the other words may be its values.
void refuse(session_flags& flags) {
  const bool any_flag = std::any_of(flags.rest.begin(), flags.rest.end(), is_flag);
  for (const auto& word : flags.rest)
    if (is_flag(word))
      flags.mistakes.push_back(word + ": there is no such flag");
    else if (!any_flag)
      flags.mistakes.push_back(fmt::format("\"{}\": nothing is expected here", word));
}

} // namespace

session_flags read_session_flags(const std::vector<std::string>& words, bool refuse_rest) {
  static const std::set<std::string> with_value = {"--storage", "--name", "--samples", "--seed"};
  session_flags flags;
  const std::map<std::string, bool*> switches = {
    {"--resume", &flags.resume}, {"--json", &flags.json}, {"--quiet", &flags.quiet}};
  std::set<std::string> seen;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    const auto flag = words[i].substr(0, equals);
    const bool has_value = with_value.count(flag) != 0;
    const auto toggle = switches.find(words[i]);
    if (!has_value && toggle == switches.end()) {
      flags.rest.push_back(words[i]);
      continue;
    }
    if (!seen.insert(flag).second)
      flags.mistakes.push_back(flag + ": it is given more than once");
    if (!has_value)
      *toggle->second = true;
    else if (equals != std::string::npos)
      take(flag, words[i].substr(equals + 1), flags);
    else if (i + 1 < words.size() && !is_flag(words[i + 1]))
      take(flag, words[++i], flags);
    else
      flags.mistakes.push_back(flag + ": its value is missing");
  }
  if (refuse_rest)
    refuse(flags);
  return flags;
}

const char* const session_flags_help = R"(Of the search:
  --storage DIR   where the experiment's directory lies
                  (default: $CAF_TUNE_STORAGE, or ~/caf-tune-results)
  --name NAME     of the experiment
  --samples N     how many trials; more than before extends it
  --seed N        of all chance, for a new experiment
  --resume        only go on with an experiment that is there
  --json          print one JSON object at the end, and nothing else
  --quiet         print nothing but errors
)";

} // namespace tune
