#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "tune/background/background.hpp"
#include "tune/journal/journal.hpp"
#include "tune/path.hpp"

namespace tune {

class journal_disk;

/// Gets each record of a journal, in order. An error ends the reading and is its result.
using journal_visitor = std::function<result<void>(journal_position position, const journal_record& record)>;

/// What a reader of a journal may want to tell people.
struct journal_found {
  std::uint64_t segments = 0;
  journal_position last = 0;    ///< Of its records; 0: there is none.
  std::uint64_t torn_bytes = 0; ///< Cut off by a crash at the end of `torn_file`; never anything that was durable.
  std::string torn_file;        ///< Empty: nothing was torn.
};

struct file_journal_options {
  std::uint64_t segment_bytes = 64u << 20; ///< After so many bytes a new file is begun.
  /// So long a record that nobody waits for (a trial's or an attempt's beginning or end) may wait for others, to be
  /// synced with them.
  std::chrono::milliseconds gathering{20};
  /// When it is opened, which its files say for people. Absent: it is asked for.
  std::optional<std::chrono::system_clock::time_point> opened = std::nullopt;
};

/// A journal in a directory: files "000001.segment" and on, and "lock", by which one process at a time has it: the lock
/// goes with the process, however it ends. The format is told in segment_format.hpp.
///
/// append() encodes into memory. A thread of the journal writes what has gathered, syncs it (fdatasync) and tells the
/// listener: many records share one sync, and the busier it is, the more. It begins at once with a result, a
/// checkpoint, an attempt that is to begin, and what is told of the experiment; other records wait up to `gathering`
/// for one of these.
class file_journal : public journal {
public:
  /// Makes the directory if there is none, reads what is there and repairs a torn tail. Fails with refused when
  /// another process has it (the message says which), io when it is damaged or the disk fails, incompatible when
  /// another version wrote it.
  [[nodiscard]] static result<std::unique_ptr<file_journal>> open(const path& directory, const journal_visitor& visitor,
                                                                  file_journal_options options = {});
  /// The same on a given disk and without a lock, and with this in place of a thread; for tests.
  [[nodiscard]] static result<std::unique_ptr<file_journal>> open(std::shared_ptr<journal_disk> disk,
                                                                  const journal_visitor& visitor,
                                                                  file_journal_options options = {},
                                                                  std::unique_ptr<background> beside = nullptr);
  ~file_journal() override; ///< Writes and syncs what was appended, unless it failed, and tells the listener.
  file_journal(const file_journal&) = delete;
  file_journal& operator=(const file_journal&) = delete;

  const journal_found& found() const noexcept; ///< By open().

  /// Once, before the first append(). It is called on the journal's thread and must not call the journal's sync().
  void listen(durable_listener listener);

  using journal::append;
  journal_position append(const journal_record& record, record_haste haste) override;
  [[nodiscard]] result<void> sync() override;

private:
  struct parts;
  explicit file_journal(std::unique_ptr<parts> made);

  std::unique_ptr<parts> parts_;
};

/// Reads a journal without writing anything, also while a driver writes it. not_found: there is no journal there.
/// With `first`, it begins with that record, and does not read the segments before it.
[[nodiscard]] result<journal_found> read_journal(const path& directory, const journal_visitor& visitor,
                                                 journal_position first = 1);

} // namespace tune
