#include "tests/integration/program_under_test.hpp"

#include <csignal>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace {

const std::string caf_tune = CAF_TUNE;
const std::string node = CAF_TUNE_NODE;

words asking(const head_under_test& head, const std::string& command) {
  return {caf_tune, command, "--address", head.address(), "--token-file", head.token()};
}

program_under_test join(const head_under_test& head, const temporary_directory& folder, const std::string& name) {
  return {folder,
          {node,
           "--address",
           head.address(),
           "--token-file",
           head.token(),
           "--state",
           folder / (name + ".state"),
           "--ready-file",
           folder / (name + ".ready"),
           "--name",
           name,
           "--host",
           "127.0.0.1",
           "--cpus",
           "0.5",
           "--memory",
           "1GiB",
           "--gpus",
           "0",
           "--resource",
           "licence=3",
           "--label",
           "disk=ssd"}};
}

bool has_ipv6() {
  const int socket = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 loopback{};
  loopback.sin6_family = AF_INET6;
  loopback.sin6_addr = in6addr_loopback;
  const bool has = ::bind(socket, reinterpret_cast<const sockaddr*>(&loopback), sizeof loopback) == 0;
  ::close(socket);
  return has;
}

} // namespace

TEST_CASE("command line: --help and --version of each program are answers, not errors") {
  temporary_directory folder;
  for (const auto& program : {node, caf_tune}) {
    const auto version = run_program(folder, {program, "--version"});
    CHECK(version.out == "caf-tune 0.1.0\n");
    CHECK(version.err == "");
    CHECK(version.code == 0);
  }
  const auto of_node = run_program(folder, {node, "--help"});
  for (const auto* flag : {"--head", "--address", "--host", "--port", "--node-port", "--liveness-port", "--token-file",
                           "--state", "--name", "--cpus", "--gpus", "--memory", "--resource", "--label",
                           "--package-cache", "--ready-file", "--log-level", "--help"})
    CHECK_MESSAGE(of_node.out.find(flag) != std::string::npos, flag);
  CHECK(of_node.err == "");
  CHECK(of_node.code == 0);
  for (const auto* command : {"status", "nodes", "actors", "leases"}) {
    const auto of_command = run_program(folder, {caf_tune, command, "--help"});
    for (const auto* flag : {"--address", "--token-file", "--json", "--help"})
      CHECK_MESSAGE(of_command.out.find(flag) != std::string::npos, command << ' ' << flag);
    CHECK(of_command.code == 0);
  }
}

TEST_CASE("command line: caf-tune alone shows what there is, and is wrong usage") {
  temporary_directory folder;

  const auto alone = run_program(folder, {caf_tune});
  const auto asked = run_program(folder, {caf_tune, "--help"});

  CHECK(alone.code == 2);
  CHECK(alone.out == "");
  CHECK(asked.code == 0);
  CHECK(alone.err == asked.out);
}

TEST_CASE("command line: the ready file holds the address, and leases can be granted when it is there") {
  temporary_directory folder;
  head_under_test head(folder);

  const auto status = run_program(folder, asking(head, "status"));

  CHECK(status.err == "");
  CHECK(status.code == 0);
  CHECK(head.address() == "127.0.0.1:" + head.port());
  const auto node_address = [&] {
    const auto at = status.out.find("127.0.0.1:", status.out.find("\nhead"));
    return status.out.substr(at, status.out.find(' ', at) - at);
  }();
  const std::string padding(node_address.size() - std::string("ADDRESS").size(), ' ');
  CHECK(status.out == "cluster at " + head.address() +
                        ", caf-tune 0.1.0: 1 node, 0 leases, 0 actors, 0 waiting\n"
                        "\n"
                        "NODE  ADDRESS" +
                        padding +
                        "  STATE  USED/TOTAL  LABELS\n"
                        "head  " +
                        node_address + "  alive  cpu=0/2     -\n");
}

