#pragma once

#include <memory>

#include "tune/journal/file_journal.hpp"
#include "tune/journal/file_segment_log.hpp"
#include "tune/path.hpp"

namespace tune {

/// The journal of a search whose trials somebody else runs, in the folder "journal" of its directory: the files, lock
/// and records of an experiment's journal, so that whoever reads one reads the other. Unlike file_journal it has no
/// thread: its user has nothing to do until the records are durable, and one sync is for all that it adds.
class file_search_journal {
public:
  /// Makes the directory if there is none, gives all records to the visitor and repairs a torn tail. Fails as
  /// file_journal::open() does: with refused when another process has it.
  [[nodiscard]] static result<file_search_journal> open(const path& directory, const journal_visitor& visitor);

  ~file_search_journal();
  file_search_journal(file_search_journal&&) noexcept;
  file_search_journal& operator=(file_search_journal&&) noexcept;

  const segments_read& found() const noexcept; ///< By open().

  /// To what the next sync() writes.
  [[nodiscard]] result<void> add(const journal_record& record);
  /// On return it is all durable. After an error nothing more can be added.
  [[nodiscard]] result<void> sync();

private:
  struct parts;
  explicit file_search_journal(std::unique_ptr<parts> made);

  std::unique_ptr<parts> parts_;
};

} // namespace tune
