#include "runtime/package/package_fetch.hpp"

#include <algorithm>
#include <deque>

#include <doctest/doctest.h>

#include "runtime/base/overloaded.hpp"
#include "runtime/base/random_stream.hpp"
#include "tests/support/seeds.hpp"

using namespace runtime;
using namespace std::chrono_literals;

namespace {

constexpr instant start{};

sha256 digest(std::uint8_t first) {
  sha256 out;
  out.value[0] = first;
  return out;
}

/// Files a, b, … of these sizes with the digests 1, 2, …
std::shared_ptr<const package_manifest> files(const std::vector<std::uint64_t>& sizes) {
  auto out = std::make_shared<package_manifest>();
  for (std::size_t i = 0; i < sizes.size(); ++i)
    out->files.push_back({std::string(1, static_cast<char>('a' + i)), sizes[i], digest(std::uint8_t(i + 1)), true});
  out->main = "a";
  return out;
}

constexpr package_fetch_options small{/*chunk_bytes=*/10, /*most_in_flight=*/3, /*chunk_patience=*/1s,
                                      /*give_up_after=*/5s};

package_fetch fetch_of(const std::vector<std::uint64_t>& sizes) {
  return package_fetch(files(sizes), std::vector<bool>(sizes.size()), small, start);
}

/// As one line each, for comparing.
std::vector<std::string> told(const package_fetch::actions& actions) {
  std::vector<std::string> out;
  for (const auto& next : actions)
    out.push_back(std::visit(
      overloaded{
        [](const package_fetch::ask_chunk& a) { return fmt::format("ask {} {}+{}", a.file, a.offset, a.size_bytes); },
        [](const package_fetch::write_chunk& w) { return fmt::format("write {} {} {}", w.file, w.offset, w.bytes); },
        [](const package_fetch::verify_file& v) { return fmt::format("verify {} round {}", v.file, v.round); },
        [](const package_fetch::source_refused& r) {
          return fmt::format("refused {}: {}", to_string(r.why.code), r.why.message);
        },
        [](const package_fetch::source_doubted&) { return std::string("doubted"); },
        [](const package_fetch::finished&) { return std::string("finished"); },
        [](const package_fetch::failed& f) {
          return fmt::format("failed {}: {}", to_string(f.why.code), f.why.message);
        },
      },
      next));
  return out;
}

using lines = std::vector<std::string>;

std::string bytes(std::size_t count) {
  return std::string(count, 'x');
}

} // namespace

TEST_CASE("package fetch: asks for the chunks in their order, a few at a time, over the end of a file") {
  auto fetch = fetch_of({25, 5, 10});

  CHECK(told(fetch.on_source(start)) == lines{"ask 0 0+10", "ask 0 10+10", "ask 0 20+5"});
  CHECK(told(fetch.on_chunk("a", 0, bytes(10), start)) == lines{"write 0 0 xxxxxxxxxx", "ask 1 0+5"});
  CHECK(fetch.in_flight() == 3);
  CHECK(fetch.missing_bytes() == 30);
}

TEST_CASE("package fetch: chunks may come in any order; a whole file is verified; then the next") {
  auto fetch = fetch_of({15, 5});
  CHECK(told(fetch.on_source(start)) == lines{"ask 0 0+10", "ask 0 10+5", "ask 1 0+5"});

  CHECK(told(fetch.on_chunk("b", 0, bytes(5), start)) == lines{"write 1 0 xxxxx", "verify 1 round 1"});
  CHECK(told(fetch.on_chunk("a", 10, bytes(5), start)) == lines{"write 0 10 xxxxx"});
  CHECK(told(fetch.on_chunk("a", 0, bytes(10), start)) == lines{"write 0 0 xxxxxxxxxx", "verify 0 round 1"});
  CHECK(fetch.on_verified(0, 1, digest(1), start).empty());
  CHECK(told(fetch.on_verified(1, 1, digest(2), start)) == lines{"finished"});
  CHECK(fetch.is_over());
  CHECK_FALSE(fetch.wake_at());
}

TEST_CASE("package fetch: a file that is there is not asked for, an empty one is only verified") {
  package_fetch fetch(files({15, 0, 5}), {true, false, false}, small, start);

  CHECK(told(fetch.on_source(start)) == lines{"verify 1 round 1", "ask 2 0+5"});
}

TEST_CASE("package fetch: where everything is there it has finished at once") {
  package_fetch fetch(files({15}), {true}, small, start);

  CHECK(told(fetch.on_source(start)) == lines{"finished"});
}

