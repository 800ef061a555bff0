#include "runtime/package/package_fetch.hpp"

#include <algorithm>

#include "runtime/base/invariant.hpp"

namespace runtime {

result<void> validate(const package_fetch_options& options) {
  if (options.chunk_bytes < 1 || options.chunk_bytes > 1u << 20)
    return fail(errc::invalid_argument, fmt::format("chunk_bytes is {}; use 1 to {}", options.chunk_bytes, 1u << 20));
  if (options.most_in_flight < 1)
    return fail(errc::invalid_argument, "most_in_flight is 0; use at least 1");
  if (options.chunk_patience <= core_clock::duration::zero() || options.give_up_after < options.chunk_patience)
    return fail(errc::invalid_argument, "chunk_patience must be above 0, and give_up_after not below it");
  return {};
}

package_fetch::package_fetch(std::shared_ptr<const package_manifest> package, const std::vector<bool>& have,
                             package_fetch_options options, instant now)
  : package_(std::move(package)),
    options_(options),
    files_(package_->files.size()) {
  CAF_TUNE_INVARIANT(have.size() == files_.size(), "{} of {}", have.size(), files_.size());
  for (std::size_t file = 0; file < files_.size(); ++file) {
    if (have[file])
      files_[file].at = file_state::done;
    else
      files_[file].missing_bytes = package_->files[file].size_bytes;
  }
  note_progress(now);
}

package_fetch::actions package_fetch::on_source(instant now) {
  if (state_ != state::without_source)
    return {};
  state_ = state::with_source;
  for (auto& file : files_)
    file.wrong = 0;
  note_progress(now);
  actions out;
  verify_what_is_whole(out); // Empty files, or nothing at all is missing.
  ask_what_is_free(out, now);
  return out;
}

package_fetch::actions package_fetch::on_source_lost(instant now) {
  if (state_ != state::with_source)
    return {};
  state_ = state::without_source;
  note_progress(now); // The time to find another one counts from here.
  for (const auto& [chunk, _] : in_flight_)
    if (counts(chunk))
      to_ask_again_.insert(chunk);
  in_flight_.clear();
  return {};
}

package_fetch::actions package_fetch::on_chunk(std::string_view file_name, std::uint64_t offset, std::string bytes,
                                               instant now) {
  const auto file = index_of(file_name);
  if (!file || is_over())
    return {};
  const chunk_key chunk(*file, offset);
  if (in_flight_.erase(chunk) + to_ask_again_.erase(chunk) == 0)
    return {}; // Repeated, or never asked for.
  note_progress(now);
  actions out;
  if (!counts(chunk)) {
    // Its file began anew, and will come to this chunk later.
  } else if (bytes.size() != size_of(chunk)) {
    fetch_again(out, *file,
                fmt::format("at offset {} the source sent {} bytes, not {}", offset, bytes.size(), size_of(chunk)));
  } else {
    files_[*file].missing_bytes -= bytes.size();
    out.push_back(write_chunk{*file, offset, std::move(bytes)});
  }
  verify_what_is_whole(out);
  ask_what_is_free(out, now);
  tell_doubt(out);
  return out;
}

package_fetch::actions package_fetch::on_refused(std::string_view file_name, std::uint64_t offset, error why, instant) {
  const auto file = index_of(file_name);
  if (!file || is_over() || in_flight_.count({*file, offset}) == 0)
    return {};
  return {source_refused{within(place(*file), std::move(why))}};
}

package_fetch::actions package_fetch::on_verified(std::size_t file, int round, const sha256& found, instant now) {
  if (is_over() || file >= files_.size() || files_[file].at != file_state::verifying || files_[file].round != round)
    return {};
  note_progress(now);
  actions out;
  const auto& expected = package_->files[file].digest;
  if (found == expected)
    files_[file].at = file_state::done;
  else
    fetch_again(out, file, fmt::format("its SHA-256 is {}, not {} as its manifest says", found, expected));
  verify_what_is_whole(out);
  ask_what_is_free(out, now);
  tell_doubt(out);
  return out;
}

package_fetch::actions package_fetch::on_local_error(error why) {
  if (is_over())
    return {};
  actions out;
  end(out, failed{std::move(why)});
  return out;
}

package_fetch::actions package_fetch::on_time(instant now) {
  if (is_over())
    return {};
  actions out;
  if (waits_for_source() && now >= give_up_at_) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options_.give_up_after).count();
    if (state_ == state::with_source)
      end(out, failed{{errc::timed_out, fmt::format("the package's source sent nothing for {} s", seconds)}});
    else
      end(out, failed{{errc::unreachable,
                       fmt::format("the package's source was lost, and no other came within {} s", seconds)}});
    return out;
  }
  for (auto& [chunk, again_at] : in_flight_)
    if (now >= again_at) {
      again_at = now + options_.chunk_patience;
      doubts_ = true;
      out.push_back(ask_chunk{chunk.first, chunk.second, size_of(chunk)});
    }
  tell_doubt(out);
  return out;
}

