#include "runtime/resources/machine_facts.hpp"

#include <doctest/doctest.h>

using namespace runtime;

namespace {

/// "v2:/sys/fs/cgroup/a v1:..." of cgroup_directories().
std::string directories(std::string_view places, std::string_view mounts, std::string_view controller) {
  std::string text;
  for (const auto& directory : cgroup_directories(parse_cgroup_places(places), parse_cgroup_mounts(mounts), controller))
    text += fmt::format("{}{}:{}", text.empty() ? "" : " ", directory.is_v2 ? "v2" : "v1", directory.path);
  return text;
}

template <class T>
std::string message_of(const result<T>& r) {
  return r ? "fine" : r.error().message;
}

constexpr auto v2_mount =
  "24 1 0:22 / /proc rw,nosuid - proc proc rw\n"
  "30 24 0:26 / /sys/fs/cgroup rw,nosuid,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n";

constexpr auto v1_mounts = "31 24 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
                           "32 24 0:28 / /sys/fs/cgroup/memory rw,nosuid shared:10 - cgroup cgroup rw,memory\n"
                           "33 24 0:29 / /sys/fs/cgroup/cpuset rw,nosuid shared:11 - cgroup cgroup rw,cpuset\n";

} // namespace

TEST_CASE("cgroup v2: all directories from the process's own up to the mount count") {
  CHECK(directories("0::/user.slice/user-1000.slice\n", v2_mount, "cpu") ==
        "v2:/sys/fs/cgroup/user.slice/user-1000.slice v2:/sys/fs/cgroup/user.slice v2:/sys/fs/cgroup");
  CHECK(directories("0::/\n", v2_mount, "memory") == "v2:/sys/fs/cgroup");
}

TEST_CASE("cgroup v1: each controller has a hierarchy of its own") {
  const auto places = "5:cpuset:/other\n4:cpu,cpuacct:/jobs/7\n3:memory:/jobs\n";

  CHECK(directories(places, v1_mounts, "cpu") ==
        "v1:/sys/fs/cgroup/cpu,cpuacct/jobs/7 v1:/sys/fs/cgroup/cpu,cpuacct/jobs v1:/sys/fs/cgroup/cpu,cpuacct");
  CHECK(directories(places, v1_mounts, "memory") == "v1:/sys/fs/cgroup/memory/jobs v1:/sys/fs/cgroup/memory");
}

TEST_CASE("cgroup: where v1 and v2 are mounted side by side, both count") {
  const auto mounts = std::string(v1_mounts) + "40 24 0:40 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

  CHECK(directories("3:memory:/a\n0::/b\n", mounts, "memory") ==
        "v1:/sys/fs/cgroup/memory/a v1:/sys/fs/cgroup/memory v2:/sys/fs/cgroup/unified/b v2:/sys/fs/cgroup/unified");
}

TEST_CASE("cgroup: a container sees its own part of the hierarchy") {
  const auto mounts = "32 24 0:28 /docker/5f /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n";

  CHECK(directories("3:memory:/docker/5f\n", mounts, "memory") == "v1:/sys/fs/cgroup/memory");
  CHECK(directories("3:memory:/docker/5f/job\n", mounts, "memory") ==
        "v1:/sys/fs/cgroup/memory/job v1:/sys/fs/cgroup/memory");
  CHECK(directories("3:memory:/docker/5f99\n", mounts, "memory") == "v1:/sys/fs/cgroup/memory");
  CHECK(directories("0::/../../elsewhere\n", v2_mount, "memory") == "v2:/sys/fs/cgroup");
}

TEST_CASE("cgroup: a path with a colon or a blank is read whole, and what is no line is passed over") {
  CHECK(directories("0::/a:b\nnonsense\n", v2_mount, "cpu") == "v2:/sys/fs/cgroup/a:b v2:/sys/fs/cgroup");
  CHECK(directories("0::/\n", "30 24 0:26 / /my\\040cgroups rw - cgroup2 cgroup2 rw\nx - y\n - cgroup2 a b\n", "cpu") ==
        "v2:/my cgroups");
  CHECK(directories("", "", "cpu").empty());
}

