#include "tests/fuzz/fuzz_target.hpp"

namespace fuzz {
namespace {

std::vector<const target*>& registered() {
  static std::vector<const target*> all;
  return all;
}

} // namespace

target::target(const char* name, void (*run)(std::string_view), inputs (*seeds)())
  : name_(name),
    run_(run),
    seeds_(seeds) {
  registered().push_back(this);
}

const std::vector<const target*>& targets() {
  return registered();
}

} // namespace fuzz
