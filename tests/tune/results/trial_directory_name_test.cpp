#include "tune/results/trial_directory_name.hpp"

#include "runtime/base/random_stream.hpp"
#include "tests/support/seeds.hpp"

#include <set>

#include <doctest/doctest.h>

using namespace tune;

namespace {

const record::wall_time noon{std::chrono::seconds(1'795'610'894)}; // 2026-11-25 12:48:14 UTC

trial_directory_parts parts(config values) {
  return {"digits", "7f3a91c2", trial_id{4}, std::move(values), {}, noon};
}

} // namespace

TEST_CASE("trial's directory: trainable, id, number, parameters and time") {
  CHECK(trial_name("7f3a91c2", trial_id{4}) == "7f3a91c2_00004");
  CHECK(trial_name("7f3a91c2", trial_id{1'234'567}) == "7f3a91c2_1234567");
  CHECK(trial_directory_name(parts({{"lr", 0.0123456}, {"layers", 2}, {"act", "relu"}, {"bias", true}})) ==
        "digits_7f3a91c2_00004_lr=0.01235,layers=2,act=relu,bias=true_2026-11-25_12-48-14");
  CHECK(trial_directory_name(parts({})) == "digits_7f3a91c2_00004_2026-11-25_12-48-14");
}

TEST_CASE("trial's directory: constants are left out") {
  auto some = parts({{"data", "digits"}, {"optimizer/lr", 0.5}, {"widths", value::list{16, 8}}});
  some.varies = [](const std::string& parameter) { return parameter != "data"; };

  CHECK(trial_directory_name(some) == "digits_7f3a91c2_00004_lr=0.5,widths=16+8_2026-11-25_12-48-14");
}

TEST_CASE("trial's directory: parameters are left out from the first that has no room; none is cut") {
  const auto name = trial_directory_name(
    parts({{"first", 1}, {"second_of_them", std::string(40, 'x')}, {"third_of_them", 12345678}, {"d", 1}}));
  CHECK(name == "digits_7f3a91c2_00004_first=1_2026-11-25_12-48-14");

  const auto full = trial_directory_name(parts({{"a", std::string(100 - 21 - 20 - 3, 'x')}}));
  CHECK(full.size() == 100);
  CHECK(trial_directory_name(parts({{"a", std::string(100 - 21 - 20 - 2, 'x')}})) ==
        "digits_7f3a91c2_00004_2026-11-25_12-48-14");
}

TEST_CASE("trial's directory: no slash, no control character, nothing that is no UTF-8, nothing hidden") {
  auto nasty = parts({{"a b", "../../etc\n"}, {"\x1b[2J", "\xff\xc0\xaf"}, {"größe", "\xc2\x85x"}});
  nasty.trainable = "../net work";
  CHECK(trial_directory_name(nasty) ==
        "_._net_work_7f3a91c2_00004_a_b=.._.._etc_,__2J=___,größe=__x_2026-11-25_12-48-14");

  nasty = parts({});
  nasty.trainable = "";
  CHECK(trial_directory_name(nasty) == "trial_7f3a91c2_00004_2026-11-25_12-48-14");
  nasty.trainable = "-rf";
  CHECK(trial_directory_name(nasty) == "_rf_7f3a91c2_00004_2026-11-25_12-48-14");
}

TEST_CASE("trial's directory: whatever its parts, it is short, UTF-8 and unique") {
  for_each_seed(300, [](seed s) {
    runtime::random_stream random(s);
    const auto any_text = [&random] {
      static const std::vector<std::string> pieces = {"a",  "Z",    "/", "ö", "語", "🙂",
                                                      "\n", "\xff", "_", ".", "=",  ","};
      std::string text;
      for (auto n = random.below(70); n > 0; --n)
        text += pieces[random.below(pieces.size())];
      return text;
    };
    std::set<std::string> names;
    auto some = parts({});
    some.trainable = any_text();
    some.experiment_id = any_text();
    for (std::uint64_t number = 1; number <= 20; ++number) {
      some.trial = trial_id{number * number * 1000};
      some.values = config();
      for (auto n = random.below(5); n > 0; --n)
        some.values.set(any_text(), any_text());
      const auto name = trial_directory_name(some);
      REQUIRE(name.size() <= max_trial_directory_bytes);
      REQUIRE(name.find('/') == std::string::npos);
      REQUIRE(name.find('\xff') == std::string::npos);
      REQUIRE(name[0] != '.');
      // Nothing is cut within a character: what is no lead byte follows one that announces it.
      int due = 0;
      for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        REQUIRE((due > 0) == ((byte & 0xc0) == 0x80));
        due = due > 0 ? due - 1 : byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc2 ? 1 : 0;
      }
      REQUIRE(due == 0);
      REQUIRE(names.insert(name).second);
      REQUIRE(trial_directory_name(some) == name);
    }
  });
}