TEST_CASE("command line: where no token file is named the head makes one at home, and programs of its user find it") {
  temporary_directory folder;
  program_under_test head(
    folder, {node, "--head", "--host", "127.0.0.1", "--port", "0", "--cpus", "2", "--ready-file", folder / "ready"});
  const auto address = head.wait_for_file(folder / "ready");

  const auto status = run_program(folder, {caf_tune, "status", "--address", address});
  program_under_test working(folder, {PROGRAM_THAT_HOLDS, "--address", address}, {{"HELD_FILE", folder / "started"}});

  CHECK_MESSAGE(status.code == 0, status.err);
  CHECK(working.wait_for_file(folder / "started") != "");
  struct stat token {};
  REQUIRE(::stat((folder / "home/.local/state/caf-tune/token").c_str(), &token) == 0);
  CHECK((token.st_mode & 07777) == 0600);
}

TEST_CASE("command line: what caf-tune prints with --json is one JSON document, whether flags come before or after") {
  temporary_directory folder;
  head_under_test head(folder);
  program_under_test working(folder, {PROGRAM_THAT_HOLDS, "--address", head.address(), "--token-file", head.token()},
                             {{"HELD_FILE", folder / "started"}});
  working.wait_for_file(folder / "started");
  const words flags{"--address", head.address(), "--token-file", head.token(), "--json"};

  for (const auto& command : {"status", "nodes", "actors", "leases"}) {
    const auto behind = run_program(folder, words{caf_tune, command} + flags);
    const auto before = run_program(folder, words{caf_tune} + flags + words{command});

    CHECK_MESSAGE(behind.code == 0, behind.err);
    CHECK_MESSAGE(before.code == 0, before.err);
    CHECK(before.err == "");
    for (const auto& answer : {behind, before}) {
      const auto document = nlohmann::json::parse(answer.out, nullptr, /*allow_exceptions=*/false);
      REQUIRE_MESSAGE(!document.is_discarded(), answer.out);
      CHECK(document.is_object() == (command == std::string("status")));
      if (document.is_array())
        CHECK(document.size() == 1);
      else
        CHECK(document["nodes"].size() == 1);
    }
  }
  const auto mixed =
    run_program(folder, {caf_tune, "--token-file", head.token(), "nodes", "--address", head.address()});
  CHECK_MESSAGE(mixed.code == 0, mixed.err);
  CHECK(mixed.out.find("NODE  ADDRESS") == 0);
}

TEST_CASE("command line: each command of caf-tune says why there is no cluster, and which exit code that is") {
  temporary_directory folder;
  held_port nobody(held_port::kind::closed);
  head_under_test head(folder);

  for (const auto& command : {"status", "nodes", "actors", "leases"}) {
    const auto none =
      run_program(folder, {caf_tune, command, "--address", nobody.address(), "--token-file", head.token(), "--json"});
    CHECK(none.code == 1);
    CHECK(none.out == "");
    CHECK_MESSAGE(none.err.find("caf-tune: ") == 0, none.err);
    CHECK_MESSAGE(none.err.find(nobody.address()) != std::string::npos, none.err);
    CHECK(run_program(folder, {caf_tune, command, "--address", head.address()}).code == 1); // No token at home.
    CHECK(run_program(folder, {caf_tune, command, "--address", "nowhere"}).code == 2);
    CHECK(run_program(folder, {caf_tune, command, "more"}).code == 2);
  }
  CHECK(run_program(folder, {caf_tune, "--address", "nowhere", "nodes"}).code == 2);
  CHECK(run_program(folder, {caf_tune, "--address", "a:1", "nodes", "--address", "b:2"}).code == 2); // Which one?
}

TEST_CASE("command line: a node that joined is seen as it was described, by flags and by environment") {
  temporary_directory folder;
  head_under_test head(folder);
  auto joined = join(head, folder, "other");
  const auto address = joined.wait_for_file(folder / "other.ready");

  const auto nodes = run_program(folder, {caf_tune, "nodes", "--json"},
                                 {{"CAF_TUNE_ADDRESS", head.address()}, {"CAF_TUNE_TOKEN_FILE", head.token()}});

  CHECK(nodes.code == 0);
  CHECK(nodes.out.find(with(R"({
    "name": "other",
    "address": "ADDRESS",
    "state": "alive",
    "total": {
      "cpu": 0.5,
      "memory": 1073741824,
      "licence": 3
    },
    "used": {},
    "labels": {
      "disk": "ssd"
    }
  })",
                            {{"ADDRESS", address}})) != std::string::npos);
}

