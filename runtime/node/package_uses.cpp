#include "runtime/node/package_uses.hpp"

#include "runtime/base/invariant.hpp"

namespace runtime {

bool package_uses::remove(const package_id& package) {
  const auto found = uses_.find(package);
  CAF_TUNE_INVARIANT(found != uses_.end(), "a use of a package ended that never began");
  if (--found->second.count > 0)
    return false;
  CAF_TUNE_INVARIANT(found->second.waiting.empty(), "{} works wait for a package without a use",
                     found->second.waiting.size());
  uses_.erase(found);
  return true;
}

const worker_program* package_uses::program(const package_id& package) const {
  const auto found = uses_.find(package);
  return found == uses_.end() || !found->second.program ? nullptr : &*found->second.program;
}

void package_uses::wait_no_more(const package_id& package, work_key work) {
  if (const auto found = uses_.find(package); found != uses_.end())
    found->second.waiting.erase(work);
}

const std::set<work_key>& package_uses::waiting(const package_id& package) const {
  static const std::set<work_key> nobody;
  const auto found = uses_.find(package);
  return found == uses_.end() ? nobody : found->second.waiting;
}

std::vector<work_key> package_uses::on_ready(const package_id& package, worker_program program) {
  const auto found = uses_.find(package);
  if (found == uses_.end() || found->second.program)
    return {};
  found->second.program = std::move(program);
  std::vector<work_key> ready(found->second.waiting.begin(), found->second.waiting.end());
  found->second.waiting.clear();
  return ready;
}

std::vector<work_key> package_uses::on_failed(const package_id& package) {
  const auto found = uses_.find(package);
  if (found == uses_.end() || found->second.program)
    return {};
  std::vector<work_key> failed(found->second.waiting.begin(), found->second.waiting.end());
  found->second.waiting.clear();
  return failed;
}

} // namespace runtime
