#include "tests/integration/program_under_test.hpp"

#include <atomic>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

// A search whose storage is a small disk that is full for a while.

namespace {

using nlohmann::json;

bool write_file(const char* file, const std::string& text) {
  const int to = ::open(file, O_WRONLY | O_CLOEXEC);
  const bool is_written = to >= 0 && ::write(to, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(to);
  return is_written;
}

/// Mounts of this process and its children are their own from here on. Where that is not allowed: false.
bool has_own_mounts() {
  static const bool has = [] {
    const auto user = std::to_string(::getuid()), group = std::to_string(::getgid());
    if (::unshare(CLONE_NEWNS) != 0 &&
        (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 || !write_file("/proc/self/uid_map", "0 " + user + " 1") ||
         !write_file("/proc/self/setgroups", "deny") || !write_file("/proc/self/gid_map", "0 " + group + " 1")))
      return false;
    return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  }();
  return has;
}

/// A disk of its own on a directory; not there where mounting is not allowed.
class small_disk {
public:
  small_disk(std::string directory, const std::string& size) : directory_(std::move(directory)) {
    std::filesystem::create_directories(directory_);
    is_there_ = has_own_mounts() && ::mount("none", directory_.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
    if (!is_there_)
      MESSAGE("skipped: no tmpfs can be mounted here");
  }
  ~small_disk() {
    make_room();
    if (is_there_)
      ::umount2(directory_.c_str(), MNT_DETACH);
  }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;

  bool is_there() const { return is_there_; }
  /// What is freed from here on, as by checkpoints that are removed, is taken at once.
  void stay_full() {
    fill();
    filler_ = std::thread([this] {
      while (!is_to_have_room_) {
        fill();
        std::this_thread::yield();
      }
    });
  }
  void make_room() {
    if (!filler_.joinable())
      return;
    is_to_have_room_ = true;
    filler_.join();
    std::filesystem::remove(filler());
  }

private:
  void fill() {
    const int file = ::open(filler().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    for (const std::size_t bytes : {std::size_t{1} << 20, std::size_t{4096}}) {
      const std::string some(bytes, 'x');
      while (::write(file, some.data(), some.size()) > 0) {}
    }
    ::close(file);
  }
  std::string filler() const { return directory_ + "/filler"; }

  std::string directory_;
  bool is_there_ = false;
  std::atomic<bool> is_to_have_room_ = false;
  std::thread filler_;
};

program_under_test start(const temporary_directory& folder, const program_under_test::environment& more = {}) {
  auto variables = more;
  variables["DIARY"] = folder / "diary";
  return {folder, {PROGRAM_THAT_COUNTS, "--storage", folder / "disk", "--cpus", "2", "--json"}, variables};
}

const program_under_test::environment long_enough{{"COUNT_TO", "300"}}; // To fill the disk meanwhile.

void check_all_is_there(const program_end& end, int results) {
  REQUIRE_MESSAGE(end.code == 0, end.err);
  const auto said = json::parse(end.out);
  CHECK(said.at("trials").at("terminated") == 4);
  CHECK(said.at("results") == results);
}

} // namespace

TEST_CASE("experiment: a journal that finds its disk full ends it and says so; with room the same command finishes") {
  const temporary_directory folder;
  small_disk disk(folder / "disk", "90m"); // Room for checkpoints: they want 64 MiB free.
  if (!disk.is_there())
    return;
  auto driver = start(folder, long_enough);
  driver.wait_for_size(folder / "diary", 1'000);
  disk.stay_full();
  const auto full = driver.wait();
  CHECK(full.code == 1);
  INFO(full.err);
  CHECK(full.err.find("the journal cannot be written; what was acknowledged is in it, and the experiment can be "
                      "resumed: ") != std::string::npos);
  CHECK(full.err.find("No space left on device") != std::string::npos);

  const auto still_full = start(folder, long_enough).wait();
  INFO(still_full.err);
  CHECK(still_full.code == 1);
  CHECK(still_full.err.find("No space left on device") != std::string::npos);

  disk.make_room();
  check_all_is_there(start(folder, long_enough).wait(), 1'200);
}

TEST_CASE("experiment: a disk without room for its checkpoints stops no trial") {
  const temporary_directory folder;
  small_disk disk(folder / "disk", "80m");
  if (!disk.is_there())
    return;
  const program_under_test::environment large{{"CHECKPOINT_BYTES", "9000000"}}; // 64 MiB and two of them do not fit.
  const auto full = start(folder, large).wait();
  check_all_is_there(full, 400);
}
