#include "tests/integration/licensed_cluster.hpp"

#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/node/posix_descriptor.hpp"

// The cluster's token is changed while a search runs on it. Each process has a token file of its own.

using nlohmann::json;

namespace {

/// Who stands at the named pipe goes on, and nobody else stops there.
void open_for_all(const std::string& gate) {
  const runtime::posix_descriptor both_ends(::open(gate.c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(both_ends);
  ::unlink(gate.c_str());
}

json tokens_of(licensed_cluster& cluster, const words& command, const std::string& with = "driver") {
  const auto end = cluster.tool(words{"token"} + command + words{"--json"}, with);
  REQUIRE_MESSAGE(end.code == 0, end.err);
  return json::parse(end.out);
}

/// Asks until nobody is behind: each look is a program's start and end, so that these are many seconds.
/// Once the field has this value.
json when(licensed_cluster& cluster, const char* field, int value) {
  json now;
  for (int look = 0; look != 500; ++look) {
    now = tokens_of(cluster, {"list"});
    if (now.at(field) == value)
      return now;
  }
  FAIL("it never has ", value, " as ", field, ": ", now.dump());
  return now;
}

json when_all_know(licensed_cluster& cluster) {
  return when(cluster, "behind_count", 0);
}

std::string content_of(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

mode_t mode_of(const std::string& file) {
  struct stat about {};
  REQUIRE(::stat(file.c_str(), &about) == 0);
  return about.st_mode & 07777;
}

const std::string refused = "it refused our token, or is not a caf-tune cluster; use that cluster's token file with "
                            "--token-file";

} // namespace

TEST_CASE("token rotation: a search runs on while the token is changed, and only the new one lets in") {
  licensed_cluster cluster({"one", "two"});
  const auto gate = cluster.diary() + ".gate"; // Trials stand still there until the token is changed.
  REQUIRE(::mkfifo(gate.c_str(), 0600) == 0);
  auto driver = cluster.start_driver();
  driver.wait_for_size(cluster.diary(), 200);
  cluster.token_of("stolen"); // A copy of what is good now.
  const auto before = tokens_of(cluster, {"list"});
  REQUIRE(before.at("good").size() == 1);
  const auto old_token = before.at("good")[0].get<std::string>();
  CHECK(before.at("cluster") == old_token);

  const auto rotated = tokens_of(cluster, {"rotate"});

  REQUIRE(rotated.at("good").size() == 2);
  CHECK(rotated.at("good")[1] == old_token);
  CHECK(tokens_of(cluster, {"list"}, "stolen").at("generation") == 2);          // The old one lets in still,
  CHECK(content_of(cluster.token_of("stolen")) == content_of(cluster.token())); // and who linked has learned the new.
  ::unlink(cluster.token_of("stolen").c_str());
  when_all_know(cluster);
  for (const auto* name : {"one", "two", "driver"}) {
    CHECK(content_of(cluster.token_of(name)) == content_of(cluster.token()));
    CHECK(mode_of(cluster.token_of(name)) == 0600);
  }

  const auto with_old = [&] { // A thief's file: the first token, and nothing else.
    const auto text = content_of(cluster.token());
    const auto last = text.rfind("token ");
    std::ofstream(cluster.token_of("stolen"), std::ios::trunc) << text.substr(last + 6);
  };
  with_old();
  REQUIRE(tokens_of(cluster, {"end", old_token.substr(0, 8)}).at("good").size() == 1);

  const auto thief = cluster.tool({"status"}, "stolen");
  CHECK(thief.code == 1);
  CHECK_MESSAGE(thief.err.find("cannot connect to " + cluster.address() + ": " + refused) != std::string::npos,
                thief.err);
  CHECK(cluster.try_node("stolen").err.find(refused) != std::string::npos);
  cluster.kill_head();
  cluster.restart_head(); // It knows nothing but what its token file says.
  CHECK(cluster.tool({"status"}, "stolen").code == 1);
  CHECK(tokens_of(cluster, {"list"}).at("good") == json::array({rotated.at("good")[0]}));
  cluster.start_node("three"); // With the new one.
  open_for_all(gate);
  const auto end = driver.wait();

  REQUIRE_MESSAGE(end.code == 0, end.err);
  const auto said = json::parse(end.out);
  CHECK(said.at("trials").at("terminated") == 4);
  CHECK(said.at("results") == 400);
  for (const auto& each : cluster.ask("trials"))
    CHECK_MESSAGE(each.at("attempts").size() == 1, each.dump()); // Nothing was begun again.
  check_results(cluster, /*last=*/100);
  for (const auto& [what, attempts] : read_diary(cluster.diary()))
    CHECK_MESSAGE(attempts == std::vector<int>{1}, std::get<0>(what), " ", std::get<1>(what));
}

TEST_CASE("token rotation: a node that is away when the old token ends holds it up, or is left behind") {
  licensed_cluster cluster({"one", "two"});
  const auto old_token = tokens_of(cluster, {"list"}).at("good")[0].get<std::string>();
  cluster.stop_node("two"); // Linked, but it learns nothing.
  tokens_of(cluster, {"rotate"});

  const auto held_up = cluster.tool({"token", "end", old_token});

  CHECK(held_up.code == 1);
  CHECK_MESSAGE(held_up.err.find("node/two (it has not learned of the newest token yet)") != std::string::npos,
                held_up.err);
  cluster.continue_node("two");
  when_all_know(cluster);
  CHECK(tokens_of(cluster, {"end", old_token}).at("good").size() == 1);
  cluster.restart_node("two"); // With what it has learned.
  when(cluster, "peer_count", 3);
}

TEST_CASE("token rotation: a token file that cannot be replaced is said to be so, and holds up the end of the old") {
  licensed_cluster cluster({"one"});
  const auto old_token = tokens_of(cluster, {"list"}).at("good")[0].get<std::string>();
  const auto file = cluster.token_of("one");
  const auto before = content_of(file);
  ::unlink(file.c_str());
  REQUIRE(::mkdir(file.c_str(), 0700) == 0); // Root may write everywhere, but not there.

  tokens_of(cluster, {"rotate"});
  cluster.node("one").wait_for_error("tokens not kept why=");

  const auto held_up = cluster.tool({"token", "end", old_token});
  CHECK(held_up.code == 1);
  CHECK_MESSAGE(held_up.err.find("node/one (token file " + file + " is not a regular file)") != std::string::npos,
                held_up.err);
  CHECK(cluster.tool({"token", "end", old_token, "--force"}).code == 0);
  CHECK(cluster.node("one").error_text().find(before.substr(0, 64)) == std::string::npos); // No log tells a token.
}

TEST_CASE("token rotation: what is wrong with a command is said, and nothing is changed") {
  licensed_cluster cluster(words{}); // A head alone.
  const auto only = tokens_of(cluster, {"list"}).at("good")[0].get<std::string>();
  const auto wrong_usage = [&](const words& command, const std::string& why) {
    const auto end = cluster.tool(command);
    CHECK(end.code == 2);
    CHECK(end.err == why);
    CHECK(end.out == "");
  };

  wrong_usage({"token", "end"},
              "caf-tune: token end: the fingerprint is missing; caf-tune token list shows those that there are\n");
  for (const char* digits : {"abc", "0123456789abcdef0", "ABCDEF", "../../etc"})
    wrong_usage({"token", "end", digits}, std::string("caf-tune: token end: \"") + digits +
                                            "\" is no fingerprint; use the first 4 to 16 digits of one that caf-tune "
                                            "token list shows\n");
  const auto last = cluster.tool({"token", "end", only});
  CHECK(last.code == 1);
  CHECK(last.err == "caf-tune: token " + only + " is the only one; run caf-tune token rotate first\n");
  const auto unknown = cluster.tool({"token", "end", "0000"});
  CHECK(unknown.code == 1);
  CHECK(unknown.err == "caf-tune: no token \"0000\" is good; these are: " + only + "\n");
  for (int i = 0; i < 3; ++i)
    tokens_of(cluster, {"rotate"});
  const auto fifth = cluster.tool({"token", "rotate"});
  CHECK(fifth.code == 1);
  CHECK(fifth.err ==
        "caf-tune: 4 tokens are good already; end one of them first, for example with caf-tune token end " + only +
          "\n");
  CHECK(tokens_of(cluster, {"list"}).at("generation") == 4);
  const auto text = cluster.tool({"token", "list"});
  CHECK(text.code == 0);
  CHECK_MESSAGE(text.out.find("cluster " + only + "\ntoken   ") == 0, text.out);
  CHECK(content_of(cluster.token()).find(text.out.substr(text.out.find("token   ") + 8, 16)) == std::string::npos);
}

TEST_CASE("token rotation: a head that is killed at any moment of it comes back with tokens that all can use") {
  licensed_cluster cluster({"one"});
  for (int round = 0; round < 6; ++round) {
    CAPTURE(round);
    const auto good = tokens_of(cluster, {"list"}).at("good");
    program_under_test command = cluster.start_tool(
      good.size() == 1 ? words{"token", "rotate"} : words{"token", "end", good.back().get<std::string>()});
    cluster.head().wait_for_error(good.size() == 1 ? "token added" : "token ended"); // It may not have told anybody.
    cluster.kill_head();
    command.wait();
    cluster.restart_head();
    when(cluster, "peer_count", 2); // The node, and whoever asks.
    const auto after = when_all_know(cluster);
    CHECK(after.at("good").size() == (good.size() == 1 ? 2 : 1));
    CHECK(content_of(cluster.token_of("one")) == content_of(cluster.token()));
  }
}
