#include "tools/caf_tune/resume_command.hpp"

#include <array>
#include <string_view>

#include <fmt/format.h>

namespace tools {
namespace {

constexpr std::array<std::string_view, 2> replaced = {"--storage", "--name"};

bool takes_value(std::string_view flag, bool with_samples) {
  return flag == replaced[0] || flag == replaced[1] || (with_samples && flag == "--samples");
}

} // namespace

tune::result<std::vector<std::string>> resume_command(const std::vector<std::string>& started_with,
                                                      const std::string& directory,
                                                      std::optional<std::uint64_t> samples) {
  if (started_with.empty())
    return tune::fail(tune::errc::not_found,
                      fmt::format("{}: its journal does not say how its program was started; start it again yourself, "
                                  "with --resume",
                                  directory));
  std::vector<std::string> command = {started_with.front()};
  for (std::size_t i = 1; i < started_with.size(); ++i) {
    const std::string_view word = started_with[i];
    const auto flag = word.substr(0, word.find('='));
    if (takes_value(flag, samples.has_value())) {
      if (flag == word)
        ++i; // Its value.
    } else if (word != "--resume")
      command.emplace_back(word);
  }
  const auto slash = directory.rfind('/');
  command.emplace_back("--resume");
  command.emplace_back("--storage");
  command.push_back(slash == std::string::npos ? "." : slash == 0 ? "/" : directory.substr(0, slash));
  command.emplace_back("--name");
  command.push_back(directory.substr(slash + 1)); // All of it where there is no slash.
  if (samples) {
    command.emplace_back("--samples");
    command.push_back(std::to_string(*samples));
  }
  return command;
}

} // namespace tools
