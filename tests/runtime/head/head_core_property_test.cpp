#include "runtime/head/head_core.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include <doctest/doctest.h>

#include "runtime/base/overloaded.hpp"
#include "runtime/base/random_stream.hpp"
#include "tests/support/seeds.hpp"

using namespace runtime;
using namespace std::chrono_literals;

namespace {

/// What stands behind a node: the last judge of its own book. Like the real one it grants nothing twice.
struct machine {
  node_id id;
  incarnation start;
  resource_book book{resource_set{}};
  std::map<lease_id, held_lease> held;
  std::set<lease_id> ever_held; ///< By this start.
  std::set<lease_id> unheard_ends;
  std::set<lease_id> over;
  int link = 0; ///< 0: none.
  bool fenced = false;
};

struct request {
  wanted what;
  bool answered = false;
  bool over = false; ///< The owner wants nothing of it any more.
  std::set<lease_id> leases;
};

struct driver {
  owner_id id;
  bool alive = true;
  int link = 0;
  std::map<request_id, request> requests;
  std::set<lease_id> released;
};

/// A head core and its peers in virtual time. Each link delivers in any order, and repeats and loses what it likes.
class world {
public:
  world(seed s, int nodes, int drivers) : random_(s, "world"), now_(instant{} + 1s), core_(options(random_), now_) {
    for (int i = 1; i <= nodes; ++i) {
      auto& m = machines_[node_id{static_cast<std::uint64_t>(i)}];
      m.id = node_id{static_cast<std::uint64_t>(i)};
      start(m);
    }
    for (int i = 0; i < drivers; ++i)
      add_driver();
  }

  void suffer(int steps) {
    for (int i = 0; i < steps; ++i) {
      step(/*faults=*/true);
      check();
    }
  }

  /// Nothing goes wrong any more, nothing new is wanted, and all that runs ends.
  bool drains_within(std::chrono::seconds limit) {
    for (auto& [id, m] : machines_)
      m.fenced = false;
    for (auto& [number, l] : links_) // What was lost, was lost with its link.
      if (l.is_up)
        cut(number);
    const auto end = now_ + limit;
    while (now_ < end && !is_idle()) {
      step(/*faults=*/false);
      check();
    }
    return is_idle();
  }

  std::string state() const {
    std::string text = fmt::format("{} queued", core_.queue().size());
    for (const auto& l : core_.leases())
      text += fmt::format("; head: lease {} {} on {} of owner {}", l.lease, to_string(l.state), l.node_name, l.owner);
    for (const auto& [id, m] : machines_)
      for (const auto& [lease, held] : m.held)
        text += fmt::format("; node {}: lease {}", id, lease);
    for (const auto& n : core_.nodes())
      text += fmt::format("; {} of start {} is {}", n.what.name, n.what.start, to_string(n.state));
    for (const auto& [id, m] : machines_)
      text += fmt::format("; node {} of start {} has link {} known {}", id, m.start, m.link,
                          m.link != 0 && links_.at(m.link).is_known);
    for (const auto& w : core_.waiting(now_))
      text += fmt::format("; owner {} request {} {}", w.owner, w.request, w.why);
    for (const auto& [id, d] : drivers_)
      for (const auto& [r, q] : d.requests)
        if (!q.over)
          text += fmt::format("; driver {} request {} answered={} leases={}", id, r, q.answered, q.leases.size());
    return text;
  }

private:
  struct letter {
    int link;
    bool to_head;
    bool may_be_lost;
    std::function<void()> deliver;
  };
  struct link_state {
    bool is_up = true;
    bool is_known = false; ///< The head heard the hello that came on it.
    node_id node;
    incarnation start; ///< Of the node.
    owner_id owner;
  };

  static head_options options(random_stream& random) {
    head_options o;
    o.version = "1";
    o.cluster = "c";
    o.patience = std::chrono::milliseconds(1 + random.below(3000));
    o.max_passes = 1 + random.below(20);
    o.return_grace = 3600s; // What fitted once is not refused because its node is just away.
    return o;
  }

