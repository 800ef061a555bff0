"""Trials a second of Optuna, each a trivial function, with a storage that outlives a crash: a line on standard output.

usage: optuna_peer.py journal|sqlite TRIALS DIRECTORY
"""
import sys
import time
import warnings

import optuna

kind, trials, directory = sys.argv[1], int(sys.argv[2]), sys.argv[3]
optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
if kind == "journal":
    file = optuna.storages.JournalFileStorage(directory + "/journal")
    storage = optuna.storages.JournalStorage(file)
else:
    storage = optuna.storages.RDBStorage("sqlite:///" + directory + "/study.db")
study = optuna.create_study(storage=storage, sampler=optuna.samplers.RandomSampler(seed=0))
began = time.perf_counter()
study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=trials)
took = time.perf_counter() - began
assert len(study.trials) == trials
print(f"{trials / took:.0f}/s ({optuna.__version__})")
