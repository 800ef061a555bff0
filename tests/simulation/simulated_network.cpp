#include "tests/simulation/simulated_network.hpp"

#include <algorithm>
#include <stdexcept>

#include <caf/actor_proxy.hpp>
#include <caf/all.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>

#include "tests/simulation/message_text.hpp"

namespace sim {

std::string host_of(machine m) {
  return "m" + std::to_string(m);
}

std::chrono::nanoseconds between(random_stream& random, std::chrono::nanoseconds least, std::chrono::nanoseconds most) {
  return least + std::chrono::nanoseconds(random.below(static_cast<std::uint64_t>((most - least).count()) + 1));
}

namespace {

machine machine_of(const std::string& host) {
  return static_cast<machine>(std::stoul(host.substr(1)));
}

caf::node_id caf_node_of(machine m, std::uint32_t start) {
  caf::node_id::default_data::host_id_type host{};
  host[0] = 1;
  return caf::make_node_id((m + 1) << 16 | start, host);
}

caf::actor_proxy& proxy(const caf::strong_actor_ptr& handle) {
  return *static_cast<caf::actor_proxy*>(handle->get());
}

} // namespace

/// A handle of an actor on another machine. For actors the same as BASP's proxy: messages go out in order, a lost
/// connection kills it, which its monitors hear, and what is sent to it afterwards vanishes without an answer.
class remote_handle : public caf::actor_proxy {
public:
  remote_handle(caf::actor_config& config, network& net, std::uint64_t link, std::size_t end,
                caf::strong_actor_ptr remote)
    : actor_proxy(config),
      net_(net),
      link_(link),
      end_(end),
      remote_(std::move(remote)) {}
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    if (remote_)
      net_.transmit(link_, end_, remote_, *what);
  }
  void kill_proxy(caf::execution_unit* context, caf::error why) override {
    remote_ = nullptr;
    cleanup(std::move(why), context);
  }

private:
  network& net_;
  std::uint64_t link_;
  std::size_t end_;
  caf::strong_actor_ptr remote_;
};

/// Answers what CAF's middleman actor answers.
class middleman_actor : public caf::event_based_actor {
public:
  middleman_actor(caf::actor_config& config, network& net, machine m) : event_based_actor(config), net_(net), m_(m) {}
  caf::behavior make_behavior() override {
    return {
      [this](caf::publish_atom, std::uint16_t port, caf::strong_actor_ptr& whom, const std::set<std::string>&,
             const std::string&, bool) {
        net_.listen(m_, port, whom);
        return port;
      },
      [this](caf::connect_atom, const std::string& host,
             std::uint16_t port) -> caf::result<caf::node_id, caf::strong_actor_ptr, std::set<std::string>> {
        auto promise = make_response_promise();
        const auto key = ++last_;
        pending_.emplace(key, promise);
        net_.dial(m_, host, port, [self = caf::actor_cast<caf::actor>(address()), key](caf::strong_actor_ptr whom) {
          caf::anon_send(self, caf::ok_atom::value, key, std::move(whom));
        });
        return caf::delegated<caf::node_id, caf::strong_actor_ptr, std::set<std::string>>{};
      },
      [this](caf::ok_atom, std::uint64_t key, caf::strong_actor_ptr& whom) {
        auto promise = pending_.extract(key);
        if (!whom)
          promise.mapped().deliver(caf::make_error(caf::sec::cannot_connect_to_node));
        else {
          const auto node = whom->node();
          promise.mapped().deliver(node, std::move(whom), std::set<std::string>{});
        }
      },
    };
  }
  void on_exit() override { pending_.clear(); }

private:
  network& net_;
  machine m_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, caf::response_promise> pending_;
};

network::network(caf::actor_system& system, std::uint64_t seed, network_options options)
  : system_(system),
    scheduler_(static_cast<caf::scheduler::test_coordinator&>(system.scheduler())),
    random_(seed, "network"),
    schedule_(seed, "schedule"),
    repeats_(seed, "repeats"),
    options_(options) {
}

network::~network() {
  for (auto& [number, l] : links_) // Handles and actors hold each other across a link.
    for (auto& handles : l.handles)
      for (auto& [address, handle] : handles)
        proxy(handle).kill_proxy(nullptr, caf::exit_reason::kill);
}

