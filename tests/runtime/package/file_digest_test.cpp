#include "runtime/package/file_digest.hpp"

#include <doctest/doctest.h>

#include "tests/runtime/package/temporary_directory.hpp"

using namespace runtime;

TEST_CASE("file digest: is SHA-256 (FIPS 180-2, appendix B)") {
  CHECK(to_hex(digest_of("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(to_hex(digest_of("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(digest_of(std::string(1'000'000, 'a'))) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("file digest: pieces are as good as the whole") {
  digest_maker maker;
  maker.add("a");
  maker.add("");
  maker.add("bc");

  CHECK(maker.finish() == digest_of("abc"));
}

TEST_CASE("file digest: a file's is its content's, also beyond one piece") {
  temporary_directory here;
  const std::string large(700'001, 'x');
  write_text(here / "empty", "");
  write_text(here / "large", large);

  CHECK(or_throw(hash_file(here / "empty")) == digest_of(""));
  CHECK(or_throw(hash_file(here / "large")) == digest_of(large));
}

TEST_CASE("file digest: a file that cannot be read says why") {
  temporary_directory here;

  CHECK(hash_file(here / "nothing").error() ==
        error{errc::not_found, fmt::format("{} cannot be read: No such file or directory", here / "nothing")});
  CHECK(hash_file(here.path.string()).error() ==
        error{errc::io, fmt::format("{} cannot be read: Is a directory", here.path.string())});
}

TEST_CASE("file digest: a package's id is its encoding's digest") {
  const package_manifest package{{{"train", 3, digest_of("abc"), true}}, "train"};
  auto other = package;
  other.files[0].name = other.main = "train2";

  CHECK(id_of(package) == digest_of(canonical_encoding(package)));
  CHECK(id_of(package) != id_of(other));
}