  // ---- peers ----

  void start(machine& m) {
    m.start = incarnation{++last_number_};
    resource_set total = cpus(static_cast<double>(2 + m.id.value));
    total.set("gpu", amount::whole(static_cast<std::int64_t>(m.id.value % 3)));
    m.book = resource_book(total);
    m.held.clear();
    m.ever_held.clear();
    m.unheard_ends.clear();
    m.over.clear();
    m.link = 0;
  }

  void dial(machine& m) {
    m.link = ++last_link_;
    links_[m.link].node = m.id;
    links_[m.link].start = m.start;
    node_hello hello{
      {m.id, m.start, fmt::format("node-{}", m.id), "host", 1, m.book.capacity(), {}}, "1", "c", {}, false};
    for (const auto& [id, lease] : m.held)
      hello.leases.push_back(lease);
    send(m.link, true, false, [this, hello, link = m.link] {
      auto actions = core_.on_node_hello(hello, now_);
      if (!actions)
        return; // Of an earlier start.
      links_[link].is_known = true;
      perform(*actions);
      know(link);
    });
  }

  void add_driver() {
    const owner_id id{100 + ++last_number_};
    drivers_[id].id = id;
  }

  void dial(driver& d) {
    d.link = ++last_link_;
    links_[d.link].owner = d.id;
    send(d.link, true, false, [this, id = d.id, link = d.link] {
      auto actions = core_.on_owner_hello(id, "driver", "1", {}, now_);
      REQUIRE(actions);
      links_[link].is_known = true;
      perform(*actions);
      know(link);
    });
  }

  void know(int link) {
    links_[link].is_known = true;
    if (!links_[link].is_up)
      hear_cut(link);
  }

  // ---- links ----

  void send(int link, bool to_head, bool may_be_lost, std::function<void()> deliver) {
    if (link == 0 || !links_[link].is_up)
      return;
    if (may_be_lost && random_.chance(0.1))
      letters_.push_back({link, to_head, may_be_lost, deliver}); // Twice.
    letters_.push_back({link, to_head, may_be_lost, std::move(deliver)});
  }

  void cut(int link) {
    links_[link].is_up = false;
    for (auto& [id, m] : machines_)
      if (m.link == link)
        m.link = 0;
    for (auto& [id, d] : drivers_)
      if (d.link == link)
        d.link = 0;
    // What is on its way to the head may still come, or may not; then the head hears of the cut.
    for (auto i = letters_.begin(); i != letters_.end();)
      i = i->link == link && (!i->to_head || random_.chance(0.5)) ? letters_.erase(i) : std::next(i);
    letters_.push_back({link, true, false, [this, link] { hear_cut(link); }});
  }

  void hear_cut(int link) {
    auto& l = links_[link];
    if (!std::exchange(l.is_known, false))
      return;
    const auto is_same_peer = [&](const auto& other) {
      return other.second.is_known && other.second.node == l.node && other.second.start == l.start &&
             other.second.owner == l.owner;
    };
    if (std::any_of(links_.begin(), links_.end(), is_same_peer))
      return;
    perform(l.node ? core_.on_node_link_lost(l.node, l.start, now_) : core_.on_owner_link_lost(l.owner, now_));
  }

  void deliver_one(bool faults) {
    if (letters_.empty())
      return;
    const auto i = letters_.begin() + static_cast<std::ptrdiff_t>(random_.below(letters_.size()));
    const auto l = std::move(*i);
    letters_.erase(i);
    if (faults && l.may_be_lost && random_.chance(0.1))
      return;
    // As the shell does: who has not said hello on a link is not heard. Only hellos and cuts cannot be lost.
    const auto& from = links_[l.link];
    if (l.to_head && l.may_be_lost && (!from.is_known || (from.node && welcomed_[from.node] != from.start)))
      return;
    l.deliver();
  }