TEST_CASE("package fetch: a chunk that is repeated or was never asked for changes nothing") {
  auto fetch = fetch_of({40});
  fetch.on_source(start);
  fetch.on_chunk("a", 0, bytes(10), start);

  CHECK(fetch.on_chunk("a", 0, bytes(10), start).empty());
  CHECK(fetch.on_chunk("a", 5, bytes(10), start).empty());
  CHECK(fetch.on_chunk("a", 40, bytes(10), start).empty());
  CHECK(fetch.on_chunk("z", 0, bytes(10), start).empty());
  CHECK(fetch.on_verified(0, 1, digest(1), start).empty()); // Nobody asked.
  CHECK(fetch.on_verified(7, 1, digest(1), start).empty());
  CHECK(fetch.missing_bytes() == 30);
}

TEST_CASE("package fetch: a chunk that does not come is asked for again, each time after its patience") {
  auto fetch = fetch_of({20});
  fetch.on_source(start);
  fetch.on_chunk("a", 10, bytes(10), start + 500ms);

  CHECK(fetch.wake_at() == start + 1s);
  CHECK(fetch.on_time(start + 999ms).empty());
  CHECK(told(fetch.on_time(start + 1s)) == lines{"ask 0 0+10", "doubted"});
  CHECK(fetch.on_time(start + 1s).empty());
  CHECK(fetch.wake_at() == start + 2s);
  CHECK(told(fetch.on_chunk("a", 0, bytes(10), start + 1500ms)).size() == 2); // The first answer, late.
  CHECK(fetch.on_chunk("a", 0, bytes(10), start + 1600ms).empty());           // The second.
}

TEST_CASE("package fetch: another source continues where the lost one was") {
  auto fetch = fetch_of({40});
  fetch.on_source(start);
  fetch.on_chunk("a", 10, bytes(10), start);

  CHECK(fetch.on_source_lost(start + 100ms).empty());
  CHECK(fetch.on_source_lost(start + 100ms).empty());
  CHECK(fetch.in_flight() == 0);
  CHECK(fetch.on_time(start + 2s).empty());
  CHECK(told(fetch.on_source(start + 2s)) == lines{"ask 0 0+10", "ask 0 20+10", "ask 0 30+10"});
  CHECK(fetch.on_source(start + 2s).empty());
}

TEST_CASE("package fetch: what still comes from a lost source is not asked for again") {
  auto fetch = fetch_of({20});
  fetch.on_source(start);
  fetch.on_source_lost(start);

  CHECK(told(fetch.on_chunk("a", 0, bytes(10), start)) == lines{"write 0 0 xxxxxxxxxx"});
  CHECK(told(fetch.on_source(start)) == lines{"ask 0 10+10"});
}

TEST_CASE("package fetch: a wrong digest is fetched once more, then fails with both digests") {
  auto fetch = fetch_of({5});
  fetch.on_source(start);
  fetch.on_chunk("a", 0, bytes(5), start);

  CHECK(told(fetch.on_verified(0, 1, digest(9), start)) == lines{"ask 0 0+5", "doubted"});
  CHECK(told(fetch.on_chunk("a", 0, bytes(5), start)) == lines{"write 0 0 xxxxx", "verify 0 round 2"});
  CHECK(fetch.on_verified(0, 1, digest(9), start).empty()); // The first answer again.
  const auto last = told(fetch.on_verified(0, 2, digest(9), start));
  CHECK(last == lines{fmt::format("failed unreachable: file \"a\" of the package: its SHA-256 is {}, not {} as "
                                  "its manifest says; this happened twice: the file has been changed at its source, or "
                                  "is damaged on the way; start the driver anew",
                                  digest(9), digest(1))});
  CHECK(fetch.on_chunk("a", 0, bytes(5), start).empty());
  CHECK(fetch.on_source_lost(start).empty());
  CHECK(fetch.on_source(start).empty());
  CHECK(fetch.on_time(start + 1h).empty());
}

TEST_CASE("package fetch: a wrong digest may be right the second time") {
  auto fetch = fetch_of({5});
  fetch.on_source(start);
  fetch.on_chunk("a", 0, bytes(5), start);
  fetch.on_verified(0, 1, digest(9), start);
  fetch.on_chunk("a", 0, bytes(5), start);

  CHECK(told(fetch.on_verified(0, 2, digest(1), start)) == lines{"finished"});
}

TEST_CASE("package fetch: a chunk of a wrong size begins its file anew, and each chunk is counted once") {
  auto fetch = fetch_of({60});
  CHECK(told(fetch.on_source(start)) == lines{"ask 0 0+10", "ask 0 10+10", "ask 0 20+10"});

  CHECK(told(fetch.on_chunk("a", 0, bytes(3), start)) == lines{"ask 0 0+10", "doubted"});
  CHECK(told(fetch.on_chunk("a", 20, bytes(10), start)) == lines{"ask 0 20+10"}); // Was of the first round.
  CHECK(told(fetch.on_chunk("a", 10, bytes(10), start)) == lines{"write 0 10 xxxxxxxxxx", "ask 0 30+10"});
  CHECK(fetch.missing_bytes() == 50);
  CHECK(told(fetch.on_chunk("a", 0, bytes(11), start)) ==
        lines{"failed unreachable: file \"a\" of the package: at offset 0 the source sent 11 bytes, not 10; this "
              "happened twice: the file has been changed at its source, or is damaged on the way; start the driver "
              "anew"});
}

