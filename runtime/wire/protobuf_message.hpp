#pragma once

#include "runtime/proto/runtime.pb.h"

#include <string>
#include <type_traits>

#include <caf/error.hpp>
#include <caf/fwd.hpp>
#include <caf/sec.hpp>

namespace runtime {
namespace wire = caf_tune::runtime::v1;
}

namespace caf_tune::runtime::v1 {

/// The one adapter that makes any protobuf message of ours a CAF message: CAF carries its bytes. Fields that a newer
/// peer added stay in the message when it is passed on.
template <class Inspector, class Message,
          class = std::enable_if_t<std::is_base_of_v<google::protobuf::MessageLite, Message>>>
auto inspect(Inspector& f, Message& message) {
  std::string bytes;
  if constexpr (Inspector::reads_state)
    bytes = message.SerializeAsString();
  if constexpr (std::is_same_v<decltype(f(bytes)), caf::error>) {
    if (auto failure = f(bytes))
      return failure;
    if constexpr (Inspector::writes_state)
      if (!message.ParseFromString(bytes))
        return caf::make_error(caf::sec::invalid_argument, std::string("not a ") + message.GetTypeName());
    return caf::error{};
  } else
    return f(bytes);
}

} // namespace caf_tune::runtime::v1
