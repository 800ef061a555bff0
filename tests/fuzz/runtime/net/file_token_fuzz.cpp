#include "tests/fuzz/fuzz_target.hpp"

#include <algorithm>
#include <cctype>

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/net/file_token.hpp"
#include "runtime/net/tcp_socket.hpp"

/// What a token file holds. A token is exactly 64 hexadecimal digits, perhaps with an end of line; and nothing of a
/// file is ever quoted, since it may be nearly the token.

namespace {

using namespace runtime;

bool are_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

bool is_token(std::string_view content) {
  if (!content.empty() && content.back() == '\n')
    content.remove_suffix(1);
  return content.size() == 64 && are_digits(content);
}

void run(std::string_view content) {
  const socket_handle file(::memfd_create("token", MFD_CLOEXEC)); // A file without a name: nothing is left of it.
  fuzz::require(file && ::fchmod(file.get(), 0600) == 0 &&
                  ::write(file.get(), content.data(), content.size()) == static_cast<ssize_t>(content.size()),
                "there is no file to read");

  const auto token = load_token("/proc/self/fd/" + std::to_string(file.get()));

  fuzz::require(token.has_value() == is_token(content), "what is a token and what is none is confused");
  if (const auto begin = content.substr(0, 12); !token && begin.size() == 12 && are_digits(begin))
    fuzz::require(token.error().message.find(begin) == std::string::npos, "an error quotes the file");
  if (token)
    fuzz::require(fingerprint(*token).size() == 16, "a token has no fingerprint");
}

fuzz::inputs seeds() {
  const std::string digits = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
  return {digits, digits + "\n", digits + "\n\n", digits + "0", digits.substr(1), "x" + digits.substr(1)};
}

const fuzz::target file_token_target("runtime/net/file_token", run, seeds);

} // namespace