  /// The newest link of the peer that the head knows.
  int link_to(node_id node, owner_id owner) const {
    if (node && welcomed_.count(node) == 0)
      return 0;
    int newest = 0;
    for (const auto& [number, l] : links_)
      if (l.is_known && l.node == node && l.owner == owner && (!node || welcomed_.at(node) == l.start))
        newest = number;
    return newest;
  }

  // ---- the head's orders ----

  void perform(const head_core::actions& actions) {
    for (const auto& action : actions)
      std::visit(
        overloaded{
          [&](const head_core::welcome& a) { welcomed_[a.node] = a.start; },
          [&](const head_core::grant& a) { to_node(a.node, [this, a](machine& m) { on_grant(m, a.lease); }); },
          [&](const head_core::end& a) { to_node(a.node, [this, a](machine& m) { end_at(m, a.lease, true); }); },
          [&](const head_core::hear_end& a) { to_node(a.node, [a](machine& m) { m.unheard_ends.erase(a.lease); }); },
          [&](const head_core::answer_granted& a) { on_granted(a); },
          [&](const head_core::answer_waits&) {},
          [&](const head_core::answer_refused& a) {
            to_owner(a.owner, [a](driver& d) {
              auto& r = d.requests[a.request];
              r.answered = true;
              r.over = r.over || r.leases.empty();
            });
          },
          [&](const head_core::lease_lost& a) {
            to_owner(a.owner, [a](driver& d) {
              for (auto& [id, r] : d.requests)
                r.leases.erase(a.lease);
            });
          },
          [](const auto&) {},
        },
        action);
  }

  void to_node(node_id id, std::function<void(machine&)> what) {
    const auto link = link_to(id, {});
    send(link, false, true, [this, id, link, what = std::move(what)] {
      if (machines_.at(id).link == link)
        what(machines_.at(id));
    });
  }

  void to_owner(owner_id id, std::function<void(driver&)> what) {
    const auto link = link_to({}, id);
    send(link, false, true, [this, id, what = std::move(what)] { what(drivers_.at(id)); });
  }

  void on_granted(const head_core::answer_granted& a) {
    for (const auto& lease : a.leases) { // I1: the last judge agreed before anybody was told.
      const auto& m = machines_.at(lease.node);
      CHECK((m.start != lease.node_incarnation || m.ever_held.count(lease.lease) == 1));
      if (const auto held = m.held.find(lease.lease); m.start == lease.node_incarnation && held != m.held.end()) {
        CHECK(held->second.gpus == lease.gpus);
        CHECK(held->second.resources == lease.resources);
      }
    }
    if (drivers_.at(a.owner).requests[a.request].what.index() == 1)
      check_group(std::get<group_demand>(drivers_.at(a.owner).requests[a.request].what), a);
    to_owner(a.owner, [this, a](driver& d) {
      auto& r = d.requests[a.request];
      r.answered = true;
      for (const auto& lease : a.leases)
        if (r.over)
          d.released.insert(lease.lease);
        else if (machines_.at(lease.node).held.count(lease.lease) != 0)
          r.leases.insert(lease.lease);
    });
  }

  static void check_group(const group_demand& wants, const head_core::answer_granted& a) {
    std::set<node_id> nodes;
    for (const auto& lease : a.leases) {
      nodes.insert(lease.node);
      CHECK(lease.resources == wants.bundles.at(lease.bundle));
    }
    if (wants.strategy == group_strategy::strict_pack)
      CHECK(nodes.size() == 1);
    if (wants.strategy == group_strategy::strict_spread)
      CHECK(nodes.size() == a.leases.size());
  }

  // ---- what nodes do ----

