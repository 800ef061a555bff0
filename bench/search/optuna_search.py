"""Optuna on the functions of search_quality: prints the same lines as `search_quality run`.

usage: optuna_search.py PROGRAM [--sampler tpe|random|cma_es] [--seeds N] [--first-seed N] [--trials N] [--pending N]
       [--only NAME,NAME]
"""
import argparse
import json
import math
import subprocess
import sys
import warnings

import optuna

parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("--sampler", default="tpe")
parser.add_argument("--seeds", type=int, default=10)
parser.add_argument("--first-seed", type=int, default=1)
parser.add_argument("--trials", type=int, default=200)
parser.add_argument("--pending", type=int, default=1)
parser.add_argument("--only", default="")
args = parser.parse_args()
optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.simplefilter("ignore")


def is_active(when, config):
    def holds(name, values):
        return name in config and config[name] in (values if isinstance(values, list) else [values])
    return all(holds(*each) for each in when.items())


def suggest(trial, space):
    config = {}
    for name, form in space.items():
        if not is_active(form.get("when", {}), config):
            continue
        kind, what = next((k, v) for k, v in form.items() if k != "when")
        if kind in ("uniform", "loguniform"):
            config[name] = trial.suggest_float(name, what[0], what[1], log=kind == "loguniform")
        elif kind == "quniform":
            index = trial.suggest_int(name, 0, round((what[1] - what[0]) / what[2]))
            config[name] = min(what[0] + index * what[2], what[1])
        elif kind in ("randint", "lograndint"):
            config[name] = trial.suggest_int(name, what[0], what[1] - 1, log=kind == "lograndint")
        elif kind == "ordinal":
            config[name] = what[trial.suggest_int(name, 0, len(what) - 1)]
        elif kind == "choice":
            config[name] = trial.suggest_categorical(name, what)
        else:
            sys.exit(f"optuna_search.py: {kind} is not translated")
    return config


def sampler(space, seed):
    if args.sampler == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    if args.sampler == "cma_es":
        return optuna.samplers.CmaEsSampler(seed=seed)
    return optuna.samplers.TPESampler(
        seed=seed, multivariate=True, constant_liar=args.pending > 1,
        group=any("when" in form for form in space.values() if isinstance(form, dict)))


def regrets_of(function, space, seed):
    study = optuna.create_study(sampler=sampler(space, seed))
    pending, regrets, best, regret = [], [], math.inf, math.inf
    asked = 0
    while len(regrets) < args.trials:
        while len(pending) < args.pending and asked < args.trials:
            trial = study.ask()
            asked += 1
            pending.append((trial, suggest(trial, space), asked))
        trial, config, number = pending.pop(0)
        line = {"function": function, "seed": seed, "trial": number, "config": config}
        evaluator.stdin.write(json.dumps(line) + "\n")
        evaluator.stdin.flush()
        answer = json.loads(evaluator.stdout.readline())
        study.tell(trial, answer["seen"])
        if answer["seen"] < best:
            best, regret = answer["seen"], answer["regret"]
        regrets.append(regret)
    return regrets


listing = subprocess.run([args.program, "list"], check=True, capture_output=True, text=True).stdout
evaluator = subprocess.Popen([args.program, "evaluate"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
functions = [each for each in map(json.loads, listing.splitlines())
             if not args.only or each["function"] in args.only.split(",")]
for seed in range(args.first_seed, args.first_seed + args.seeds):
    for each in functions:
        found = regrets_of(each["function"], each["space"], seed)
        print(json.dumps({"searcher": "optuna_" + args.sampler, "function": each["function"], "pending": args.pending,
                          "seed": seed, "regrets": found}), flush=True)
