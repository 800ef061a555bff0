#include "tune/driver/experiment_announcement.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <optional>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "runtime/codec.hpp"
#include "runtime/options.hpp"
#include "tune/worker/experiment_board_actor.hpp"
#include "tune/worker/posix_attempt_place.hpp"

namespace tune {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t chunk = 256u << 10;
constexpr std::size_t longest_name = 255;              // Of an actor.
constexpr std::chrono::seconds before_asking_again{1}; // After the board's node was lost.

[[nodiscard]] result<std::string> list(const path& journal) {
  std::vector<std::pair<std::string, std::uint64_t>> files;
  std::error_code failed;
  for (fs::directory_iterator each(journal, failed), end; !failed && each != end; each.increment(failed))
    if (each->is_regular_file(failed))
      files.emplace_back(each->path().filename().string(), each->file_size(failed));
  if (failed)
    return fail(errc::io, fmt::format("{}: {}", journal.string(), failed.message()));
  std::sort(files.begin(), files.end());
  return runtime::to_bytes(files);
}

[[nodiscard]] result<std::string> read(const path& file, std::uint64_t offset) {
  std::ifstream in(file, std::ios::binary);
  std::string bytes(chunk, '\0');
  if (!in.seekg(static_cast<std::streamoff>(offset)))
    return fail(errc::io, fmt::format("{} cannot be read", file.string()));
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (in.bad())
    return fail(errc::io, fmt::format("{} cannot be read", file.string()));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  return bytes;
}

} // namespace

std::string to_bytes(const experiment_question& question) {
  return runtime::to_bytes(static_cast<std::uint8_t>(question.what), question.file, question.offset);
}

result<experiment_question> question_from(const std::string& bytes) {
  return runtime::from_bytes<std::uint8_t, std::string, std::uint64_t>(bytes).and_then(
    [](auto parts) -> result<experiment_question> {
      auto& [what, file, offset] = parts;
      if (what > static_cast<std::uint8_t>(experiment_question::kind::read))
        return fail(errc::incompatible, fmt::format("question {} is not known to this driver", int{what}));
      return experiment_question{static_cast<experiment_question::kind>(what), std::move(file), offset};
    });
}

result<std::string> answer_to(const experiment_question& question, const path& directory) {
  switch (question.what) {
  case experiment_question::kind::where: return runtime::to_bytes(own_hostname(), directory.string());
  case experiment_question::kind::list: return list(directory / "journal");
  case experiment_question::kind::read:
    if (question.file.empty() || question.file.front() == '.' || question.file.find('/') != std::string::npos)
      return fail(errc::invalid_argument, fmt::format("\"{}\" is no file of a journal", question.file));
    return read(directory / "journal" / question.file, question.offset);
  }
  return fail(errc::incompatible, "the question is not known to this driver");
}

std::string answer_bytes(const result<std::string>& answer) {
  return answer ? runtime::to_bytes(true, *answer) : runtime::to_bytes(false, answer.error().message);
}

result<std::string> answer_from(const std::string& bytes) {
  return runtime::from_bytes<bool, std::string>(bytes).and_then([](auto parts) -> result<std::string> {
    auto& [is_good, text] = parts;
    if (!is_good)
      return fail(errc::io, std::move(text));
    return std::move(text);
  });
}

struct experiment_announcement::parts {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_ending = false;
  std::optional<result<std::string>> next; ///< What the board has given.
};

experiment_announcement::experiment_announcement(runtime::cluster& cluster, const std::string& name,
                                                 const std::string& id, path directory,
                                                 const std::function<void(const std::string&)>& on_trouble)
  : parts_(std::make_shared<parts>()),
    directory_(std::move(directory)) {
  std::string why;
  for (const auto& each : {name, name + "@" + id}) {
    const auto full = board_prefix + each;
    if (full.size() > longest_name) {
      why = fmt::format("with \"{}\" before it, it is longer than {} bytes", board_prefix, longest_name);
      continue;
    }
    auto board =
      cluster.try_spawn(experiment_board_type(), runtime::actor_options().resources({}).name(full).max_restarts(-1));
    if (board) {
      board_ = *board;
      thread_ = std::thread([this] { run(); });
      return;
    }
    why = board.error().message;
  }
  if (on_trouble)
    on_trouble(fmt::format("the cluster does not know the experiment by its name ({}); \"{}\" can be looked at by its "
                           "directory",
                           why, name));
}

experiment_announcement::~experiment_announcement() {
  {
    std::lock_guard guard(parts_->mutex);
    parts_->is_ending = true;
  }
  parts_->changed.notify_all();
  if (thread_.joinable())
    thread_.join();
  if (board_)
    (void)board_.kill();
}

void experiment_announcement::run() {
  std::unique_lock lock(parts_->mutex);
  while (!parts_->is_ending) {
    parts_->next.reset();
    lock.unlock();
    board_.call_then<std::string>(
      [to = parts_](result<std::string> next) {
        {
          std::lock_guard guard(to->mutex);
          to->next = std::move(next);
        }
        to->changed.notify_all();
      },
      next_atom::value);
    lock.lock();
    parts_->changed.wait(lock, [this] { return parts_->is_ending || parts_->next; });
    if (parts_->is_ending)
      return;
    const auto next = std::move(*parts_->next);
    const auto asked =
      next.and_then([](const std::string& bytes) { return runtime::from_bytes<std::uint64_t, std::string>(bytes); });
    if (!asked) { // It starts again on another node, or has ended for good.
      parts_->changed.wait_for(lock, before_asking_again, [this] { return parts_->is_ending; });
      continue;
    }
    lock.unlock();
    const auto answer = question_from(std::get<1>(*asked)).and_then([&](const auto& question) {
      return answer_to(question, directory_);
    });
    board_.send(reply_atom::value, std::get<0>(*asked), answer_bytes(answer));
    lock.lock();
  }
}

} // namespace tune