  void on_grant(machine& m, const held_lease& lease) {
    const auto link = m.link;
    if (m.over.count(lease.lease) != 0)
      return tell_end(m, lease.lease);
    const auto taken = m.fenced ? result<void>(fail(errc::refused, "fenced"))
                                : m.book.take_exactly(lease.lease, lease.resources, lease.gpus);
    if (!taken) {
      send(link, true, true, [this, node = m.id, lease, why = taken.error()] {
        perform(core_.on_lease_refused(node, lease.lease, why, now_));
      });
      return;
    }
    m.held[lease.lease] = lease;
    m.ever_held.insert(lease.lease);
    send(link, true, true, [this, node = m.id, lease] { perform(core_.on_lease_accepted(node, lease.lease, now_)); });
  }

  void end_at(machine& m, lease_id lease, bool tell_if_unknown) {
    if (m.held.erase(lease) == 0 && !tell_if_unknown)
      return;
    m.book.give_back(lease);
    m.unheard_ends.insert(lease);
    m.over.insert(lease);
    tell_end(m, lease);
    for (auto& [id, d] : drivers_)
      for (auto& [number, r] : d.requests)
        r.leases.erase(lease);
  }

  void tell_end(machine& m, lease_id lease) {
    send(m.link, true, true, [this, node = m.id, lease] { perform(core_.on_lease_ended(node, lease, now_)); });
  }

  // ---- what drivers do ----

  wanted any_demand() {
    if (random_.chance(0.75)) {
      demand d;
      d.resources = cpus(static_cast<double>(random_.below(4)) * 0.5);
      if (random_.chance(0.2))
        d.resources.set("gpu", amount::from_units(random_.chance(0.5) ? 5'000 : 10'000));
      d.placement.kind = static_cast<placement_kind>(random_.below(3));
      d.priority = static_cast<std::int32_t>(random_.below(2));
      return d;
    }
    group_demand g;
    g.strategy = static_cast<group_strategy>(random_.below(4));
    for (std::uint64_t i = 0; i <= random_.below(3); ++i)
      g.bundles.push_back(cpus(1));
    return g;
  }

  void say(driver& d, request_id id) {
    const auto what = d.requests.at(id).what;
    send(d.link, true, true, [this, owner = d.id, id, what] {
      perform(std::visit(overloaded{
                           [&](const demand& w) { return core_.on_demand(owner, id, w, now_); },
                           [&](const group_demand& w) { return core_.on_group(owner, id, w, now_); },
                         },
                         what));
    });
  }

  void give_up(driver& d, request_id id) {
    auto& r = d.requests.at(id);
    r.over = true;
    d.released.insert(r.leases.begin(), r.leases.end());
    r.leases.clear();
    if (!r.answered)
      send(d.link, true, true, [this, owner = d.id, id] { perform(core_.on_cancel(owner, id, now_)); });
  }

  void repeat(driver& d) {
    if (d.link == 0 || !d.alive)
      return;
    for (const auto& [id, r] : d.requests)
      if (!r.answered && !r.over)
        say(d, id);
      else if (!r.answered)
        send(d.link, true, true, [this, owner = d.id, number = id] { perform(core_.on_cancel(owner, number, now_)); });
    for (const auto lease : d.released)
      send(d.link, true, true, [this, owner = d.id, lease] { perform(core_.on_release(owner, lease, now_)); });
  }

  // ---- time ----

  void step(bool faults) {
    const auto before = now_;
    now_ += std::chrono::milliseconds(random_.below(faults ? 60 : 20));
    if (const auto wake = core_.wake_at(); wake && *wake <= now_)
      perform(core_.on_time(now_));
    if (before.time_since_epoch() / 1s != now_.time_since_epoch() / 1s) {
      for (auto& [id, m] : machines_)
        for (const auto lease : std::set<lease_id>(m.unheard_ends))
          tell_end(m, lease);
      for (auto& [id, d] : drivers_)
        repeat(d);
    }
    for (int i = 0; i < 6; ++i)
      deliver_one(faults);
    for (auto& [id, m] : machines_) {
      if (m.link == 0 && random_.chance(0.2))
        dial(m);
      if (!faults)
        perform(core_.on_node_heard_again(m.id, m.start, now_));
      for (const auto& [lease, held] : std::map<lease_id, held_lease>(m.held))
        if (!held.bundle && random_.chance(faults ? 0.02 : 0.1) && m.ever_held.count(lease) != 0)
          end_at(m, lease, false); // Its work has ended.
    }
    for (auto& [id, d] : drivers_) {
      if (d.alive && d.link == 0 && random_.chance(0.3))
        dial(d);
      if (!faults)
        for (auto& [number, r] : d.requests)
          if (r.answered && !r.over && random_.chance(0.1))
            give_up(d, number);
    }
    if (faults)
      want_something(), break_something();
  }

