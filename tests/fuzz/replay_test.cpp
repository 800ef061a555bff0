#include "tests/fuzz/fuzz_target.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include <doctest/doctest.h>

#include "runtime/base/random_stream.hpp"

namespace {

namespace fs = std::filesystem;

struct named_input {
  std::string name;
  std::string bytes;
};

/// A target's seeds and the files of its corpus.
std::vector<named_input> corpus_of(const fuzz::target& target) {
  std::vector<named_input> all;
  for (auto& each : target.seeds())
    all.push_back({"seed-" + std::to_string(all.size()), std::move(each)});
  const auto directory = fs::path(CAF_TUNE_CORPUS) / target.name();
  if (!fs::exists(directory))
    return all;
  for (const auto& file : fs::directory_iterator(directory)) {
    std::ifstream in(file.path(), std::ios::binary);
    all.push_back({file.path().string(), {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()}});
  }
  return all;
}

void run(const fuzz::target& target, const named_input& input, const std::string& changed, const char* how) {
  CAPTURE(std::string(target.name()));
  CAPTURE(input.name);
  CAPTURE(std::string(how));
  CAPTURE(changed.size());
  REQUIRE_NOTHROW(target.run(changed));
}

void for_each_input(const std::function<void(const fuzz::target&, const named_input&)>& test) {
  for (const auto* target : fuzz::targets())
    for (const auto& input : corpus_of(*target))
      test(*target, input);
}

} // namespace

TEST_CASE("corpora: every fuzzer has one, and each input is read as what it is") {
  for (const auto* target : fuzz::targets()) {
    CAPTURE(std::string(target->name()));
    CHECK_FALSE(corpus_of(*target).empty());
  }
  for_each_input([](const auto& target, const auto& input) { run(target, input, input.bytes, "as it is"); });
}

TEST_CASE("corpora: what is cut off at any place is refused, or read as what it is then") {
  constexpr std::size_t most = 400; // Places of one input.
  for_each_input([](const auto& target, const auto& input) {
    const auto stride = input.bytes.size() / most + 1;
    for (std::size_t size = 0; size < input.bytes.size(); size += stride)
      run(target, input, input.bytes.substr(0, size), "cut off");
  });
}

TEST_CASE("corpora: what has a few other bytes is refused, or read as what it is then") {
  constexpr int variants = 60; // Of one input.
  for_each_input([](const auto& target, const auto& input) {
    if (input.bytes.empty())
      return;
    runtime::random_stream random(input.bytes.size());
    for (int i = 0; i < variants; ++i) {
      auto changed = input.bytes;
      for (auto bytes = 1 + random.below(4); bytes > 0; --bytes)
        changed[random.below(changed.size())] = static_cast<char>(random.below(256));
      run(target, input, changed, "with other bytes");
    }
  });
}
