#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "runtime/base/random_stream.hpp"
#include "tune/journal/journal_disk.hpp"
#include "tune/store/store_disk.hpp"

namespace sim {

/// One that a simulation has begun. What is done in its name after its end changes nothing.
struct process {
  bool is_alive = true;
  std::optional<std::uint64_t> dies_after; ///< So many more changes of the disk: in the midst of what it writes.
};

/// What goes wrong with a disk as long as it is so.
struct disk_faults {
  bool is_full = false;    ///< Nothing is written, or only a part.
  double write_errors = 0; ///< So many of the writes, and of the changes of directories, fail.
  double sync_errors = 0;  ///< The disk says that what it failed to write is clean: a later sync does not repeat it.
  double read_errors = 0;
  double flips = 0; ///< One bit of so many of the pieces that are read from a journal is another one.
};

/// A disk in memory, on which several processes work through views. The death of a process changes nothing; when the
/// power goes, of each file only what was synced is there for sure. Of the rest some pieces reached the disk and some
/// did not, and of what has happened to a directory since it was synced, only a first part.
class disk {
public:
  explicit disk(std::uint64_t seed);
  ~disk();
  disk(const disk&) = delete;
  disk& operator=(const disk&) = delete;

  disk_faults faults;

  void lose_power(); ///< All processes that use it die with it: whoever calls sees to that.
  /// In the midst of a change that comes so many later; `told` is called then.
  void lose_power_after(std::uint64_t changes, std::function<void()> told);
  bool has_power() const { return has_power_; }
  void restore_power() { has_power_ = true; }

  /// One bit of a file below a directory of this name changes for good. The file; empty: there is none.
  std::string rot(std::string_view below, runtime::random_stream& random);
  bool is_rotten(const tune::path& below) const; ///< That, or a file below it.

  /// They must not outlive the disk. `whose` null: nothing fails.
  std::unique_ptr<tune::store_disk> view(std::shared_ptr<process> whose);
  std::unique_ptr<tune::journal_disk> journal(std::shared_ptr<process> whose, std::string directory);

  std::uint64_t changes() const { return changes_; }

private:
  friend class store_view;
  friend class journal_view;
  friend class file_view;

  struct inode;
  using inode_ptr = std::shared_ptr<inode>;
  using change = std::vector<std::pair<std::string, inode_ptr>>; ///< Of a directory, in one step; null: it is gone.
  struct inode {
    tune::store_disk::kind what = tune::store_disk::kind::file;
    std::string bytes;         ///< Of a file; of a link: where it leads.
    std::string synced;        ///< What a power loss leaves at least.
    std::size_t unflipped = 0; ///< From here on a flipped bit could not be told from a torn write.
    std::vector<std::pair<std::size_t, std::size_t>> lost; ///< Begin and end: said to be clean, and not on the disk.
    std::map<std::string, inode_ptr> children;
    std::map<std::string, inode_ptr> synced_children;
    std::vector<change> unsynced_changes;
    bool is_rotten = false;
  };

  enum class work { read, write, sync };
  std::error_code step(process* whose, work what);
  bool dies_now(process* whose);
  inode_ptr find(const tune::path& at) const;
  std::error_code alter(const tune::path& directory, change what);
  std::error_code write(process* whose, inode& file, std::uint64_t offset, std::string_view bytes);
  std::error_code sync(process* whose, inode& file);
  std::error_code sync_directory(process* whose, const tune::path& at);
  void forget_unsynced(inode& at);
  void tear(inode& file);

  runtime::random_stream random_;
  inode_ptr root_;
  bool has_power_ = true;
  std::optional<std::uint64_t> power_goes_after_;
  std::function<void()> told_;
  std::uint64_t changes_ = 0;
};

} // namespace sim