  void want_something() {
    for (auto& [id, d] : drivers_) {
      if (!d.alive || !random_.chance(0.3))
        continue;
      const request_id number{d.requests.size() + 1};
      d.requests[number].what = any_demand();
      say(d, number);
      if (const request_id other{1 + random_.below(number.value)}; random_.chance(0.3) && !d.requests.at(other).over)
        give_up(d, other);
    }
  }

  void break_something() {
    auto& m = machines_.at(node_id{1 + random_.below(machines_.size())});
    if (random_.chance(0.02) && m.link != 0)
      cut(m.link);
    if (random_.chance(0.01)) { // It dies and comes back as another start.
      if (m.link != 0)
        cut(m.link);
      start(m);
    }
    if (random_.chance(0.01))
      perform(core_.on_node_silent(m.id, m.start, now_));
    if (random_.chance(0.05))
      perform(core_.on_node_heard_again(m.id, m.start, now_));
    if (random_.chance(0.02))
      m.fenced = !m.fenced;
    auto& d = std::next(drivers_.begin(), static_cast<std::ptrdiff_t>(random_.below(drivers_.size())))->second;
    if (random_.chance(0.02) && d.link != 0)
      cut(d.link);
    if (random_.chance(0.002) && d.alive) {
      d.alive = false;
      if (d.link != 0)
        cut(d.link);
      add_driver();
    }
  }

  // ---- what must hold ----

  void check() const {
    std::set<std::pair<std::string, lease_id>> in_books;
    for (const auto& n : core_.nodes())
      for (const auto& [lease, holding] : core_.books().find(n.what.id)->book.held())
        in_books.emplace(n.what.name, lease);
    std::set<std::pair<std::string, lease_id>> known;
    for (const auto& l : core_.leases())
      known.emplace(l.node_name, l.lease);
    REQUIRE(in_books == known);
  }

  bool is_idle() const {
    for (const auto& [id, m] : machines_) {
      if (!m.held.empty() || m.link == 0 || !links_.at(m.link).is_known)
        return false;
      if (!(m.book.free() == m.book.capacity()))
        return false;
    }
    for (const auto& [id, d] : drivers_)
      if (d.alive)
        for (const auto& [number, r] : d.requests)
          if (!r.answered && !r.over)
            return false;
    return core_.leases().empty() && core_.queue().size() == 0 && core_.nodes().size() == machines_.size();
  }

  random_stream random_;
  instant now_;
  head_core core_;
  std::map<node_id, machine> machines_;
  std::map<owner_id, driver> drivers_;
  std::map<int, link_state> links_;
  std::map<node_id, incarnation> welcomed_; ///< By the head: which start it speaks to.
  std::vector<letter> letters_;
  std::uint64_t last_number_ = 0;
  int last_link_ = 0;
};

} // namespace

TEST_CASE("head core: whatever is lost, late or repeated, no lease is told of that its node did not grant, and in the "
          "end everything is free (I1)") {
  for_each_seed(250, [](seed s) {
    world w(s, /*nodes=*/4, /*drivers=*/3);

    w.suffer(300);
    const auto drained = w.drains_within(600s);

    INFO(w.state());
    CHECK(drained);
  });
}
