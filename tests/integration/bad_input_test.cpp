#include "tests/integration/program_under_test.hpp"

#include <csignal>
#include <regex>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

// What people meet who give a program something wrong: the whole text, and the exit code.

namespace {

const std::string caf_tune = CAF_TUNE;
const std::string node = CAF_TUNE_NODE;

void check_end(const program_end& end, int code, const std::string& err) {
  CHECK(end.err == err);
  CHECK(end.out == "");
  CHECK(end.code == code);
}

/// A node that says nothing but why it ends.
words joining(const head_under_test& head, const temporary_directory& folder) {
  return {node,     "--address", head.address(), "--token-file", head.token(), "--state", folder / "node.state",
          "--host", "127.0.0.1", "--log-level",  "off"};
}

std::string other_token(const temporary_directory& folder) {
  const auto file = folder / "other.token";
  write_text(file, std::string(64, 'a') + "\n");
  ::chmod(file.c_str(), 0600);
  return file;
}

constexpr const char* see_node_help = "; run caf-tune-node --help for what there is\n";
constexpr const char* see_help = "; run caf-tune --help for what there is\n";
constexpr const char* refused_token =
  "cannot connect to HEAD: it refused our token, or is not a caf-tune cluster; use that cluster's token file with "
  "--token-file\n";

} // namespace

TEST_CASE("bad input: words that a program does not know are wrong usage, and the words are named") {
  temporary_directory folder;
  const auto with_node = [&](const words& more) { return run_program(folder, words{node} + more); };
  const auto with_tool = [&](const words& more) { return run_program(folder, words{caf_tune} + more); };

  check_end(with_node({"--head", "--colour", "red"}), 2,
            std::string("caf-tune-node: --colour: there is no such flag") + see_node_help);
  check_end(with_node({"--head", "now"}), 2,
            std::string("caf-tune-node: \"now\": nothing is expected here") + see_node_help);
  check_end(with_node({"--head", "--cpus"}), 2,
            std::string("caf-tune-node: --cpus: its value is missing") + see_node_help);
  check_end(with_node({"--head", "--cpus", "1", "--cpus", "2"}), 2,
            std::string("caf-tune-node: --cpus: it is given more than once") + see_node_help);
  check_end(with_node({}), 2, "caf-tune-node: say --head to start a cluster, or --address HOST:PORT to join one\n");
  check_end(with_node({"--head", "--address", "a:1"}), 2,
            "caf-tune-node: --head and --address exclude each other: a head starts a cluster of its own\n");
  check_end(with_tool({"statsu"}), 2, std::string("caf-tune: \"statsu\": there is no such command") + see_help);
  check_end(with_tool({"status", "--colour"}), 2, std::string("caf-tune: --colour: there is no such flag") + see_help);
  check_end(with_tool({"status", "nodes"}), 2, std::string("caf-tune: \"nodes\": nothing is expected here") + see_help);
  check_end(with_tool({"status", "--address", "here"}), 2,
            "caf-tune: --address: \"here\" is not an address; use HOST:PORT, for example 10.0.0.1:6390\n");
  check_end(
    run_program(folder, {PROGRAM_WITH_LATE_TYPES, "--colour"}), 2,
    "program_with_late_types: --colour: there is no such flag; run program_with_late_types --help for what there is\n");
}

TEST_CASE("bad input: every amount that makes no sense is told at once") {
  temporary_directory folder;

  const auto end = run_program(folder, {node,        "--head",          "--cpus=-1",  "--gpus",       "nan",
                                        "--memory",  "16 gigs",         "--resource", "licence=-0.5", "--resource",
                                        "licence=2", "--resource",      "cpu=2",      "--resource",   "=1",
                                        "--port",    "65536",           "--label",    "fast",         "--name",
                                        "",          "--package-cache", "0"});

  check_end(end, 2,
            "caf-tune-node: --port: \"65536\" is not a port; use 0 to 65535\n"
            "caf-tune-node: --name: \"\" is not a name; use 1 to 63 characters without spaces\n"
            "caf-tune-node: --cpus: -1 is not an amount; use 0 to 1e14 in steps of 0.0001\n"
            "caf-tune-node: --gpus: nan is not an amount; use 0 to 1e14 in steps of 0.0001\n"
            "caf-tune-node: --memory: \"16 gigs\" is not an amount of memory; use bytes up to 1e14 or for example "
            "16GiB, 512MiB, 1.5GB\n"
            "caf-tune-node: --resource: -0.5 is not an amount; use 0 to 1e14 in steps of 0.0001\n"
            "caf-tune-node: --resource: \"licence\" is given twice\n"
            "caf-tune-node: --resource: \"cpu\" is given twice\n"
            "caf-tune-node: --resource: \"=1\" is not of the form name=value, for example --resource licence=2\n"
            "caf-tune-node: --label: \"fast\" is not of the form name=value, for example --label disk=ssd\n"
            "caf-tune-node: --package-cache: a node that keeps no program can run none; use more than 0, for example "
            "16GiB\n");
}

