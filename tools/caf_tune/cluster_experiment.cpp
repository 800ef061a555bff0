#include "tools/caf_tune/cluster_experiment.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <stdlib.h>

#include "runtime/cluster.hpp"
#include "runtime/codec.hpp"
#include "tune/driver/experiment_announcement.hpp"
#include "tune/worker/experiment_board_actor.hpp"

namespace tools {
namespace {

namespace fs = std::filesystem;
using tune::errc;
using tune::experiment_question;
using tune::fail;
using tune::result;
using file_list = std::vector<std::pair<std::string, std::uint64_t>>;

constexpr std::chrono::seconds patience{30};
constexpr std::size_t most_on_the_way = 8;

class asker {
public:
  explicit asker(runtime::remote_actor board) : board_(std::move(board)) {}

  runtime::future<std::string> begin(const experiment_question& question) {
    return board_.call<std::string>(tune::ask_atom::value, tune::to_bytes(question));
  }
  static result<std::string> end(runtime::future<std::string> coming) {
    if (!coming.wait_for(patience))
      return fail(errc::timed_out, fmt::format("its driver has not answered for {} s", patience.count()));
    return coming.try_get().and_then([](const std::string& bytes) { return tune::answer_from(bytes); });
  }
  result<std::string> ask(const experiment_question& question) { return end(begin(question)); }

private:
  runtime::remote_actor board_;
};

[[nodiscard]] result<runtime::remote_actor> find_board(runtime::cluster& cluster, const std::string& name) {
  auto board = cluster.find_actor(tune::board_prefix + name);
  if (board || board.error().code != errc::not_found)
    return board;
  std::vector<std::string> known;
  const std::string prefix = tune::board_prefix;
  if (const auto state = cluster.state())
    for (const auto& each : state->actors)
      if (each.name.compare(0, prefix.size(), prefix) == 0 && each.state != runtime::actor_state::dead)
        known.push_back(each.name.substr(prefix.size()));
  return fail(errc::not_found,
              known.empty()
                ? fmt::format("no experiment \"{}\" runs on the cluster, nor any other", name)
                : fmt::format("no experiment \"{}\" runs on the cluster; there are: {}", name, fmt::join(known, ", ")));
}

[[nodiscard]] result<tune::path> own_directory(std::shared_ptr<void>& keeper) {
  auto pattern = (fs::temp_directory_path() / "caf-tune-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    return fail(errc::io, fmt::format("{} cannot be made", pattern));
  const tune::path made(pattern);
  keeper = std::shared_ptr<void>(nullptr, [made](void*) {
    std::error_code ignored; // What is left in /tmp harms nobody.
    fs::remove_all(made, ignored);
  });
  return made;
}

[[nodiscard]] result<void> fetch_file(asker& driver, const std::string& name, std::uint64_t size,
                                      const tune::path& to) {
  constexpr std::uint64_t chunk = 256u << 10; // As the driver has it.
  std::ofstream file(to, std::ios::binary);
  std::deque<runtime::future<std::string>> coming;
  std::uint64_t asked = 0;
  for (std::uint64_t written = 0; written < size;) {
    for (; asked < size && coming.size() < most_on_the_way; asked += chunk)
      coming.push_back(driver.begin({experiment_question::kind::read, name, asked}));
    auto bytes = asker::end(std::move(coming.front()));
    coming.pop_front();
    if (!bytes)
      return fail(bytes.error());
    if (bytes->size() < std::min(chunk, size - written))
      return fail(errc::io, fmt::format("{} has become shorter while it was read", name));
    bytes->resize(std::min<std::uint64_t>(bytes->size(), size - written)); // As it was when it was listed.
    file.write(bytes->data(), static_cast<std::streamsize>(bytes->size()));
    written += bytes->size();
  }
  if (!file.flush())
    return fail(errc::io, fmt::format("{} cannot be written", to.string()));
  return {};
}

} // namespace

result<cluster_experiment> fetch_experiment(const cluster_wish& wish, const std::string& name) {
  runtime::cluster_options options;
  options.address = wish.address;
  options.token_file = wish.token_file;
  options.program_name = "caf-tune";
  options.log_level = "off"; // What goes wrong is said once, at the end.
  auto cluster = runtime::cluster::connect(std::move(options));
  if (!cluster)
    return fail(cluster.error());
  auto board = find_board(*cluster, name);
  if (!board)
    return fail(board.error());
  asker driver(std::move(*board));
  const auto about = [&](tune::error why) { return runtime::within(fmt::format("experiment \"{}\"", name), why); };
  cluster_experiment found;
  const auto where = driver.ask({experiment_question::kind::where, "", 0}).and_then([](const std::string& bytes) {
    return runtime::from_bytes<std::string, std::string>(bytes);
  });
  if (!where)
    return fail(about(where.error()));
  std::tie(found.host, found.directory) = *where;
  const auto files = driver.ask({experiment_question::kind::list, "", 0}).and_then([](const std::string& bytes) {
    return runtime::from_bytes<file_list>(bytes);
  });
  if (!files)
    return fail(about(files.error()));
  auto copy = own_directory(found.keeps_copy);
  if (!copy)
    return fail(copy.error());
  found.copy = *copy;
  std::error_code failed;
  fs::create_directories(found.copy / "journal", failed);
  for (const auto& [file, size] : std::get<0>(*files)) {
    if (file.empty() || file.front() == '.' || file.find('/') != std::string::npos)
      continue; // It is no segment.
    if (auto fetched = fetch_file(driver, file, size, found.copy / "journal" / file); !fetched)
      return fail(about(fetched.error()));
  }
  return found;
}

} // namespace tools
