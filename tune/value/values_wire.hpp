#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include "tune/config.hpp"
#include "tune/proto/journal.pb.h"
#include "tune/value.hpp"

/// Values, configurations and metrics to and from protobuf, for all that goes to disk or between processes.
namespace tune::values_wire {

namespace wire = caf_tune::tune::v1;
using named = google::protobuf::RepeatedPtrField<wire::NamedValue>;

/// Lists in lists deeper than this are not written by anybody: protobuf refuses to read much more.
inline constexpr int most_list_depth = 32;

void write(const value& x, wire::Value& out);
void write(const named_values& values, named& out);

/// Checked: every value has a kind, no name is there twice.
[[nodiscard]] result<value> value_from(const wire::Value& in);
[[nodiscard]] result<config> config_from(const named& in);
[[nodiscard]] result<metrics> metrics_from(const named& in);

/// Whether what write() makes of these can be read again.
[[nodiscard]] result<void> check_depth(const named_values& values);

} // namespace tune::values_wire
