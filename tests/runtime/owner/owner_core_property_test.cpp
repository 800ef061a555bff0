#include "tests/runtime/owner/core_driver.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <set>

#include "runtime/base/overloaded.hpp"
#include "runtime/base/random_stream.hpp"
#include "tests/support/seeds.hpp"

using namespace owner_test;

namespace {

/// A head and nodes that are too simple to be wrong, and links that break, deliver late, and make both ends repeat
/// themselves. Messages of one link keep their order, as TCP's do; a link that breaks loses what is on its way.
class model_cluster {
public:
  explicit model_cluster(seed s) : random_(s), core_(test_options()) {
    for (std::uint64_t n = 1; n <= 3; ++n)
      nodes_[n];
    perform(core_.on_begin(now_));
    perform(core_.on_package({}, now_));
  }

  void submit(std::uint64_t task, std::shared_ptr<const work_spec> spec) {
    perform(core_.on_submit_task(task_id{task}, std::move(spec), no_arguments(), now_));
    ++submitted_;
  }

  void submit_group() {
    auto wants = std::make_shared<group_demand>();
    wants->bundles = {cpus(1), cpus(1)};
    perform(core_.on_submit_group(group_id{1}, wants, now_));
  }

  void release_group() { perform(core_.on_release_group(group_id{1}, now_)); }
  void stop(std::uint64_t task) { perform(core_.on_stop_task(task_id{task}, 100ms, now_)); }

  void suffer() {
    switch (random_.below(6)) {
    case 0: break_head_link(); break;
    case 1: break_node_link(1 + random_.below(3)); break;
    case 2: lose_node(1 + random_.below(3)); break;
    case 3: finish_some(work_end::how::worker_lost); break;
    case 4: repeat_answers(); break;
    default: finish_some(work_end::how::finished); break;
    }
  }

  void advance(std::chrono::nanoseconds by) {
    const auto until = now_ + by;
    while (now_ < until) {
      now_ += 10ms;
      deliver();
      if (const auto due = core_.wake_at(); due && *due <= now_)
        perform(core_.on_time(now_));
      if (random_.chance(0.3))
        finish_some(work_end::how::finished);
      tell_ends();
    }
  }

  bool is_done() const { return finished_.size() == submitted_; }
  std::size_t held() const { return leases_.size(); }
  const std::map<std::uint64_t, int>& finished() const { return finished_; }

private:
  struct model_lease {
    std::uint64_t node;
    request_id request;
    bool bundle;
    std::uint32_t index;
  };
  struct model_node {
    bool linked = false;
    bool owner_known = false;
    bool is_deaf = false;                              // Linked, but nothing that is said on it arrives.
    std::map<work_key, std::optional<work_end>> works; // With their ends, when not heard.
    std::uint64_t generation = 0;
  };

  // What is on its way, by link: 0 is the head. Lost when the link's generation has changed.
  struct letter {
    instant due;
    std::uint64_t link, generation;
    std::function<void()> arrive;
  };

  std::uint64_t& generation(std::uint64_t link) { return link == 0 ? head_generation_ : nodes_[link].generation; }

  void post(std::uint64_t link, std::function<void()> arrive) {
    auto& last = last_due_[link];
    last = std::max(last, now_ + std::chrono::milliseconds(random_.below(30)));
    letters_.push_back({last, link, generation(link), std::move(arrive)});
  }

  void deliver() {
    for (std::size_t i = 0; i < letters_.size();) { // In order for each link.
      if (letters_[i].due > now_) {
        ++i;
        continue;
      }
      auto one = std::move(letters_[i]);
      letters_.erase(letters_.begin() + static_cast<std::ptrdiff_t>(i));
      if (one.generation == generation(one.link))
        one.arrive();
      i = 0;
    }
  }

  void break_head_link() {
    if (!head_linked_)
      return;
    head_linked_ = false;
    ++head_generation_;
    perform(core_.on_head_unlinked({errc::unreachable, "reset"}, now_));
  }

  void break_node_link(std::uint64_t n) {
    if (!nodes_[n].linked)
      return;
    nodes_[n].linked = false;
    ++nodes_[n].generation;
    perform(core_.on_node_unlinked(node_id{n}, {errc::unreachable, "reset"}, now_));
  }

  void lose_node(std::uint64_t n) { // It is back at once, and knows nothing.
    nodes_[n].works.clear();
    break_node_link(n);
    const auto leases = leases_;
    for (const auto& [id, lease] : leases)
      if (lease.node == n)
        lose_lease(id);
  }

