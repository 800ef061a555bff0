#include "tune/worker/question_board.hpp"

#include <doctest/doctest.h>

using tune::question_board;

TEST_CASE("question board: a driver is given each question once, in order, and only when it waits") {
  question_board board;
  const auto first = board.on_ask("where");
  const auto second = board.on_ask("list");
  CHECK_FALSE(board.take()); // Nobody waits for it.

  board.on_driver_waits();
  CHECK(board.take() == std::pair(*first, std::string("where")));
  CHECK_FALSE(board.take()); // It has one.
  board.on_driver_waits();
  CHECK(board.take() == std::pair(*second, std::string("list")));
  board.on_driver_waits();
  CHECK_FALSE(board.take());
  const auto third = board.on_ask("read");
  CHECK(board.take() == std::pair(*third, std::string("read")));
}

TEST_CASE("question board: an answer is for whoever asked, once") {
  question_board board;
  const auto asked = board.on_ask("where");

  CHECK_FALSE(board.on_answer(*asked + 1));
  CHECK(board.on_answer(*asked));
  CHECK_FALSE(board.on_answer(*asked));
}

TEST_CASE("question board: too many at once are refused, until some are answered") {
  question_board board;
  for (std::size_t i = 0; i < question_board::most; ++i)
    REQUIRE(board.on_ask("where"));

  CHECK_FALSE(board.on_ask("where"));
  CHECK(board.on_answer(1));
  CHECK(board.on_ask("where"));
}
