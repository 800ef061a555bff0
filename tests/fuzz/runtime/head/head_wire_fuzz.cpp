#include "runtime/head/head_wire.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace {

template <class Message>
void read_as(const std::string& bytes) {
  Message message;
  if (message.ParseFromString(bytes))
    (void)runtime::head_wire::from_wire(message); // An error or a value; never an exception, never undefined.
}

} // namespace

/// What nodes and drivers send to the head: the first byte chooses the kind, the rest is the message.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const std::string bytes(data + 1, data + size);
  switch (data[0] % 6) {
  case 0: read_as<runtime::wire::NodeHello>(bytes); break;
  case 1: read_as<runtime::wire::Demand>(bytes); break;
  case 2: read_as<runtime::wire::GroupDemand>(bytes); break;
  case 3: read_as<runtime::wire::ActorRecord>(bytes); break;
  case 4: read_as<runtime::wire::Failure>(bytes); break;
  default: read_as<runtime::wire::OwnerHello>(bytes); break;
  }
  return 0;
}
