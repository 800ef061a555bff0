#include "runtime/resources/gpu_share.hpp"

#include <doctest/doctest.h>

using namespace runtime;

TEST_CASE("gpu shares: CUDA_VISIBLE_DEVICES lists the indices") {
  CHECK(visible_devices({{0, amount::whole(1)}, {2, amount::whole(1)}}) == "0,2");
  CHECK(visible_devices({{3, amount::from_units(5'000)}}) == "3");
  CHECK(visible_devices({}).empty());
}

TEST_CASE("gpu shares: CUDA_VISIBLE_DEVICES lists the names that the node's devices have") {
  CHECK(visible_devices({{0, amount::whole(1)}, {1, amount::whole(1)}}, {"5", "GPU-8f4c"}) == "5,GPU-8f4c");
  CHECK_THROWS_AS(visible_devices({{2, amount::whole(1)}}, {"5", "GPU-8f4c"}), broken_invariant);
}
