#include "runtime/net/file_token.hpp"

#include "runtime/net/key_derivation.hpp"
#include "runtime/net/tcp_socket.hpp"
#include "runtime/net/token_text.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace runtime {
namespace {

/// Wipes what held the token.
template <class Secret>
struct wiped : Secret {
  wiped() : Secret{} {}
  explicit wiped(Secret content) : Secret(std::move(content)) {}
  ~wiped() { OPENSSL_cleanse(this->data(), this->size()); }
};

tl::unexpected<error> cannot(const std::string& file, const char* what, int error_number) {
  if (error_number == EACCES || error_number == EPERM)
    return fail(errc::permission_denied,
                fmt::format("token file {} cannot be {}: permission denied; run as the user that owns it", file, what));
  return fail(errc::io, fmt::format("token file {} cannot be {}: {}", file, what, system_text(error_number)));
}

std::string directory_of(const std::string& file) {
  const auto slash = file.rfind('/');
  if (slash == std::string::npos)
    return ".";
  return slash == 0 ? "/" : file.substr(0, slash);
}

/// Makes a directory and those above it, for their owner alone. An errno, or 0.
int make_directories(const std::string& directory) {
  if (::mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST)
    return 0;
  if (errno != ENOENT || directory == "." || directory == "/")
    return errno;
  if (const int failure = make_directories(directory_of(directory)); failure != 0)
    return failure;
  return ::mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST ? 0 : errno;
}

int sync_directory(const std::string& directory) {
  const socket_handle opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return opened && ::fsync(opened.get()) == 0 ? 0 : errno;
}

/// Gives the finished file its name unless there is one of that name. An errno, or 0.
int name_it(const std::string& finished, const std::string& file) {
  if (::renameat2(AT_FDCWD, finished.c_str(), AT_FDCWD, file.c_str(), RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL) // EINVAL: this file system cannot; most that cannot have hard links.
    return errno;
  return ::link(finished.c_str(), file.c_str()) == 0 ? 0 : errno;
}

/// Writes what a token file is to hold under a name of its own first: nobody may see half of it, nor what power loss
/// takes back. `name_it` gives it its name. An errno, or 0.
int write_then(const std::string& file, const token_ring& ring,
               const std::function<int(const std::string& finished)>& give_name) {
  std::uint64_t chance = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&chance), sizeof chance) != 1)
    return EIO;
  const wiped<std::string> written(token_text(ring));
  const auto fresh = fmt::format("{}.{:016x}", file, chance);
  const socket_handle opened(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!opened)
    return errno;
  errno = EIO;                                             // What a short write means; each call below sets its own.
  const bool stored = ::fchmod(opened.get(), 0600) == 0 && // Whatever the umask, and the directory's default ACL.
                      ::write(opened.get(), written.data(), written.size()) == static_cast<ssize_t>(written.size()) &&
                      ::fsync(opened.get()) == 0;
  int failure = stored ? 0 : errno;
  if (failure == 0)
    failure = give_name(fresh);
  ::unlink(fresh.c_str()); // Nothing is left of that name after a rename.
  return failure != 0 ? failure : sync_directory(directory_of(file));
}

/// Where the file lies that a symbolic link stands for.
std::string behind_links(const std::string& file) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(file.c_str(), nullptr), &std::free);
  return real ? std::string(real.get()) : file;
}

/// Of the processes of a machine that learn of one change, one looks and writes after the other. Where a file system
/// has no such locks they all write the same.
socket_handle lock_directory(const std::string& directory) {
  socket_handle opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened)
    while (::flock(opened.get(), LOCK_EX) != 0 && errno == EINTR) {}
  return opened;
}

} // namespace

result<token_ring> load_tokens(const std::string& file) {
  const socket_handle opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)); // A FIFO must not hold us.
  if (!opened && (errno == ENOENT || errno == ENOTDIR))
    return fail(errc::not_found, fmt::format("token file {} does not exist; start a head on this machine, or copy the "
                                             "token file of the head's machine and name it with --token-file",
                                             file));
  struct stat about {};
  if (!opened || ::fstat(opened.get(), &about) != 0)
    return cannot(file, "read", errno);
  if (!S_ISREG(about.st_mode))
    return fail(errc::invalid_argument, fmt::format("token file {} is not a regular file", file));
  if ((about.st_mode & 077) != 0)
    return fail(errc::permission_denied, fmt::format("token file {0} can be read by others (mode {1:04o}); run chmod "
                                                     "600 {0}",
                                                     file, about.st_mode & 07777));
  wiped<std::array<char, longest_token_text + 1>> content{}; // One more shows that there is too much.
  const auto size = ::read(opened.get(), content.data(), content.size());
  if (size < 0)
    return cannot(file, "read", errno);
  return parse_tokens({content.data(), static_cast<std::size_t>(size)}).map_error([&](error why) {
    return within(fmt::format("token file {} holds no token", file), std::move(why));
  });
}

result<good_token> random_token() {
  wiped<cluster_token> token{};
  if (RAND_bytes(token.data(), static_cast<int>(token.size())) != 1)
    return fail(errc::io, "the operating system has no random numbers for a token");
  return named(token);
}

result<token_ring> create_or_load_tokens(const std::string& file) {
  if (auto existing = load_tokens(file); existing || existing.error().code != errc::not_found)
    return existing;
  if (const int failure = make_directories(directory_of(file)); failure != 0)
    return cannot(file, "written", failure);
  const auto fresh = random_token();
  if (!fresh)
    return fail(fresh.error());
  const int failure =
    write_then(file, token_ring(*fresh), [&](const auto& finished) { return name_it(finished, file); });
  if (failure != 0 && failure != EEXIST) // EEXIST: another process was first.
    return cannot(file, "written", failure);
  return load_tokens(file);
}

result<void> save_tokens(const std::string& file, const token_ring& ring) {
  const auto real = behind_links(file);
  const auto lock = lock_directory(directory_of(real));
  const auto existing = load_tokens(real);
  if (!existing)
    return fail(existing.error());
  if (existing->knows_cluster() && existing->cluster() != ring.cluster())
    return fail(errc::incompatible, fmt::format("token file {} is that of cluster {}, and not of {}", file,
                                                existing->cluster(), ring.cluster()));
  if (existing->knows_cluster() && existing->generation() >= ring.generation())
    return {};
  const int failure = write_then(
    real, ring, [&](const auto& finished) { return ::rename(finished.c_str(), real.c_str()) == 0 ? 0 : errno; });
  if (failure == EACCES || failure == EPERM)
    return fail(errc::permission_denied, fmt::format("token file {} cannot be replaced: permission denied; let the "
                                                     "user that owns it write in its directory",
                                                     file));
  if (failure != 0)
    return cannot(file, "replaced", failure);
  return {};
}

result<std::string> default_token_file() {
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0')
    return default_token_file(std::getenv("XDG_STATE_HOME"), home);
  const auto* user = ::getpwuid(::getuid());
  return default_token_file(std::getenv("XDG_STATE_HOME"), user != nullptr ? user->pw_dir : nullptr);
}

result<std::string> default_token_file(const char* state_home, const char* home) {
  if (state_home != nullptr && *state_home == '/') // The XDG specification: a relative one is to be ignored.
    return std::string(state_home) + "/caf-tune/token";
  if (home != nullptr && *home == '/')
    return std::string(home) + "/.local/state/caf-tune/token";
  return fail(errc::not_found, "no home directory to keep a token in; name a token file with --token-file");
}

} // namespace runtime
