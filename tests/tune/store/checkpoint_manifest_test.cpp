#include "tune/store/checkpoint_manifest.hpp"

#include <doctest/doctest.h>

using namespace tune;

namespace {

const char golden[] = R"({
 "format": 1,
 "written_by": "caf-tune 0.1.0",
 "iteration": 7,
 "attempt": 2,
 "files": [
  {
   "path": "layers/0.bin",
   "size_bytes": 5000000000,
   "crc32c": "00069283"
  },
  {
   "path": "weights.bin",
   "size_bytes": 0,
   "crc32c": "e3069283"
  }
 ]
}
)";

std::string why_not(const std::string& text) {
  const auto read = parse_manifest(text);
  REQUIRE(!read);
  return read.error().message;
}

std::string with_path(const std::string& path) {
  return R"({"format": 1, "files": [{"path": ")" + path + R"(", "size_bytes": 1, "crc32c": "00000000"}]})";
}

} // namespace

TEST_CASE("checkpoint manifest: the text of the released format is written, and read for ever") {
  checkpoint_manifest manifest;
  manifest.written_by = "caf-tune 0.1.0";
  manifest.iteration = 7;
  manifest.attempt = 2;
  manifest.files = {{"layers/0.bin", 5'000'000'000, 0x69283}, {"weights.bin", 0, 0xe3069283}};

  CHECK(to_json(manifest) == golden);
  const auto back = or_throw(parse_manifest(golden));
  CHECK(back.files == manifest.files);
  CHECK(back.iteration == 7);
  CHECK(back.attempt == 2u);
  CHECK(back.size_bytes() == 5'000'000'000);
}

TEST_CASE("checkpoint manifest: what is not whole is refused, and the error says what is missing") {
  CHECK(why_not("{") == "it is no JSON");
  CHECK(why_not("[]") == "it is no JSON object");
  CHECK(why_not("{}") == "it has no format");
  CHECK(why_not(R"({"format": 1})") == "it has no files");
  CHECK(why_not(R"({"format": 2, "written_by": "caf-tune 9"})") ==
        "its format is 2, written by caf-tune 9, and this program reads 1");
  CHECK(why_not(R"({"format": 1, "files": [3]})") == "a file has no path");
  CHECK(why_not(R"({"format": 1, "files": [{"path": "a"}]})") == "\"a\" has no size_bytes");
  CHECK(why_not(R"({"format": 1, "files": [{"path": "a", "size_bytes": -1}]})") == "\"a\" has no size_bytes");
  CHECK(why_not(R"({"format": 1, "files": [{"path": "a", "size_bytes": 1, "crc32c": "x"}]})") == "\"a\" has no crc32c");
  CHECK(why_not(R"({"format": 1, "files": [{"path": "a", "size_bytes": 1, "crc32c": "0"},
                                            {"path": "a", "size_bytes": 1, "crc32c": "0"}]})") ==
        "\"a\" is there twice, or out of order");
}

TEST_CASE("checkpoint manifest: numbers that cannot be are not read as others") {
  const auto manifest =
    or_throw(parse_manifest(R"({"format": 1, "iteration": 9223372036854775808, "attempt": 4294967297, "files": []})"));

  CHECK_FALSE(manifest.iteration);
  CHECK_FALSE(manifest.attempt);
  CHECK(why_not(R"({"format": 1, "files": [{"path": "a", "size_bytes": 18446744073709551615, "crc32c": "0"},
                                            {"path": "b", "size_bytes": 1, "crc32c": "0"}]})") ==
        "\"b\": so many bytes cannot be");
}

TEST_CASE("checkpoint manifest: no path leads out of the checkpoint") {
  for (const char* path : {"/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/", "..", "a/.."})
    CHECK(why_not(with_path(path)) == std::string("\"") + path + "\" does not lie in the checkpoint's directory");
  CHECK(why_not(with_path("manifest.json")) == "\"manifest.json\" is a name for caf-tune; choose another one");
  CHECK(why_not(with_path("a\\u0000b")) == "the name of a file is not UTF-8");
  CHECK(parse_manifest(with_path("..a/b..c/manifest.json")));
}

TEST_CASE("checkpoint manifest: the names of checkpoints are written and read") {
  CHECK(checkpoint_name(7) == "checkpoint_000007");
  CHECK(checkpoint_name(12'345'678, 3) == "checkpoint_12345678.attempt-3");
  CHECK(parse_checkpoint_name("checkpoint_000007")->iteration == 7);
  CHECK_FALSE(parse_checkpoint_name("checkpoint_000007")->attempt);
  CHECK(parse_checkpoint_name("checkpoint_000007.attempt-2")->attempt == 2u);
  for (const char* name : {"", "checkpoint_", "checkpoint_x", "checkpoint_-1", "checkpoint_1.attempt-",
                           "checkpoint_1.tmp", "checkpoint_1.attempt-2.tmp", "check"})
    CHECK_FALSE(parse_checkpoint_name(name));
}
