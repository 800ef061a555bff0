#include "runtime/node/file_node_state.hpp"

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>

#include <boost/filesystem.hpp>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

namespace runtime {
namespace {

constexpr std::size_t longest_file = 4096; // Of what this directory holds; more is not ours.

/// A descriptor that is closed at the end of its scope.
class file_handle {
public:
  explicit file_handle(int descriptor) : descriptor_(descriptor) {}
  ~file_handle() {
    if (descriptor_ >= 0)
      ::close(descriptor_);
  }
  file_handle(const file_handle&) = delete;
  file_handle& operator=(const file_handle&) = delete;
  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

private:
  int descriptor_;
};

/// Nothing if there is no such file; an errno if it cannot be read.
tl::expected<std::optional<std::string>, int> read_file(const std::string& name) {
  const file_handle file(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    if (errno == ENOENT)
      return std::optional<std::string>();
    return tl::unexpected(errno);
  }
  std::string content(longest_file, '\0');
  const auto got = ::read(file.get(), content.data(), content.size());
  if (got < 0)
    return tl::unexpected(errno);
  content.resize(static_cast<std::size_t>(got));
  return std::optional(content);
}

/// 0, or the errno of what failed.
int write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const auto written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno != EINTR)
      return errno;
    if (written > 0)
      content.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

int write_new_file(const std::string& name, std::string_view content) {
  const file_handle file(::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file)
    return errno;
  if (const auto code = write_all(file.get(), content))
    return code;
  return ::fsync(file.get()) == 0 ? 0 : errno;
}

std::optional<node_id> parse_id(std::string text) {
  if (!text.empty() && text.back() == '\n')
    text.pop_back();
  if (text.size() != 16 || text.find_first_not_of("0123456789abcdef") != std::string::npos)
    return {};
  const node_id id(std::stoull(text, nullptr, 16));
  return id ? std::optional(id) : std::nullopt;
}

std::uint64_t random_but_zero() {
  std::uint64_t number = 0;
  while (number == 0)
    if (::getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number)) // Interrupted.
      number = 0;
  return number;
}

constexpr std::uint64_t last_epoch = (std::uint64_t{1} << 24) - 1; // What a lease id has room for.

} // namespace

result<std::unique_ptr<file_node_state>> file_node_state::open(const std::string& directory) {
  std::unique_ptr<file_node_state> state(new file_node_state(directory));
  boost::system::error_code failed;
  const bool made = boost::filesystem::create_directories(directory, failed);
  if (failed)
    return fail(state->cannot_write(failed.value()));
  if (made)
    boost::filesystem::permissions(directory, boost::filesystem::owner_all, failed);
  if (failed)
    return fail(state->cannot_write(failed.value()));
  const auto opened =
    state->lock().and_then([&] { return state->load_or_make_id(); }).and_then([&] { return state->load_cluster(); });
  if (!opened)
    return fail(opened.error());
  return state;
}

file_node_state::~file_node_state() {
  if (lock_ >= 0)
    ::close(lock_);
}

error file_node_state::cannot_write(int code) const {
  return {code == EACCES || code == EPERM ? errc::permission_denied : errc::io,
          fmt::format("state directory {} cannot be written: {}; choose another with --state", directory_,
                      std::strerror(code))};
}

result<void> file_node_state::lock() {
  const auto name = directory_ + "/lock";
  lock_ = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0)
    return fail(cannot_write(errno));
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK)
      return fail(cannot_write(errno));
    const auto holder = read_file(name);
    const auto number = holder && *holder ? (**holder).substr(0, (**holder).find('\n')) : std::string();
    return fail(errc::already_exists, fmt::format("state directory {} is in use by {}", directory_,
                                                  number.empty() ? "another process" : "process " + number));
  }
  if (::ftruncate(lock_, 0) != 0)
    return fail(cannot_write(errno));
  if (const auto code = write_all(lock_, fmt::format("{}\n", ::getpid())))
    return fail(cannot_write(code));
  return {};
}

result<void> file_node_state::load_or_make_id() {
  const auto content = read_file(directory_ + "/node_id");
  if (!content)
    return fail(errc::io, fmt::format("state directory {}: node_id cannot be read: {}", directory_,
                                      std::strerror(content.error())));
  if (!*content) {
    id_ = node_id(random_but_zero()); // 0 names nothing.
    return save("node_id", fmt::format("{:016x}\n", id_.value));
  }
  const auto id = parse_id(**content);
  if (!id)
    return fail(errc::incompatible, fmt::format("state directory {}: node_id holds no 16 hexadecimal digits; if it is "
                                                "a node's, remove that file, and the node joins as a new one",
                                                directory_));
  id_ = *id;
  return {};
}

result<void> file_node_state::load_cluster() {
  auto content = read_file(directory_ + "/cluster");
  if (!content)
    return fail(errc::io, fmt::format("state directory {}: cluster cannot be read: {}", directory_,
                                      std::strerror(content.error())));
  if (*content)
    cluster_ = (**content).substr(0, (**content).find('\n'));
  return {};
}

result<void> file_node_state::save_cluster(const std::string& fingerprint) {
  return save("cluster", fingerprint + "\n").map([&] { cluster_ = fingerprint; });
}

result<file_node_state::head_epoch> file_node_state::next_epoch() {
  auto content = read_file(directory_ + "/epoch");
  if (!content)
    return fail(errc::io, fmt::format("state directory {}: epoch cannot be read: {}", directory_,
                                      std::strerror(content.error())));
  head_epoch next;
  if (*content) {
    const auto& text = **content;
    std::uint64_t last = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), last).ec != std::errc{} || last > last_epoch)
      return fail(errc::incompatible, fmt::format("state directory {}: epoch holds no number from 0 to {}; choose "
                                                  "another with --state",
                                                  directory_, last_epoch));
    next = {last == last_epoch ? 1 : last + 1, false};
  } else
    next = {1 + random_but_zero() % last_epoch, true};
  return save("epoch", fmt::format("{}\n", next.number)).map([&] { return next; });
}

result<void> file_node_state::save(const std::string& name, const std::string& content) const {
  // Rename alone leaves an empty file after power loss: the content first, then the name, then the directory.
  const auto final_name = directory_ + "/" + name;
  const auto new_name = final_name + ".new";
  if (const auto code = write_new_file(new_name, content))
    return fail(cannot_write(code));
  if (::rename(new_name.c_str(), final_name.c_str()) != 0)
    return fail(cannot_write(errno));
  const file_handle directory(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0)
    return fail(cannot_write(errno));
  return {};
}

} // namespace runtime
