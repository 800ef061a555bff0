#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.hpp"
#include "runtime/resources/amount.hpp"

namespace runtime {

// What Linux says in text files about a machine's cpus, memory and cgroups (proc(5), cgroups(7), and the kernel's
// Documentation/admin-guide/cgroup-v2.rst). Reading the files is posix_detection's part.

/// A line of /proc/self/cgroup: where this process is in one hierarchy.
struct cgroup_place {
  bool is_v2 = false;
  std::vector<std::string> controllers; ///< Of v1: "cpu", "memory"; v2 has all in one hierarchy.
  std::string path;
};
std::vector<cgroup_place> parse_cgroup_places(std::string_view text);

/// A line of /proc/self/mountinfo: where (a part of) a hierarchy is mounted.
struct cgroup_mount {
  bool is_v2 = false;
  std::vector<std::string> controllers; ///< Of v1, among other mount options.
  std::string root;                     ///< Within the hierarchy: "/docker/5f…" in a container of Docker on v1.
  std::string mount_point;
};
std::vector<cgroup_mount> parse_cgroup_mounts(std::string_view text);

struct cgroup_directory {
  bool is_v2 = false;
  std::string path;
};
/// Whose limits bind this process: its own directories that may hold the controller's files ("cpu", "memory"), and all
/// above them that can be seen. The smallest limit counts.
std::vector<cgroup_directory> cgroup_directories(const std::vector<cgroup_place>& places,
                                                 const std::vector<cgroup_mount>& mounts, std::string_view controller);

/// cpu.max of v2, "50000 100000" or "max 100000": how many cpus, or nothing where there is no limit. Rounded down to a
/// step, but never to zero.
[[nodiscard]] result<std::optional<amount>> parse_cpu_max(std::string_view text);
/// The same of v1: cpu.cfs_quota_us (-1 is no limit) and cpu.cfs_period_us.
[[nodiscard]] result<std::optional<amount>> parse_cfs_quota(std::string_view quota, std::string_view period);
/// memory.max of v2, or memory.limit_in_bytes of v1, in bytes; nothing where there is no limit.
[[nodiscard]] result<std::optional<amount>> parse_memory_limit(std::string_view text);
/// MemTotal of /proc/meminfo, in bytes.
[[nodiscard]] result<amount> parse_memory_total(std::string_view text);

/// Device files of whole gpus among names of /dev: nvidia0, nvidia12, but not nvidiactl.
std::int64_t count_gpu_files(const std::vector<std::string>& names);

/// What CUDA programs call the devices that they may use, of so many that there are. Reads CUDA_VISIBLE_DEVICES as CUDA
/// does: the list ends at the first entry that names no device, or one again. Not set: all, as "0", "1", ...
std::vector<std::string> usable_gpus(std::int64_t count, const std::optional<std::string>& visible_devices);

} // namespace runtime
