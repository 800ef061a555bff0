#pragma once

#include "tune/path.hpp"
#include "tune/results/record_source.hpp"

namespace tune {

/// The journal in a directory, read from its files; also while this process or another one writes it.
class file_journal_source : public record_source {
public:
  explicit file_journal_source(path directory) : directory_(std::move(directory)) {}
  [[nodiscard]] result<void> read(journal_position first, journal_position last, const visitor& visit) override;

private:
  path directory_;
};

} // namespace tune