TEST_CASE("command line: a head that listens everywhere says where it is reached, and so does a node") {
  temporary_directory folder;
  const auto starting = [&](const std::string& name, const words& role) {
    return words{node,
                 "--host",
                 "0.0.0.0",
                 "--token-file",
                 folder / "token",
                 "--state",
                 folder / (name + ".state"),
                 "--ready-file",
                 folder / (name + ".ready"),
                 "--name",
                 name} +
           role;
  };
  program_under_test head(folder, starting("head", {"--head", "--port", "0"}));
  const auto address = head.wait_for_file(folder / "head.ready");
  program_under_test joined(folder, starting("other", {"--address", address}));
  const auto node_address = joined.wait_for_file(folder / "other.ready");

  CHECK(address.find("0.0.0.0") == std::string::npos);
  CHECK(node_address.find("0.0.0.0") == std::string::npos);
  const auto nodes = run_program(folder, {caf_tune, "nodes", "--address", address, "--token-file", folder / "token"});
  CHECK_MESSAGE(nodes.code == 0, nodes.err);
  CHECK_MESSAGE(nodes.out.find(node_address) != std::string::npos, nodes.out);
  CHECK_MESSAGE(nodes.out.find("0.0.0.0") == std::string::npos, nodes.out);
}

TEST_CASE("command line: IPv6 addresses are printed as they are to be given, and work runs behind them") {
  temporary_directory folder;
  if (!has_ipv6()) {
    MESSAGE("this machine has no IPv6: not tested");
    return;
  }
  program_under_test head(folder, {node, "--head", "--host", "::1", "--port", "0", "--token-file", folder / "token",
                                   "--state", folder / "head.state", "--ready-file", folder / "ready", "--cpus", "0"});
  const auto address = head.wait_for_file(folder / "ready");
  CHECK(address.find("[::1]:") == 0);
  program_under_test joined(folder, {node, "--address", address, "--token-file", folder / "token", "--state",
                                     folder / "node.state", "--name", "other", "--cpus", "2", "--ready-file",
                                     folder / "other.ready"});
  CHECK(joined.wait_for_file(folder / "other.ready").find("[::1]:") == 0);

  program_under_test working(folder, {PROGRAM_THAT_HOLDS, "--address", address, "--token-file", folder / "token"},
                             {{"HELD_FILE", folder / "started"}});
  CHECK(working.wait_for_file(folder / "started") != "");
  const auto status = run_program(folder, {caf_tune, "status", "--address", address, "--token-file", folder / "token"});
  CHECK_MESSAGE(status.out.find("cluster at " + address + ",") == 0, status.out);
  CHECK_MESSAGE(status.out.find("other  [::1]:") != std::string::npos, status.out);
  head.signal(SIGKILL);
  CHECK(head.wait().out.find("  caf-tune-node --address " + address + " --token-file FILE\n") != std::string::npos);
}

TEST_CASE("command line: what there is none of is an empty list") {
  temporary_directory folder;
  head_under_test head(folder);

  for (const auto* command : {"actors", "leases"}) {
    const auto none = run_program(folder, asking(head, command) + words{"--json"});
    CHECK(none.out == "[]\n");
    CHECK(none.code == 0);
  }
  CHECK(run_program(folder, asking(head, "leases")).out == "LEASE  OWNER  NODE  RESOURCES  STATE\n");
}

