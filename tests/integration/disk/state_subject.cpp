#include "tests/integration/disk/subject.hpp"

#include <map>
#include <optional>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "runtime/node/file_node_state.hpp"
#include "runtime/owner/file_detached_store.hpp"

using runtime::actor_id;
using runtime::file_detached_store;
using runtime::file_node_state;
using tune::fail;
using tune::path;
using tune::result;

namespace {

/// The n-th version of what is kept of an actor; the later, the shorter or the longer.
std::string version_of(std::uint64_t actor, std::uint64_t version) {
  std::string text = fmt::format("{} {} ", actor, version);
  text.append(((actor * 7 + version * 5) % 11) * 40, 'x');
  return text + "end";
}

std::uint64_t number_in(const std::string& text) {
  return std::stoull(text);
}

/// What was acknowledged last, and not taken back.
struct acknowledged_state {
  explicit acknowledged_state(const std::vector<std::string>& said) {
    for (const auto& each : said) {
      const auto value = each.substr(each.find(' ') + 1);
      if (const auto what = each.substr(0, each.find(' ')); what == "id")
        id = value;
      else if (what == "cluster")
        cluster = number_in(value);
      else if (what == "epoch")
        epoch = number_in(value);
      else if (what == "actor")
        actors[number_in(value)] = number_in(value.substr(value.find(' ')));
      else
        actors.erase(number_in(value));
    }
  }
  std::string id;
  std::uint64_t cluster = 0;
  std::optional<std::uint64_t> epoch;
  std::map<std::uint64_t, std::uint64_t> actors; ///< The newest version.
};

class state_under_test : public subject {
public:
  std::string name() const override { return "state"; }

  result<void> live(const path& directory, witness& tell, int rounds) const override {
    auto opened = file_node_state::open((directory / "state").string());
    if (!opened)
      return fail(opened.error());
    auto& state = **opened;
    tell.acknowledge(fmt::format("id {:016x}", state.id().value));
    const auto epoch = state.next_epoch();
    if (!epoch)
      return fail(epoch.error());
    tell.acknowledge(fmt::format("epoch {}", epoch->number));
    const auto cluster = state.cluster().empty() ? 0 : number_in(state.cluster());
    file_detached_store actors((directory / "state/detached").string());
    const auto kept = actors.load();
    if (!kept)
      return fail(kept.error());
    const auto version = kept->empty() ? 1 : number_in(kept->begin()->second.substr(2)) + 1;
    for (std::uint64_t round = 0; round < static_cast<std::uint64_t>(rounds); ++round) {
      if (auto saved = state.save_cluster(std::to_string(cluster + 1 + round)); !saved)
        return saved;
      tell.acknowledge(fmt::format("cluster {}", cluster + 1 + round));
      const auto actor = 1 + round % 3;
      if (auto safe = actors.keep(actor_id{actor}, version_of(actor, version + round)); !safe)
        return safe;
      tell.acknowledge(fmt::format("actor {} {}", actor, version + round));
      if (round % 4 == 3) {
        tell.acknowledge(fmt::format("forget {}", actor));
        actors.forget(actor_id{actor});
      }
    }
    return {};
  }

  void check(const path& directory, const std::vector<std::string>& acknowledged) const override {
    const acknowledged_state said(acknowledged);
    const auto opened = file_node_state::open((directory / "state").string());
    REQUIRE_MESSAGE(opened, opened.error().message);
    auto& state = **opened;
    if (!said.id.empty())
      CHECK(fmt::format("{:016x}", state.id().value) == said.id);
    CHECK((state.cluster().empty() ? 0 : number_in(state.cluster())) >= said.cluster);
    const auto epoch = state.next_epoch();
    REQUIRE_MESSAGE(epoch, epoch.error().message);
    if (said.epoch) {
      CHECK_FALSE(epoch->is_first);
      CHECK(epoch->number > *said.epoch); // It begins again with 1 once in 16 million.
    }
    const auto kept = file_detached_store((directory / "state/detached").string()).load();
    REQUIRE_MESSAGE(kept, kept.error().message);
    for (const auto& [actor, version] : said.actors)
      CHECK_MESSAGE(kept->count(actor_id{actor}) == 1, "actor " << actor << " version " << version);
    for (const auto& [id, bytes] : *kept) {
      const auto version = number_in(bytes.substr(2));
      CHECK(bytes == version_of(id.value, version));
      if (const auto last = said.actors.find(id.value); last != said.actors.end())
        CHECK(version >= last->second);
    }
  }

  bool is_harmless(const std::string& call, const std::string& path) const override {
    // An actor that is forgotten and stays is told to be over when it is gone on with.
    return call == "unlink" && path.find("/detached/") != std::string::npos && path.find(".new") == std::string::npos;
  }
};

} // namespace

std::unique_ptr<subject> state_subject() {
  return std::make_unique<state_under_test>();
}
