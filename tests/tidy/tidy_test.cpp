#include "tests/tidy/source_rules.hpp"
#include "tests/tidy/source_tree.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace tidy;

namespace {

using rule = violations (*)(const source_file&);

const std::vector<source_file>& tree() {
  static const auto files = read_tree(CAF_TUNE_SOURCE_DIR);
  return files;
}

void hold_everywhere(rule keeps) {
  for (const auto& file : tree())
    for (const auto& [path, line, what] : keeps(file))
      FAIL_CHECK(path << ":" << line << ": " << what);
}

/// How often a file of this name and text breaks the rule.
std::size_t broken(rule keeps, const std::string& path, const std::string& text) {
  return keeps(make_source(path, text)).size();
}

} // namespace

TEST_CASE("tidy: the tree is found") {
  const auto has = [](const std::string& path) {
    for (const auto& file : tree())
      if (file.path == path && !file.lines.empty())
        return true;
    return false;
  };

  CHECK(has("runtime/base/result.hpp"));
  CHECK(has("tests/tidy/tidy_test.cpp"));
  CHECK(has("tools/check"));
  CHECK(has("CMakeLists.txt"));
}

TEST_CASE("tidy: comments and literals are not code") {
  const auto file =
    make_source("runtime/head/a.cpp", "int a; // sleep(1)\nauto b = \"sleep(1)\"; /* sleep(\n1) */ int c;\n"
                                      "auto d = R\"x(sleep(1))x\"; auto e = 10'000; auto f = '\"'; g();\n");

  REQUIRE(file.code.size() == 4);
  CHECK(file.code[0] == "int a;            ");
  CHECK(file.code[1] == "auto b = \"        \";          ");
  CHECK(file.code[2] == "      int c;");
  CHECK(file.code[3] == "auto d =                ; auto e = 10'000; auto f = ' '; g();");
}

TEST_CASE("tidy: each shell says what broke it") {
  hold_everywhere(shells_fail_loudly);

  const std::string shell = "a_actor::a_actor(caf::actor_config& config) : event_based_actor(config) {";
  CHECK(broken(shells_fail_loudly, "runtime/node/a_actor.cpp", shell + "}\n") == 1);
  CHECK(broken(shells_fail_loudly, "runtime/node/a_actor.cpp", shell + "set_exception_handler(ends_process()); }\n") ==
        0);
}

TEST_CASE("tidy: shells that are simulated have no clock, chance or thread but their actor system's") {
  hold_everywhere(shells_are_virtual);

  for (const char* code :
       {"auto t = std::chrono::steady_clock::now();\n", "auto t = wall::now();\n", "std::random_device chance;\n",
        "RAND_bytes(bytes, 8);\n", "std::thread other(run);\n", "auto x = std::async(run);\n"})
    for (const char* folder : {"head", "node", "owner"})
      CHECK_MESSAGE(broken(shells_are_virtual, std::string("runtime/") + folder + "/a_actor.cpp", code) == 1, code);
  const std::string thread = "std::thread other(run);\n";
  CHECK(broken(shells_are_virtual, "runtime/node/posix_worker_host.cpp", thread) == 0);
  CHECK(broken(shells_are_virtual, "runtime/net/dialler_actor.cpp", thread) == 0);
  CHECK(broken(shells_are_virtual, "runtime/node/a_actor.cpp", "instant a_actor::now() const {\n") == 0);
  CHECK(broken(shells_are_virtual, "runtime/node/a_actor.cpp", "auto t = clock().now();\n") == 0);
}

TEST_CASE("tidy: only _actor files, net/, wire/, process/ and public headers include CAF") {
  hold_everywhere(caf_in_its_place);

  CHECK(broken(caf_in_its_place, "runtime/head/lease_queue.cpp", "#include <caf/actor.hpp>\n") == 1);
  CHECK(broken(caf_in_its_place, "runtime/head/lease_queue.cpp", "#include <caf/fwd.hpp>\n") == 0);
  CHECK(broken(caf_in_its_place, "runtime/head/head_actor.cpp", "#include <caf/actor.hpp>\n") == 0);
  CHECK(broken(caf_in_its_place, "runtime/net/link.cpp", "#include <caf/actor.hpp>\n") == 0);
  CHECK(broken(caf_in_its_place, "runtime/remote_actor.hpp", "#include <caf/actor.hpp>\n") == 0);
}

