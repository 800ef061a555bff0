#pragma once

#include <memory>
#include <string>

#include "tune/path.hpp"

/// A disk with an ext4 file system whose power can be cut: a loop device on memory. What was synced until then is there
/// afterwards; what was not may be gone, or be there in part.
///
/// Nothing of it outlives this process, however that ends: it is mounted in a mount namespace of the process and of its
/// children, and the device goes with who uses it last. Only its empty mount point stays after a kill.
class power_cut_disk {
public:
  /// None where this process may not do that; `why_not` says what it is that it may not.
  static std::unique_ptr<power_cut_disk> make(std::string& why_not);
  ~power_cut_disk();
  power_cut_disk(const power_cut_disk&) = delete;
  power_cut_disk& operator=(const power_cut_disk&) = delete;

  tune::path directory() const { return mount_point_; }
  /// From here on each call on a file of it fails, and nothing reaches it any more. Takes no lock and allocates
  /// nothing; a child may call it, too.
  void cut() const;
  void repair(); ///< The power is back: it is mounted again, and its journal replayed. Nobody may use it then.

private:
  power_cut_disk() = default;
  void mount(bool anew);
  void unmount();

  std::string mount_point_;
  int memory_ = -1; ///< The disk.
  int root_ = -1;   ///< The mounted directory, open.
};
