#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>

#include "runtime/base/instant.hpp"
#include "runtime/base/result.hpp"
#include "runtime/node/worker_launcher.hpp"
#include "runtime/package/manifest.hpp"
#include "runtime/package/package_fetch.hpp"
#include "runtime/package/package_sources.hpp"

namespace caf_tune::runtime::v1 {
class AskPackageChunk;
class PackageChunk;
} // namespace caf_tune::runtime::v1

namespace runtime {
namespace wire = caf_tune::runtime::v1;

class file_package_store;

/// Node manager -> package actor: it is to be there, fetched if need be: from one of the nodes that have it, else from
/// its owner. Again with another owner or more nodes: they are asked when their turn comes. Answered, to the sender, by
/// package_ready or package_failed.
struct package_wanted {
  package_id package;
  std::shared_ptr<const package_manifest> manifest;
  caf::actor owner; ///< Answers AskPackageChunk; null: lost, another will come.
  std::vector<package_holder> holders;
};

/// Node manager -> package actor: nobody needs it any more. A fetch is given up.
struct package_unwanted {
  package_id package;
};

struct package_ready { ///< It stays there until it is unwanted.
  package_id package;
  worker_program program;
};

struct package_failed {
  package_id package;
  error why;
};

/// Brings packages into a machine's store, and gives chunks of them to whoever asks. It reads and writes files in its
/// handlers: spawn it detached. Where there is no disk, a fake one answers the same messages:
///
///   package_wanted    -> package_ready or package_failed, later
///   package_unwanted
///   AskPackageChunk   -> PackageChunk
class package_actor : public caf::event_based_actor {
public:
  static constexpr std::uint32_t most_chunk_bytes = 1u << 20; ///< A larger question is refused.

  /// The middleman dials nodes that have a package; null: only owners are asked.
  package_actor(caf::actor_config& config, std::shared_ptr<file_package_store> store, caf::actor middleman = nullptr,
                package_fetch_options options = {});
  caf::behavior make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "package_actor"; }

private:
  struct wanted {
    caf::actor asker;
    caf::actor owner;
    caf::actor source; ///< Who is asked at present: the owner or a node.
    package_sources sources;
    std::optional<package_fetch> fetch; ///< Nothing: it is there, and in use.
  };
  void on_wanted(const package_wanted& order);
  void on_unwanted(const package_id& package);
  void on_chunk(const caf::actor_addr& from, const wire::PackageChunk& chunk);
  void on_source_lost(const caf::actor_addr& source);
  void on_time();
  void begin_fetch(const package_wanted& order);
  void take_sources(const package_wanted& order);
  package_fetch::actions follow(const package_id& package, const package_sources::order& order);
  package_fetch::actions leave_source(wanted& w);
  package_fetch::actions ask_source(wanted& w, const caf::actor& source);
  package_fetch::actions dial(const package_id& package, const package_holder& holder);
  void on_dialled(const package_id& package, const package_holder& holder, const caf::actor& node);
  bool answer_if_there(const package_id& package, const caf::actor& asker);
  void answer_failed(const package_id& package, error why);
  void perform(const package_id& package, const package_fetch::actions& actions);
  void ask(const package_id& package, const package_fetch::ask_chunk& order);
  package_fetch::actions verify(const package_id& package, const package_fetch::verify_file& order);
  void complete(const package_id& package);
  wire::PackageChunk read(const wire::AskPackageChunk& question) const;
  void arm_timer();
  instant now() const;

  std::shared_ptr<file_package_store> store_;
  caf::actor middleman_;
  package_fetch_options options_;
  std::map<package_id, wanted> wanted_;
  std::optional<instant> armed_;
};

} // namespace runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::package_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::package_unwanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::package_ready)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::package_failed)