std::optional<instant> package_fetch::wake_at() const {
  if (is_over() || !waits_for_source())
    return {};
  auto soonest = give_up_at_;
  for (const auto& [_, again_at] : in_flight_)
    soonest = std::min(soonest, again_at);
  return soonest;
}

std::uint64_t package_fetch::missing_bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& file : files_)
    sum += file.missing_bytes;
  return sum;
}

std::uint32_t package_fetch::size_of(const chunk_key& chunk) const {
  const auto rest = package_->files[chunk.first].size_bytes - chunk.second;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(rest, options_.chunk_bytes));
}

std::optional<std::size_t> package_fetch::index_of(std::string_view name) const {
  const auto* file = find_file(*package_, name);
  if (file == nullptr)
    return {};
  return static_cast<std::size_t>(file - package_->files.data());
}

/// Whether it was asked for in its file's present round.
bool package_fetch::counts(const chunk_key& chunk) const {
  return chunk.second < files_[chunk.first].next_offset;
}

/// Otherwise only verifications are waited for, which take as long as they take.
bool package_fetch::waits_for_source() const {
  const auto any = [&](file_state wanted) {
    return std::any_of(files_.begin(), files_.end(), [&](const auto& file) { return file.at == wanted; });
  };
  return any(file_state::missing) || !any(file_state::verifying); // Nothing missing: it has not begun yet.
}

/// What to ask for next: what a lost source owed us, then the files in their order.
std::optional<package_fetch::chunk_key> package_fetch::next_chunk() {
  if (!to_ask_again_.empty())
    return to_ask_again_.extract(to_ask_again_.begin()).value();
  for (std::size_t file = 0; file < files_.size(); ++file) {
    auto& progress = files_[file];
    if (progress.at != file_state::missing)
      continue;
    while (progress.next_offset < package_->files[file].size_bytes) {
      const chunk_key chunk(file, progress.next_offset);
      progress.next_offset += size_of(chunk);
      if (in_flight_.count(chunk) == 0) // Otherwise asked for in the round before: the answer will serve this one.
        return chunk;
    }
  }
  return {};
}

void package_fetch::ask_what_is_free(actions& out, instant now) {
  if (state_ != state::with_source)
    return;
  while (in_flight_.size() < options_.most_in_flight) {
    const auto chunk = next_chunk();
    if (!chunk)
      return;
    in_flight_.emplace(*chunk, now + options_.chunk_patience);
    out.push_back(ask_chunk{chunk->first, chunk->second, size_of(*chunk)});
  }
}

void package_fetch::verify_what_is_whole(actions& out) {
  if (is_over())
    return;
  for (std::size_t file = 0; file < files_.size(); ++file)
    if (files_[file].at == file_state::missing && files_[file].missing_bytes == 0) {
      files_[file].at = file_state::verifying;
      out.push_back(verify_file{file, files_[file].round});
    }
  if (std::all_of(files_.begin(), files_.end(), [](const auto& file) { return file.at == file_state::done; }))
    end(out, finished{});
}

/// Last: what is asked for again goes to the next source instead.
void package_fetch::tell_doubt(actions& out) {
  if (std::exchange(doubts_, false) && state_ == state::with_source)
    out.push_back(source_doubted{});
}

void package_fetch::note_progress(instant now) {
  give_up_at_ = now + options_.give_up_after;
}

void package_fetch::fetch_again(actions& out, std::size_t file, std::string what) {
  auto& progress = files_[file];
  if (++progress.wrong == 2) {
    end(out, failed{{errc::unreachable, fmt::format("{}: {}; this happened twice: the file has been changed at its "
                                                    "source, or is damaged on the way; start the driver anew",
                                                    place(file), what)}});
    return;
  }
  for (auto chunk = to_ask_again_.lower_bound({file, 0}); chunk != to_ask_again_.end() && chunk->first == file;)
    chunk = to_ask_again_.erase(chunk);
  progress.at = file_state::missing;
  ++progress.round;
  doubts_ = true;
  progress.next_offset = 0;
  progress.missing_bytes = package_->files[file].size_bytes;
}

void package_fetch::end(actions& out, action last) {
  state_ = state::over;
  in_flight_.clear();
  to_ask_again_.clear();
  out.push_back(std::move(last));
}

std::string package_fetch::place(std::size_t file) const {
  return fmt::format("file {:?} of the package", package_->files[file].name);
}

} // namespace runtime
