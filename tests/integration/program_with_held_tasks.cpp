// Runs six tasks, each of which needs a licence and waits until the FIFO $GATE is open for writing, and prints what
// they gave. A task that runs writes "$GATE.<number>" first, with its process's id.
#include "runtime/cluster.hpp"

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

/// The file is seen whole or not at all.
void tell(const std::string& file) {
  const auto hidden = file + ".new";
  if (auto* out = std::fopen(hidden.c_str(), "w"); out != nullptr) {
    std::fprintf(out, "%d\n", static_cast<int>(::getpid()));
    std::fclose(out);
  }
  if (std::rename(hidden.c_str(), file.c_str()) != 0)
    std::abort();
}

const runtime::task_type held_square("held_square", [](const std::string& gate, int x) {
  tell(gate + "." + std::to_string(x));
  return ::open(gate.c_str(), O_RDONLY | O_CLOEXEC) < 0 ? -1 : x * x;
});

} // namespace

int main(int argc, char** argv) {
  runtime::session session(argc, argv);
  const std::string gate = std::getenv("GATE");
  std::vector<runtime::future<int>> squares;
  for (int x = 0; x < 6; ++x)
    squares.push_back(
      session.cluster().submit(held_square, runtime::task_options().cpus(0.1).resource("licence", 1), gate, x));
  for (auto& square : squares)
    std::printf("%d ", square.get());
}
