#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "tune/journal/record.hpp"
#include "tune/results/experiment_view.hpp"

namespace tune {

/// What is known beside the journal's records.
struct progress_facts {
  record::wall_time now;
  record::wall_time begun;              ///< Of this run of the driver.
  std::uint64_t ended_before = 0;       ///< Trials that an earlier driver brought to an end.
  std::optional<std::uint64_t> planned; ///< Trials in all; absent: the searcher decides.
  std::optional<record::wall_time> budget_ends;
  struct share {
    double used = 0;
    double total = 0;
  };
  std::map<std::string, share> resources; ///< Of the cluster.
};

struct progress_options {
  std::size_t rows = 8;   ///< Running trials that are shown.
  std::size_t width = 80; ///< Characters of a line of the status block.
};

/// The status block of a terminal: how many trials are in which state, what is used, how long it may take, the best so
/// far, and the running trials. Lines end with a newline; none is longer than the width.
std::string progress_block(const experiment_view& view, const progress_facts& facts, const progress_options& options);

/// Where no terminal is: a line for what an operator would want to read later, with its newline; empty for the rest,
/// results above all. `view` has seen the record.
std::string progress_line(const journal_record& record, const experiment_view& view);

/// "1:02:03" or "2:03".
std::string duration_text(std::chrono::seconds time);

} // namespace tune
