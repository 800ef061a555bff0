"""Optuna on the functions of search_quality: prints the same lines as `search_quality run`.

usage: optuna_search.py PROGRAM [--sampler tpe|random|cma_es] [--seeds N] [--first-seed N] [--trials N] [--pending N]
       [--only NAME,NAME]
"""
import argparse
import json
import math
import subprocess
import warnings

import optuna

from optuna_space import suggest

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
