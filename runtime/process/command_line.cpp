#include "runtime/process/command_line.hpp"

#include "runtime/base/version.hpp"

#include <cstdio>
#include <cstdlib>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace runtime {

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
  } catch (const CLI::ExtrasError&) {
    std::vector<std::string> mistakes;
    for (const auto& word : app.remaining(/*recurse=*/true))
      mistakes.push_back(
        fmt::format(word.rfind('-', 0) == 0 ? "{}: there is no such flag; {}" : "\"{}\": nothing is expected here; {}",
                    word, help));
    end_if_wrong(app.get_name(), mistakes);
  } catch (const CLI::ParseError& wrong) {
    end_if_wrong(app.get_name(), {fmt::format("{}; {}", wrong.what(), help)});
  }
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

result<std::pair<std::string, std::string>> parse_name_and_value(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0)
    return fail(errc::invalid_argument, fmt::format("\"{}\" is not of the form name=value", text));
  return std::pair{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

} // namespace runtime
