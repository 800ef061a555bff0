#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "tune/results/record_source.hpp"

/// A journal in memory; fails on demand.
class vector_source : public tune::record_source {
public:
  explicit vector_source(std::vector<tune::journal_record> held = {}) : records(std::move(held)) {}

  [[nodiscard]] tune::result<void> read(tune::journal_position first, tune::journal_position last,
                                        const visitor& visit) override {
    ++reads;
    if (fails)
      return tune::fail(tune::errc::io, "the journal cannot be read");
    for (auto i = first; i <= std::min<tune::journal_position>(last, records.size()); ++i)
      visit(i, records[i - 1]);
    return {};
  }

  std::vector<tune::journal_record> records;
  bool fails = false;
  int reads = 0;
};
