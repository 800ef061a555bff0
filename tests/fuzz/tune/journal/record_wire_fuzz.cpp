#include "tests/fuzz/wire_round_trip.hpp"

#include "tests/tune/journal/records_for_test.hpp"
#include "tune/journal/record_wire.hpp"

/// A record of a journal.

namespace {

using namespace tune;

void run(std::string_view bytes) {
  const auto record = record_wire::record_from(bytes);
  if (!record)
    return fuzz::check_error(record.error());
  const auto written = record_wire::to_bytes(*record);
  if (!written) // Lists in lists, deeper than this version writes them.
    return fuzz::check_error(written.error());
  const auto again = record_wire::record_from(*written);
  fuzz::require(again.has_value(), "what was written cannot be read");
  fuzz::require(again->index() == record->index(), "a record is read as one of another kind");
  fuzz::require(record_wire::to_bytes(*again) == *written, "what was written reads as something else");
}

fuzz::inputs seeds() {
  fuzz::inputs all;
  for (const auto& each : one_of_each_record())
    all.push_back(or_throw(record_wire::to_bytes(each)));
  return all;
}

const fuzz::target record_wire_target("tune/journal/record_wire", run, seeds);

} // namespace
