#include "runtime/node/package_actor.hpp"

#include <chrono>
#include <set>
#include <utility>
#include <vector>

#include <caf/actor_cast.hpp>
#include <caf/atom.hpp>
#include <caf/behavior.hpp>
#include <caf/others.hpp>
#include <caf/send.hpp>

#include "runtime/base/ignored_reads.hpp"
#include "runtime/base/overloaded.hpp"
#include "runtime/net/nonsense_log.hpp"
#include "runtime/net/shell_failure.hpp"
#include "runtime/node/node_wire.hpp"
#include "runtime/package/file_package_store.hpp"
#include "runtime/wire/protobuf_message.hpp"

namespace runtime {
namespace {

/// What is wrong with this machine's store: another node may have the package all the same, so that the owner is not to
/// take it for a mistake of its own.
error here(error why) {
  switch (why.code) {
  case errc::not_found:
  case errc::invalid_argument:
  case errc::permission_denied: why.code = errc::io; break;
  default: break;
  }
  return why;
}

std::string content_of(const wire::PackageChunk& chunk) {
  const ignored_reads unseen;
  return chunk.content();
}

constexpr std::chrono::seconds dial_deadline{10}; // The middleman's own is shorter; this is for one that is gone.

} // namespace

package_actor::package_actor(caf::actor_config& config, std::shared_ptr<file_package_store> store, caf::actor middleman,
                             package_fetch_options options)
  : event_based_actor(config),
    store_(std::move(store)),
    middleman_(std::move(middleman)),
    options_(options) {
  set_down_handler([this](caf::down_msg& down) { on_source_lost(down.source); });
  outlive_peers(*this, std::make_shared<nonsense_log>("package store"));
  set_exception_handler(ends_process("package store"));
}

caf::behavior package_actor::make_behavior() {
  return {
    [this](const package_wanted& order) { on_wanted(order); },
    [this](const package_unwanted& order) { on_unwanted(order.package); },
    [this](const wire::AskPackageChunk& question) { return read(question); },
    [this](const wire::PackageChunk& chunk) { // From a source that sends it instead of answering.
      if (const auto& source = current_sender())
        on_chunk(caf::actor_cast<caf::actor_addr>(source), chunk);
    },
    [this](caf::tick_atom) {
      armed_.reset();
      on_time();
    },
  };
}

void package_actor::on_exit() {
  wanted_.clear();
  store_ = nullptr;
  middleman_ = nullptr;
}

instant package_actor::now() const {
  return instant{const_cast<package_actor*>(this)->clock().now().time_since_epoch()};
}

// -- what the node manager wants ----------------------------------------------

void package_actor::on_wanted(const package_wanted& order) {
  const auto asker = caf::actor_cast<caf::actor>(current_sender());
  const auto known = wanted_.find(order.package);
  if (known != wanted_.end()) {
    known->second.asker = asker;
    if (known->second.fetch)
      take_sources(order);
    else if (answer_if_there(order.package, asker))
      store_->release(order.package); // It is in use once already.
    else
      answer_failed(order.package, {errc::io, "it was damaged while it was in use"});
    return;
  }
  if (answer_if_there(order.package, asker)) {
    wanted_[order.package].asker = asker;
    return;
  }
  begin_fetch(order);
}

bool package_actor::answer_if_there(const package_id& package, const caf::actor& asker) {
  auto location = store_->use(package);
  if (!location)
    return false;
  send(asker, package_ready{package, {std::move(location->main), std::move(location->library_directories)}});
  return true;
}

void package_actor::begin_fetch(const package_wanted& order) {
  auto& w = wanted_[order.package];
  w.asker = caf::actor_cast<caf::actor>(current_sender());
  auto have = store_->begin(*order.manifest);
  if (!have)
    return answer_failed(order.package, here(std::move(have.error())));
  w.fetch.emplace(order.manifest, *have, options_, now());
  take_sources(order);
  arm_timer();
}

// -- from whom ----------------------------------------------------------------

void package_actor::take_sources(const package_wanted& order) {
  auto& w = wanted_.at(order.package);
  const bool is_another = order.owner && w.owner != order.owner;
  if (is_another)
    monitor(order.owner);
  w.owner = order.owner;
  auto next = w.sources.on_wanted(order.holders, w.owner != nullptr);
  if (is_another && std::holds_alternative<package_sources::stay>(next))
    next = w.sources.on_another_owner();
  perform(order.package, follow(order.package, next));
}

package_fetch::actions package_actor::follow(const package_id& package, const package_sources::order& order) {
  auto& w = wanted_.at(package);
  return std::visit(overloaded{
                      [](const package_sources::stay&) { return package_fetch::actions(); },
                      [&](const package_sources::dial& o) { return dial(package, o.holder); },
                      [&](const package_sources::ask_owner&) { return ask_source(w, w.owner); },
                      [&](const package_sources::wait&) { return leave_source(w); },
                      [&](const package_sources::give_up& o) { return w.fetch->on_local_error(o.why); },
                    },
                    order);
}

package_fetch::actions package_actor::leave_source(wanted& w) {
  w.source = nullptr;
  return w.fetch->on_source_lost(now());
}

package_fetch::actions package_actor::ask_source(wanted& w, const caf::actor& source) {
  auto out = leave_source(w);
  w.source = source;
  for (auto& action : w.fetch->on_source(now()))
    out.push_back(std::move(action));
  return out;
}

package_fetch::actions package_actor::dial(const package_id& package, const package_holder& holder) {
  auto& w = wanted_.at(package);
  auto out = leave_source(w);
  const auto failed = [this, package, holder] {
    if (const auto found = wanted_.find(package); found != wanted_.end() && found->second.fetch)
      perform(package, follow(package, found->second.sources.on_dial_failed(holder)));
  };
  if (!middleman_)
    return follow(package, w.sources.on_dial_failed(holder));
  request(middleman_, dial_deadline, caf::connect_atom_v, holder.host, holder.port)
    .then(
      [this, package, holder, failed](const caf::node_id&, const caf::strong_actor_ptr& node,
                                      const std::set<std::string>&) {
        if (node)
          on_dialled(package, holder, caf::actor_cast<caf::actor>(node));
        else
          failed();
      },
      [failed](const caf::error&) { failed(); });
  return out;
}

void package_actor::on_dialled(const package_id& package, const package_holder& holder, const caf::actor& node) {
  const auto found = wanted_.find(package);
  if (found == wanted_.end() || !found->second.fetch || !found->second.sources.on_dialled(holder))
    return;
  monitor(node); // It may be dead already: then this says so.
  perform(package, ask_source(found->second, node));
}

void package_actor::on_source_lost(const caf::actor_addr& source) {
  std::vector<package_id> asked, not_asked;
  for (const auto& [package, w] : wanted_)
    if (w.fetch && w.source && w.source.address() == source)
      asked.push_back(package);
    else if (w.fetch && w.owner && w.owner.address() == source)
      not_asked.push_back(package);
  for (const auto& package : asked) {
    auto& w = wanted_.at(package);
    if (w.owner == w.source)
      w.owner = nullptr;
    perform(package, follow(package, w.sources.on_lost()));
  }
  for (const auto& package : not_asked)
    take_sources({package, nullptr, nullptr, {}});
}

void package_actor::on_unwanted(const package_id& package) {
  const auto found = wanted_.find(package);
  if (found == wanted_.end())
    return;
  if (found->second.fetch)
    store_->abandon(package);
  else
    store_->release(package);
  wanted_.erase(found);
}

void package_actor::answer_failed(const package_id& package, error why) {
  const auto found = wanted_.find(package);
  send(found->second.asker, package_failed{package, std::move(why)});
  wanted_.erase(found);
}

// -- a fetch ------------------------------------------------------------------

void package_actor::perform(const package_id& package, const package_fetch::actions& actions) {
  std::vector<package_fetch::action> due(actions.rbegin(), actions.rend()); // The last is next.
  while (!due.empty()) {
    const auto action = std::move(due.back());
    due.pop_back();
    package_fetch::actions more;
    auto& fetch = *wanted_.at(package).fetch;
    std::visit(
      overloaded{
        [&](const package_fetch::ask_chunk& a) { ask(package, a); },
        [&](const package_fetch::write_chunk& a) {
          if (auto written = store_->write(package, a.file, a.offset, a.bytes); !written)
            more = fetch.on_local_error(here(std::move(written.error())));
        },
        [&](const package_fetch::verify_file& a) { more = verify(package, a); },
        [&](const package_fetch::source_refused& a) {
          more = follow(package, wanted_.at(package).sources.on_refused(a.why));
        },
        [&](const package_fetch::source_doubted&) { more = follow(package, wanted_.at(package).sources.on_doubt()); },
        [&](const package_fetch::finished&) { complete(package); },
        [&](const package_fetch::failed& a) {
          store_->abandon(package);
          answer_failed(package, a.why);
        },
      },
      action);
    if (const auto w = wanted_.find(package); w == wanted_.end() || !w->second.fetch)
      return;
    due.insert(due.end(), more.rbegin(), more.rend());
  }
  arm_timer();
}

void package_actor::ask(const package_id& package, const package_fetch::ask_chunk& order) {
  const auto& w = wanted_.at(package);
  wire::AskPackageChunk question;
  question.set_package_id(std::string(package.bytes()));
  question.set_file_name(w.fetch->package().files[order.file].name);
  question.set_offset(order.offset);
  question.set_size_bytes(order.size_bytes);
  request(w.source, options_.chunk_patience, std::move(question)) // The fetch itself asks again then.
    .then([this, from = w.source.address()](const wire::PackageChunk& chunk) { on_chunk(from, chunk); },
          [](const caf::error&) {});
}

void package_actor::on_chunk(const caf::actor_addr& from, const wire::PackageChunk& chunk) {
  const auto package = sha256_from_bytes(chunk.package_id());
  const auto found = package ? wanted_.find(*package) : wanted_.end();
  if (found == wanted_.end() || !found->second.fetch || !found->second.source || found->second.source.address() != from)
    return;
  auto& fetch = *found->second.fetch;
  if (chunk.has_why_not())
    perform(*package,
            fetch.on_refused(chunk.file_name(), chunk.offset(), node_wire::from_wire(chunk.why_not()), now()));
  else
    perform(*package, fetch.on_chunk(chunk.file_name(), chunk.offset(), content_of(chunk), now()));
}

package_fetch::actions package_actor::verify(const package_id& package, const package_fetch::verify_file& order) {
  auto& fetch = *wanted_.at(package).fetch;
  auto digest = store_->hash_arrived(package, order.file);
  if (!digest)
    return fetch.on_local_error(here(std::move(digest.error())));
  return fetch.on_verified(order.file, order.round, *digest, now());
}

void package_actor::complete(const package_id& package) {
  auto& w = wanted_.at(package);
  if (auto whole = store_->complete(package); !whole) {
    store_->abandon(package);
    return answer_failed(package, here(std::move(whole.error())));
  }
  w.fetch.reset();
  w.source = w.owner = nullptr;
  auto location = store_->use(package);
  if (!location)
    return answer_failed(package, here(std::move(location.error())));
  send(w.asker, package_ready{package, {std::move(location->main), std::move(location->library_directories)}});
}

// -- serving, time ------------------------------------------------------------

wire::PackageChunk package_actor::read(const wire::AskPackageChunk& question) const {
  wire::PackageChunk answer;
  answer.set_package_id(question.package_id());
  answer.set_file_name(question.file_name());
  answer.set_offset(question.offset());
  auto content =
    question.size_bytes() > most_chunk_bytes
      ? fail(errc::too_large, fmt::format("a chunk of {} bytes is too large; ask for at most {}", question.size_bytes(),
                                          most_chunk_bytes))
      : sha256_from_bytes(question.package_id()).and_then([&](const package_id& package) {
          return store_->read_chunk(package, question.file_name(), question.offset(), question.size_bytes());
        });
  if (content)
    answer.set_content(std::move(*content));
  else
    *answer.mutable_why_not() = node_wire::to_wire(content.error());
  return answer;
}

void package_actor::on_time() {
  std::vector<package_id> packages;
  for (const auto& [package, w] : wanted_)
    if (w.fetch)
      packages.push_back(package);
  for (const auto& package : packages)
    perform(package, wanted_.at(package).fetch->on_time(now()));
  arm_timer();
}

void package_actor::arm_timer() {
  std::optional<instant> next;
  for (const auto& [package, w] : wanted_)
    if (w.fetch)
      if (const auto at = w.fetch->wake_at(); at && (!next || *at < *next))
        next = at;
  if (!next || (armed_ && *armed_ <= *next))
    return; // CAF cannot take back a delayed message: an earlier one on its way is enough.
  armed_ = next;
  delayed_send(this, *next - now(), caf::tick_atom::value);
}

} // namespace runtime