  void lose_lease(std::uint64_t id) {
    const auto lease = leases_.at(id);
    leases_.erase(id);
    if (head_linked_) // Otherwise the word of it is lost.
      post(0, [this, id] { perform(core_.on_lease_lost(lease_id{id}, {errc::node_lost, "lost"}, now_)); });
    if (lease.bundle && groups_.count(lease.request) != 0)
      grant(lease.request, lease.index, /*bundle=*/true);
    else
      over_.insert(lease.request);
  }

  std::uint64_t grant(request_id request, std::uint32_t index, bool bundle) {
    const auto id = ++last_lease_;
    leases_[id] = {1 + random_.below(3), request, bundle, index};
    if (bundle)
      answer_group(request);
    return id;
  }

  void answer_group(request_id request) {
    std::vector<granted_lease> granted;
    for (const auto& [id, lease] : leases_)
      if (lease.request == request)
        granted.push_back(lease_at(lease.node, id, lease.index));
    if (head_linked_)
      post(0, [this, request, granted] { perform(core_.on_demand_granted(request, granted, now_)); });
  }

  void on_demand(request_id request) {
    if (over_.count(request) != 0)
      return post(0, [this, request] {
        perform(core_.on_demand_refused(request, {errc::node_lost, "it is over; demand anew"}, now_));
      });
    const auto known =
      std::find_if(leases_.begin(), leases_.end(), [&](const auto& lease) { return lease.second.request == request; });
    const auto id = known == leases_.end() ? grant(request, 0, false) : known->first;
    const auto lease = lease_at(leases_.at(id).node, id);
    const auto times = random_.chance(0.2) ? 2 : 1;
    for (int i = 0; i < times; ++i)
      post(0, [this, request, lease] { perform(core_.on_demand_granted(request, {lease}, now_)); });
  }

  void on_group(request_id request) {
    if (over_.count(request) != 0)
      return;
    if (groups_.insert(request).second)
      for (std::uint32_t i = 0; i < 2; ++i)
        grant(request, i, /*bundle=*/true);
    else
      answer_group(request);
  }

  void end_lease(std::uint64_t id) {
    const auto lease = leases_.find(id);
    if (lease == leases_.end())
      return;
    auto& works = nodes_[lease->second.node].works;
    for (auto& [k, end] : works)
      if (k.lease.value == id && !end)
        end = work_end{work_end::how::stopped, {}, {errc::cancelled, "its lease was ended"}, 0};
    if (!lease->second.bundle)
      over_.insert(lease->second.request);
    leases_.erase(lease);
  }

  void on_start(std::uint64_t n, work_key k) {
    auto& works = nodes_[n].works;
    if (const auto known = works.find(k); known == works.end()) {
      if (leases_.count(k.lease.value) == 0)
        works[k] = work_end{work_end::how::not_started, {}, {errc::refused, "no such lease"}, 0};
      else
        works[k] = std::nullopt;
    }
    if (!works[k])
      post(n, [this, k] { perform(core_.on_work_started(k, 1, now_)); });
  }

  void finish_some(work_end::how how) {
    for (auto& [n, node] : nodes_)
      for (auto& [k, end] : node.works)
        if (!end && random_.chance(0.3)) {
          end = how == work_end::how::finished ? owner_test::finished() : worker_lost();
          if (const auto lease = leases_.find(k.lease.value); lease != leases_.end() && !lease->second.bundle) {
            over_.insert(lease->second.request);
            leases_.erase(lease);
          }
        }
  }

  void tell_ends() { // Repeated until heard.
    for (auto& [n, node] : nodes_)
      if (node.linked && node.owner_known)
        for (auto& [k, end] : node.works)
          if (end && random_.chance(0.2))
            post(n, [this, k = k, told = *end] { perform(core_.on_work_ended(k, told, now_)); });
  }

  void repeat_answers() {
    if (head_linked_)
      for (const auto& [id, lease] : leases_)
        if (!lease.bundle && random_.chance(0.3))
          post(0, [this, request = lease.request, granted = lease_at(lease.node, id)] {
            perform(core_.on_demand_granted(request, {granted}, now_));
          });
  }

  void perform(owner_core::actions actions) {
    for (auto& action : actions)
      std::visit([this](const auto& a) { this->on(a); }, action);
  }