TEST_CASE("bad input: names, labels and ports hold nothing that could confuse a reader or a script") {
  temporary_directory folder;

  const auto end = run_program(folder, {node, "--head", "--name", "a\x1b[2Jb", "--label", "a b=", "--label", "ok=a\tb",
                                        "--label", "zone=", "--port", " 80", "--liveness-port", "+80"});

  check_end(end, 2,
            "caf-tune-node: --port: \" 80\" is not a port; use 0 to 65535\n"
            "caf-tune-node: --liveness-port: \"+80\" is not a port; use 0 to 65535\n"
            "caf-tune-node: --name: \"a?[2Jb\" is not a name; use 1 to 63 characters without spaces\n"
            "caf-tune-node: --label: \"a b\" is not a label's name; use 1 to 63 characters without spaces\n"
            "caf-tune-node: --label: \"a?b\" is not a label's value; use 1 to 63 characters without spaces\n"
            "caf-tune-node: --label: \"\" is not a label's value; use 1 to 63 characters without spaces\n");
}

TEST_CASE("bad input: names and labels that are not UTF-8 are wrong usage") {
  temporary_directory folder;

  const auto end = run_program(
    folder, {node, "--head", "--name", "a\xff", "--label", "\xfe=1", "--label", "zone=\xc3", "--host", "h\xff"});

  check_end(end, 2,
            "caf-tune-node: --host: \"h\xEF\xBF\xBD\" is not a host: it is not UTF-8; use a name or an address, for "
            "example 10.0.0.1\n"
            "caf-tune-node: --name: \"a\xEF\xBF\xBD\" is not a name; use 1 to 63 characters without spaces\n"
            "caf-tune-node: --label: \"\xEF\xBF\xBD\" is not a label's name; use 1 to 63 characters without spaces\n"
            "caf-tune-node: --label: \"\xEF\xBF\xBD\" is not a label's value; use 1 to 63 characters without spaces\n");
}

TEST_CASE("bad input: what is no address is told before anybody is asked for it") {
  temporary_directory folder;
  const std::string use = "; use HOST:PORT, for example 10.0.0.1:6390\n";

  for (const auto& [address, why] : std::vector<std::pair<std::string, std::string>>{
         {"http://127.0.0.1:6390", ": it has a \"/\""},
         {"[::1:6399", ": its brackets do not match"},
         {"::1]:6399", ": an IPv6 address needs brackets, as in [::1]:6390"},
         {"::1:6399", ": an IPv6 address needs brackets, as in [::1]:6390"},
         {"a]:6399", ": its brackets do not match"},
         {"127.0.0.1: 80", ""},
         {"127.0.0.1:+80", ""},
         {"127.0.0.1:0", ""},
         {"[]:80", ""},
         {":80", ""}}) {
    const auto expected = "--address: \"" + address + "\" is not an address" + why + use;
    check_end(run_program(folder, {node, "--address", address}), 2, "caf-tune-node: " + expected);
    check_end(run_program(folder, {caf_tune, "status", "--address", address}), 2, "caf-tune: " + expected);
  }
  check_end(run_program(folder, {node, "--head", "--host", "http://here"}), 2,
            "caf-tune-node: --host: \"http://here\" is not a host: it has a \"/\"; use a name or an address, for "
            "example 10.0.0.1\n");
  check_end(run_program(folder, {node, "--head", "--host", "[::1"}), 2,
            "caf-tune-node: --host: \"[::1\" is not a host: its brackets do not match; use a name or an address, for "
            "example 10.0.0.1\n");
}

