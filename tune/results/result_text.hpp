#pragma once

#include <string>
#include <string_view>

#include "tune/config.hpp"
#include "tune/value.hpp"

/// JSON and CSV of results, appended to a text: as to_json() shows them, several times faster, for what is written with
/// every result.
namespace tune {

void append_json(std::string& to, const value& x); ///< NaN and the infinities are null.
void append_json(std::string& to, double x);
void append_json(std::string& to, std::string_view text); ///< With its quotes; what is no UTF-8 becomes U+FFFD.
/// "name": value, ... without the braces; nothing for no values. Names with slashes are nested.
void append_json_fields(std::string& to, const named_values& values);

/// One cell (RFC 4180): quoted where it has to be. A list is its JSON; NaN is nan.
void append_csv(std::string& to, const value& x);
void append_csv(std::string& to, double x);
void append_csv(std::string& to, std::string_view text);

} // namespace tune
