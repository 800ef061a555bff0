#include "runtime/package/package_sources.hpp"

#include <doctest/doctest.h>

using namespace runtime;

namespace {

const package_holder n1{"n1", 1}, n2{"n2", 2};
const error gone{errc::not_found, "gone"};

template <class Order>
bool is(const package_sources::order& order) {
  return std::holds_alternative<Order>(order);
}

bool dials(const package_sources::order& order, const package_holder& holder) {
  return is<package_sources::dial>(order) && std::get<package_sources::dial>(order).holder == holder;
}

} // namespace

TEST_CASE("package sources: the nodes that have it come first, each once, then the owner") {
  package_sources sources;

  CHECK(dials(sources.on_wanted({n1, n2}, true), n1));
  CHECK(dials(sources.on_dial_failed(n1), n2));
  CHECK(is<package_sources::stay>(sources.on_dial_failed(n1))); // Again, late.
  CHECK_FALSE(sources.on_dialled(n1));
  CHECK(sources.on_dialled(n2));
  CHECK(is<package_sources::ask_owner>(sources.on_lost()));
  CHECK(is<package_sources::stay>(sources.on_wanted({n1, n2}, true)));
}

TEST_CASE("package sources: without nodes the owner is asked, and waited for when it is not there") {
  package_sources sources;

  CHECK(is<package_sources::wait>(sources.on_wanted({}, false)));
  CHECK(is<package_sources::ask_owner>(sources.on_wanted({}, true)));
  CHECK(is<package_sources::wait>(sources.on_lost()));
  CHECK(is<package_sources::ask_owner>(sources.on_wanted({}, true)));
}

TEST_CASE("package sources: a node that sends nothing or something wrong is left, an owner only for a node") {
  package_sources sources;
  sources.on_wanted({n1}, true);
  sources.on_dialled(n1);

  CHECK(is<package_sources::ask_owner>(sources.on_doubt()));
  CHECK(is<package_sources::stay>(sources.on_doubt())); // Nobody else is left.
  CHECK(is<package_sources::stay>(sources.on_wanted({n2}, true)));
  CHECK(dials(sources.on_doubt(), n2));
  CHECK(is<package_sources::ask_owner>(sources.on_dial_failed(n2)));
}

TEST_CASE("package sources: it is given up when the owner has refused and no node is left") {
  package_sources sources;
  sources.on_wanted({n1}, true);
  sources.on_dialled(n1);

  CHECK(is<package_sources::ask_owner>(sources.on_refused({errc::not_found, "evicted"})));
  sources.on_wanted({n2}, true);
  CHECK(dials(sources.on_refused(gone), n2));
  const auto last = sources.on_dial_failed(n2);
  REQUIRE(is<package_sources::give_up>(last));
  CHECK(std::get<package_sources::give_up>(last).why == gone);
}

TEST_CASE("package sources: a node's refusal without an owner waits for the owner") {
  package_sources sources;
  sources.on_wanted({n1}, false);
  sources.on_dialled(n1);

  CHECK(is<package_sources::wait>(sources.on_refused(gone)));
  CHECK(is<package_sources::ask_owner>(sources.on_wanted({}, true)));
}

TEST_CASE("package sources: another owner is asked although the first has refused") {
  package_sources sources;
  sources.on_wanted({n1}, true);
  sources.on_dialled(n1);
  sources.on_lost();
  sources.on_wanted({n2}, true);
  CHECK(dials(sources.on_refused(gone), n2));

  CHECK(is<package_sources::stay>(sources.on_another_owner())); // When its turn comes.
  CHECK(is<package_sources::ask_owner>(sources.on_dial_failed(n2)));
}
