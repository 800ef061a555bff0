#include "tests/integration/disk/power_cut_disk.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

namespace {

// Of linux/fs/ext4, which no header of ours has.
constexpr auto ext4_shutdown = _IOR('X', 125, std::uint32_t);
constexpr std::uint32_t without_log_flush = 2; // As a loss of power: not even what is being committed gets there.

constexpr off_t disk_bytes = 64 << 20;

[[noreturn]] void fail_with(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

int memory_for_disk() {
  const int memory = ::memfd_create("disk", MFD_CLOEXEC);
  if (memory < 0 || ::ftruncate(memory, disk_bytes) != 0)
    fail_with("memory for a disk");
  return memory;
}

/// A loop device on that memory, open. It goes when nobody has it open or mounted any more.
int open_loop(int memory, std::string& device) {
  const int control = ::open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  if (control < 0)
    fail_with("/dev/loop-control");
  loop_config config{};
  config.fd = static_cast<std::uint32_t>(memory);
  config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
  int loop = -1;
  for (int tries = 0; loop < 0; ++tries) {
    const int number = ::ioctl(control, LOOP_CTL_GET_FREE);
    device = "/dev/loop" + std::to_string(number);
    loop = number < 0 ? -1 : ::open(device.c_str(), O_RDWR | O_CLOEXEC);
    if (loop >= 0 && ::ioctl(loop, LOOP_CONFIGURE, &config) == 0)
      break;
    const bool was_taken = loop >= 0 && errno == EBUSY; // By somebody else, since we asked.
    if (!was_taken || tries == 20)
      fail_with(device);
    ::close(loop);
    loop = -1;
  }
  ::close(control);
  return loop;
}

void make_file_system(const std::string& device) {
  const auto command = "mkfs.ext4 -q -F " + device + " >/dev/null 2>&1";
  if (std::system(command.c_str()) != 0) // NOLINT(cert-env33-c): the name is ours.
    throw std::runtime_error("mkfs.ext4 failed or is not there");
}

/// Mounts of this process and of its children are their own from here on.
void have_own_mounts() {
  static const bool has =
    ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  if (!has)
    fail_with("a mount namespace");
}

} // namespace

std::unique_ptr<power_cut_disk> power_cut_disk::make(std::string& why_not) {
  std::unique_ptr<power_cut_disk> made(new power_cut_disk);
  try {
    if (::geteuid() != 0)
      throw std::runtime_error("this is not root");
    have_own_mounts();
    made->memory_ = memory_for_disk();
    std::string place = std::string(P_tmpdir) + "/caf-tune-disk-XXXXXX";
    if (::mkdtemp(place.data()) == nullptr)
      fail_with(place);
    made->mount_point_ = place;
    made->mount(/*anew=*/true);
  } catch (const std::exception& e) {
    why_not = e.what();
    return nullptr;
  }
  return made;
}

power_cut_disk::~power_cut_disk() {
  if (root_ >= 0) {
    ::close(root_);
    ::umount2(mount_point_.c_str(), MNT_DETACH);
  }
  if (memory_ >= 0)
    ::close(memory_);
  if (!mount_point_.empty())
    ::rmdir(mount_point_.c_str());
}

void power_cut_disk::mount(bool anew) {
  std::string device;
  const int loop = open_loop(memory_, device);
  if (anew)
    make_file_system(device);
  const bool is_mounted = ::mount(device.c_str(), mount_point_.c_str(), "ext4", 0, nullptr) == 0;
  const int why_not = errno;
  ::close(loop); // Mounted, it stays.
  errno = why_not;
  if (!is_mounted)
    fail_with("mount " + device);
  root_ = ::open(mount_point_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root_ < 0)
    fail_with(mount_point_);
}

void power_cut_disk::unmount() {
  ::close(root_);
  root_ = -1;
  if (::umount2(mount_point_.c_str(), 0) != 0)
    fail_with("umount " + mount_point_);
}

void power_cut_disk::cut() const {
  auto how = without_log_flush;
  ::ioctl(root_, ext4_shutdown, &how);
}

void power_cut_disk::repair() {
  // A new device each time: what the old one had in memory and not on its disk is gone with it, as with the power.
  unmount();
  mount(/*anew=*/false);
}