TEST_CASE("command line: a node leaves in good order on SIGTERM and on SIGINT, and then the head does") {
  temporary_directory folder;
  head_under_test head(folder);
  for (const int how : {SIGTERM, SIGINT}) {
    const auto name = "node-" + std::to_string(how);
    auto joined = join(head, folder, name);
    joined.wait_for_file(folder / (name + ".ready"));

    joined.signal(how);
    const auto end = joined.wait();

    CHECK_MESSAGE(end.code == 0, end.err);
    CHECK(end.err.find("leaving how=\"in good order\"") != std::string::npos);
    const auto nodes = run_program(folder, asking(head, "nodes"));
    CHECK(nodes.out.find(name) == std::string::npos);
  }
  const auto diary = head.process().error_text();
  CHECK_MESSAGE(diary.find(" info node left node=") != std::string::npos, diary);
  CHECK_MESSAGE(diary.find(" warning ") == std::string::npos, diary); // Nothing was lost.

  head.process().signal(SIGTERM);
  CHECK(head.process().wait().code == 0);
}

TEST_CASE("command line: work that runs holds a node that was told to leave; a second signal ends both at once") {
  temporary_directory folder;
  head_under_test head(folder);
  program_under_test working(folder, {PROGRAM_THAT_HOLDS, "--address", head.address(), "--token-file", head.token()},
                             {{"HELD_FILE", folder / "started"}});
  working.wait_for_file(folder / "started");

  head.process().signal(SIGTERM);
  head.process().wait_for_error("leaving how=\"in good order\"");
  const auto leases = run_program(folder, asking(head, "nodes")); // It is still there, and answers.
  CHECK(leases.out.find("draining") != std::string::npos);
  head.process().signal(SIGTERM);
  const auto end = head.process().wait();

  CHECK_MESSAGE(end.code == 0, end.err);
  CHECK(end.err.find("leaving how=\"at once\"") != std::string::npos);
}

TEST_CASE("command line: an actor and its lease are shown while it lives") {
  temporary_directory folder;
  head_under_test head(folder);
  program_under_test working(folder, {PROGRAM_THAT_HOLDS, "--address", head.address(), "--token-file", head.token()},
                             {{"HELD_FILE", folder / "started"}});
  const auto process = working.wait_for_file(folder / "started");

  const auto actors = run_program(folder, asking(head, "actors") + words{"--json"});
  const auto leases = run_program(folder, asking(head, "leases"));

  CHECK(actors.code == 0);
  for (const auto& expected :
       {std::string(R"("name": "held")"), std::string(R"("type": "holder")"), std::string(R"("state": "alive")"),
        std::string(R"("node": "head")"), R"("process_id": )" + process, std::string(R"("restarts": 0)"),
        std::string(R"("why": "")")})
    CHECK_MESSAGE(actors.out.find(expected) != std::string::npos, actors.out);
  CHECK_MESSAGE(leases.out.find("program_that_holds  head  cpu=1.5    held") != std::string::npos, leases.out);
}

TEST_CASE("command line: a state directory may be named from where the node is started; workers find it") {
  temporary_directory folder;
  head_under_test head(folder, "head", node, boost::filesystem::relative(folder.path / "here").string());

  program_under_test working(folder, {PROGRAM_THAT_HOLDS, "--address", head.address(), "--token-file", head.token()},
                             {{"HELD_FILE", folder / "started"}});

  CHECK(working.wait_for_file(folder / "started") != "");
  CHECK(boost::filesystem::exists(folder.path / "here" / "node_id"));
}

TEST_CASE("command line: a node keeps programs up to its --package-cache, and says so where one does not fit") {
  temporary_directory folder;
  head_under_test head(folder);
  program_under_test joined(folder, {node, "--address", head.address(), "--token-file", head.token(), "--state",
                                     folder / "small.state", "--ready-file", folder / "small.ready", "--name", "small",
                                     "--host", "127.0.0.1", "--cpus", "4", "--package-cache", "1000"});
  joined.wait_for_file(folder / "small.ready");

  // Three cpus fit on the small node alone.
  const auto end = run_program(folder, {PROGRAM_THAT_HOLDS, "--address", head.address(), "--token-file", head.token()},
                               {{"HELD_FILE", folder / "never"}, {"HELD_CPUS", "3"}});

  CHECK(end.code == 1);
  CHECK_MESSAGE(end.err.find("more than the package cache may hold (1000); give this node a larger one with "
                             "--package-cache") != std::string::npos,
                end.err);
}