TEST_CASE("package fetch: what is wrong twice may be right at another source") {
  auto fetch = fetch_of({5});
  fetch.on_source(start);
  fetch.on_chunk("a", 0, bytes(5), start);
  fetch.on_verified(0, 1, digest(9), start);

  fetch.on_source_lost(start);
  CHECK(told(fetch.on_source(start)) == lines{"ask 0 0+5"});
  CHECK(told(fetch.on_chunk("a", 0, bytes(5), start)) == lines{"write 0 0 xxxxx", "verify 0 round 2"});
  CHECK(told(fetch.on_verified(0, 2, digest(9), start)) == lines{"ask 0 0+5", "doubted"});
  CHECK(told(fetch.on_chunk("a", 0, bytes(5), start)) == lines{"write 0 0 xxxxx", "verify 0 round 3"});
  CHECK(told(fetch.on_verified(0, 3, digest(1), start)) == lines{"finished"});
}

TEST_CASE("package fetch: what the source refuses is told with its reason, and another source may have it") {
  auto fetch = fetch_of({20});
  fetch.on_source(start);

  CHECK(fetch.on_refused("a", 50, {errc::not_found, "gone"}, start).empty());
  CHECK(told(fetch.on_refused("a", 10, {errc::not_found, "gone"}, start)) ==
        lines{"refused not found: file \"a\" of the package: gone"});
  fetch.on_source_lost(start);
  CHECK(told(fetch.on_source(start)) == lines{"ask 0 0+10", "ask 0 10+10"});
}

TEST_CASE("package fetch: a local error ends it") {
  auto fetch = fetch_of({20});
  fetch.on_source(start);

  CHECK(told(fetch.on_local_error({errc::io, "disk full"})) == lines{"failed input/output error: disk full"});
  CHECK(fetch.on_local_error({errc::io, "disk full"}).empty());
}

TEST_CASE("package fetch: a source that sends nothing is given up, and so is one that never comes") {
  auto silent = fetch_of({20});
  silent.on_source(start + 1s);
  CHECK(told(silent.on_time(start + 5s)) == lines{"ask 0 0+10", "ask 0 10+10", "doubted"});
  CHECK(told(silent.on_time(start + 6s)) == lines{"failed timed out: the package's source sent nothing for 5 s"});

  auto alone = fetch_of({20});
  CHECK(alone.wake_at() == start + 5s);
  CHECK(told(alone.on_time(start + 5s)) ==
        lines{"failed unreachable: the package's source was lost, and no other came within 5 s"});
}

TEST_CASE("package fetch: a verification takes as long as it takes") {
  auto fetch = fetch_of({5});
  fetch.on_source(start);
  fetch.on_chunk("a", 0, bytes(5), start);

  CHECK_FALSE(fetch.wake_at());
  CHECK(fetch.on_time(start + 1h).empty());
  CHECK(told(fetch.on_verified(0, 1, digest(1), start + 1h)) == lines{"finished"});
}

TEST_CASE("package fetch: options out of range are refused") {
  CHECK(validate(package_fetch_options{}));
  CHECK(validate({0, 8, 1s, 5s}).error().message == "chunk_bytes is 0; use 1 to 1048576");
  CHECK(validate({10, 0, 1s, 5s}).error().message == "most_in_flight is 0; use at least 1");
  CHECK_FALSE(validate({10, 8, 0s, 5s}));
  CHECK_FALSE(validate({10, 8, 6s, 5s}));
}

namespace {

/// A source behind a link that loses, repeats, delays, cuts and changes what it carries, and a disk. Every now and then
/// the source is lost and another comes.
class lossy_world {
public:
  explicit lossy_world(random_stream& random) : random_(random), truth_(1 + random.below(4)) {
    auto manifest = std::make_shared<package_manifest>();
    std::vector<bool> have;
    for (std::size_t i = 0; i < truth_.size(); ++i) {
      truth_[i].resize(random_.below(300));
      for (auto& byte : truth_[i])
        byte = static_cast<char>('a' + random_.below(26));
      have.push_back(random_.chance(0.2));
      manifest->files.push_back({fmt::format("f{}", i), truth_[i].size(), checksum(truth_[i]), true});
      disk_.push_back(have.back() ? truth_[i] : std::string(truth_[i].size(), '?'));
    }
    manifest->main = "f0";
    options_ = {static_cast<std::uint32_t>(1 + random_.below(40)), 8, 1s, 20s};
    fetch_.emplace(manifest, have, options_, now_);
    loss_ = random_.unit() * 0.5;
    damage_ = random_.chance(0.5) ? 0 : random_.unit() * 0.1;
  }