TEST_CASE("bad input: a user's program checks the runtime's flags as caf-tune-node does") {
  temporary_directory folder;
  const std::string name = "program_with_late_types: ";

  check_end(run_program(folder, {PROGRAM_WITH_LATE_TYPES, "--log-level", "loud", "--token-file", "", "--cpus", "few"}),
            2,
            name + "--token-file: the path is empty\n" + name +
              "--log-level: \"loud\" is not a level; use trace, debug, info, warn, error, critical or off\n" + name +
              "--cpus: few is not an amount; use 0 to 1e14 in steps of 0.0001\n");
  check_end(run_program(folder, {PROGRAM_WITH_LATE_TYPES, "--cpus", "4", "--address", "127.0.0.1:1"}), 2,
            name + "--cpus: it is for a cluster of this machine, but --address says to use the one at 127.0.0.1:1\n");
  check_end(run_program(folder, {PROGRAM_WITH_LATE_TYPES, "--cpus", "4"}, {{"CAF_TUNE_ADDRESS", "127.0.0.1:1"}}), 2,
            name + "--cpus: it is for a cluster of this machine, but CAF_TUNE_ADDRESS says to use the one at "
                   "127.0.0.1:1\n");
  check_end(run_program(folder, {PROGRAM_WITH_LATE_TYPES, "--address", ""}), 2,
            name + "--address: \"\" is not an address; use HOST:PORT, for example 10.0.0.1:6390\n");
  check_end(run_program(folder, {caf_tune, "status", "--token-file", ""}), 2,
            "caf-tune: --token-file: the path is empty\n");
}

TEST_CASE("bad input: an address of another machine") {
  temporary_directory folder;

  check_end(run_program(folder, {node, "--head", "--host", "192.0.2.1", "--log-level", "off"}), 1,
            "caf-tune-node: --host: 192.0.2.1 is not an address of this machine; use one that is, or none to listen on "
            "all\n");
}

TEST_CASE("bad input: GPUs that no machine has, or halves of them") {
  temporary_directory folder;
  const auto with = [&](const words& more) { return run_program(folder, words{node, "--head"} + more); };

  check_end(with({"--gpus", "1025"}), 2,
            "caf-tune-node: --gpus: gpu=1025 is not a number of devices; use a whole number from 0 to 1024\n");
  check_end(with({"--resource", "gpu=2000"}), 2,
            "caf-tune-node: --resource: gpu=2000 is not a number of devices; use a whole number from 0 to 1024\n");
  check_end(with({"--gpus", "1.5"}), 2,
            "caf-tune-node: --gpus: gpu=1.5 is not a number of devices; use a whole number from 0 to 1024\n");
}

TEST_CASE("bad input: a port in use") {
  temporary_directory folder;
  const held_port taken(held_port::kind::silent);

  for (const std::string flag : {"--port", "--node-port", "--liveness-port"}) {
    words command{node,      "--head",         "--host",      "127.0.0.1", "--token-file", folder / "token",
                  "--state", folder / "state", "--log-level", "off",       flag,           taken.number()};
    const auto end = run_program(folder, flag == "--port" ? command : command + words{"--port", "0"});

    check_end({end.code, end.out, with(end.err, {{taken.number(), "PORT"}})}, 1,
              "caf-tune-node: " + flag + ": port PORT is in use on 127.0.0.1; choose another, or 0 for any\n");
  }
  check_end(run_program(folder, {node, "--address", "127.0.0.1:1", "--node-port", "1", "--liveness-port", "2"}), 2,
            "caf-tune-node: --node-port: only a head has this port; a node listens on --port alone\n"
            "caf-tune-node: --liveness-port: only a head has this port; a node listens on --port alone\n");
}

TEST_CASE("bad input: an address that does not resolve, where nothing listens, or where nobody answers") {
  temporary_directory folder;
  const held_port silent(held_port::kind::silent);
  const held_port closed(held_port::kind::closed);
  const auto token = other_token(folder);
  const auto join = [&](const std::string& address) {
    auto end = run_program(folder, {node, "--address", address, "--token-file", token, "--state", folder / "node.state",
                                    "--log-level", "off"});
    end.err = with(end.err, {{address, "HEAD"}});
    return end;
  };
  const auto drive = [&](const words& program, const std::string& address) {
    auto end = run_program(folder, program + words{"--address", address, "--token-file", token});
    end.err = with(end.err, {{address, "HEAD"}});
    return end;
  };
  const std::string nowhere = "no such host:6390"; // Blanks: no name server is asked.
  const std::string no_address =
    "cannot connect to HEAD: the name no such host has no address: Name or service not known\n";
  const std::string is_closed = "cannot connect to HEAD: connection refused; is it running there, on this port?\n";

  check_end(join(nowhere), 1, "caf-tune-node: " + no_address);
  check_end(drive({caf_tune, "status"}, nowhere), 1, "caf-tune: " + no_address);
  check_end(drive({PROGRAM_WITH_LATE_TYPES}, nowhere), 1, "program_with_late_types: " + no_address);
  check_end(join(closed.address()), 1, "caf-tune-node: the head at HEAD does not answer within 5 s: " + is_closed);
  check_end(drive({caf_tune, "nodes"}, closed.address()), 1,
            "caf-tune: the head at HEAD does not answer within 5 s: " + is_closed);
  check_end(join(silent.address()), 1,
            "caf-tune-node: cannot connect to HEAD: no answer within 5 s; is the address right, and no firewall "
            "between?\n");
  check_end(drive({caf_tune, "actors"}, silent.address()), 1,
            "caf-tune: the head at HEAD does not answer within 5 s; is the address right, and no firewall between?\n");
}

