#include "runtime/net/file_token.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

using namespace runtime;

namespace {

/// A directory that vanishes with the test.
struct scratch {
  scratch() {
    char name[] = "/tmp/caf-tune-token-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path = name;
  }
  ~scratch() { std::filesystem::remove_all(path); }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;

  std::string file(const std::string& name, const std::string& content, mode_t mode = 0600) const {
    const auto at = path + "/" + name;
    std::ofstream(at) << content;
    ::chmod(at.c_str(), mode);
    return at;
  }
  std::string path;
};

std::string content_of(const std::string& file) {
  std::ostringstream all;
  all << std::ifstream(file).rdbuf();
  return all.str();
}

const std::string good(64, 'a');

} // namespace

TEST_CASE("token file: a new one holds a random token that only its owner can read") {
  const scratch at;
  const auto file = at.path + "/state/caf-tune/token"; // Neither directory exists.

  const auto made = create_or_load_token(file);

  REQUIRE(made);
  struct stat about {};
  REQUIRE(::stat(file.c_str(), &about) == 0);
  CHECK((about.st_mode & 07777) == 0600);
  CHECK(about.st_size == 65);
  CHECK(content_of(file).back() == '\n');
  CHECK(*made != cluster_token{});
  CHECK(*made != create_or_load_token(at.path + "/other").value());
}

TEST_CASE("token file: what was made is what is loaded") {
  const scratch at;
  const auto file = at.path + "/token";
  const auto made = create_or_load_token(file);

  CHECK(load_token(file) == made);
  CHECK(create_or_load_token(file) == made); // Not a second one.
}

TEST_CASE("token file: whatever the umask, it is made for its owner, and nothing else is left behind") {
  const scratch at;
  const auto before = ::umask(0);

  REQUIRE(create_or_load_token(at.path + "/token"));

  ::umask(before);
  CHECK(load_token(at.path + "/token"));
  int files = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator(at.path))
    ++files;
  CHECK(files == 1);
}

TEST_CASE("token file: of many that make one at once, one does and all get it") {
  const scratch at;
  const auto file = at.path + "/a/b/token";
  std::vector<result<cluster_token>> got(8);
  std::vector<std::thread> all;

  for (auto& each : got)
    all.emplace_back([&] { each = create_or_load_token(file); });
  for (auto& thread : all)
    thread.join();

  for (const auto& each : got) {
    REQUIRE(each);
    CHECK(each == got.front());
  }
}

TEST_CASE("token file: a missing one says where a token comes from") {
  const scratch at;
  const auto file = at.path + "/token";

  CHECK(load_token(file).error() ==
        error{errc::not_found, "token file " + file +
                                 " does not exist; start a head on this machine, or copy the "
                                 "token file of the head's machine and name it with "
                                 "--token-file"});
}

TEST_CASE("token file: one that others can read is refused, and is not replaced") {
  const scratch at;
  for (const auto& [mode, text] : {std::pair<mode_t, std::string>{0644, "0644"}, {0640, "0640"}, {0602, "0602"}}) {
    const auto file = at.file("token", good + "\n", mode);
    const error refused{errc::permission_denied,
                        "token file " + file + " can be read by others (mode " + text + "); run chmod 600 " + file};

    CHECK(load_token(file).error() == refused);
    CHECK(create_or_load_token(file).error() == refused);
  }
}

TEST_CASE("token file: one that holds no token is refused without being quoted") {
  const scratch at;
  const auto short_one = at.file("short", "abc\n");
  const auto long_one = at.file("long", good + good);
  const auto wrong = at.file("wrong", std::string(17, 'a') + "g" + std::string(46, 'a') + "\n");
  const auto empty = at.file("empty", "");

  CHECK(
    load_token(short_one).error() ==
    error{errc::invalid_argument, "token file " + short_one +
                                    " holds no token: it has 3 characters, where 64 hexadecimal digits belong; copy "
                                    "the token file of the head's machine again"});
  CHECK(load_token(long_one).error() ==
        error{errc::invalid_argument, "token file " + long_one +
                                        " holds no token: it has too many characters, where 64 hexadecimal digits "
                                        "belong; copy the token file of the head's machine again"});
  CHECK(load_token(wrong).error() ==
        error{errc::invalid_argument, "token file " + wrong +
                                        " holds no token: its character 18 is not a hexadecimal digit; copy the token "
                                        "file of the head's machine again"});
  CHECK(load_token(empty).error().code == errc::invalid_argument);
}

TEST_CASE("token file: the last newline may be missing, and capitals are digits, too") {
  const scratch at;

  CHECK(load_token(at.file("lower", good + "\n")) == load_token(at.file("upper", std::string(64, 'A'))));
}

TEST_CASE("token file: a directory or a pipe is refused at once") {
  const scratch at;
  const auto pipe = at.path + "/pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);

  CHECK(load_token(pipe).error() == error{errc::invalid_argument, "token file " + pipe + " is not a regular file"});
  CHECK(load_token(at.path).error() ==
        error{errc::invalid_argument, "token file " + at.path + " is not a regular file"});
}

TEST_CASE("token file: one of another user is refused with advice") {
  const scratch at;
  const auto file = at.file("token", good, 0);
  int ends[2];
  REQUIRE(::pipe(ends) == 0);

  const auto child = ::fork(); // A process of somebody else: root may read everything.
  if (child == 0) {
    if (::getuid() == 0 && ::setuid(65534) != 0)
      ::_exit(1);
    const auto loaded = load_token(file);
    const auto text = loaded ? std::string("loaded") : loaded.error().message;
    ::_exit(::write(ends[1], text.data(), text.size()) > 0 ? 0 : 1);
  }
  ::close(ends[1]);
  char said[512] = {};
  const auto size = ::read(ends[0], said, sizeof said);
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);

  CHECK(size > 0);
  CHECK(said == "token file " + file + " cannot be read: permission denied; run as the user that owns it");
}

TEST_CASE("token file: where none can be written, the error says why") {
  const scratch at;
  const auto blocked = at.file("file", "") + "/token"; // Below something that is no directory.

  CHECK(create_or_load_token(blocked).error() ==
        error{errc::io, "token file " + blocked + " cannot be written: not a directory"});
}

TEST_CASE("token file: without another word it lies in the user's state directory") {
  CHECK(default_token_file("/x/state", "/home/u").value() == "/x/state/caf-tune/token");
  CHECK(default_token_file(nullptr, "/home/u").value() == "/home/u/.local/state/caf-tune/token");
  CHECK(default_token_file("", "/home/u").value() == "/home/u/.local/state/caf-tune/token");
  CHECK(default_token_file("relative", "/home/u").value() == "/home/u/.local/state/caf-tune/token");
  CHECK(default_token_file(nullptr, nullptr).error() ==
        error{errc::not_found, "no home directory to keep a token in; name a token file with --token-file"});
}

TEST_CASE("token file: a fingerprint tells tokens apart and stays the same for ever") {
  cluster_token one{}, two{};
  one.fill(1);
  two.fill(2);

  CHECK(fingerprint(one) == "93b4a9543ea46265");
  CHECK(fingerprint(one) != fingerprint(two));
}
