#include "runtime/package/manifest.hpp"

#include <algorithm>

#include <doctest/doctest.h>

using namespace runtime;

namespace {

sha256 digest(std::uint8_t first) {
  sha256 out;
  out.value[0] = first;
  return out;
}

package_manifest good() {
  return {{{"train", 1000, digest(1), true}, {"libmodel.so", 20, digest(2), false}}, "train"};
}

std::string refusal(const package_manifest& package, const manifest_limits& limits = {}) {
  const auto valid = validate(package, limits);
  return valid ? "" : valid.error().message;
}

package_manifest with_name(const std::string& name) {
  auto package = good();
  package.files[1].name = name;
  return package;
}

} // namespace

TEST_CASE("manifest: a program with a shared object is good") {
  CHECK(refusal(good()).empty());
  CHECK(refusal(with_name("libä b..so")).empty());
  CHECK(total_bytes(good()) == 1020);
}

TEST_CASE("manifest: a name that leads out of the directory is refused") {
  CHECK(refusal(with_name("../train")) ==
        "the package is wrong: file \"../train\": the name begins with '.', which the store keeps for itself");
  CHECK(refusal(with_name("a/b")) == "the package is wrong: file \"a/b\": the name holds '/' or a control character; "
                                     "use a plain file name");
  CHECK(refusal(with_name("")) == "the package is wrong: file \"\": the name is empty");
  for (const auto* name : {".", "..", "/etc/passwd", ".manifest", "a\nb", "a\x7f"})
    CHECK_FALSE(refusal(with_name(name)).empty());
  CHECK_FALSE(refusal(with_name(std::string("a\0b", 3))).empty());
  CHECK(refusal(with_name(std::string(255, 'x'))).empty());
  CHECK_FALSE(refusal(with_name(std::string(256, 'x'))).empty());
}

TEST_CASE("manifest: every mistake is named at once") {
  package_manifest package{{{"a", 1, digest(1), false}, {"a", 1, sha256{}, false}}, "b"};

  CHECK(refusal(package) == "the package is wrong: file \"a\": the name comes twice; file \"a\": has no SHA-256; the "
                            "main file \"b\" is not among its files");
}

TEST_CASE("manifest: the main file must be executable") {
  auto package = good();
  package.files[0].executable = false;

  CHECK(refusal(package) == "the package is wrong: the main file \"train\" is not executable");
}

TEST_CASE("manifest: sizes and numbers have limits") {
  auto package = good();

  CHECK(refusal(package, {1020, 2}).empty());
  CHECK(validate(package, {1019, 2}).error() ==
        error{errc::too_large, "the package is wrong: its files take more than the limit of 1019 bytes; leave data out "
                               "of the program"});
  CHECK(validate(package, {1020, 1}).error() == error{errc::too_large, "the package has 2 files; at most 1"});
  CHECK(validate(package_manifest{}).error() == error{errc::invalid_argument, "the package has no files"});
  package.files[0].size_bytes = package.files[1].size_bytes = ~std::uint64_t{0}; // Their sum is small again.
  CHECK(validate(package).error().code == errc::too_large);
}

TEST_CASE("manifest: the encoding is the same whatever the order of the files") {
  auto other_order = good();
  std::reverse(other_order.files.begin(), other_order.files.end());

  CHECK(canonical_encoding(good()) ==
        "caf-tune package 1\n"
        "main train\n"
        "0200000000000000000000000000000000000000000000000000000000000000 20 - libmodel.so\n"
        "0100000000000000000000000000000000000000000000000000000000000000 1000 x train\n");
  CHECK(canonical_encoding(other_order) == canonical_encoding(good()));
}

TEST_CASE("manifest: each field changes the encoding") {
  const auto of_good = canonical_encoding(good());
  auto package = good();
  package.main = "libmodel.so";
  CHECK(canonical_encoding(package) != of_good);
  for (const auto& change : std::vector<package_file>{{"libmodel2.so", 20, digest(2), false},
                                                      {"libmodel.so", 21, digest(2), false},
                                                      {"libmodel.so", 20, digest(3), false},
                                                      {"libmodel.so", 20, digest(2), true}}) {
    package = good();
    package.files[1] = change;
    CHECK(canonical_encoding(package) != of_good);
  }
}

TEST_CASE("manifest: what was encoded can be read again") {
  const auto read = or_throw(parse_manifest(canonical_encoding(good())));

  CHECK(read.main == "train");
  REQUIRE(read.files.size() == 2);
  CHECK(*find_file(read, "train") == good().files[0]);
  CHECK(*find_file(read, "libmodel.so") == good().files[1]);
  CHECK(find_file(read, "lib") == nullptr);
}

TEST_CASE("manifest: a damaged text is refused at every cut and every flipped bit") {
  const auto text = canonical_encoding(good());
  for (std::size_t cut = 0; cut < text.size(); ++cut)
    CHECK_FALSE(parse_manifest(text.substr(0, cut)));
  for (std::size_t at = 0; at < text.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      auto flipped = text;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      const auto read = parse_manifest(flipped); // A good manifest of another package is found out by its id.
      CHECK((!read || canonical_encoding(*read) == flipped));
    }
}

TEST_CASE("manifest: a text of another version says so") {
  CHECK(parse_manifest("caf-tune package 2\n").error() ==
        error{errc::incompatible, "the manifest begins with \"caf-tune package 2\", not with \"caf-tune package 1\"; "
                                  "it is damaged, or of another version of caf-tune"});
  CHECK(parse_manifest("caf-tune package 1\nmain\n").error() ==
        error{errc::invalid_argument, "the manifest is damaged"});
  auto unsorted = good();
  auto text = canonical_encoding(unsorted);
  text.replace(text.find(" 20 "), 4, " 020 ");
  CHECK(parse_manifest(text).error() == error{errc::invalid_argument, "the manifest is damaged"});
}