TEST_CASE("bad input: a wrong token is refused at once, and the head goes on") {
  temporary_directory folder;
  head_under_test head(folder);
  const auto other = other_token(folder);
  const auto told = [&](const words& program) {
    auto end = run_program(folder, program);
    end.err = with(end.err, {{head.address(), "HEAD"}});
    return end;
  };

  check_end(
    told({node, "--address", head.address(), "--token-file", other, "--state", folder / "n", "--log-level", "off"}), 1,
    std::string("caf-tune-node: ") + refused_token);
  check_end(told({caf_tune, "status", "--address", head.address(), "--token-file", other}), 1,
            std::string("caf-tune: ") + refused_token);
  check_end(told({PROGRAM_WITH_LATE_TYPES, "--address", head.address(), "--token-file", other}), 1,
            std::string("program_with_late_types: ") + refused_token);
  CHECK(told({caf_tune, "status", "--address", head.address(), "--token-file", head.token()}).code == 0);
}

TEST_CASE("bad input: a token file that is missing, no file, no token, or that others can read") {
  temporary_directory folder;
  const auto told = [&](const std::string& program, const words& more, const std::string& file) {
    auto end = run_program(folder, words{program} + more + words{"--token-file", file});
    end.err = with(end.err, {{folder.path.string(), "DIR"}});
    return end;
  };
  const words join{"--address", "127.0.0.1:1"};
  const words status{"status", "--address", "127.0.0.1:1"};
  write_text(folder / "short", "abc\n");
  ::chmod((folder / "short").c_str(), 0600);
  write_text(folder / "open", std::string(64, 'a') + "\n");
  ::chmod((folder / "open").c_str(), 0644);
  const std::string missing = "token file DIR/missing does not exist; start a head on this machine, or copy the token "
                              "file of the head's machine and name it with --token-file\n";
  const std::string open = "token file DIR/open can be read by others (mode 0644); run chmod 600 DIR/open\n";

  check_end(told(node, join, folder / "missing"), 1, "caf-tune-node: " + missing);
  check_end(told(caf_tune, status, folder / "missing"), 1, "caf-tune: " + missing);
  check_end(told(node, join, folder / "open"), 1, "caf-tune-node: " + open);
  check_end(told(node, {"--head"}, folder / "open"), 1, "caf-tune-node: " + open);
  check_end(told(caf_tune, status, folder / "open"), 1, "caf-tune: " + open);
  check_end(told(node, join, folder.path.string()), 1, "caf-tune-node: token file DIR is not a regular file\n");
  check_end(told(node, join, folder / "short"), 1,
            "caf-tune-node: token file DIR/short holds no token: it has 3 characters, where 64 hexadecimal digits "
            "belong; copy the token file of the head's machine again\n");
  check_end(told(node, {"--head"}, folder / "short/token"), 1,
            "caf-tune-node: token file DIR/short/token cannot be written: not a directory\n");
}

TEST_CASE("bad input: a token file that its user may not read") {
  temporary_directory folder;
  const auto file = folder / "closed";
  write_text(file, std::string(64, 'a') + "\n");
  ::chmod(file.c_str(), 0);
  words as_user;
  if (::geteuid() == 0) // Root may read it.
    as_user = {"/usr/bin/setpriv", "--reuid=65534", "--clear-groups"};
  const auto told = [&](const words& program) {
    auto end = run_program(folder, as_user + program + words{"--address", "127.0.0.1:1", "--token-file", file});
    end.err = with(end.err, {{folder.path.string(), "DIR"}});
    return end;
  };
  if (const auto runs = run_program(folder, as_user + words{node, "--version"}); runs.code != 0) {
    MESSAGE("no user but root can run what was built: not tested: " << runs.err);
    return;
  }
  const std::string why = "token file DIR/closed cannot be read: permission denied; run as the user that owns it\n";

  check_end(told({node}), 1, "caf-tune-node: " + why);
  check_end(told({caf_tune, "status"}), 1, "caf-tune: " + why);
}

