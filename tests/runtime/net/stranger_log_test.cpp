#include "runtime/net/stranger_log.hpp"

#include <doctest/doctest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

namespace {

struct book {
  std::ostringstream text;
  std::shared_ptr<spdlog::logger> logger =
    std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text));
  book() { logger->set_pattern("%l %v"); }
};

} // namespace

TEST_CASE("stranger log: the same fault of the same stranger is told once and then counted") {
  book book;
  runtime::stranger_log log(book.logger);

  for (int i = 0; i < 150; ++i)
    log.refused("10.0.0.1", "it does not speak TLS");

  CHECK(book.text.str() == "warning stranger refused address=10.0.0.1 why=\"it does not speak TLS\"\n"
                           "warning stranger refused address=10.0.0.1 repeated=10 why=\"it does not speak TLS\"\n"
                           "warning stranger refused address=10.0.0.1 repeated=100 why=\"it does not speak TLS\"\n");
}

TEST_CASE("stranger log: another stranger and another fault are told of") {
  book book;
  runtime::stranger_log log(book.logger);

  log.refused("10.0.0.1", "a");
  log.refused("10.0.0.2", "a");
  log.refused("10.0.0.1", "b");

  CHECK(book.text.str() == "warning stranger refused address=10.0.0.1 why=\"a\"\n"
                           "warning stranger refused address=10.0.0.2 why=\"a\"\n"
                           "warning stranger refused address=10.0.0.1 why=\"b\"\n");
}

TEST_CASE("stranger log: however many addresses come, the lines are few") {
  book book;
  runtime::stranger_log log(book.logger, /*most_kinds=*/1);

  for (int i = 0; i < 9; ++i)
    log.refused("10.0.0." + std::to_string(i), "a");

  CHECK(book.text.str() == "warning stranger refused address=10.0.0.0 why=\"a\"\n"
                           "warning stranger refused address=many why=\"a\"\n");
}

TEST_CASE("stranger log: one that left by itself is no warning, one with another token is") {
  book book;
  runtime::stranger_log log(book.logger);

  log.failed_handshake("10.0.0.1", runtime::handshake_failure::closed);
  log.failed_handshake("10.0.0.2", runtime::handshake_failure::wrong_token);

  CHECK(book.text.str() == "info stranger left address=10.0.0.1 why=\"it left during the handshake\"\n"
                           "warning stranger refused address=10.0.0.2 why=\"it has another token, or none\"\n");
}
