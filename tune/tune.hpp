#pragma once

/// All that a program needs to search: trainables, spaces, experiments, sessions and their results.

#include "tune/callbacks.hpp"
#include "tune/config.hpp"
#include "tune/experiment.hpp"
#include "tune/objective.hpp"
#include "tune/path.hpp"
#include "tune/result_grid.hpp"
#include "tune/running_experiment.hpp"
#include "tune/schedulers.hpp"
#include "tune/search_space.hpp"
#include "tune/searchers.hpp"
#include "tune/session.hpp"
#include "tune/trainable.hpp"
#include "tune/trial.hpp"
#include "tune/trial_actor.hpp"
