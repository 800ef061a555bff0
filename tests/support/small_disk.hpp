#pragma once

#include <atomic>
#include <string>
#include <thread>

/// A disk of its own on a directory, in memory, that can be full or take no writes. It takes mounts of this process's
/// own (enter_own_namespaces()).
class small_disk {
public:
  /// `options` as of tmpfs: "size=90m", "nr_inodes=20". Throws std::runtime_error with what is not possible here.
  small_disk(std::string directory, const std::string& options);
  ~small_disk(); ///< What is open on it stays.
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;

  /// What is freed from here on, as by checkpoints that are removed, is taken at once.
  void stay_full();
  void make_room();
  void change(const std::string& options); ///< As of tmpfs: "size=10m".
  void refuse_writes();                    ///< Read-only. Throws std::runtime_error where a file is open for writing.
  void allow_writes();

private:
  void remount(unsigned long flags, const std::string& options);
  void fill();
  std::string filler() const { return directory_ + "/filler"; }

  std::string directory_;
  std::atomic<bool> is_to_have_room_ = false;
  std::thread filler_;
};
