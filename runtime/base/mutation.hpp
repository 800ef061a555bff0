#pragma once

namespace runtime {

/// Faults that a second build of some sources can have, each by itself, so that it can be seen that the simulation
/// finds them (tests/simulation/mutation_test). In every other build mutated() is the constant false: no code remains.
enum class mutation {
  forget_fencing,               ///< A node that was cut off lets its workers run.
  hide_ending_leases,           ///< A node does not list to a new head what is about to end.
  forget_unheard_lease_end,     ///< A node tells once that a lease has ended.
  forget_adoption,              ///< A head does not take over what its nodes list.
  give_back_before_end,         ///< A head takes for free what a node is only told to end.
  keep_quota_used,              ///< A head counts what an owner had for used when it has ended.
  forget_to_look_again,         ///< A head does not look at who waits when a lease has ended.
  keep_leases_of_gone_owner,    ///< A head does not end what an owner that is gone had.
  keep_lease_of_cancelled,      ///< A head does not end what had been granted for a demand that is cancelled.
  declare_lost_too_early,       ///< A head takes a node for lost that has not fenced itself yet.
  forget_demands,               ///< An owner does not ask a new head again.
  count_end_of_another_attempt, ///< An owner takes the end of an earlier attempt for that of the present one.
};

#ifdef CAF_TUNE_MUTANTS
/// Whether this process has the fault. Defined by the program that plants it.
bool is_planted(mutation what) noexcept;
static inline bool mutated(mutation what) noexcept {
  return is_planted(what);
}
#else
static constexpr bool mutated(mutation) noexcept {
  return false;
}
#endif

} // namespace runtime