std::uint32_t network::start_of(machine m) const {
  const auto found = starts_.find(m);
  return found == starts_.end() ? 0 : found->second;
}

instant network::now() const {
  return instant{scheduler_.clock().now().time_since_epoch()};
}

caf::actor network::middleman_of(machine m) {
  return system_.spawn<middleman_actor>(*this, m);
}

void network::tell(const std::string& what) const {
  listener_(fmt::format("{:11.6f} s  {}", std::chrono::duration<double>(now().time_since_epoch()).count(), what));
}

void network::at(instant when, std::function<void()> what) {
  delivery d;
  d.what = std::move(what);
  queue_.emplace(std::pair{std::max(when, now()), ++last_event_}, std::move(d));
}

// ---- connections ----

void network::reach(machine from, machine to, std::chrono::nanoseconds deadline, std::function<bool()> is_welcome,
                    std::function<void(dial_outcome, std::uint64_t)> told) {
  if (blocked_.count({from, to}) != 0 || blocked_.count({to, from}) != 0)
    return at(now() + deadline, [told = std::move(told)] { told(dial_outcome::silent, 0); });
  at(now() + delay() + delay(), [this, from, to, is_welcome = std::move(is_welcome), told = std::move(told)] {
    if (!is_welcome())
      return told(dial_outcome::refused, 0);
    auto& l = links_[++last_link_];
    l.ends = {from, to};
    l.starts = {start_of(from), start_of(to)};
    told(dial_outcome::linked, last_link_);
  });
}

std::optional<std::uint64_t> network::standing_link(machine from, machine to, std::size_t for_end) const {
  for (const auto& [number, l] : links_)
    if (!l.is_for_frames && !l.knows[for_end] && l.ends == std::array{from, to} &&
        l.starts == std::array{start_of(from), start_of(to)})
      return number;
  return std::nullopt;
}

void network::dial(machine from, const std::string& host, std::uint16_t port,
                   std::function<void(caf::strong_actor_ptr)> told) {
  const std::pair whither{machine_of(host), port};
  const auto is_welcome = [this, from, whither] {
    return ports_.count(whither) != 0 &&
           (standing_link(from, whither.first, 0) || !standing_link(from, whither.first, 1));
  };
  reach(from, whither.first, options_.connect_deadline, is_welcome,
        [this, from, whither, told = std::move(told)](dial_outcome outcome, std::uint64_t number) {
          if (outcome != dial_outcome::linked)
            return told(nullptr);
          const auto used = standing_link(from, whither.first, 0).value_or(number); // The oldest, as with BASP.
          if (used != number)
            links_.erase(number);
          told(handle_for(used, 0, ports_.at(whither)));
        });
}

void network::listen_for_frames(machine m, std::uint16_t port, std::function<frame_peer(link_end)> on_accept) {
  frame_ports_[{m, port}] = std::move(on_accept);
}

void network::dial_for_frames(machine from, const std::string& host, std::uint16_t port,
                              std::chrono::nanoseconds deadline,
                              std::function<frame_peer(dial_outcome, link_end)> told) {
  const std::pair whither{machine_of(host), port};
  reach(
    from, whither.first, deadline, [this, whither] { return frame_ports_.count(whither) != 0; },
    [this, whither, told = std::move(told)](dial_outcome outcome, std::uint64_t number) {
      if (outcome == dial_outcome::linked) {
        links_.at(number).is_for_frames = true;
        links_.at(number).peers[1] = frame_ports_.at(whither)({number, 1});
      }
      auto peer = told(outcome, {number, 0});
      if (outcome == dial_outcome::linked)
        links_.at(number).peers[0] = std::move(peer);
    });
}

void network::send_frame(link_end from, std::string frame) {
  const auto found = links_.find(from.link);
  if (found == links_.end() || !found->second.up)
    return;
  for (const char c : frame)
    trace(static_cast<unsigned char>(c));
  delivery d;
  d.link = from.link;
  d.to_end = 1 - from.end;
  d.what = [this, to = link_end{from.link, d.to_end}, frame = std::move(frame)] {
    if (const auto on_frame = links_.at(to.link).peers[to.end].on_frame)
      on_frame(frame);
  };
  dispatch(found->second, std::move(d));
}

