#include "runtime/net/file_token.hpp"

#include "runtime/net/key_derivation.hpp"

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

  const auto made = create_or_load_tokens(file);

  REQUIRE(made);
  struct stat about {};
  REQUIRE(::stat(file.c_str(), &about) == 0);
  CHECK((about.st_mode & 07777) == 0600);
  CHECK(about.st_size == 65);
  CHECK(content_of(file).back() == '\n');
  CHECK(made->newest().secret != cluster_token{});
  CHECK_FALSE(*made == create_or_load_tokens(at.path + "/other").value());
}

TEST_CASE("token file: what was made is what is loaded") {
  const scratch at;
  const auto file = at.path + "/token";
  const auto made = create_or_load_tokens(file);

  CHECK(load_tokens(file) == made);
  CHECK(create_or_load_tokens(file) == made); // Not a second one.
}

TEST_CASE("token file: whatever the umask, it is made for its owner, and nothing else is left behind") {
  const scratch at;
  const auto before = ::umask(0);

  REQUIRE(create_or_load_tokens(at.path + "/token"));

  ::umask(before);
  CHECK(load_tokens(at.path + "/token"));
  int files = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator(at.path))
    ++files;
  CHECK(files == 1);
}

TEST_CASE("token file: of many that make one at once, one does and all get it") {
  const scratch at;
  const auto file = at.path + "/a/b/token";
  std::vector<result<token_ring>> got(8, fail(errc::cancelled, ""));
  std::vector<std::thread> all;

  for (auto& each : got)
    all.emplace_back([&] { each = create_or_load_tokens(file); });
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

  CHECK(load_tokens(file).error() ==
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

    CHECK(load_tokens(file).error() == refused);
    CHECK(create_or_load_tokens(file).error() == refused);
  }
}

TEST_CASE("token file: one that holds no token is refused without being quoted") {
  const scratch at;
  const auto short_one = at.file("short", "abc\n");
  const auto long_one = at.file("long", std::string(2'000, 'a'));
  const auto wrong = at.file("wrong", std::string(17, 'a') + "g" + std::string(46, 'a') + "\n");
  const auto empty = at.file("empty", "");

  CHECK(
    load_tokens(short_one).error() ==
    error{errc::invalid_argument, "token file " + short_one +
                                    " holds no token: it has 3 characters, where 64 hexadecimal digits belong; copy "
                                    "the token file of the head's machine again"});
  CHECK(load_tokens(long_one).error() ==
        error{errc::invalid_argument, "token file " + long_one +
                                        " holds no token: it has too many characters, where 64 hexadecimal digits "
                                        "belong; copy the token file of the head's machine again"});
  CHECK(load_tokens(wrong).error() ==
        error{errc::invalid_argument, "token file " + wrong +
                                        " holds no token: its character 18 is not a hexadecimal digit; copy the token "
                                        "file of the head's machine again"});
  CHECK(load_tokens(empty).error().code == errc::invalid_argument);
}

TEST_CASE("token file: the last newline may be missing, and capitals are digits, too") {
  const scratch at;

  CHECK(load_tokens(at.file("lower", good + "\n")) == load_tokens(at.file("upper", std::string(64, 'A'))));
}

TEST_CASE("token file: a directory or a pipe is refused at once") {
  const scratch at;
  const auto pipe = at.path + "/pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);

  CHECK(load_tokens(pipe).error() == error{errc::invalid_argument, "token file " + pipe + " is not a regular file"});
  CHECK(load_tokens(at.path).error() ==
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
    const auto loaded = load_tokens(file);
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

  CHECK(create_or_load_tokens(blocked).error() ==
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

TEST_CASE("token file: a newer ring takes the file's place, for its owner alone, and leaves nothing beside it") {
  const scratch at;
  const auto file = at.path + "/token";
  const auto first = create_or_load_tokens(file).value();
  const auto both = first.with(random_token().value()).value();
  const auto before = ::umask(0);

  CHECK(save_tokens(file, both));

  ::umask(before);
  CHECK(load_tokens(file) == both);
  struct stat about {};
  REQUIRE(::stat(file.c_str(), &about) == 0);
  CHECK((about.st_mode & 07777) == 0600);
  int files = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator(at.path))
    ++files;
  CHECK(files == 1);
}

TEST_CASE("token file: of the processes that share one, none puts back what another has replaced") {
  const scratch at;
  const auto file = at.path + "/token";
  const auto first = create_or_load_tokens(file).value();
  const auto both = first.with(random_token().value()).value();
  const auto second = both.without(first.newest().fingerprint).value();
  REQUIRE(save_tokens(file, second));

  CHECK(save_tokens(file, both)); // Late.

  CHECK(load_tokens(file) == second);
  std::vector<std::thread> all;
  auto newer = second;
  for (int i = 0; i < 3; ++i) {
    newer = newer.with(random_token().value()).value();
    all.emplace_back([&file, newer] { CHECK(save_tokens(file, newer)); });
  }
  for (auto& thread : all)
    thread.join();
  CHECK(load_tokens(file) == newer);
}

TEST_CASE("token file: what holds nothing but the newest token learns the rest") {
  const scratch at;
  const auto file = at.path + "/token";
  const auto newest = create_or_load_tokens(file).value().newest();
  cluster_token old{};
  const token_ring both("0123456789abcdef", 2, {newest, named(old)});

  CHECK(save_tokens(file, both));

  CHECK(load_tokens(file) == both);
}

TEST_CASE("token file: a symbolic link stays one, and the file behind it is replaced") {
  const scratch at;
  const auto real = at.path + "/real";
  const auto link = at.path + "/link";
  const auto first = create_or_load_tokens(real).value();
  REQUIRE(::symlink("real", link.c_str()) == 0);
  const auto both = first.with(random_token().value()).value();

  CHECK(save_tokens(link, both));

  CHECK(std::filesystem::is_symlink(link));
  CHECK(load_tokens(real) == both);
}

TEST_CASE("token file: one that is gone, opened to others, or another cluster's is not written") {
  const scratch at;
  const auto both = token_ring(random_token().value()).with(random_token().value()).value();
  const auto gone = at.path + "/gone";
  const auto open_to_all = at.file("open", good, 0644);
  const auto other = at.path + "/other";
  create_or_load_tokens(other).value();
  REQUIRE(save_tokens(other, load_tokens(other).value().with(random_token().value()).value()));
  const auto before = content_of(other);

  CHECK(save_tokens(gone, both).error().code == errc::not_found);
  CHECK(save_tokens(open_to_all, both).error().code == errc::permission_denied);
  CHECK(save_tokens(other, both).error() ==
        error{errc::incompatible, "token file " + other + " is that of cluster " + load_tokens(other)->cluster() +
                                    ", and not of " + both.cluster()});

  CHECK_FALSE(std::filesystem::exists(gone));
  CHECK(content_of(open_to_all) == good);
  CHECK(content_of(other) == before);
}
