#include "tests/fuzz/fuzz_target.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

/// What makes a libFuzzer program of the one target that is linked with it. Beside libFuzzer's own flags it takes
/// `--write-seeds DIRECTORY`.

namespace {

int write_seeds(const std::string& directory) {
  std::size_t number = 0;
  for (const auto& each : fuzz::targets().front()->seeds()) {
    const auto file = directory + "/seed-" + std::to_string(number++);
    std::ofstream out(file, std::ios::binary);
    out << each;
    if (!out.flush()) {
      std::fprintf(stderr, "%s cannot be written\n", file.c_str());
      return EXIT_FAILURE;
    }
  }
  return EXIT_SUCCESS;
}

} // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  if (*argc == 3 && std::string((*argv)[1]) == "--write-seeds")
    std::exit(write_seeds((*argv)[2]));
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::targets().front()->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
