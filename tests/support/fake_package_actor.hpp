#pragma once

#include <caf/event_based_actor.hpp>

#include "runtime/node/package_actor.hpp"
#include "runtime/wire/protobuf_message.hpp"

/// Stands for package_actor where there is no disk: every package is there at once, unless it is told otherwise.
class fake_package_actor : public caf::event_based_actor {
public:
  explicit fake_package_actor(caf::actor_config& config) : event_based_actor(config) {}

  caf::behavior make_behavior() override {
    return {
      [](const runtime::package_wanted& order) {
        return runtime::package_ready{order.package, {"/packages/" + to_hex(order.package) + "/main", {}}};
      },
      [](const runtime::package_unwanted&) {},
      [](const runtime::wire::AskPackageChunk& question) {
        runtime::wire::PackageChunk answer;
        answer.set_package_id(question.package_id());
        answer.set_file_name(question.file_name());
        answer.set_offset(question.offset());
        answer.set_content(std::string(question.size_bytes(), 'x'));
        return answer;
      },
    };
  }
};