TEST_CASE("tidy: caf/all.hpp and .pb.h stay in .cpp files") {
  hold_everywhere(costly_headers_in_sources);

  CHECK(broken(costly_headers_in_sources, "runtime/head/head_actor.hpp", "#include <caf/all.hpp>\n") == 1);
  CHECK(broken(costly_headers_in_sources, "tools/a.hpp", "#include \"runtime/proto/runtime.pb.h\"\n") == 1);
  CHECK(broken(costly_headers_in_sources, "runtime/a.hpp", "#include \"runtime/wire/protobuf_message.hpp\"\n") == 1);
  CHECK(broken(costly_headers_in_sources, "runtime/a_actor.hpp", "#include \"runtime/head/head_wire.hpp\"\n") == 1);
  CHECK(broken(costly_headers_in_sources, "runtime/a_wire.hpp", "#include \"runtime/proto/runtime.pb.h\"\n") == 0);
  CHECK(broken(costly_headers_in_sources, "runtime/head/head_actor.cpp", "#include <caf/all.hpp>\n") == 0);
}

TEST_CASE("tidy: every function that returns a result is [[nodiscard]], where it is declared") {
  hold_everywhere(results_are_nodiscard);

  CHECK(broken(results_are_nodiscard, "runtime/a.hpp", "  virtual result<void> stop(int deadline) = 0;\n") == 1);
  CHECK(broken(results_are_nodiscard, "runtime/a.hpp", "result<std::tuple<A...>> from(B b) {\n") == 1);
  CHECK(broken(results_are_nodiscard, "runtime/a.hpp", "template <class T>\nresult<T>\nfrom(B b) {\n") == 1);
  CHECK(broken(results_are_nodiscard, "runtime/a.hpp", "  [[nodiscard]] result<void> stop();\n") == 0);
  CHECK(broken(results_are_nodiscard, "runtime/a.hpp", "[[nodiscard]]\nresult<void> stop();\n") == 0);
  CHECK(broken(results_are_nodiscard, "runtime/a.hpp", "  result<int> value;\n  std::promise<result<int>> p(q);\n") ==
        0);
  CHECK(broken(results_are_nodiscard, "runtime/a.hpp", "result<T> cluster::try_map(int x) {\n") == 0);

  const std::string own = "namespace {\nresult<void> f() {\n  result<int> x(g());\n}\n} // namespace\n";
  CHECK(broken(results_are_nodiscard, "runtime/a.cpp", own) == 1);
  CHECK(broken(results_are_nodiscard, "runtime/a.cpp", "namespace {\n} // namespace\nresult<void> f() {\n}\n") == 0);
}

TEST_CASE("tidy: no test sleeps, asks the clock or picks a port") {
  hold_everywhere(tests_do_not_wait);

  CHECK(broken(tests_do_not_wait, "tests/a_test.cpp", "std::this_thread::sleep_for(1s);\n") == 1);
  CHECK(broken(tests_do_not_wait, "tests/a_test.cpp", "auto t = std::chrono::steady_clock::now();\n") == 1);
  CHECK(broken(tests_do_not_wait, "tests/a_test.cpp", "auto t = steady::now();\n") == 1); // Under another name.
  CHECK(broken(tests_do_not_wait, "tests/a_test.cpp", "instant network::now() const {\n") == 0);
  CHECK(broken(tests_do_not_wait, "tests/a_test.cpp", "auto t = time(nullptr);\n") == 1);
  CHECK(broken(tests_do_not_wait, "tests/a_test.cpp", "address.sin_port = htons(6390);\n") == 1);
  CHECK(broken(tests_do_not_wait, "tests/a_test.cpp", "f(publish_atom_v, std::uint16_t{6390}, whom);\n") == 1);
  CHECK(broken(tests_do_not_wait, "tests/a_test.cpp", "address.sin_port = htons(0); // sleep(1)\n") == 0);
  CHECK(broken(tests_do_not_wait, "runtime/a.cpp", "sleep(1);\n") == 0);
  CHECK(broken(tests_do_not_wait, "tests/a_test.cpp", "auto t = std::clock();\n") == 1);
  CHECK(broken(tests_do_not_wait, "tests/a_test.cpp", "self->clock().schedule(what);\n") == 0);
}

