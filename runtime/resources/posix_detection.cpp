#include "runtime/resources/posix_detection.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <fmt/format.h>

#include "runtime/resources/machine_facts.hpp"

namespace runtime {

namespace {

/// A limit, and the file that sets it.
struct limit {
  amount value;
  std::string source;
};

void lower(limit& lowest, amount value, const std::string& source) {
  if (value < lowest.value)
    lowest = {value, source};
}

class machine_files {
public:
  explicit machine_files(std::string root) : root_(std::move(root)) {
    while (!root_.empty() && root_.back() == '/')
      root_.pop_back();
  }

  /// Nothing if there is no such file, or its cgroup has just been removed.
  result<std::optional<std::string>> read(const std::string& path) const {
    const auto full = root_ + path;
    const int file = ::open(full.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
      if (errno == ENOENT || errno == ENOTDIR)
        return std::nullopt;
      return fail(errc::io, fmt::format("{}: cannot be opened: {}", path, std::strerror(errno)));
    }
    std::string text;
    char block[4096];
    ssize_t got = 0;
    while ((got = ::read(file, block, sizeof block)) > 0 || (got < 0 && errno == EINTR))
      text.append(block, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    const int problem = got < 0 ? errno : 0;
    ::close(file);
    if (problem == ENODEV)
      return std::nullopt;
    if (problem != 0)
      return fail(errc::io, fmt::format("{}: cannot be read: {}", path, std::strerror(problem)));
    return text;
  }

  std::vector<std::string> list(const std::string& path) const {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir((root_ + path).c_str()), ::closedir);
    if (!directory)
      return names; // A machine without /dev has no devices.
    while (const auto* entry = ::readdir(directory.get()))
      names.emplace_back(entry->d_name);
    return names;
  }

private:
  std::string root_;
};

[[nodiscard]] result<std::int64_t> cpus_of_affinity() {
  for (int possible = 1024; possible <= 1 << 20; possible *= 2) { // EINVAL: the kernel knows of more.
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> cpus(CPU_ALLOC(static_cast<std::size_t>(possible)),
                                                                [](cpu_set_t* set) { CPU_FREE(set); });
    const auto size = CPU_ALLOC_SIZE(static_cast<std::size_t>(possible));
    CPU_ZERO_S(size, cpus.get());
    if (::sched_getaffinity(0, size, cpus.get()) == 0)
      return CPU_COUNT_S(size, cpus.get());
    if (errno != EINVAL)
      break;
  }
  return fail(errc::io, fmt::format("the cpus that may be used cannot be counted: {}", std::strerror(errno)));
}

[[nodiscard]] result<std::optional<amount>> cpu_quota(const machine_files& files, const cgroup_directory& directory) {
  const auto path = directory.path + (directory.is_v2 ? "/cpu.max" : "/cpu.cfs_quota_us");
  const auto quota = files.read(path);
  if (!quota)
    return fail(quota.error());
  if (!*quota)
    return std::nullopt; // The root of v2 has none, nor has a folder without the controller.
  const auto here = [&](error why) { return within(path, std::move(why)); };
  if (directory.is_v2)
    return parse_cpu_max(**quota).map_error(here);
  const auto period = files.read(directory.path + "/cpu.cfs_period_us");
  if (!period)
    return fail(period.error());
  return parse_cfs_quota(**quota, period->value_or("")).map_error(here);
}

[[nodiscard]] result<std::optional<amount>> memory_limit(const machine_files& files,
                                                         const cgroup_directory& directory) {
  const auto path = directory.path + (directory.is_v2 ? "/memory.max" : "/memory.limit_in_bytes");
  const auto text = files.read(path);
  if (!text)
    return fail(text.error());
  if (!*text)
    return std::nullopt;
  return parse_memory_limit(**text).map_error([&](error why) { return within(path, std::move(why)); });
}

/// The memory that the machine has.
[[nodiscard]] result<limit> physical_memory(const machine_files& files) {
  const std::string path = "/proc/meminfo";
  const auto text = files.read(path);
  if (!text)
    return fail(text.error());
  auto total = parse_memory_total(text->value_or(""));
  if (!total)
    return fail(within(path, std::move(total.error())));
  return limit{*total, path};
}

[[nodiscard]] result<void> lower_to_cgroups(const machine_files& files, limit& cpu, limit& memory) {
  const auto places_text = files.read("/proc/self/cgroup");
  const auto mounts_text = files.read("/proc/self/mountinfo");
  for (const auto* text : {&places_text, &mounts_text})
    if (!*text)
      return fail(text->error());
  const auto places = parse_cgroup_places(places_text->value_or("")); // A kernel without cgroups has no limits.
  const auto mounts = parse_cgroup_mounts(mounts_text->value_or(""));
  for (const auto& directory : cgroup_directories(places, mounts, "cpu")) {
    auto quota = cpu_quota(files, directory);
    if (!quota)
      return fail(std::move(quota.error()));
    if (*quota)
      lower(cpu, **quota, directory.path);
  }
  for (const auto& directory : cgroup_directories(places, mounts, "memory")) {
    auto bytes = memory_limit(files, directory);
    if (!bytes)
      return fail(std::move(bytes.error()));
    if (*bytes)
      lower(memory, **bytes, directory.path);
  }
  return {};
}

/// Nothing where the library is not there or does not work, as on every machine without a driver.
std::optional<std::int64_t> count_with_nvml(const std::string& library) {
  if (library.empty())
    return std::nullopt;
  const std::unique_ptr<void, int (*)(void*)> nvml(::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL), ::dlclose);
  if (!nvml)
    return std::nullopt;
  const auto init = reinterpret_cast<int (*)()>(::dlsym(nvml.get(), "nvmlInit_v2"));
  const auto count = reinterpret_cast<int (*)(unsigned*)>(::dlsym(nvml.get(), "nvmlDeviceGetCount_v2"));
  const auto shut_down = reinterpret_cast<int (*)()>(::dlsym(nvml.get(), "nvmlShutdown"));
  if (init == nullptr || count == nullptr || shut_down == nullptr || init() != 0)
    return std::nullopt;
  unsigned devices = 0;
  const bool counted = count(&devices) == 0;
  shut_down();
  return counted ? std::optional<std::int64_t>(devices) : std::nullopt;
}

/// Less than a MiB is not worth an unreadable number; a machine with less keeps its bytes.
amount in_whole_mebibytes(amount bytes) {
  constexpr auto mebibyte = amount::whole(1 << 20).units();
  return bytes.units() < mebibyte ? bytes : amount::from_units(bytes.units() / mebibyte * mebibyte);
}

} // namespace

