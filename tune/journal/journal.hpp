#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tune/journal/record.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// Whether somebody waits until a record is on disk.
enum class record_haste {
  as_its_kind, ///< It depends on what the record is.
  none,        ///< Nobody: it can wait for others, to be synced with them.
};

/// The append-only record of an experiment, and the only truth about it.
class journal {
public:
  virtual ~journal() = default;

  /// Takes a record; it is on disk when on_durable said so. Positions are given in order, without gaps. Does not
  /// block: a thread of the journal writes and syncs what came meanwhile in one go (group commit).
  virtual journal_position append(const journal_record& record, record_haste haste) = 0;
  journal_position append(const journal_record& record) { return append(record, record_haste::as_its_kind); }

  /// Called on the journal's thread: everything up to `position` survives a crash and a power loss. An error is final:
  /// nothing more becomes durable, and the experiment must end (it can be resumed when the disk is well again).
  using durable_listener = std::function<void(result<journal_position> up_to)>;

  /// Waits until all that was appended is durable, or the error.
  [[nodiscard]] virtual result<void> sync() = 0;
};

} // namespace tune
