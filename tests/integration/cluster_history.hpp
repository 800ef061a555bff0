#pragma once

#include "tests/support/history.hpp"
#include "tune/path.hpp"

/// What happened on a cluster of real processes, as program_that_counts has written it down beside its diary, and as
/// the journal in that directory has it. Each of the nodes has so many slots. Throws where the journal cannot be read.
[[nodiscard]] history::storm read_storm(const tune::path& diary, const tune::path& journal,
                                        const std::map<std::string, std::size_t>& slots);