result<detected_machine> detect_machine(const detection_options& options) {
  const machine_files files(options.root);
  const auto allowed = options.allowed_cpus ? *options.allowed_cpus : cpus_of_affinity();
  if (!allowed)
    return fail(allowed.error());
  limit cpu{amount::whole(*allowed), "affinity"};
  auto memory = physical_memory(files);
  if (!memory)
    return fail(std::move(memory.error()));
  if (auto lowered = lower_to_cgroups(files, cpu, *memory); !lowered)
    return fail(std::move(lowered.error()));
  const auto counted = count_with_nvml(options.nvml_library);
  const auto gpus = counted ? *counted : count_gpu_files(files.list("/dev"));

  detected_machine machine;
  machine.gpu_names = usable_gpus(gpus, options.visible_devices);
  machine.resources.set("cpu", cpu.value);
  machine.resources.set("memory", in_whole_mebibytes(memory->value));
  machine.resources.set("gpu", amount::whole(static_cast<std::int64_t>(machine.gpu_names.size())));
  machine.explanation =
    fmt::format("cpu={} by {}, memory={} by {}, gpu={} by {}{}", machine.resources.cpu(), cpu.source,
                memory_to_string(machine.resources.memory()), memory->source, machine.resources.gpu(),
                counted ? "NVML" : "device files", options.visible_devices ? " and CUDA_VISIBLE_DEVICES" : "");
  return machine;
}

} // namespace runtime
