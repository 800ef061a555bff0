#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.hpp"
#include "runtime/resources/resource_set.hpp"

namespace runtime {

struct detection_options {
  std::string root = "/"; ///< Where /proc, /sys and /dev lie.
  /// Loaded to count the gpus; where it cannot be, the device files count. Empty: not tried.
  std::string nvml_library = "libnvidia-ml.so.1";
  std::optional<std::string> visible_devices;    ///< This process's CUDA_VISIBLE_DEVICES, if it is set.
  std::optional<std::int64_t> allowed_cpus = {}; ///< Absent: asks the operating system (sched_getaffinity).
};

/// What this process may use of its machine.
struct detected_machine {
  resource_set resources;             ///< cpu, memory, and gpu if there are any.
  std::vector<std::string> gpu_names; ///< For visible_devices(): what CUDA calls the gpu of each index.
  std::string explanation;            ///< For the log: where each amount comes from.
};

/// cpu is the number that the affinity allows, or less where a cgroup's quota says so: a fraction rounded down to a
/// step, perhaps less than one. memory is the machine's or the smallest limit of the cgroups, in whole MiB.
/// Fails when the machine's memory cannot be read, or a cgroup's limit is nonsense.
[[nodiscard]] result<detected_machine> detect_machine(const detection_options& options);

} // namespace runtime
