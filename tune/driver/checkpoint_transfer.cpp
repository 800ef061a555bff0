#include "tune/driver/checkpoint_transfer.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <fstream>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "runtime/codec.hpp"
#include "tune/store/checkpoint_manifest.hpp"
#include "tune/worker/checkpoint_keeper_actor.hpp"
#include "tune/worker/posix_attempt_output.hpp"
#include "tune/worker/posix_attempt_place.hpp"

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
[[nodiscard]] result<T> answer_of(runtime::future<T> coming) {
  if (!coming.wait_for(patience))
    return fail(errc::timed_out, fmt::format("its node has not answered for {} s", patience.count()));
  return coming.try_get();
}

/// Gives the bytes of a file to `use`, in order.
[[nodiscard]] result<void> read_file(const runtime::remote_actor& keeper, const std::string& from, std::uint64_t size,
                                     const std::function<bool()>& is_wanted,
                                     const std::function<result<void>(const std::string&, std::uint64_t offset)>& use) {
  std::deque<runtime::future<std::string>> coming;
  std::uint64_t asked = 0;
  for (std::uint64_t done = 0; done < size;) {
    for (; asked < size && coming.size() < most_on_the_way; asked += chunk)
      coming.push_back(keeper.call<std::string>(read_atom::value, from, asked, chunk));
    if (!is_wanted())
      return fail(errc::cancelled, "it is not wanted any more");
    auto bytes = answer_of(std::move(coming.front()));
    coming.pop_front();
    if (!bytes)
      return fail(bytes.error());
    if (bytes->size() != std::min<std::uint64_t>(chunk, size - done))
      return fail(errc::io, fmt::format("{} has become shorter while it was copied", from));
    if (auto used = use(*bytes, done); !used)
      return used;
    done += bytes->size();
  }
  return {};
}

[[nodiscard]] result<void> fetch_file(const runtime::remote_actor& keeper, const std::string& from, const path& to,
                                      std::uint64_t size, const std::function<bool()>& is_wanted) {
  std::error_code failed;
  fs::create_directories(to.parent_path(), failed);
  std::ofstream file(to, std::ios::binary | std::ios::trunc);
  auto read = read_file(keeper, from, size, is_wanted, [&](const std::string& bytes, std::uint64_t) {
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return result<void>();
  });
  if (!read)
    return read;
  if (!file.flush())
    return fail(errc::io, fmt::format("{} cannot be written", to.string()));
  return {};
}

[[nodiscard]] result<void> relay_file(const runtime::remote_actor& from_keeper, const std::string& from,
                                      const runtime::remote_actor& to_keeper, const std::string& to, std::uint64_t size,
                                      const std::function<bool()>& is_wanted) {
  if (size == 0)
    return answer_of(to_keeper.call<void>(write_atom::value, to, std::uint64_t{0}, std::string()));
  std::deque<runtime::future<void>> going;
  const auto one_less = [&going] {
    auto done = answer_of(std::move(going.front()));
    going.pop_front();
    return done;
  };
  auto read = read_file(from_keeper, from, size, is_wanted, [&](const std::string& bytes, std::uint64_t offset) {
    going.push_back(to_keeper.call<void>(write_atom::value, to, offset, bytes));
    return going.size() < most_on_the_way ? result<void>() : one_less();
  });
  while (read && !going.empty())
    read = one_less();
  return read;
}

