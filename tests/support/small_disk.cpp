#include "tests/support/small_disk.hpp"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tests/support/own_namespaces.hpp"

small_disk::small_disk(std::string directory, const std::string& options) : directory_(std::move(directory)) {
  if (const auto& why_not = enter_own_namespaces(); !why_not.empty())
    throw std::runtime_error(why_not);
  std::filesystem::create_directories(directory_);
  if (::mount("none", directory_.c_str(), "tmpfs", 0, options.c_str()) != 0)
    throw std::runtime_error(fmt::format("no tmpfs can be mounted: {}", std::strerror(errno)));
}

small_disk::~small_disk() {
  make_room();
  ::umount2(directory_.c_str(), MNT_DETACH);
}

void small_disk::stay_full() {
  fill();
  is_to_have_room_ = false;
  filler_ = std::thread([this] {
    while (!is_to_have_room_) {
      fill();
      std::this_thread::yield();
    }
  });
}

void small_disk::make_room() {
  if (!filler_.joinable())
    return;
  is_to_have_room_ = true;
  filler_.join();
  std::filesystem::remove(filler());
}

void small_disk::change(const std::string& options) {
  remount(0, options);
}

void small_disk::refuse_writes() {
  remount(MS_RDONLY, "");
}

void small_disk::allow_writes() {
  remount(0, "");
}

void small_disk::remount(unsigned long flags, const std::string& options) {
  if (::mount(nullptr, directory_.c_str(), nullptr, MS_REMOUNT | flags, options.c_str()) != 0)
    throw std::runtime_error(fmt::format("{} cannot be mounted anew: {}", directory_, std::strerror(errno)));
}

void small_disk::fill() {
  const int file = ::open(filler().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  for (const std::size_t bytes : {std::size_t{1} << 20, std::size_t{4096}}) {
    const std::string some(bytes, 'x');
    while (::write(file, some.data(), some.size()) > 0) {}
  }
  ::close(file);
}
