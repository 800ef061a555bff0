#include "tests/fuzz/fuzz_target.hpp"

namespace fuzz {
namespace {

std::vector<const target*>& registered() {
  static std::vector<const target*> all;
  return all;
}

} // namespace

target::target(const char* name, void (*run_one)(std::string_view), inputs (*make_seeds)())
  : name_(name),
    run_(run_one),
    seeds_(make_seeds) {
  registered().push_back(this);
}

const std::vector<const target*>& targets() {
  return registered();
}

} // namespace fuzz
