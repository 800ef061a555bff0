#pragma once

#include <functional>

#include "tune/journal/record.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// Where the records of an experiment are read again: its journal.
class record_source {
public:
  using visitor = std::function<void(journal_position position, const journal_record& record)>;

  virtual ~record_source() = default;
  /// Gives the records from `first` to `last`, in order. Called on the thread that writes results.
  [[nodiscard]] virtual result<void> read(journal_position first, journal_position last, const visitor& visit) = 0;
};

} // namespace tune
