#include "runtime/package/file_package_arrival.hpp"

#include <deque>
#include <iterator>
#include <utility>

#include "runtime/base/overloaded.hpp"
#include "runtime/package/file_digest.hpp"
#include "runtime/package/file_package_store.hpp"

namespace runtime {

result<std::unique_ptr<file_package_arrival>> file_package_arrival::begin(std::shared_ptr<file_package_store> store,
                                                                          const package_manifest& package,
                                                                          package_fetch_options options, instant now) {
  if (auto valid = validate(options); !valid)
    return fail(std::move(valid.error()));
  const auto have = store->begin(package); // Validates the manifest, too.
  if (!have)
    return fail(have.error());
  package_fetch fetch(std::make_shared<const package_manifest>(package), *have, options, now);
  return std::unique_ptr<file_package_arrival>(
    new file_package_arrival(std::move(store), id_of(package), std::move(fetch)));
}

file_package_arrival::~file_package_arrival() {
  if (!fetch_.is_over())
    store_->abandon(package_);
}

file_package_arrival::outcome file_package_arrival::on_source(instant now) {
  return perform(fetch_.on_source(now), now);
}

file_package_arrival::outcome file_package_arrival::on_source_lost(instant now) {
  return perform(fetch_.on_source_lost(now), now);
}

file_package_arrival::outcome file_package_arrival::on_chunk(std::string_view file_name, std::uint64_t offset,
                                                             std::string bytes, instant now) {
  return perform(fetch_.on_chunk(file_name, offset, std::move(bytes), now), now);
}

file_package_arrival::outcome file_package_arrival::on_refused(std::string_view file_name, std::uint64_t offset,
                                                               error why, instant now) {
  return perform(fetch_.on_refused(file_name, offset, std::move(why), now), now);
}

file_package_arrival::outcome file_package_arrival::on_time(instant now) {
  return perform(fetch_.on_time(now), now);
}

file_package_arrival::outcome file_package_arrival::perform(package_fetch::actions actions, instant now) {
  outcome out;
  std::deque<package_fetch::action> to_do(std::make_move_iterator(actions.begin()),
                                          std::make_move_iterator(actions.end()));
  while (!to_do.empty() && !out.has_failed) {
    auto next = std::move(to_do.front());
    to_do.pop_front();
    for (auto& more : perform(next, out, now))
      to_do.push_back(std::move(more));
  }
  if (out.has_failed) {
    out.asks.clear();
    out.is_finished = false;
    store_->abandon(package_);
  }
  return out;
}

/// What one action leads to.
package_fetch::actions file_package_arrival::perform(package_fetch::action& next, outcome& out, instant now) {
  using actions = package_fetch::actions;
  return std::visit(overloaded{
                      [&](const package_fetch::ask_chunk& ask_for) -> actions {
                        const auto& name = fetch_.package().files[ask_for.file].name;
                        out.asks.push_back({name, ask_for.offset, ask_for.size_bytes});
                        return {};
                      },
                      [&](const package_fetch::write_chunk& chunk) -> actions {
                        auto written = store_->write(package_, chunk.file, chunk.offset, chunk.bytes);
                        return written ? actions{} : fetch_.on_local_error(std::move(written.error()));
                      },
                      [&](const package_fetch::verify_file& whole) -> actions {
                        auto found = store_->hash_arrived(package_, whole.file);
                        return found ? fetch_.on_verified(whole.file, whole.round, *found, now)
                                     : fetch_.on_local_error(std::move(found.error()));
                      },
                      [&](const package_fetch::finished&) -> actions {
                        auto completed = store_->complete(package_);
                        out.is_finished = completed.has_value();
                        if (!completed)
                          out.has_failed = std::move(completed.error());
                        return {};
                      },
                      [&](package_fetch::failed& failed) -> actions {
                        out.has_failed = std::move(failed.why);
                        return {};
                      },
                    },
                    next);
}

} // namespace runtime
