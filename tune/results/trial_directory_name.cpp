#include "tune/results/trial_directory_name.hpp"

#include "runtime/base/overloaded.hpp"

#include <cmath>
#include <ctime>

#include <fmt/format.h>

namespace tune {
namespace {

constexpr std::size_t max_trainable_bytes = 40;
constexpr std::size_t max_id_bytes = 16;

/// How many bytes the UTF-8 character at the beginning takes; 0: there is none, or a control character.
std::size_t character_at(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto first = byte(0);
  const std::size_t size = first < 0x80                     ? 1
                           : first >= 0xc2 && first <= 0xdf ? 2
                           : (first & 0xf0) == 0xe0         ? 3
                           : first >= 0xf0 && first <= 0xf4 ? 4
                                                            : 0;
  if (size == 0 || size > text.size())
    return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((byte(i) & 0xc0) != 0x80)
      return 0;
  if (size == 1)
    return 1;
  const auto second = byte(1);
  const bool is_control = first == 0xc2 && second < 0xa0;
  const bool is_overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool is_no_character = (first == 0xed && second >= 0xa0) || (first == 0xf4 && second >= 0x90);
  return is_control || is_overlong || is_no_character ? 0 : size;
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '+' || c == '-';
}

/// What a file's name may hold of it: no slash, no blank, nothing that a shell or a terminal takes for its own.
std::string clean(std::string_view text, std::size_t max_bytes = std::string::npos) {
  std::string name;
  while (!text.empty()) {
    const auto size = character_at(text);
    const auto piece = size > 1 || (size == 1 && is_plain(text[0])) ? text.substr(0, size) : std::string_view("_");
    if (name.size() + piece.size() > max_bytes)
      break;
    name += piece;
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return name;
}

std::string short_text(const value& x) {
  return std::visit(runtime::overloaded{
                      [](std::int64_t number) { return std::to_string(number); },
                      [](double number) { return fmt::format("{:.4g}", number); },
                      [](bool truth) { return std::string(truth ? "true" : "false"); },
                      [](const std::string& text) { return clean(text); },
                      [](const value::list& values) {
                        std::string all;
                        for (const auto& each : values)
                          all += (all.empty() ? "" : "+") + short_text(each);
                        return all;
                      },
                    },
                    x.get());
}

} // namespace

std::string trial_name(std::string_view experiment_id, trial_id trial) {
  return fmt::format("{}_{:05}", experiment_id, trial.value);
}

std::string trial_file_name(std::string_view experiment_id, trial_id trial) {
  return trial_name(clean(experiment_id, max_id_bytes), trial);
}

std::string date_text(record::wall_time at) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  if (gmtime_r(&time, &parts) == nullptr) // A year of more digits than an int has.
    return fmt::format("{}", seconds);
  return fmt::format("{:04}-{:02}-{:02}_{:02}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string trial_directory_name(const trial_directory_parts& parts) {
  auto name = clean(parts.trainable, max_trainable_bytes);
  if (name.empty())
    name = "trial";
  if (name[0] == '.' || name[0] == '-') // Hidden, or taken for an option.
    name[0] = '_';
  name += "_" + trial_file_name(parts.experiment_id, parts.trial);
  const auto end = "_" + date_text(parts.created);
  std::string shown;
  for (const auto& [parameter, x] : parts.values) {
    if (parts.varies && !parts.varies(parameter))
      continue;
    const auto slash = parameter.rfind('/'); // Of a nested name the last part, as users of Ray Tune know it.
    auto next = clean(std::string_view(parameter).substr(slash == std::string::npos ? 0 : slash + 1));
    next = fmt::format("{}{}={}", shown.empty() ? "_" : ",", next, short_text(x));
    if (name.size() + shown.size() + next.size() + end.size() > max_trial_directory_bytes)
      break;
    shown += next;
  }
  return name + shown + end;
}

std::string trial_directory_name(const record::experiment_begun& experiment, const experiment_description& description,
                                 const record::trial_created& trial) {
  return trial_directory_name({description.trainable.empty() ? experiment.name : description.trainable, experiment.id,
                               trial.trial, trial.values,
                               [&](const std::string& parameter) { return description.varies(parameter); }, trial.at});
}

} // namespace tune
