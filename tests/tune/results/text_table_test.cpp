#include "tune/results/text_table.hpp"

#include <doctest/doctest.h>

using tune::text_table;

TEST_CASE("table: columns are as wide as their widest cell, and lines have no blanks at their end") {
  text_table rows({"NODE", "STATE"});
  rows.add({"a", "alive"});
  rows.add({"a-longer-name", "draining"});

  CHECK(rows.to_string() == "NODE           STATE\n"
                            "a              alive\n"
                            "a-longer-name  draining\n");
}

TEST_CASE("table: what is empty or missing is a dash, so that a row has as many words as there are columns") {
  text_table rows({"A", "B", "C"});
  rows.add({"", "x"});

  CHECK(rows.to_string() == "A  B  C\n"
                            "-  x  -\n");
}

TEST_CASE("table: letters of several bytes count as one column") {
  CHECK(tune::width_of("gpu-größe") == 9);
  text_table rows({"N", "S"});
  rows.add({"ö", "1"});

  CHECK(rows.to_string() == "N  S\n"
                            "ö  1\n");
}

TEST_CASE("table: what others named cannot move the cursor, and a line stays one line") {
  text_table rows({"WHY"});
  rows.add({"\x1b[2Jgone\nnext\x7f"});

  CHECK(rows.to_string() == "WHY\n"
                            "?[2Jgone next?\n");
}

TEST_CASE("table: a text is clipped between characters") {
  CHECK(tune::clipped("größe", 5) == "größe");
  CHECK(tune::clipped("größe", 4) == "größ");
  CHECK(tune::clipped("größe", 0).empty());
  CHECK(tune::printable("a\nb\x1b[2J") == "a b?[2J");
}