[[nodiscard]] result<void> send_file(const runtime::remote_actor& keeper, const path& from, const std::string& to) {
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

[[nodiscard]] result<std::vector<checkpoint_file>> files_of(const runtime::remote_actor& keeper,
                                                            const std::string& directory) {
  auto listed = answer_of(keeper.call<std::string>(list_atom::value, directory));
  if (!listed)
    return fail(listed.error());
  auto files = runtime::from_bytes<std::vector<checkpoint_file>>(*listed);
  if (!files)
    return fail(files.error());
  for (const auto& each : std::get<0>(*files))
    if (!stays_inside(each.first))
      return fail(errc::invalid_argument,
                  fmt::format("{} holds a file {}, which lies elsewhere", directory, each.first));
  std::stable_partition(std::get<0>(*files).begin(), std::get<0>(*files).end(), [](const checkpoint_file& each) {
    return each.first != manifest_file; // Last, as its writer does it.
  });
  return std::move(std::get<0>(*files));
}

/// What goes beyond the limit of its size is not appended, and the file says so.
[[nodiscard]] result<void> append_file(const runtime::remote_actor& keeper, const std::string& from, std::uint64_t size,
                                       const path& to) {
  constexpr auto most = attempt_output::default_most_bytes;
  std::error_code failed;
  fs::create_directories(to.parent_path(), failed);
  const auto is_there = fs::file_size(to, failed);
  const auto before = failed ? 0 : is_there;
  if (before >= most)
    return {}; // It was cut already.
  const auto taken = std::min<std::uint64_t>(size, most - before);
  std::ofstream file(to, std::ios::binary | std::ios::app);
  auto read = read_file(
    keeper, from, taken, [] { return true; },
    [&](const std::string& bytes, std::uint64_t) {
      file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
      return result<void>();
    });
  if (taken < size)
    file << attempt_output::cut_note(most);
  if (read && !file.flush())
    return fail(errc::io, fmt::format("{} cannot be written", to.string()));
  return read;
}

} // namespace

result<void> forget_checkpoint(const runtime::remote_actor& keeper, const std::string& directory) {
  return answer_of(keeper.call<void>(forget_atom::value, directory));
}

result<void> check_there(const runtime::remote_actor& keeper, const std::string& directory) {
  return answer_of(keeper.call<void>(check_atom::value, directory));
}

result<void> clean_node(const runtime::remote_actor& keeper, const std::string& directory,
                        const std::vector<std::string>& keep) {
  return answer_of(keeper.call<void>(clean_atom::value, directory, runtime::to_bytes(keep)));
}

result<void> fetch_checkpoint(const runtime::remote_actor& keeper, const std::string& from, const path& to,
                              const std::function<bool()>& is_wanted) {
  return files_of(keeper, from).and_then([&](const std::vector<checkpoint_file>& files) -> result<void> {
    for (const auto& [name, size] : files)
      if (auto good = fetch_file(keeper, from + "/" + name, to / name, size, is_wanted); !good)
        return good;
    return {};
  });
}

result<void> relay_checkpoint(const runtime::remote_actor& from_keeper, const std::string& from,
                              const runtime::remote_actor& to_keeper, const std::string& to,
                              const std::function<bool()>& is_wanted) {
  return files_of(from_keeper, from)
    .and_then([&](const std::vector<checkpoint_file>& files) -> result<void> {
      for (const auto& [name, size] : files)
        if (auto good = relay_file(from_keeper, from + "/" + name, to_keeper, to + "/" + name, size, is_wanted); !good)
          return good;
      return {};
    })
    .and_then([&] { return answer_of(to_keeper.call<void>(whole_atom::value, to)); });
}

result<void> fetch_output(const runtime::remote_actor& keeper, const std::string& from, attempt_number attempt,
                          const path& to) {
  for (const char* name : {"stdout", "stderr"}) {
    const auto there = fmt::format("{}/{}{}", from, name, output_suffix(attempt));
    const auto size = answer_of(keeper.call<std::int64_t>(size_atom::value, there));
    if (!size)
      return fail(size.error());
    if (*size > 0)
      if (auto appended = append_file(keeper, there, static_cast<std::uint64_t>(*size), to / name); !appended)
        return appended;
    if (*size >= 0)
      if (auto gone = forget_checkpoint(keeper, there); !gone)
        return gone;
  }
  return {};
}

result<void> send_checkpoint(const runtime::remote_actor& keeper, const path& from, const std::string& to) {
  std::error_code failed;
  std::vector<path> files;
  for (fs::recursive_directory_iterator each(from, failed), end; !failed && each != end; each.increment(failed))
    if (each->is_regular_file(failed) && each->path() != from / manifest_file)
      files.push_back(each->path());
  if (failed)
    return fail(errc::io, fmt::format("{}: {}", from.string(), failed.message()));
  files.push_back(from / manifest_file); // Last, as its writer does it.
  for (const auto& each : files)
    if (auto good = send_file(keeper, each, to + "/" + each.lexically_relative(from).string()); !good)
      return good;
  return answer_of(keeper.call<void>(whole_atom::value, to));
}

} // namespace tune
