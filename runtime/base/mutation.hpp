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

  // Of the layer above.
  acknowledge_before_sync,  ///< A journal says of what it has written that it is on disk.
  take_damage_for_torn,     ///< A journal that is damaged is cut off there, as if a crash had left it so.
  trust_failed_sync,        ///< A journal that is opened again does not write again what may be taken for written.
  answer_before_disk,       ///< A controller answers a report whose result is not on disk yet.
  answer_twice,             ///< A controller answers a report that comes twice a second time.
  start_before_disk,        ///< A controller begins an attempt whose number is not on disk yet.
  drop_before_disk,         ///< A controller drops a checkpoint before it is on disk that there is another one.
  count_late_report,        ///< A controller hears an attempt that is not a trial's newest.
  forget_newest_checkpoint, ///< A controller has a trial go on from its oldest checkpoint.
  seal_without_sync,        ///< A checkpoint's files are not synced before its manifest says that they are whole.
  forget_trial_directory,   ///< That a trial's directory is there is not synced with its checkpoints.
  skip_checkpoint_checksum, ///< A checkpoint whose files have the right sizes is taken for whole.
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
