#include "runtime/net/file_token.hpp"

#include "runtime/net/key_derivation.hpp"
#include "runtime/net/tcp_socket.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace runtime {
namespace {

constexpr std::size_t digits = 2 * std::tuple_size<cluster_token>::value;

/// Wipes what held the token.
template <class Secret>
struct wiped : Secret {
  ~wiped() { OPENSSL_cleanse(this->data(), this->size()); }
};

std::string hex_of(const std::uint8_t* bytes, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i)
    all += fmt::format("{:02x}", bytes[i]);
  return all;
}

int value_of(char digit) {
  if (digit >= '0' && digit <= '9')
    return digit - '0';
  if (digit >= 'a' && digit <= 'f')
    return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F')
    return digit - 'A' + 10;
  return -1;
}

tl::unexpected<error> cannot(const std::string& file, const char* what, int error_number) {
  if (error_number == EACCES || error_number == EPERM)
    return fail(errc::permission_denied,
                fmt::format("token file {} cannot be {}: permission denied; run as the user that owns it", file, what));
  return fail(errc::io, fmt::format("token file {} cannot be {}: {}", file, what, system_text(error_number)));
}

[[nodiscard]] result<cluster_token> parse(const std::string& file, const char* first, std::size_t size) {
  if (size > 0 && first[size - 1] == '\n')
    --size;
  if (size != digits)
    return fail(errc::invalid_argument,
                fmt::format("token file {} holds no token: it has {} characters, where {} hexadecimal digits belong; "
                            "copy the token file of the head's machine again",
                            file, size > digits ? "too many" : std::to_string(size), digits));
  cluster_token token{};
  for (std::size_t i = 0; i < digits; ++i) {
    const int value = value_of(first[i]);
    if (value < 0)
      return fail(errc::invalid_argument,
                  fmt::format("token file {} holds no token: its character {} is not a hexadecimal digit; copy the "
                              "token file of the head's machine again",
                              file, i + 1));
    token[i / 2] = static_cast<std::uint8_t>(token[i / 2] << 4 | value);
  }
  return token;
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

/// Writes a new token under a name of its own first: nobody may see half a token, nor one that power loss takes back.
int create(const std::string& file) {
  wiped<cluster_token> token;
  std::uint64_t chance = 0;
  if (RAND_bytes(token.data(), static_cast<int>(token.size())) != 1 ||
      RAND_bytes(reinterpret_cast<unsigned char*>(&chance), sizeof chance) != 1)
    return EIO;
  auto written = hex_of(token.data(), token.size()) + '\n';
  const auto fresh = fmt::format("{}.{:016x}", file, chance);
  socket_handle opened(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!opened)
    return errno;
  errno = EIO;                                             // What a short write means; each call below sets its own.
  const bool stored = ::fchmod(opened.get(), 0600) == 0 && // Whatever the umask, and the directory's default ACL.
                      ::write(opened.get(), written.data(), written.size()) == static_cast<ssize_t>(written.size()) &&
                      ::fsync(opened.get()) == 0;
  int failure = stored ? 0 : errno;
  OPENSSL_cleanse(written.data(), written.size());
  if (failure == 0)
    failure = name_it(fresh, file);
  ::unlink(fresh.c_str()); // Nothing is left of that name after a rename.
  return failure != 0 ? failure : sync_directory(directory_of(file));
}

} // namespace

result<cluster_token> load_token(const std::string& file) {
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
  wiped<std::array<char, digits + 2>> content; // One more than belongs there shows that there is too much.
  const auto size = ::read(opened.get(), content.data(), content.size());
  if (size < 0)
    return cannot(file, "read", errno);
  return parse(file, content.data(), static_cast<std::size_t>(size));
}

result<cluster_token> create_or_load_token(const std::string& file) {
  if (auto existing = load_token(file); existing || existing.error().code != errc::not_found)
    return existing;
  if (const int failure = make_directories(directory_of(file)); failure != 0)
    return cannot(file, "written", failure);
  if (const int failure = create(file); failure != 0 && failure != EEXIST) // EEXIST: another process was first.
    return cannot(file, "written", failure);
  return load_token(file);
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

std::string fingerprint(const cluster_token& token) {
  const auto derived = derive_key(token, "caf-tune cluster fingerprint v1");
  return hex_of(derived.data(), 8);
}

} // namespace runtime
