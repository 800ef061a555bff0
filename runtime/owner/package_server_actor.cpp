#include "runtime/owner/package_server_actor.hpp"

#include <utility>

#include <caf/behavior.hpp>
#include <fmt/format.h>

#include "runtime/net/shell_failure.hpp"
#include "runtime/owner/owner_wire.hpp"
#include "runtime/package/sha256.hpp"
#include "runtime/wire/protobuf_message.hpp"

namespace runtime {
namespace {

[[nodiscard]] result<std::string> read(package_source& source, const wire::AskPackageChunk& question) {
  if (question.size_bytes() > package_server_actor::most_chunk_bytes)
    return fail(errc::too_large, fmt::format("a chunk of {} bytes is more than {}", question.size_bytes(),
                                             package_server_actor::most_chunk_bytes));
  const auto package = sha256_from_bytes(question.package_id());
  if (!package)
    return fail(package.error());
  return source.read_chunk(*package, question.file_name(), question.offset(), question.size_bytes());
}

} // namespace

package_server_actor::package_server_actor(caf::actor_config& config, std::shared_ptr<package_source> source)
  : event_based_actor(config),
    source_(std::move(source)) {
  set_exception_handler(ends_actor("package server")); // Who asks hears that it is down.
}

caf::behavior package_server_actor::make_behavior() {
  return {
    [this](caf::get_atom) { return own_package{source_->own()}; },
    [this](const wire::AskPackageChunk& question) {
      wire::PackageChunk answer;
      answer.set_package_id(question.package_id());
      answer.set_file_name(question.file_name());
      answer.set_offset(question.offset());
      if (auto content = read(*source_, question))
        answer.set_content(std::move(*content));
      else
        *answer.mutable_why_not() = failure_of(content.error());
      return answer;
    },
  };
}

} // namespace runtime