TEST_CASE("cpu quota of cgroup v2: quota by period, rounded down, or no limit") {
  CHECK(parse_cpu_max("max 100000\n") == result<std::optional<amount>>(std::nullopt));
  CHECK(or_throw(parse_cpu_max("150000 100000\n")) == amount::from_units(15'000));
  CHECK(or_throw(parse_cpu_max("100000 30000\n")) == amount::from_units(33'333));
  CHECK(or_throw(parse_cpu_max("1 1000000\n")) == amount::from_units(1));
  CHECK(or_throw(parse_cpu_max("9223372036854775807 100000\n")) == std::nullopt);
  CHECK(message_of(parse_cpu_max("150000\n")) == "\"150000\" is not a cpu quota and its period");
  CHECK(message_of(parse_cpu_max("-5 100000\n")) == "\"-5\" of \"100000\" microseconds is not a cpu quota");
  CHECK(message_of(parse_cpu_max("5 0\n")) == "\"5\" of \"0\" microseconds is not a cpu quota");
}

TEST_CASE("cpu quota of cgroup v1: -1 is no limit") {
  CHECK(or_throw(parse_cfs_quota("-1\n", "100000\n")) == std::nullopt);
  CHECK(or_throw(parse_cfs_quota("50000\n", "100000\n")) == amount::from_units(5'000));
  CHECK(message_of(parse_cfs_quota("50000\n", "")) == "\"50000\" of \"\" microseconds is not a cpu quota");
}

TEST_CASE("memory limit: max and the huge number of v1 are no limit") {
  CHECK(or_throw(parse_memory_limit("max\n")) == std::nullopt);
  CHECK(or_throw(parse_memory_limit("9223372036854771712\n")) == std::nullopt);
  CHECK(or_throw(parse_memory_limit("18446744073709551615\n")) == std::nullopt);
  CHECK(or_throw(parse_memory_limit("536870912\n")) == amount::whole(536'870'912));
  CHECK(message_of(parse_memory_limit("-1\n")) == "\"-1\" is not a limit of memory in bytes");
  CHECK(message_of(parse_memory_limit("")) == "\"\" is not a limit of memory in bytes");
}

TEST_CASE("memory total: is found among the other lines of meminfo") {
  CHECK(or_throw(parse_memory_total("MemTotalish: 1 kB\nMemTotal:       16384256 kB\nMemFree: 5 kB\n")) ==
        amount::whole(16'384'256LL * 1'024));
  CHECK(message_of(parse_memory_total("MemFree: 5 kB\n")) == "there is no MemTotal");
  CHECK(message_of(parse_memory_total("MemTotal: 5 MB\n")) == "\"MemTotal: 5 MB\" is not an amount of memory");
}

TEST_CASE("gpus: only device files of whole devices count") {
  CHECK(count_gpu_files({"null", "nvidia0", "nvidia12", "nvidiactl", "nvidia-uvm", "nvidia", "nvidia1x"}) == 2);
  CHECK(count_gpu_files({}) == 0);
}

TEST_CASE("gpus: CUDA_VISIBLE_DEVICES is read as CUDA reads it") {
  using names = std::vector<std::string>;
  CHECK(usable_gpus(3, std::nullopt) == names{"0", "1", "2"});
  CHECK(usable_gpus(3, "2,0") == names{"2", "0"});
  CHECK(usable_gpus(3, " 1 , 02") == names{"1", "2"});
  CHECK(usable_gpus(3, "0,-1,2") == names{"0"});
  CHECK(usable_gpus(3, "0,3,1") == names{"0"});
  CHECK(usable_gpus(3, "1,1,2") == names{"1"});
  CHECK(usable_gpus(3, "") == names{});
  CHECK(usable_gpus(3, "NoDevFiles") == names{});
  CHECK(usable_gpus(3, "GPU-8f4c,MIG-1") == names{"GPU-8f4c", "MIG-1"});
  CHECK(usable_gpus(0, "GPU-8f4c") == names{});
  CHECK(usable_gpus(0, std::nullopt) == names{});
}
