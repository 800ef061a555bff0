#include "runtime/process/command_line.hpp"

#include "runtime/base/version.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace runtime {
namespace {

bool is_flag(const std::string& word) {
  return word.rfind('-', 0) == 0;
}

/// What is wrong with words that nothing of the app takes. Beside an unknown flag the others may be its values.
std::vector<std::string> mistakes_in(const CLI::App& app) {
  const auto words = app.remaining(/*recurse=*/true);
  const bool has_flag = std::any_of(words.begin(), words.end(), is_flag);
  const bool needs_command =
    !app.get_subcommands([](const CLI::App*) { return true; }).empty() && app.get_subcommands().empty();
  std::vector<std::string> mistakes;
  for (const auto& word : words)
    if (is_flag(word))
      mistakes.push_back(word + ": there is no such flag");
    else if (!has_flag)
      mistakes.push_back(
        fmt::format("\"{}\": {}", word, needs_command ? "there is no such command" : "nothing is expected here"));
  return mistakes;
}

/// CLI11 says how many values it wants of which type.
std::string mistake_in(const CLI::ArgumentMismatch& wrong) {
  const std::string said = wrong.what();
  const auto flag = said.substr(0, said.find(':'));
  return flag +
         (said.find("At Most 1") != std::string::npos ? ": it is given more than once" : ": its value is missing");
}

} // namespace

void end_if_wrong(const std::string& program, const std::vector<std::string>& mistakes) {
  if (mistakes.empty())
    return;
  for (const auto& mistake : mistakes)
    std::fprintf(stderr, "%s: %s\n", program.c_str(), mistake.c_str());
  std::exit(exit_wrong_usage);
}

void read_command_line(CLI::App& app, int argc, char** argv) {
  app.set_version_flag("--version", std::string("caf-tune ") + version);
  const auto help = fmt::format("run {} --help for what there is", app.get_name());
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    std::exit(app.exit(asked));
  } catch (const CLI::ParseError& wrong) {
    auto mistakes = std::vector<std::string>{wrong.what()};
    if (dynamic_cast<const CLI::ExtrasError*>(&wrong) != nullptr)
      mistakes = mistakes_in(app);
    else if (const auto* mismatch = dynamic_cast<const CLI::ArgumentMismatch*>(&wrong))
      mistakes = {mistake_in(*mismatch)};
    for (auto& mistake : mistakes)
      mistake += "; " + help;
    end_if_wrong(app.get_name(), mistakes);
  }
}

result<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(text.begin(), text.end(), port); // Takes no blank and no sign.
  if (failure != std::errc() || end != text.end())
    return fail(errc::invalid_argument, fmt::format("\"{}\" is not a port; use 0 to 65535", text));
  return port;
}

result<std::pair<std::string, std::uint16_t>> parse_address(std::string_view text) {
  const auto colon = text.rfind(':');
  const auto wrong = [&] {
    return fail(errc::invalid_argument,
                fmt::format("\"{}\" is not an address; use HOST:PORT, for example 10.0.0.1:6390", text));
  };
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size())
    return wrong();
  auto host = std::string(text.substr(0, colon));
  if (host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  unsigned long port = 0;
  for (const char digit : text.substr(colon + 1)) {
    if (digit < '0' || digit > '9' || port > 65535)
      return wrong();
    port = port * 10 + static_cast<unsigned long>(digit - '0');
  }
  if (host.empty() || port == 0 || port > 65535)
    return wrong();
  return std::pair{std::move(host), static_cast<std::uint16_t>(port)};
}

error about_listening(const std::string& port_flag, error why) {
  const bool is_host = why.code == errc::invalid_argument || why.code == errc::not_found;
  return within(is_host ? "--host" : port_flag, std::move(why));
}

result<std::pair<std::string, std::string>> parse_name_and_value(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0)
    return fail(errc::invalid_argument, fmt::format("\"{}\" is not of the form name=value", text));
  return std::pair{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

} // namespace runtime
