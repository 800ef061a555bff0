#include "runtime/resources/posix_detection.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include <doctest/doctest.h>
#include <sched.h>
#include <unistd.h>

using namespace runtime;

namespace {

/// A made-up machine: a folder that holds what /proc, /sys and /dev would.
class fake_machine {
public:
  fake_machine() {
    std::string pattern = (std::filesystem::temp_directory_path() / "caf-tune-detection-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    root_ = pattern;
    write("/proc/meminfo", "MemTotal:       16777216 kB\n");
  }
  ~fake_machine() { std::filesystem::remove_all(root_); }
  fake_machine(const fake_machine&) = delete;
  fake_machine& operator=(const fake_machine&) = delete;

  fake_machine& write(const std::string& path, const std::string& text) {
    const auto file = root_ / path.substr(1);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    return *this;
  }

  fake_machine& link_to_itself(const std::string& path) {
    const auto file = root_ / path.substr(1);
    std::filesystem::create_directories(file.parent_path());
    std::filesystem::create_symlink(file, file);
    return *this;
  }

  fake_machine& with_cgroup_v2(const std::string& place) {
    write("/proc/self/mountinfo", "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    return write("/proc/self/cgroup", "0::" + place + "\n");
  }

  fake_machine& with_cgroup_v1(const std::string& place) {
    write("/proc/self/mountinfo", "31 24 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
                                  "32 24 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
    return write("/proc/self/cgroup", "2:cpu:" + place + "\n1:memory:" + place + "\n");
  }

  detection_options options() const {
    detection_options made_up;
    made_up.root = root_.string();
    made_up.nvml_library = "";
    made_up.allowed_cpus = 8;
    return made_up;
  }

  detected_machine detected() const { return or_throw(detect_machine(options())); }
  std::string mistake() const {
    const auto machine = detect_machine(options());
    return machine ? "none" : machine.error().message;
  }

private:
  std::filesystem::path root_;
};

} // namespace

TEST_CASE("detection: without cgroups the machine has what it has") {
  const fake_machine machine;

  CHECK(machine.detected().resources.to_string() == "cpu=8 memory=16GiB");
  CHECK(machine.detected().gpu_names.empty());
  CHECK(machine.detected().explanation == "cpu=8 by affinity, memory=16GiB by /proc/meminfo, gpu=0 by device files");
}

TEST_CASE("detection: of nested cgroups v2 the smallest limit counts") {
  fake_machine machine;
  machine.with_cgroup_v2("/jobs/7")
    .write("/sys/fs/cgroup/jobs/7/cpu.max", "400000 100000\n")
    .write("/sys/fs/cgroup/jobs/cpu.max", "250000 100000\n")
    .write("/sys/fs/cgroup/jobs/7/memory.max", "1073741824\n")
    .write("/sys/fs/cgroup/jobs/memory.max", "max\n");

  CHECK(machine.detected().resources.to_string() == "cpu=2.5 memory=1GiB");
  CHECK(machine.detected().explanation == "cpu=2.5 by /sys/fs/cgroup/jobs, memory=1GiB by /sys/fs/cgroup/jobs/7, "
                                          "gpu=0 by device files");
}

TEST_CASE("detection: cgroups v1 limit too") {
  fake_machine machine;
  machine.with_cgroup_v1("/jobs")
    .write("/sys/fs/cgroup/cpu/jobs/cpu.cfs_quota_us", "50000\n")
    .write("/sys/fs/cgroup/cpu/jobs/cpu.cfs_period_us", "100000\n")
    .write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n")
    .write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n")
    .write("/sys/fs/cgroup/memory/jobs/memory.limit_in_bytes", "9223372036854771712\n")
    .write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n");

  CHECK(machine.detected().resources.to_string() == "cpu=0.5 memory=512MiB");
}

TEST_CASE("detection: limits above what the machine has change nothing") {
  fake_machine machine;
  machine.with_cgroup_v2("/")
    .write("/sys/fs/cgroup/cpu.max", "6400000 100000\n")
    .write("/sys/fs/cgroup/memory.max", "99999999999999\n");

  CHECK(machine.detected().resources.to_string() == "cpu=8 memory=16GiB");
}

TEST_CASE("detection: memory is in whole MiB") {
  fake_machine machine;
  machine.write("/proc/meminfo", "MemTotal:        2049000 kB\n");
  CHECK(machine.detected().resources.to_string() == "cpu=8 memory=2000MiB");

  machine.write("/proc/meminfo", "MemTotal:        1000 kB\n");
  CHECK(machine.detected().resources.memory() == amount::whole(1'024'000));
}

TEST_CASE("detection: gpus are counted by their device files") {
  fake_machine machine;
  machine.write("/dev/nvidia0", "").write("/dev/nvidia3", "").write("/dev/nvidiactl", "");

  CHECK(machine.detected().resources.gpu() == amount::whole(2));
  CHECK(machine.detected().gpu_names == std::vector<std::string>{"0", "1"}); // CUDA numbers what is there.
}

TEST_CASE("detection: NVML knows better than the device files, where it can be loaded") {
  fake_machine machine;
  machine.write("/dev/nvidia0", "");
  auto options = machine.options();

  options.nvml_library = CAF_TUNE_FAKE_NVML;
  CHECK(or_throw(detect_machine(options)).resources.gpu() == amount::whole(5));
  CHECK(or_throw(detect_machine(options)).explanation ==
        "cpu=8 by affinity, memory=16GiB by /proc/meminfo, gpu=5 by NVML");
  options.nvml_library = "/no/such/library.so";
  CHECK(or_throw(detect_machine(options)).resources.gpu() == amount::whole(1));
}

TEST_CASE("detection: CUDA_VISIBLE_DEVICES of the node manager limits what it gives") {
  fake_machine machine;
  machine.write("/dev/nvidia0", "").write("/dev/nvidia1", "").write("/dev/nvidia2", "");
  auto options = machine.options();
  options.visible_devices = "2,1";

  const auto found = or_throw(detect_machine(options));

  CHECK(found.resources.gpu() == amount::whole(2));
  CHECK(found.gpu_names == std::vector<std::string>{"2", "1"});
  CHECK(found.explanation == "cpu=8 by affinity, memory=16GiB by /proc/meminfo, gpu=2 by device files and "
                             "CUDA_VISIBLE_DEVICES");
}

TEST_CASE("detection: what cannot be understood is an error with its place") {
  fake_machine machine;
  machine.with_cgroup_v2("/jobs").write("/sys/fs/cgroup/jobs/cpu.max", "lots\n");
  CHECK(machine.mistake() == "/sys/fs/cgroup/jobs/cpu.max: \"lots\" is not a cpu quota and its period");

  fake_machine with_v1;
  with_v1.with_cgroup_v1("/").write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
  CHECK(with_v1.mistake() == "/sys/fs/cgroup/cpu/cpu.cfs_quota_us: \"50000\" of \"\" microseconds is not a cpu quota");
  with_v1.write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n")
    .write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "much\n");
  CHECK(with_v1.mistake() == "/sys/fs/cgroup/memory/memory.limit_in_bytes: \"much\" is not a limit of memory in bytes");

  fake_machine without_memory;
  without_memory.write("/proc/meminfo", "MemFree: 1 kB\n");
  CHECK(without_memory.mistake() == "/proc/meminfo: there is no MemTotal");

  fake_machine with_loop;
  with_loop.with_cgroup_v2("/").link_to_itself("/sys/fs/cgroup/cpu.max");
  CHECK(with_loop.mistake() == "/sys/fs/cgroup/cpu.max: cannot be opened: Too many levels of symbolic links");

  fake_machine with_folder;
  with_folder.write("/proc/self/cgroup/file", "");
  CHECK(with_folder.mistake() == "/proc/self/cgroup: cannot be read: Is a directory");
}

TEST_CASE("detection: only the cpus that this thread may run on count") {
  const fake_machine machine;
  auto options = machine.options();
  options.allowed_cpus.reset();
  std::optional<detected_machine> found;

  std::thread bound([&] { // The affinity is a thread's own.
    cpu_set_t first;
    REQUIRE(::sched_getaffinity(0, sizeof first, &first) == 0);
    for (int cpu = 0, kept = 0; cpu < CPU_SETSIZE; ++cpu)
      if (CPU_ISSET(cpu, &first) && ++kept > 1)
        CPU_CLR(cpu, &first);
    REQUIRE(::sched_setaffinity(0, sizeof first, &first) == 0);
    found = or_throw(detect_machine(options));
  });
  bound.join();

  CHECK(found->resources.cpu() == amount::whole(1));
}

TEST_CASE("detection: this machine has a cpu and memory") {
  const auto machine = detect_machine({});

  REQUIRE(machine);
  CHECK_FALSE(machine->resources.cpu().is_zero());
  CHECK_FALSE(machine->resources.memory().is_zero());
}