TEST_CASE("tidy: a port that a test picks is seen in calls and among the flags of programs") {
  for (const char* code : {"listen_on(\"127.0.0.1\", 6390);\n", "runtime::listen_on(host, std::uint16_t{6390});\n",
                           "listen_for_heartbeats(host, 6390, context);\n", "system.middleman().publish(6390, x);\n",
                           "head.publish(someone, 6390);\n", "run({node, \"--port\", \"6390\"});\n",
                           "run({node, \"--node-port\",  \"6391\"});\n", "run({node, \"--port=6390\"});\n"})
    CHECK_MESSAGE(broken(tests_do_not_wait, "tests/a_test.cpp", code) == 1, code);
  for (const char* code :
       {"listen_on(\"127.0.0.1\", 0);\n", "listen_on(address(1, 2), port);\n", "head.publish(0, \"127.0.0.2\");\n",
        "run({node, \"--port\", \"0\"});\n", "run({node, \"--port\", \"65536\"});\n", "// listen_on(host, 6390)\n"})
    CHECK_MESSAGE(broken(tests_do_not_wait, "tests/a_test.cpp", code) == 0, code);
}

TEST_CASE("tidy: tests in Python do not sleep, ask the clock or pick a port either") {
  for (const char* code : {"    time.sleep(1)\n", "sleep(1)\n", "began = time.monotonic()\n", "datetime.now()\n",
                           "server.bind((\"127.0.0.1\", 6390))\n"}) {
    CHECK_MESSAGE(broken(tests_do_not_wait, "tests/a_test.py", code) == 1, code);
    CHECK_MESSAGE(broken(tests_do_not_wait, "bench/a.py", code) == 0, code);
  }
  CHECK(broken(tests_do_not_wait, "tests/a_test.py", "server.bind((\"127.0.0.1\", 0))\n") == 0);
}

TEST_CASE("tidy: nothing is left open without the number of its issue") {
  hold_everywhere(open_ends_are_numbered);

  const std::string word = std::string("TO") + "DO";
  CHECK(broken(open_ends_are_numbered, "runtime/a.cpp", "// " + word + ": finish\n") == 1);
  CHECK(broken(open_ends_are_numbered, "runtime/a.cpp", "// " + word + "(#12): finish\n") == 0);
}

TEST_CASE("tidy: nothing is commented out") {
  hold_everywhere(no_dead_code);

  for (const char* code : {"// return x;\n", "  //leases_.erase(held);\n", "// if (x) {\n", "  // }\n"})
    CHECK_MESSAGE(broken(no_dead_code, "runtime/a.cpp", code) == 1, code);
  for (const char* code :
       {"/// auto x = ask();\n", "// Repeated until answered.\n", "int a; // Not b;\n", "auto t = \"// x;\";\n"})
    CHECK_MESSAGE(broken(no_dead_code, "runtime/a.cpp", code) == 0, code);
  CHECK(broken(no_dead_code, "docs/a.md", "// return x;\n") == 0);
}

TEST_CASE("tidy: who wrote what is told by the history alone") {
  hold_everywhere(authors_are_in_the_history);

  const std::string tag = std::string("@aut") + "hor";
  const std::string word = std::string("Aut") + "hor";
  const std::string written = std::string("writ") + "ten by";
  CHECK(broken(authors_are_in_the_history, "runtime/a.hpp", "/// " + tag + " Ada\n") == 1);
  CHECK(broken(authors_are_in_the_history, "tools/a", "# " + word + ": Ada Lovelace\n") == 1);
  CHECK(broken(authors_are_in_the_history, "runtime/a.cpp", "// This was " + written + " Ada.\n") == 1);
  CHECK(broken(authors_are_in_the_history, "runtime/a.cpp", "// What was " + written + " an attempt.\n") == 0);
  CHECK(broken(authors_are_in_the_history, "runtime/a.cpp", "// An " + word + " ends.\n") == 0);
}

