#include "runtime/net/caf_error.hpp"

#include <caf/error.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>

namespace runtime {

caf::error to_caf_error(const error& why) {
  return caf::make_error(caf::sec::cannot_connect_to_node, static_cast<std::uint8_t>(why.code), why.message);
}

error from_caf_error(const caf::error& why) {
  if (why.category() == caf::atom("system") && why.context().match_elements<std::uint8_t, std::string>())
    return {static_cast<errc>(why.context().get_as<std::uint8_t>(0)), why.context().get_as<std::string>(1)};
  if (why.category() == caf::atom("system")) {
    auto words = to_string(static_cast<caf::sec>(why.code()));
    for (auto& letter : words)
      if (letter == '_')
        letter = ' ';
    return {errc::unreachable, words};
  }
  return {errc::unreachable, "the connection was lost"};
}

} // namespace runtime