  // Orders to the head arrive at once or never: its answers are late enough.
  void on(const owner_core::dial_head&) {
    post(link_of_dials, [this] {
      if (random_.chance(0.3))
        return perform(core_.on_head_unlinked({errc::unreachable, "refused"}, now_));
      head_linked_ = true;
      head_is_deaf_ = random_.chance(0.1);
      perform(core_.on_head_linked(now_));
    });
  }
  void on(const owner_core::drop_head&) {
    head_linked_ = false;
    ++head_generation_;
  }
  void on(const owner_core::say_hello_to_head&) {
    if (!head_is_deaf_)
      post(0, [this] { perform(core_.on_head_welcome("c", now_)); });
  }
  void on(const owner_core::dial_node& a) {
    post(link_of_dials, [this, n = a.node.value] {
      if (random_.chance(0.3))
        return perform(core_.on_node_unlinked(node_id{n}, {errc::unreachable, "refused"}, now_));
      nodes_[n].linked = true;
      nodes_[n].owner_known = false;
      nodes_[n].is_deaf = random_.chance(0.1);
      perform(core_.on_node_linked(node_id{n}, now_));
    });
  }
  void on(const owner_core::drop_node& a) {
    nodes_[a.node.value].linked = false;
    ++nodes_[a.node.value].generation;
  }
  void on(const owner_core::forget_node& a) { nodes_[a.node.value].linked = false; }
  void on(const owner_core::say_hello_to_node& a) {
    if (nodes_[a.node.value].is_deaf)
      return;
    post(a.node.value, [this, n = a.node.value] {
      nodes_[n].owner_known = true;
      post(n, [this, n] { perform(core_.on_node_welcome(node_id{n}, now_)); });
    });
  }
  void on(const owner_core::demand_lease& a) {
    post(0, [this, request = a.request] { on_demand(request); });
  }
  void on(const owner_core::demand_group& a) {
    post(0, [this, request = a.request] { on_group(request); });
  }
  void on(const owner_core::cancel_demand& a) {
    post(0, [this, request = a.request] {
      over_.insert(request);
      groups_.erase(request);
      const auto leases = leases_;
      for (const auto& [id, lease] : leases)
        if (lease.request == request)
          end_lease(id);
    });
  }
  void on(const owner_core::release_lease& a) {
    post(0, [this, id = a.lease.value] { end_lease(id); });
  }
  void on(const owner_core::start_work& a) {
    post(a.node.value, [this, n = a.node.value, k = a.work] { on_start(n, k); });
  }
  void on(const owner_core::stop_work& a) {
    post(a.node.value, [this, n = a.node.value, k = a.work] {
      if (const auto work = nodes_[n].works.find(k); work != nodes_[n].works.end() && !work->second) {
        work->second = work_end{work_end::how::stopped, {}, {errc::cancelled, "stopped"}, 0};
        if (const auto lease = leases_.find(k.lease.value); lease != leases_.end() && !lease->second.bundle)
          end_lease(k.lease.value);
      }
    });
  }
  void on(const owner_core::hear_work_end& a) {
    for (auto& [n, node] : nodes_) {
      const auto work = node.works.find(a.work);
      if (node.linked && work != node.works.end() && work->second)
        post(n, [this, n = n, k = a.work] { nodes_[n].works.erase(k); });
    }
  }
  void on(const owner_core::task_finished& a) { ++finished_[a.task.value]; }
  template <class Other>
  void on(const Other&) {}

  static constexpr std::uint64_t link_of_dials = 99; // Dials are answered whatever breaks.

  random_stream random_;
  owner_core core_;
  instant now_ = start;
  bool head_linked_ = false;
  bool head_is_deaf_ = false;
  std::uint64_t head_generation_ = 0;
  std::map<std::uint64_t, model_node> nodes_;
  std::map<std::uint64_t, model_lease> leases_;
  std::set<request_id> over_;
  std::set<request_id> groups_;
  std::deque<letter> letters_;
  std::map<std::uint64_t, instant> last_due_;
  std::uint64_t last_lease_ = 0;
  std::size_t submitted_ = 0;
  std::map<std::uint64_t, int> finished_;
};

} // namespace

TEST_CASE("owner: whatever is lost, late or repeated, each task ends exactly once and no lease is left over (I2)") {
  for_each_seed(300, [](seed s) {
    model_cluster cluster(s);
    random_stream random(s, "history");
    cluster.submit_group();
    auto in_bundle = task_spec(/*retries=*/-1);
    in_bundle->group = group_id{1};
    for (std::uint64_t task = 1; task <= 20; ++task) {
      cluster.submit(task, task % 4 == 0 ? in_bundle : task_spec(random.chance(0.5) ? -1 : 3));
      cluster.advance(std::chrono::milliseconds(random.below(100)));
      if (random.chance(0.5))
        cluster.suffer();
      if (random.chance(0.1))
        cluster.stop(1 + random.below(task));
    }

    for (int i = 0; i < 120 && !cluster.is_done(); ++i)
      cluster.advance(1s);
    cluster.release_group();
    cluster.advance(30s);

    REQUIRE(cluster.is_done());
    for (const auto& [task, times] : cluster.finished())
      REQUIRE(times == 1);
    REQUIRE(cluster.held() == 0);
  });
}