TEST_CASE("tidy: cores know no CAF, protobuf, logger, clock, file, thread or shell") {
  hold_everywhere(cores_are_pure);

  for (const char* header :
       {"<caf/actor.hpp>", "<spdlog/logger.h>", "<thread>", "<fstream>", "<unistd.h>", "\"runtime/proto/runtime.pb.h\"",
        "\"runtime/head/head_actor.hpp\"", "\"runtime/net/tls_session.hpp\"", "\"runtime/node/posix_process.hpp\""})
    CHECK_MESSAGE(broken(cores_are_pure, "runtime/head/lease_queue.hpp", "#include " + std::string(header) + "\n") == 1,
                  header);
  CHECK(broken(cores_are_pure, "runtime/head/lease_queue.cpp", "auto t = std::chrono::steady_clock::now();\n") == 1);
  CHECK(broken(cores_are_pure, "runtime/head/lease_queue.cpp", "auto t = steady::now();\n") == 1);
  CHECK(broken(cores_are_pure, "runtime/head/lease_queue.cpp", "#include \"runtime/head/lease_queue.hpp\"\n") == 0);
  CHECK(broken(cores_are_pure, "runtime/head/head_actor.cpp", "#include <spdlog/logger.h>\n") == 0);
}

TEST_CASE("tidy: nothing outside runtime/net/ uses CAF's own middleman") {
  hold_everywhere(network_in_its_place);

  CHECK(broken(network_in_its_place, "runtime/a.cpp", "system.middleman().publish(whom, 0);\n") == 1);
  CHECK(broken(network_in_its_place, "tools/a.cpp", "auto a = system.middleman().remote_actor(host, port);\n") == 1);
  CHECK(broken(network_in_its_place, "runtime/a.cpp", "auto a = system.middleman().connect(host, port);\n") == 1);
  CHECK(broken(network_in_its_place, "runtime/net/a.cpp", "system.middleman().publish(whom, 0);\n") == 0);
  CHECK(broken(network_in_its_place, "runtime/a.cpp", "auto a = runtime::remote_actor(link);\n") == 0);
}

TEST_CASE("tidy: includes are paths from the root") {
  hold_everywhere(includes_from_the_root);

  CHECK(broken(includes_from_the_root, "runtime/head/lease_queue.cpp", "#include \"lease_queue.hpp\"\n") == 1);
  CHECK(broken(includes_from_the_root, "runtime/head/lease_queue.cpp", "#include \"../base/id.hpp\"\n") == 1);
  CHECK(broken(includes_from_the_root, "runtime/head/lease_queue.cpp", "#include \"runtime/base/id.hpp\"\n") == 0);
  CHECK(broken(includes_from_the_root, "examples/digits/main.cpp", "#include \"digits.hpp\"\n") == 0);
}

TEST_CASE("tidy: no file is longer than 500 lines, no test than 600") {
  hold_everywhere(files_are_short);

  const auto lines = [](std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i)
      text += "int a;\n";
    return text;
  };
  CHECK(broken(files_are_short, "runtime/a.cpp", lines(501)) == 1);
  CHECK(broken(files_are_short, "runtime/a.cpp", lines(500)) == 0);
  CHECK(broken(files_are_short, "tests/a_test.cpp", lines(601)) == 1);
  CHECK(broken(files_are_short, "tests/a_test.cpp", lines(600)) == 0);
}

TEST_CASE("tidy: no line is longer than 120 columns") {
  hold_everywhere(lines_are_short);

  const std::string most(117, 'x');
  CHECK(broken(lines_are_short, "runtime/a.cpp", "// " + most + "\n// x" + most + "\n") == 1);
  CHECK(broken(lines_are_short, "runtime/CMakeLists.txt", "# xx" + most + "\n") == 1);
  CHECK(broken(lines_are_short, "tools/check", "# xx" + most + "\n") == 1);
  CHECK(broken(lines_are_short, "runtime/a.cpp", "// \xe2\x80\xa6" + most.substr(1) + "\n") == 0); // One column.
  CHECK(broken(lines_are_short, "docs/a.md", most + most + "\n") == 0);
}

TEST_CASE("tidy: the repository names no place outside of it") {
  hold_everywhere(no_word_of_a_workplace);

  CHECK(broken(no_word_of_a_workplace, "docs/a.md", std::string("see /wo") + "rk/shared\n") == 1);
  CHECK(broken(no_word_of_a_workplace, "docs/a.md", "see docs/operating.md\n") == 0);
}