  void run() {
    for (int step = 0; step < 20'000 && !is_over_; ++step)
      happen();
  }

  void check() const {
    REQUIRE(is_over_);
    REQUIRE(fetch_->is_over());
    if (!error_)
      REQUIRE(disk_ == truth_);
    else if (damage_ == 0)
      REQUIRE((error_->code == errc::timed_out || error_->code == errc::unreachable));
  }
  bool has_finished() const { return !error_; }

private:
  struct answer {
    std::size_t file;
    std::uint64_t offset;
    std::string bytes;
  };

  /// Too simple to be SHA-256, good enough to tell files apart.
  static sha256 checksum(const std::string& content) {
    sha256 out;
    std::uint64_t hash = 14695981039346656037u;
    for (const char byte : content)
      hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211u;
    for (std::size_t i = 0; i < 8; ++i)
      out.value[i] = static_cast<std::uint8_t>(hash >> (8 * i));
    return out;
  }

  void happen() {
    const auto what = random_.below(20);
    if (what == 0 && random_.chance(0.3))
      perform(fetch_->on_source_lost(now_));
    else if (what <= 2)
      perform(fetch_->on_source(now_));
    else if (what <= 5) {
      now_ += std::chrono::milliseconds(random_.below(700));
      perform(fetch_->on_time(now_));
    } else if (what <= 7 && !verifications_.empty()) {
      const auto next = verifications_.front();
      if (!random_.chance(0.3)) // Otherwise it comes again.
        verifications_.pop_front();
      perform(fetch_->on_verified(next.file, next.round, checksum(disk_[next.file]), now_));
    } else if (!answers_.empty())
      deliver();
  }

  void deliver() {
    const auto at = static_cast<std::ptrdiff_t>(random_.below(answers_.size()));
    const auto next = answers_[static_cast<std::size_t>(at)];
    if (!random_.chance(0.2)) // Otherwise it comes again, perhaps much later.
      answers_.erase(answers_.begin() + at);
    perform(fetch_->on_chunk(fmt::format("f{}", next.file), next.offset, next.bytes, now_));
  }

  void perform(const package_fetch::actions& actions) {
    for (const auto& next : actions) {
      REQUIRE_FALSE(is_over_); // Nothing follows the end.
      std::visit(overloaded{[&](const package_fetch::ask_chunk& ask) { answer_or_not(ask); },
                            [&](const package_fetch::write_chunk& chunk) {
                              REQUIRE(chunk.offset + chunk.bytes.size() <= truth_[chunk.file].size());
                              disk_[chunk.file].replace(chunk.offset, chunk.bytes.size(), chunk.bytes);
                            },
                            [&](const package_fetch::verify_file& file) { verifications_.push_back(file); },
                            [&](const package_fetch::source_refused&) {}, [&](const package_fetch::source_doubted&) {},
                            [&](const package_fetch::finished&) { is_over_ = true; },
                            [&](const package_fetch::failed& failed) {
                              is_over_ = true;
                              error_ = failed.why;
                            }},
                 next);
    }
    REQUIRE(fetch_->in_flight() <= options_.most_in_flight);
    REQUIRE((is_over_ || !verifications_.empty() || fetch_->wake_at())); // Never waits for nothing.
  }

  void answer_or_not(const package_fetch::ask_chunk& ask) {
    REQUIRE(ask.size_bytes > 0);
    REQUIRE(ask.offset + ask.size_bytes <= truth_[ask.file].size());
    if (random_.chance(loss_))
      return;
    answer out{ask.file, ask.offset, truth_[ask.file].substr(ask.offset, ask.size_bytes)};
    if (random_.chance(damage_))
      out.bytes[0] = '!';
    else if (random_.chance(damage_))
      out.bytes.pop_back();
    answers_.push_back(std::move(out));
  }

  random_stream& random_;
  std::vector<std::string> truth_;
  std::vector<std::string> disk_;
  package_fetch_options options_;
  std::optional<package_fetch> fetch_;
  instant now_ = start;
  double loss_ = 0;
  double damage_ = 0;
  std::vector<answer> answers_;
  std::deque<package_fetch::verify_file> verifications_;
  bool is_over_ = false;
  std::optional<error> error_;
};

} // namespace

TEST_CASE("package fetch: however lossy the source, it ends with exactly its bytes, or fails") {
  int finished = 0;
  int failed = 0;
  for_each_seed(1000, [&](seed s) {
    random_stream random(s);
    lossy_world world(random);
    world.run();
    world.check();
    ++(world.has_finished() ? finished : failed);
  });
  if (finished + failed > 1) // Otherwise one seed is replayed.
    CHECK(finished > failed);
}
