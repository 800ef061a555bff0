#include "tune/spec/spec_document.hpp"

#include <cmath>

#include <doctest/doctest.h>

using namespace tune;

namespace {

using mistakes = std::vector<spec_mistake>;

/// The document, which has no mistakes.
spec_document read(const std::string& text) {
  auto document = read_spec_document(text);
  REQUIRE(document.mistakes == mistakes{});
  return document;
}

std::string dump(const std::string& text) {
  return read(text).root.dump();
}

} // namespace

TEST_CASE("spec document: YAML and JSON say the same, in the order of the file, with their lines") {
  const auto yaml = read("space:\n  lr: {loguniform: [1e-5, 0.1]}\n  act:\n    choice:\n      - relu\n      - tanh\n");
  const auto json = read("{\n\"space\": {\"lr\": {\"loguniform\": [1e-5, 0.1]},\n\"act\": {\n\"choice\":\n"
                         "[\"relu\",\n\"tanh\"]}}}");

  CHECK(yaml.root.dump() == R"({"space":{"lr":{"loguniform":[1e-05,0.1]},"act":{"choice":["relu","tanh"]}}})");
  CHECK(json.root == yaml.root);
  CHECK(yaml.line_of("space") == 1);
  CHECK(yaml.line_of("space/lr") == 2);
  CHECK(yaml.line_of("space/lr/loguniform/1") == 2);
  CHECK(yaml.line_of("space/act") == 3);
  CHECK(yaml.line_of("space/act/choice/1") == 6);
  CHECK(yaml.line_of("space/momentum") == 0);
  CHECK(json.line_of("space/lr") == 2);
  CHECK(json.line_of("space/act") == 3);
  CHECK(json.line_of("space/act/choice") == 4);
  CHECK(json.line_of("space/act/choice/1") == 6);
}

TEST_CASE("spec document: YAML's core schema: what is a number, a truth value or a text") {
  CHECK(dump("[1, -2, +3, 0x1F, 0o17, 010, 18446744073709551615]") == "[1,-2,3,31,15,10,18446744073709551615]");
  CHECK(dump("[1.0, 1e-5, 1E3, .5, 5., -1.5e+2, 123456789012345678901234567890]") ==
        "[1.0,1e-05,1000.0,0.5,5.0,-150.0,1.2345678901234568e+29]");
  CHECK(dump("[true, False, TRUE, null, ~, ]") == "[true,false,true,null,null]");
  CHECK(dump("[yes, no, on, off, y, 1_000, 1e, 1.2.3, e5, ., 0xZ, -, '1', \"true\", !!str 7]") ==
        R"(["yes","no","on","off","y","1_000","1e","1.2.3","e5",".","0xZ","-","1","true","7"])");
  CHECK(dump("[2026-11-25, 12:30:00]") == R"(["2026-11-25","12:30:00"])");
  const auto infinite = read("[.inf, -.inf, .nan, 1e999, -1e999, 1e-999]").root;
  CHECK(std::isinf(infinite[0].get<double>()));
  CHECK(infinite[1].get<double>() < 0);
  CHECK(std::isnan(infinite[2].get<double>()));
  CHECK(std::isinf(infinite[3].get<double>()));
  CHECK(infinite[4].get<double>() < 0);
  CHECK(infinite[5].get<double>() == 0);
}

TEST_CASE("spec document: what is too large for a number is infinite, and what is too small is 0") {
  const std::string zeros(400, '0');
  const std::string huge = "9999999999999999999999";
  for (const auto& text : {"1" + zeros, "1" + zeros + "e-5", "-1" + zeros + ".5", "1" + zeros + "e-50", "1e" + huge})
    CHECK(std::isinf(read("[" + text + "]").root[0].get<double>()));
  for (const auto& text : {"0." + zeros + "1", "-0." + zeros + "1", "." + zeros + "1e+5", "1e-" + huge, "0e" + huge})
    CHECK(read("[" + text + "]").root[0].get<double>() == 0);
}

TEST_CASE("spec document: JSON is read as JSON, with all its escapes") {
  CHECK(read("{\"a\": \"\\ud83d\\ude00\\/\"}").root["a"] == "\xF0\x9F\x98\x80/");
  CHECK(dump("{\n\t\"a\": 1e5\n}") == R"({"a":100000.0})");
}

TEST_CASE("spec document: anchors are followed, and cannot grow without end") {
  CHECK(dump("a: &x {choice: [1, 2]}\nb: *x\nc: &y 7\nd: [*y, *y]") ==
        R"({"a":{"choice":[1,2]},"b":{"choice":[1,2]},"c":7,"d":[7,7]})");
  CHECK(read_spec_document("a: &x [*x]").mistakes == mistakes{{1, "an alias of what it lies in itself"}});
  std::string laughs = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  for (int i = 1; i < 10; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 1; j < 10; ++j)
      laughs += ", " + before;
    laughs += "]\n";
  }
  CHECK(read_spec_document(laughs).mistakes == mistakes{{6, "it holds more than 1000000 values"}});
  CHECK(read_spec_document(std::string(100, '[') + std::string(100, ']')).mistakes ==
        mistakes{{1, "it is nested more than 64 deep"}});
}

TEST_CASE("spec document: what cannot be read says where") {
  CHECK(read_spec_document("").root.is_null());
  CHECK(read_spec_document("# nothing\n").mistakes == mistakes{});
  CHECK(read_spec_document("a: 1\nb: [1\nc: 2").mistakes == mistakes{{3, "column 2: end of sequence flow not found"}});
  CHECK(read_spec_document("{\"a\": 1,\n \"b\": [1, }").mistakes.size() == 1);
  CHECK(read_spec_document("a: 1\nb: 2\na: 3\n").mistakes ==
        mistakes{{3, "\"a\" is there twice, first in line 1; each name once"}});
  CHECK(read_spec_document("{\"a\": 1,\n\"b\": {\"c\": 1, \"c\": 2}}").mistakes ==
        mistakes{{2, "\"c\" is there twice, first in line 2; each name once"}});
  CHECK(read_spec_document("a: 1\n---\nb: 2\n").mistakes ==
        mistakes{{2, "a second document begins here; a file holds one"}});
  CHECK(read_spec_document("a: 1\n? [x]\n: 2\n").mistakes ==
        mistakes{{2, "a name must be a text, not a list or mapping"}});
  CHECK(read_spec_document("b: &b {c: 1}\na:\n  <<: *b\n").mistakes ==
        mistakes{{3, "\"<<\": merge keys are not read; write out what is merged"}});
  CHECK(read_spec_document("a: !mine 1\n").mistakes ==
        mistakes{{1, "the tag \"!mine\" has no meaning here; leave it out"}});
}

TEST_CASE("spec document: what is no UTF-8 is told, with its place") {
  CHECK(read_spec_document("a: 1\nb\xc3\xb6: x\xff\n").mistakes ==
        mistakes{{2, "column 6: this is no UTF-8; save the file as UTF-8"}});
  CHECK(read_spec_document("[\"\xed\xa0\x80\"]").root.is_null());
  CHECK(read_spec_document(std::string(3, '\0') + "8, \"a\"").mistakes == // What looks like UTF-32.
        mistakes{{1, "column 1: this is no UTF-8; save the file as UTF-8"}});
}

TEST_CASE("spec document: mistakes as people read them, in the order of the file") {
  CHECK(texts_of({{7, "second"}, {2, "first"}, {0, "of the whole"}, {7, "third"}}, "spec.yaml") ==
        std::vector<std::string>{"spec.yaml: of the whole", "spec.yaml:2: first", "spec.yaml:7: second",
                                 "spec.yaml:7: third"});
}