void network::close(link_end from) {
  const auto found = links_.find(from.link);
  if (found == links_.end())
    return;
  found->second.peers[from.end] = {};
  if (found->second.up)
    cut(from.link, found->second, {options_.most_delay, options_.most_delay});
}

caf::strong_actor_ptr network::handle_for(std::uint64_t number, std::size_t end, const caf::strong_actor_ptr& remote) {
  if (!remote)
    return nullptr;
  const auto address = caf::actor_cast<caf::actor_addr>(remote);
  auto& l = links_.at(number);
  if (const auto known = l.handles[end].find(address); known != l.handles[end].end())
    return known->second;
  caf::actor_config config;
  auto handle = caf::make_actor<remote_handle, caf::strong_actor_ptr>(
    remote->id(), caf_node_of(l.ends[1 - end], l.starts[1 - end]), &system_, config, *this, number, end, remote);
  l.handles[end].emplace(address, handle);
  remote->get()->attach_functor(
    [this, number, end, address](const caf::error& why) { tell_end(number, end, address, why); });
  return handle;
}

/// An actor has ended: its handle at the other end does so, after all that it said.
void network::tell_end(std::uint64_t number, std::size_t end, const caf::actor_addr& whose, const caf::error& why) {
  const auto found = links_.find(number);
  if (found == links_.end() || !found->second.up)
    return;
  delivery d;
  d.link = number;
  d.to_end = end;
  d.what = [this, number, end, whose, why] {
    if (auto ended = links_.at(number).handles[end].extract(whose))
      proxy(ended.mapped()).kill_proxy(nullptr, why);
  };
  dispatch(found->second, std::move(d));
}

caf::message network::through_bytes(const caf::message& content) {
  bytes_.clear();
  caf::message copy;
  if (caf::binary_serializer sink{system_.dummy_execution_unit(), bytes_}; sink(content))
    throw std::logic_error("a message cannot be serialised: " + caf::to_string(content));
  if (caf::binary_deserializer source{system_.dummy_execution_unit(), bytes_}; source(copy))
    throw std::logic_error("a message cannot be read back: " + caf::to_string(content));
  for (const char c : bytes_)
    trace(static_cast<unsigned char>(c));
  return copy;
}

void network::transmit(std::uint64_t number, std::size_t from_end, const caf::strong_actor_ptr& to,
                       caf::mailbox_element& what) {
  const auto found = links_.find(number);
  if (found == links_.end() || !found->second.up)
    return;
  delivery d;
  d.link = number;
  d.to_end = 1 - from_end;
  d.to = to;
  d.sender = handle_for(number, d.to_end, what.sender);
  d.mid = what.mid;
  d.content = through_bytes(what.move_content_to_message());
  if (now() < repeats_until_ && d.mid.is_async() && repeats_.chance(0.5))
    dispatch(found->second, d);
  dispatch(found->second, std::move(d));
}

void network::dispatch(link& l, delivery d) {
  if (blocked_.count({l.ends[1 - d.to_end], l.ends[d.to_end]}) != 0)
    l.held[d.to_end].push_back(std::move(d));
  else
    send_later(l, std::move(d));
}

void network::send_later(link& l, delivery d) {
  auto& last = l.last_due[d.to_end];
  last = std::max(last, now() + delay());
  queue_.emplace(std::pair{last, ++last_event_}, std::move(d));
}

void network::deliver(delivery& d) {
  if (d.link == 0)
    return d.what();
  const auto found = links_.find(d.link);
  if (found == links_.end() || (!found->second.up && now() > found->second.cut_at[d.to_end]))
    return;
  trace(static_cast<std::uint64_t>(now().time_since_epoch().count()));
  trace(found->second.ends[d.to_end]);
  ++delivered_;
  if (d.what)
    return d.what();
  if (listener_)
    note("{} -> {}  {}", host_of(found->second.ends[1 - d.to_end]), host_of(found->second.ends[d.to_end]),
         text_of(system_, d.content));
  d.to->get()->enqueue(d.sender, d.mid, std::move(d.content), nullptr);
}

