#include "runtime/resources/machine_facts.hpp"

#include "runtime/base/trimmed.hpp"

#include <algorithm>
#include <charconv>

namespace runtime {

namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos)
      return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string> split_to_strings(std::string_view text, char separator) {
  const auto parts = split(text, separator);
  return {parts.begin(), parts.end()};
}

std::optional<std::int64_t> read_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || problem != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

bool is_digits(std::string_view text) noexcept {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// The kernel writes a blank in a path as \040.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto code = text.substr(i, 4);
    if (code.size() == 4 && code[0] == '\\' && code.find_first_not_of("01234567", 1) == std::string_view::npos) {
      plain += static_cast<char>((code[1] - '0') * 64 + (code[2] - '0') * 8 + (code[3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

bool starts_with(std::string_view text, std::string_view start) noexcept {
  return text.substr(0, start.size()) == start;
}

/// Where the place is below the mount: "/a/b", or "" for the mount itself. A place that this mount does not show (of
/// another cgroup namespace) is bound at least by what the mount shows.
std::string_view below_mount(const cgroup_place& place, const cgroup_mount& mount) {
  std::string_view path = place.path;
  const std::string_view root = mount.root == "/" ? std::string_view() : mount.root;
  if (path.find("/..") != std::string_view::npos || !starts_with(path, root))
    return {};
  path.remove_prefix(root.size());
  if (path == "/" || (!path.empty() && path.front() != '/'))
    return {};
  return path;
}

[[nodiscard]] result<std::optional<amount>> cpus_of_quota(std::string_view quota_text, std::string_view period_text) {
  const auto quota = read_number(quota_text);
  const auto period = read_number(period_text);
  if (!quota || !period || *quota < 0 || *period <= 0)
    return fail(errc::invalid_argument,
                fmt::format("{:?} of {:?} microseconds is not a cpu quota", quota_text, period_text));
  if (*quota > amount::limit().units() / amount::steps_in_one)
    return std::nullopt; // More than any machine's.
  return amount::from_units(std::max<std::int64_t>(1, *quota * amount::steps_in_one / *period));
}

} // namespace

std::vector<cgroup_place> parse_cgroup_places(std::string_view text) {
  std::vector<cgroup_place> places; // "4:cpu,cpuacct:/docker/5f" of v1, "0::/user.slice" of v2.
  for (const auto line : split(text, '\n')) {
    const auto first = line.find(':');
    const auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos)
      continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    cgroup_place place;
    place.is_v2 = controllers.empty();
    if (!place.is_v2)
      place.controllers = split_to_strings(controllers, ',');
    place.path = std::string(line.substr(second + 1));
    places.push_back(std::move(place));
  }
  return places;
}

std::vector<cgroup_mount> parse_cgroup_mounts(std::string_view text) {
  std::vector<cgroup_mount> mounts; // "36 25 0:31 /root /mount/point rw shared:9 - cgroup2 cgroup2 rw,nsdelegate"
  for (const auto line : split(text, '\n')) {
    const auto bar = line.find(" - ");
    if (bar == std::string_view::npos)
      continue;
    const auto before = split(line.substr(0, bar), ' ');
    const auto behind = split(line.substr(bar + 3), ' ');
    if (before.size() < 5 || behind.size() < 3 || (behind[0] != "cgroup" && behind[0] != "cgroup2"))
      continue;
    cgroup_mount mount;
    mount.is_v2 = behind[0] == "cgroup2";
    mount.root = unescaped(before[3]);
    mount.mount_point = unescaped(before[4]);
    if (!mount.is_v2)
      mount.controllers = split_to_strings(behind[2], ',');
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

std::vector<cgroup_directory> cgroup_directories(const std::vector<cgroup_place>& places,
                                                 const std::vector<cgroup_mount>& mounts, std::string_view controller) {
  std::vector<cgroup_directory> directories;
  for (const auto& place : places) {
    if (!place.is_v2 && !contains(place.controllers, controller))
      continue;
    for (const auto& mount : mounts) {
      if (mount.is_v2 != place.is_v2 || (!mount.is_v2 && !contains(mount.controllers, controller)))
        continue;
      auto below = below_mount(place, mount);
      for (; !below.empty(); below = below.substr(0, below.rfind('/')))
        directories.push_back({mount.is_v2, mount.mount_point + std::string(below)});
      directories.push_back({mount.is_v2, mount.mount_point});
    }
  }
  return directories;
}

result<std::optional<amount>> parse_cpu_max(std::string_view text) {
  const auto words = split(trimmed(text), ' ');
  if (words.size() != 2)
    return fail(errc::invalid_argument, fmt::format("{:?} is not a cpu quota and its period", trimmed(text)));
  if (words[0] == "max")
    return std::nullopt;
  return cpus_of_quota(words[0], words[1]);
}

result<std::optional<amount>> parse_cfs_quota(std::string_view quota, std::string_view period) {
  if (trimmed(quota) == "-1")
    return std::nullopt;
  return cpus_of_quota(trimmed(quota), trimmed(period));
}

result<std::optional<amount>> parse_memory_limit(std::string_view text) {
  const auto word = trimmed(text);
  if (word == "max")
    return std::nullopt;
  if (!is_digits(word))
    return fail(errc::invalid_argument, fmt::format("{:?} is not a limit of memory in bytes", word));
  const auto bytes = read_number(word);
  if (!bytes || *bytes > amount::limit().units() / amount::steps_in_one)
    return std::nullopt; // v1 writes "no limit" as about 2^63.
  return amount::whole(*bytes);
}

result<amount> parse_memory_total(std::string_view text) {
  for (const auto line : split(text, '\n')) { // "MemTotal:       16384256 kB"
    constexpr std::string_view label = "MemTotal:";
    if (!starts_with(line, label))
      continue;
    const auto words = split(trimmed(line.substr(label.size())), ' ');
    const auto kibibytes = words.size() == 2 && words[1] == "kB" ? read_number(words[0]) : std::nullopt;
    if (!kibibytes || *kibibytes < 0 || *kibibytes > amount::limit().units() / amount::steps_in_one / 1024)
      return fail(errc::invalid_argument, fmt::format("{:?} is not an amount of memory", line));
    return amount::whole(*kibibytes * 1024);
  }
  return fail(errc::not_found, "there is no MemTotal");
}

std::int64_t count_gpu_files(const std::vector<std::string>& names) {
  constexpr std::string_view prefix = "nvidia";
  return std::count_if(names.begin(), names.end(), [&](const std::string& name) {
    return starts_with(name, prefix) && is_digits(std::string_view(name).substr(prefix.size()));
  });
}

std::vector<std::string> usable_gpus(std::int64_t count, const std::optional<std::string>& visible_devices) {
  std::vector<std::string> names;
  if (!visible_devices) {
    for (std::int64_t i = 0; i < count; ++i)
      names.push_back(std::to_string(i));
    return names;
  }
  for (const auto part : split(*visible_devices, ',')) {
    const auto entry = trimmed(part);
    const auto index = is_digits(entry) ? read_number(entry) : std::nullopt;
    const bool is_there =
      index ? *index < count : count > 0 && (starts_with(entry, "GPU-") || starts_with(entry, "MIG-"));
    if (!is_there)
      break;
    auto name = index ? std::to_string(*index) : std::string(entry);
    if (contains(names, name))
      break;
    names.push_back(std::move(name));
  }
  return names;
}

} // namespace runtime
