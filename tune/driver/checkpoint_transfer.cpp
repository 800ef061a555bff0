#include "tune/driver/checkpoint_transfer.hpp"

#include <chrono>
#include <deque>
#include <fstream>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "runtime/codec.hpp"
#include "tune/worker/checkpoint_keeper_actor.hpp"

namespace tune {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t chunk = 256u << 10;
constexpr std::size_t most_on_the_way = 8;

/// A name from a node: it must stay inside the directory that it is copied to.
bool stays_inside(const path& name) {
  if (name.empty() || name.is_absolute())
    return false;
  for (const auto& part : name)
    if (part == ".." || part == ".")
      return false;
  return true;
}

/// A keeper whose node is on its way out may never answer.
constexpr std::chrono::seconds patience{30};

template <class T>
result<T> answer_of(runtime::future<T> coming) {
  if (!coming.wait_for(patience))
    return fail(errc::timed_out, fmt::format("its node has not answered for {} s", patience.count()));
  return coming.try_get();
}

result<void> fetch_file(const runtime::remote_actor& keeper, const std::string& from, const path& to,
                        std::uint64_t size, const std::function<bool()>& is_wanted) {
  std::error_code failed;
  fs::create_directories(to.parent_path(), failed);
  std::ofstream file(to, std::ios::binary | std::ios::trunc);
  std::deque<runtime::future<std::string>> coming;
  std::uint64_t asked = 0;
  for (std::uint64_t written = 0; written < size;) {
    for (; asked < size && coming.size() < most_on_the_way; asked += chunk)
      coming.push_back(keeper.call<std::string>(read_atom::value, from, asked, chunk));
    if (!is_wanted())
      return fail(errc::cancelled, "it is not wanted any more");
    auto bytes = answer_of(std::move(coming.front()));
    coming.pop_front();
    if (!bytes)
      return fail(bytes.error());
    if (bytes->size() != std::min<std::uint64_t>(chunk, size - written))
      return fail(errc::io, fmt::format("{} has become shorter while it was copied", from));
    file.write(bytes->data(), static_cast<std::streamsize>(bytes->size()));
    written += bytes->size();
  }
  if (!file.flush())
    return fail(errc::io, fmt::format("{} cannot be written", to.string()));
  return {};
}

result<void> send_file(const runtime::remote_actor& keeper, const path& from, const std::string& to) {
  std::ifstream file(from, std::ios::binary);
  std::deque<runtime::future<void>> going;
  const auto one_less = [&going]() -> result<void> {
    auto done = answer_of(std::move(going.front()));
    going.pop_front();
    return done;
  };
  std::string bytes(chunk, '\0');
  std::uint64_t offset = 0;
  do {
    file.read(bytes.data(), chunk);
    const auto n = static_cast<std::size_t>(file.gcount());
    if (going.size() >= most_on_the_way)
      if (auto good = one_less(); !good)
        return good;
    going.push_back(keeper.call<void>(write_atom::value, to, offset, bytes.substr(0, n))); // An empty file, too.
    offset += n;
  } while (file);
  if (!file.eof())
    return fail(errc::io, fmt::format("{} cannot be read", from.string()));
  while (!going.empty())
    if (auto good = one_less(); !good)
      return good;
  return {};
}

} // namespace

result<void> forget_checkpoint(const runtime::remote_actor& keeper, const std::string& directory) {
  return answer_of(keeper.call<void>(forget_atom::value, directory));
}

result<void> fetch_checkpoint(const runtime::remote_actor& keeper, const std::string& from, const path& to,
                              const std::function<bool()>& is_wanted) {
  auto listed = answer_of(keeper.call<std::string>(list_atom::value, from));
  if (!listed)
    return fail(listed.error());
  auto files = runtime::from_bytes<std::vector<checkpoint_file>>(*listed);
  if (!files)
    return fail(files.error());
  for (const auto& [name, size] : std::get<0>(*files)) {
    if (!stays_inside(name))
      return fail(errc::invalid_argument, fmt::format("{} holds a file {}, which lies elsewhere", from, name));
    if (auto good = fetch_file(keeper, from + "/" + name, to / name, size, is_wanted); !good)
      return good;
  }
  return {};
}

result<void> send_checkpoint(const runtime::remote_actor& keeper, const path& from, const std::string& to) {
  std::error_code failed;
  for (fs::recursive_directory_iterator each(from, failed), end; !failed && each != end; each.increment(failed))
    if (each->is_regular_file(failed))
      if (auto good = send_file(keeper, each->path(), to + "/" + fs::relative(each->path(), from, failed).string());
          !good)
        return good;
  if (failed)
    return fail(errc::io, fmt::format("{}: {}", from.string(), failed.message()));
  return answer_of(keeper.call<void>(whole_atom::value, to));
}

} // namespace tune
