#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tune/journal/record.hpp"
#include "tune/proto/journal.pb.h"

/// Records of the journal to and from their bytes. Whoever reads checks everything.
namespace tune::record_wire {

namespace wire = caf_tune::tune::v1;

/// Adds the record's bytes to `out`. Refuses (invalid_argument) what could not be read again.
class writer {
public:
  [[nodiscard]] result<void> append(const journal_record& record, std::string& out);

private:
  wire::Record message_; // Kept, so that its memory is used again.
};

/// Many records, one after the other.
class reader {
public:
  /// invalid_argument: it holds what cannot be. incompatible: it is no record, or of a kind that only a newer version
  /// knows.
  [[nodiscard]] result<journal_record> read(std::string_view bytes);

private:
  wire::Record message_;
};

[[nodiscard]] result<std::string> to_bytes(const journal_record& record);
[[nodiscard]] result<journal_record> record_from(std::string_view bytes);
[[nodiscard]] result<journal_record> record_from(const wire::Record& message);

} // namespace tune::record_wire
