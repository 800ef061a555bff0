#include "runtime/package/package_sources.hpp"

#include <utility>

namespace runtime {

package_sources::order package_sources::on_wanted(const std::vector<package_holder>& holders, bool owner_is_there) {
  for (const auto& holder : holders)
    if (known_.insert(holder).second)
      untried_.push_back(holder);
  owner_is_there_ = owner_is_there;
  if (present_ == source::none || (present_ == source::owner && !owner_is_there))
    return next();
  return stay{};
}

package_sources::order package_sources::on_another_owner() {
  owner_refused_.reset();
  return present_ == source::owner || present_ == source::none ? next() : stay{};
}

bool package_sources::on_dialled(const package_holder& holder) {
  if (present_ != source::dialled || dialled_ != holder)
    return false;
  present_ = source::holder;
  return true;
}

package_sources::order package_sources::on_dial_failed(const package_holder& holder) {
  return present_ == source::dialled && dialled_ == holder ? next() : stay{};
}

package_sources::order package_sources::on_lost() {
  if (present_ == source::owner)
    owner_is_there_ = false;
  return present_ == source::none ? stay{} : next();
}

package_sources::order package_sources::on_refused(error why) {
  if (present_ == source::owner)
    owner_refused_ = std::move(why);
  return present_ == source::none ? stay{} : next();
}

package_sources::order package_sources::on_doubt() {
  if (present_ == source::none || present_ == source::dialled)
    return stay{};
  if (present_ == source::owner && untried_.empty())
    return stay{}; // Nobody else knows better.
  return next();
}

package_sources::order package_sources::next() {
  present_ = source::none;
  dialled_.reset();
  if (!untried_.empty()) {
    present_ = source::dialled;
    dialled_ = untried_.front();
    untried_.pop_front();
    return dial{*dialled_};
  }
  if (owner_refused_)
    return give_up{*owner_refused_};
  if (!owner_is_there_)
    return wait{};
  present_ = source::owner;
  return ask_owner{};
}

} // namespace runtime
