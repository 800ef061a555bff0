#include "runtime/process/command_line.hpp"

#include "runtime/base/utf8.hpp"
#include "runtime/base/version.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace runtime {
namespace {

bool is_control(char c) {
  return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_control);
}

/// What a terminal may be shown.
std::string printable(std::string_view text) {
  auto shown = made_utf8(text);
  std::replace_if(shown.begin(), shown.end(), is_control, '?');
  return shown;
}

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

result<std::string> parse_host(std::string_view text) {
  const auto wrong = [&](const char* why) {
    return fail(errc::invalid_argument, fmt::format("\"{}\" is not a host: {}; use a name or an address, for example "
                                                    "10.0.0.1",
                                                    printable(text), why));
  };
  auto host = text;
  const bool opens = !host.empty() && host.front() == '[';
  if (opens && host.size() > 1 && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (opens)
    return wrong("its brackets do not match");
  if (host.empty())
    return wrong("it is empty");
  if (host.find_first_of("[]") != std::string_view::npos)
    return wrong("its brackets do not match");
  if (host.find('/') != std::string_view::npos)
    return wrong("it has a \"/\"");
  if (has_control(host))
    return wrong("it has a control character");
  if (!is_utf8(host))
    return wrong("it is not UTF-8");
  return std::string(host);
}

result<std::pair<std::string, std::uint16_t>> parse_address(std::string_view text) {
  const auto wrong = [&](const char* why) {
    return fail(
      errc::invalid_argument,
      fmt::format("\"{}\" is not an address{}; use HOST:PORT, for example 10.0.0.1:6390", printable(text), why));
  };
  if (text.find('/') != std::string_view::npos)
    return wrong(": it has a \"/\"");
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0)
    return wrong("");
  const auto host_text = text.substr(0, colon);
  if (host_text.front() != '[' && host_text.find_first_of("[]:") != std::string_view::npos)
    return wrong(host_text.find(':') != std::string_view::npos ? ": an IPv6 address needs brackets, as in [::1]:6390"
                                                               : ": its brackets do not match");
  if (host_text.front() == '[' && host_text.back() != ']')
    return wrong(": its brackets do not match");
  auto host = parse_host(host_text);
  const auto port = parse_port(text.substr(colon + 1));
  if (!host || !port || *port == 0)
    return wrong("");
  return std::pair{std::move(*host), *port};
}

result<void> check_word(std::string_view text, const char* what) {
  const bool good = !text.empty() && text.size() <= 63 && text.find_first_of(" \"") == std::string_view::npos;
  if (good && !has_control(text) && is_utf8(text))
    return {};
  return fail(errc::invalid_argument,
              fmt::format("\"{}\" is not {}; use 1 to 63 characters without spaces", printable(text), what));
}

result<void> check_path(const std::string& path) {
  if (path.empty())
    return fail(errc::invalid_argument, "the path is empty");
  return {};
}

result<void> check_log_level(const std::string& level) {
  constexpr std::array levels{"trace", "debug", "info", "warn", "error", "critical", "off"};
  if (std::find(levels.begin(), levels.end(), level) != levels.end())
    return {};
  return fail(errc::invalid_argument, fmt::format("\"{}\" is not a level; use trace, debug, info, warn, error, "
                                                  "critical or off",
                                                  level));
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