// ---- what goes wrong ----

void network::block(machine from, machine to) {
  note("nothing passes from {} to {}", host_of(from), host_of(to));
  blocked_.insert({from, to});
}

void network::unblock(machine from, machine to) {
  if (blocked_.erase({from, to}) == 0)
    return;
  note("{} reaches {} again", host_of(from), host_of(to));
  for (auto& [number, l] : links_)
    for (const std::size_t end : {0, 1})
      if (l.ends[end] == to && l.ends[1 - end] == from)
        for (auto& d : std::exchange(l.held[end], {}))
          send_later(l, std::move(d));
}

void network::unblock_all() {
  for (const auto& [from, to] : std::set(blocked_))
    unblock(from, to);
}

void network::reset(machine a, machine b, std::chrono::nanoseconds a_learns, std::chrono::nanoseconds b_learns) {
  for (auto& [number, l] : links_) {
    if (l.up && l.ends == std::array{a, b})
      cut(number, l, {a_learns, b_learns});
    else if (l.up && l.ends == std::array{b, a})
      cut(number, l, {b_learns, a_learns});
  }
}

void network::forget(machine m, std::chrono::nanoseconds others_learn) {
  const auto erase_ports = [m](auto& ports) {
    for (auto i = ports.lower_bound({m, 0}); i != ports.end() && i->first.first == m;)
      i = ports.erase(i);
  };
  ++starts_[m];
  erase_ports(ports_);
  erase_ports(frame_ports_);
  for (auto& [number, l] : links_)
    if (l.up && (l.ends[0] == m || l.ends[1] == m))
      cut(number, l,
          {l.ends[0] == m ? std::chrono::nanoseconds(0) : others_learn,
           l.ends[1] == m ? std::chrono::nanoseconds(0) : others_learn});
}

void network::cut(std::uint64_t number, link& l, std::array<std::chrono::nanoseconds, 2> learns) {
  l.up = false;
  note("a connection of {} and {} ends", host_of(l.ends[0]), host_of(l.ends[1]));
  for (const std::size_t end : {0, 1}) {
    const auto learned = between(random_, std::chrono::nanoseconds(0), learns[end]);
    l.cut_at[end] = now() + between(random_, std::chrono::nanoseconds(0), learned); // The sender cannot know.
    at(now() + learned, [this, number, end] { lose(number, end); });
  }
}

void network::lose(std::uint64_t number, std::size_t end) {
  auto& l = links_.at(number);
  l.knows[end] = true;
  note("{} learns that its connection to {} has ended", host_of(l.ends[end]), host_of(l.ends[1 - end]));
  auto handles = std::exchange(l.handles[end], {});
  const auto peer = std::exchange(l.peers[end], {});
  if (l.knows[1 - end])
    links_.erase(number);
  for (auto& [address, handle] : handles)
    proxy(handle).kill_proxy(nullptr, caf::exit_reason::remote_link_unreachable);
  if (peer.on_lost)
    peer.on_lost();
}

// ---- time ----

/// The next that happens: an actor takes a message, a timer fires, something arrives. False: nothing until then.
bool network::step(instant limit) {
  if (auto& jobs = scheduler_.jobs; !jobs.empty()) {
    std::swap(jobs.front(), jobs[schedule_.below(jobs.size())]);
    scheduler_.run_once();
    return true;
  }
  auto& clock = scheduler_.clock();
  const auto timer =
    clock.schedule().empty() ? instant::max() : instant{clock.schedule().begin()->first.time_since_epoch()};
  const auto arrival = queue_.empty() ? instant::max() : queue_.begin()->first.first;
  if (std::min(timer, arrival) > limit)
    return false;
  if (timer < arrival) {
    clock.trigger_timeout();
    return true;
  }
  clock.current_time = caf::actor_clock::time_point{arrival.time_since_epoch()};
  auto next = queue_.extract(queue_.begin());
  deliver(next.mapped());
  return true;
}

void network::run_until(instant limit, const std::function<bool()>& goes_on_after_each_event) {
  while (step(limit))
    if (!goes_on_after_each_event())
      return;
  scheduler_.clock().current_time = caf::actor_clock::time_point{limit.time_since_epoch()};
}

} // namespace sim
