#include "tune/store/checkpoint_manifest.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runtime/base/utf8.hpp"

namespace tune {
namespace {

using json = nlohmann::ordered_json;

constexpr int format = 1;
constexpr std::string_view prefix = "checkpoint_";
constexpr std::string_view infix = ".attempt-";

template <class Number>
std::optional<Number> number_in(std::string_view digits, int base = 10) {
  Number number = 0;
  const auto* end = digits.data() + digits.size();
  const auto [stopped, why] = std::from_chars(digits.data(), end, number, base);
  if (digits.empty() || digits[0] == '-' || why != std::errc() || stopped != end)
    return std::nullopt;
  return number;
}

/// A field that is a whole number, from 0 to the most that the type holds.
template <class Number>
std::optional<Number> number_of(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_unsigned())
    return std::nullopt;
  const auto number = found->get<std::uint64_t>();
  if (number > static_cast<std::uint64_t>(std::numeric_limits<Number>::max()))
    return std::nullopt;
  return static_cast<Number>(number);
}

[[nodiscard]] result<checkpoint_manifest::file> file_of(const json& entry) {
  const auto text = [&](const char* name) {
    const auto found = entry.is_object() ? entry.find(name) : entry.end();
    return entry.is_object() && found != entry.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto path = text("path");
  if (auto checked = check_manifest_path(path); !checked)
    return fail(std::move(checked.error()));
  const auto size = number_of<std::uint64_t>(entry, "size_bytes");
  if (!size)
    return fail(errc::invalid_argument, fmt::format("\"{}\" has no size_bytes", path));
  const auto checksum = number_in<std::uint32_t>(text("crc32c"), 16);
  if (!checksum)
    return fail(errc::invalid_argument, fmt::format("\"{}\" has no crc32c", path));
  return checkpoint_manifest::file{path, *size, *checksum};
}

[[nodiscard]] result<checkpoint_manifest> manifest_of(const json& all) {
  if (!all.is_object())
    return fail(errc::invalid_argument, "it is no JSON object");
  const auto found = number_of<std::uint64_t>(all, "format");
  if (!found || *found == 0)
    return fail(errc::invalid_argument, "it has no format");
  checkpoint_manifest manifest;
  if (const auto by = all.find("written_by"); by != all.end() && by->is_string())
    manifest.written_by = by->get<std::string>();
  if (*found > format)
    return fail(errc::incompatible, fmt::format("its format is {}, written by {}, and this program reads {}", *found,
                                                manifest.written_by, format));
  manifest.iteration = number_of<iteration_number>(all, "iteration");
  manifest.attempt = number_of<attempt_number>(all, "attempt");
  const auto files = all.find("files");
  if (files == all.end() || !files->is_array())
    return fail(errc::invalid_argument, "it has no files");
  std::uint64_t sum = 0;
  for (const auto& entry : *files) {
    auto file = file_of(entry);
    if (!file)
      return fail(std::move(file.error()));
    if (!manifest.files.empty() && manifest.files.back().path >= file->path)
      return fail(errc::invalid_argument, fmt::format("\"{}\" is there twice, or out of order", file->path));
    if (file->size_bytes > std::numeric_limits<std::uint64_t>::max() - sum)
      return fail(errc::invalid_argument, fmt::format("\"{}\": so many bytes cannot be", file->path));
    sum += file->size_bytes;
    manifest.files.push_back(std::move(*file));
  }
  return manifest;
}

} // namespace

std::uint64_t checkpoint_manifest::size_bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& each : files)
    sum += each.size_bytes;
  return sum;
}

std::string to_json(const checkpoint_manifest& manifest) {
  json all{{"format", format}, {"written_by", manifest.written_by}};
  if (manifest.iteration)
    all["iteration"] = *manifest.iteration;
  if (manifest.attempt)
    all["attempt"] = *manifest.attempt;
  all["files"] = json::array();
  for (const auto& each : manifest.files)
    all["files"].push_back(
      {{"path", each.path}, {"size_bytes", each.size_bytes}, {"crc32c", fmt::format("{:08x}", each.crc32c)}});
  return all.dump(1) + "\n";
}

result<checkpoint_manifest> parse_manifest(std::string_view text) {
  const auto all = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (all.is_discarded())
    return fail(errc::invalid_argument, "it is no JSON");
  return manifest_of(all);
}

result<void> check_manifest_path(const std::string& path) {
  if (path.empty())
    return fail(errc::invalid_argument, "a file has no path");
  if (!runtime::is_utf8(path) || path.find('\0') != std::string::npos)
    return fail(errc::invalid_argument, "the name of a file is not UTF-8");
  std::string_view rest = path;
  while (true) {
    const auto slash = rest.find('/');
    const auto part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == "..")
      return fail(errc::invalid_argument, fmt::format("\"{}\" does not lie in the checkpoint's directory", path));
    if (slash == std::string_view::npos)
      break;
    rest.remove_prefix(slash + 1);
  }
  if (path == manifest_file)
    return fail(errc::invalid_argument, fmt::format("\"{}\" is a name for caf-tune; choose another one", path));
  return {};
}

std::string checkpoint_name(iteration_number iteration) {
  return fmt::format("{}{:06}", prefix, iteration);
}

std::string checkpoint_name(iteration_number iteration, attempt_number attempt) {
  return fmt::format("{}{}{}", checkpoint_name(iteration), infix, attempt);
}

std::optional<named_checkpoint> parse_checkpoint_name(std::string_view name) {
  if (name.substr(0, prefix.size()) != prefix)
    return std::nullopt;
  name.remove_prefix(prefix.size());
  const auto dot = std::min(name.find(infix), name.size());
  const auto iteration = number_in<iteration_number>(name.substr(0, dot));
  if (!iteration)
    return std::nullopt;
  if (dot == name.size())
    return named_checkpoint{*iteration, std::nullopt};
  const auto attempt = number_in<attempt_number>(name.substr(dot + infix.size()));
  if (!attempt)
    return std::nullopt;
  return named_checkpoint{*iteration, attempt};
}

} // namespace tune
