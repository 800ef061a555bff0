#include "runtime/package/manifest.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "runtime/base/invariant.hpp"
#include "runtime/base/utf8.hpp"

namespace runtime {
namespace {

constexpr std::string_view first_line = "caf-tune package 1";
constexpr std::string_view main_prefix = "main ";
constexpr std::size_t longest_name = 255; // What file systems hold.
constexpr std::size_t hex_digits = 64;

/// Why it is no plain file name; nothing if it is one.
std::optional<std::string> fault_of_name(const std::string& name) {
  if (name.empty())
    return "the name is empty";
  if (name.size() > longest_name)
    return fmt::format("the name has {} bytes; at most {}", name.size(), longest_name);
  if (name.front() == '.')
    return "the name begins with '.', which the store keeps for itself";
  const auto is_unfit = [](char c) { return c == '/' || static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
  if (std::any_of(name.begin(), name.end(), is_unfit))
    return "the name holds '/' or a control character; use a plain file name";
  if (!is_utf8(name))
    return "the name is not UTF-8";
  return {};
}

std::vector<std::string> faults_of_files(const package_manifest& package) {
  std::vector<std::string> faults;
  std::set<std::string_view> names;
  for (const auto& file : package.files) {
    if (const auto fault = fault_of_name(file.name))
      faults.push_back(fmt::format("file {:?}: {}", file.name.substr(0, longest_name), *fault));
    if (!names.insert(file.name).second)
      faults.push_back(fmt::format("file {:?}: the name comes twice", file.name));
    if (!file.digest)
      faults.push_back(fmt::format("file {:?}: has no SHA-256", file.name));
  }
  return faults;
}

std::optional<std::string> fault_of_size(const package_manifest& package, std::uint64_t most) {
  std::uint64_t sum = 0;
  for (const auto& file : package.files) {
    if (file.size_bytes > most - sum) // Cannot overflow.
      return fmt::format("its files take more than the limit of {} bytes; leave data out of the program", most);
    sum += file.size_bytes;
  }
  return {};
}

std::optional<std::string> fault_of_main(const package_manifest& package) {
  const auto* main = find_file(package, package.main);
  if (main == nullptr)
    return fmt::format("the main file {:?} is not among its files", package.main.substr(0, longest_name));
  if (!main->executable)
    return fmt::format("the main file {:?} is not executable", package.main);
  return {};
}

/// Takes the text up to the next end of line off; nothing if there is none.
std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos)
    return {};
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<package_file> parse_file(std::string_view line) {
  if (line.size() <= hex_digits || line[hex_digits] != ' ')
    return {};
  const auto digest = parse_sha256(line.substr(0, hex_digits));
  if (!digest)
    return {};
  line.remove_prefix(hex_digits + 1);
  package_file file;
  const auto [end, code] = std::from_chars(line.data(), line.data() + line.size(), file.size_bytes);
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  if (code != std::errc() || line.size() < 4 || line[0] != ' ' || (line[1] != 'x' && line[1] != '-') || line[2] != ' ')
    return {};
  file.digest = *digest;
  file.executable = line[1] == 'x';
  file.name = line.substr(3);
  return file;
}

} // namespace

result<void> validate(const package_manifest& package, const manifest_limits& limits) {
  if (package.files.empty())
    return fail(errc::invalid_argument, "the package has no files");
  if (package.files.size() > limits.most_files) // Before anything that takes time for each.
    return fail(errc::too_large,
                fmt::format("the package has {} files; at most {}", package.files.size(), limits.most_files));
  auto faults = faults_of_files(package);
  if (auto fault = fault_of_main(package))
    faults.push_back(std::move(*fault));
  const auto too_large = fault_of_size(package, limits.most_bytes);
  if (too_large)
    faults.push_back(*too_large);
  if (faults.empty())
    return {};
  return fail(too_large && faults.size() == 1 ? errc::too_large : errc::invalid_argument,
              fmt::format("the package is wrong: {}", fmt::join(faults, "; ")));
}

std::string canonical_encoding(const package_manifest& package) {
  std::vector<const package_file*> files;
  for (const auto& file : package.files)
    files.push_back(&file);
  std::sort(files.begin(), files.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  auto out = fmt::format("{}\n{}{}\n", first_line, main_prefix, package.main);
  for (const auto* file : files)
    fmt::format_to(std::back_inserter(out), "{} {} {} {}\n", file->digest, file->size_bytes,
                   file->executable ? 'x' : '-', file->name);
  return out;
}

result<package_manifest> parse_manifest(std::string_view text) {
  auto rest = text;
  const auto version = take_line(rest);
  if (version != first_line)
    return fail(errc::incompatible, fmt::format("the manifest begins with {:?}, not with {:?}; it is damaged, or of "
                                                "another version of caf-tune",
                                                std::string(version.value_or(text).substr(0, 80)), first_line));
  const auto damaged = [] { return fail(errc::invalid_argument, "the manifest is damaged"); };
  const auto main = take_line(rest);
  if (!main || main->substr(0, main_prefix.size()) != main_prefix)
    return damaged();
  package_manifest package;
  package.main = main->substr(main_prefix.size());
  while (!rest.empty()) {
    const auto line = take_line(rest);
    auto file = line ? parse_file(*line) : std::nullopt;
    if (!file)
      return damaged();
    package.files.push_back(std::move(*file));
  }
  if (auto valid = validate(package); !valid)
    return fail(std::move(valid.error()));
  if (canonical_encoding(package) != text) // Two texts for one package would be two ids.
    return damaged();
  return package;
}

const package_file* find_file(const package_manifest& package, std::string_view name) {
  const auto found =
    std::find_if(package.files.begin(), package.files.end(), [&](const auto& file) { return file.name == name; });
  return found == package.files.end() ? nullptr : &*found;
}

std::uint64_t total_bytes(const package_manifest& package) {
  std::uint64_t sum = 0;
  for (const auto& file : package.files) {
    CAF_TUNE_INVARIANT(sum + file.size_bytes >= sum, "file {}", file.name);
    sum += file.size_bytes;
  }
  return sum;
}

} // namespace runtime
