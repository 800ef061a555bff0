#include "tests/integration/licensed_cluster.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/node/posix_descriptor.hpp"
#include "tests/support/marked_processes.hpp"

// The token is in token files, and in the memory of those that link. Here it is looked for everywhere else.

namespace {

namespace fs = std::filesystem;

/// In pieces: programs are among the files, and those of /proc do not tell their size.
std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string all, piece(1 << 20, '\0');
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0)
    all.append(piece, 0, static_cast<std::size_t>(in.gcount()));
  return all;
}

/// A secret in each form in which it might be left somewhere.
std::vector<std::string> forms_of(const std::string& digits) {
  std::string bytes, capitals;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  for (const char digit : digits)
    capitals += static_cast<char>(std::toupper(digit));
  return {digits, capitals, bytes};
}

bool holds(const std::string& text, const std::vector<std::string>& secrets) {
  for (const auto& secret : secrets)
    if (text.find(secret) != std::string::npos)
      return true;
  return false;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> all{{}};
  for (const char c : text)
    if (c == '\n')
      all.emplace_back();
    else
      all.back() += c;
  return all;
}

} // namespace

TEST_CASE("token privacy: no file, log, command line or environment holds a token, not even while it is changed") {
  licensed_cluster cluster({"one"});
  const auto gate = cluster.diary() + ".gate"; // Trials stand still there.
  REQUIRE(::mkfifo(gate.c_str(), 0600) == 0);
  auto driver = cluster.start_driver();
  driver.wait_for_size(cluster.diary(), 200);
  REQUIRE(cluster.tool({"token", "rotate"}).code == 0);
  cluster.tool({"token", "end", "0000"}); // Fails, and says why.
  cluster.try_node("one");                // Its name is taken: fails, too.
  std::vector<std::string> secrets;
  for (const auto& line : lines_of(content_of(cluster.token())))
    if (line.rfind("token ", 0) == 0)
      for (const auto& form : forms_of(line.substr(6)))
        secrets.push_back(form);
  REQUIRE(secrets.size() == 6);                         // Two tokens.
  REQUIRE(holds(content_of(cluster.token()), secrets)); // What is looked for is found where it is.

  std::vector<pid_t> processes{cluster.head().process_id(), cluster.node("one").process_id(), driver.process_id()};
  const auto workers = processes_with(cluster.mark());
  REQUIRE_FALSE(workers.empty());
  processes.insert(processes.end(), workers.begin(), workers.end());
  for (const auto process : processes)
    for (const char* what : {"cmdline", "environ"}) {
      const auto text = content_of("/proc/" + std::to_string(process) + "/" + what);
      CHECK_FALSE(text.empty());
      CHECK_MESSAGE(!holds(text, secrets), process, " ", what);
    }
  for (const auto worker : workers) { // Nor where one is.
    const auto text = content_of("/proc/" + std::to_string(worker) + "/environ");
    CHECK(text.find("CAF_TUNE_TOKEN") == std::string::npos);
    CHECK(text.find(".token") == std::string::npos);
  }
  std::size_t files = 0;
  for (const auto& each : fs::recursive_directory_iterator(cluster.folder())) {
    const auto& path = each.path();
    if (!each.is_regular_file() || path.filename() == "token" || path.extension() == ".token")
      continue;
    ++files;
    CHECK_MESSAGE(!holds(content_of(path), secrets), path.string());
  }
  CHECK(files > 20); // Journal, results, logs, packages, state.

  const runtime::posix_descriptor both_ends(::open(gate.c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(both_ends);
  ::unlink(gate.c_str());
  const auto end = driver.wait();
  CHECK_MESSAGE(end.code == 0, end.err);
  CHECK_FALSE(holds(end.out + end.err, secrets));
}

TEST_CASE("token privacy: state directories are for their owner alone, and so are the files with secrets") {
  const auto before = ::umask(0); // Whatever the user's is; programs inherit it.
  licensed_cluster cluster({"one"});
  REQUIRE(cluster.tool({"token", "rotate"}).code == 0);
  cluster.node("one").wait_for_error("tokens learned");
  ::umask(before);

  const auto mode_of = [](const std::string& path) {
    struct stat about {};
    REQUIRE_MESSAGE(::stat(path.c_str(), &about) == 0, path);
    return about.st_mode & 07777;
  };
  for (const char* state : {"head.state", "one.state"})
    CHECK_MESSAGE(mode_of(cluster.folder() + "/" + state) == 0700, state);
  CHECK(mode_of(cluster.token()) == 0600);
  CHECK(mode_of(cluster.token_of("one")) == 0600);
}