TEST_CASE("bad input: a state directory that is not writable, in use, or of another cluster") {
  temporary_directory folder;
  head_under_test head(folder);
  const auto head_with = [&](const std::string& token, const std::string& state) {
    auto end = run_program(folder, {node, "--head", "--host", "127.0.0.1", "--port", "0", "--token-file", token,
                                    "--state", state, "--log-level", "off"});
    end.err = with(end.err, {{folder.path.string(), "DIR"}, {std::to_string(head.process().process_id()), "PROCESS"}});
    return end;
  };

  check_end(head_with(head.token(), folder / "head.token/state"), 1,
            "caf-tune-node: state directory DIR/head.token/state cannot be written: Not a directory; choose another "
            "with --state\n");
  check_end(head_with(head.token(), "/proc/caf-tune"), 1,
            "caf-tune-node: state directory /proc/caf-tune cannot be written: No such file or directory; choose "
            "another with --state\n");
  check_end(head_with(head.token(), folder / "head.state"), 1,
            "caf-tune-node: state directory DIR/head.state is in use by process PROCESS\n");

  head.process().signal(SIGTERM);
  REQUIRE(head.process().wait().code == 0);
  auto other = head_with(other_token(folder), folder / "head.state");
  const auto own = read_text(folder / "head.state/cluster").substr(0, 16);
  other.err = with(other.err, {{own, "OWN"}});
  check_end(
    other, 1,
    "caf-tune-node: state directory DIR/head.state belongs to cluster OWN, but the token in DIR/other.token is "
    "that of cluster cf569aee4dc2a266; choose another directory with --state, or another token with --token-file; of a "
    "cluster whose token was rotated, copy the whole token file of the head's machine\n");
}

TEST_CASE("bad input: two nodes with one name") {
  temporary_directory folder;
  head_under_test head(folder);

  auto end = run_program(folder, joining(head, folder) + words{"--name", "head"});

  end.err = std::regex_replace(end.err, std::regex("127.0.0.1:[0-9]+"), "ADDRESS"); // The node's, not the head's.
  check_end(
    end, 1,
    "caf-tune-node: a node named \"head\" is already in this cluster (at ADDRESS); choose another with --name\n");
}

TEST_CASE("bad input: a head or a node of another version") {
  temporary_directory folder;
  head_under_test ours(folder, "ours");
  head_under_test theirs(folder, "theirs", NODE_OF_ANOTHER_VERSION);
  auto their_node = joining(ours, folder);
  their_node.front() = NODE_OF_ANOTHER_VERSION;

  check_end(run_program(folder, their_node), 1,
            "caf-tune-node: this head runs caf-tune 0.1.0 but the node runs 9.9.9; install the same version on both\n");
  check_end(run_program(folder, joining(theirs, folder)), 1,
            "caf-tune-node: this head runs caf-tune 9.9.9 but the node runs 0.1.0; install the same version on both\n");
  auto asked = run_program(folder, {caf_tune, "status", "--address", theirs.address(), "--token-file", theirs.token()});
  asked.err = with(asked.err, {{theirs.address(), "HEAD"}});
  check_end(asked, 1,
            "caf-tune: the head at HEAD refuses this program: this head runs caf-tune 9.9.9 but the driver runs 0.1.0; "
            "install the same version on both\n");
}

TEST_CASE("bad input: a program whose workers never reach runtime::session") {
  temporary_directory folder;
  head_under_test head(folder);

  auto end = run_program(folder, {PROGRAM_WITHOUT_SESSION, "--address", head.address(), "--token-file", head.token()});

  // Said of a worker that somebody has looked at before it ended.
  end.err = std::regex_replace(end.err, std::regex("; peak memory [0-9.]+ [KM]iB"), "");
  check_end(
    end, 1,
    "task \"triple\" failed on attempt 4 of 4: worker exited with code 3: it was not ready for work yet: main() must "
    "begin with runtime::session; its last words: usage: program_without_session --address HOST:PORT\n");
}

TEST_CASE("bad input: tasks and actors that the program does not have in its workers") {
  temporary_directory folder;
  head_under_test head(folder);

  const auto end =
    run_program(folder, {PROGRAM_WITH_LATE_TYPES, "--address", head.address(), "--token-file", head.token()});

  check_end(
    end, 1,
    "task \"late_task\" failed on attempt 1 of 4: the program has no task type \"late_task\"; it declares known\n"
    "the actor \"late_actor\" has ended: actor of type \"late_actor\": the program has no actor type "
    "\"late_actor\"; it declares none\n"
    "program_with_late_types: the actor \"late_actor\" has ended: actor of type \"late_actor\": the program has no "
    "actor type \"late_actor\"; it declares none\n");
}
