#pragma once

#include <cstdint>
#include <string>

#include "tune/vocabulary.hpp"

/// What a trial's result files hold, counted in records: lines of JSON, rows of CSV, records of events. A crash may
/// have left more than the journal's reader knows of, or half a record.
namespace tune {

/// Cuts off what comes after the first `records`. An error: there are fewer, or it is no such file.
[[nodiscard]] result<void> keep_json_lines(const std::string& path, std::uint64_t records);
[[nodiscard]] result<void> keep_event_records(const std::string& path, std::uint64_t records);
/// The same for rows, not counting the header, which is returned with its newline.
[[nodiscard]] result<std::string> keep_csv_rows(const std::string& path, std::uint64_t rows);

/// Replaces a CSV file by one with a longer header, in one step; each row gets `more` empty cells.
[[nodiscard]] result<void> widen_csv(const std::string& path, const std::string& header, std::size_t more);

/// Writes and renames, so that readers see the old file or the new one. `durable`: survives a power loss.
enum class durability { process_crash, power_loss };
[[nodiscard]] result<void> replace_file(const std::string& path, const std::string& content, durability survives);

std::size_t count_columns(const std::string& csv_header);

} // namespace tune
