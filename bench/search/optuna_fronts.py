"""Optuna on the functions of front_quality: prints the same lines as `front_quality run`.

usage: optuna_fronts.py PROGRAM [--sampler nsga2|nsga2_sbx|tpe|random] [--seeds N] [--first-seed N] [--trials N]
       [--pending N] [--only NAME,NAME]
"""
import argparse
import json
import subprocess
import warnings

import optuna

from optuna_space import suggest

parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("--sampler", default="nsga2")
parser.add_argument("--seeds", type=int, default=10)
parser.add_argument("--first-seed", type=int, default=1)
parser.add_argument("--trials", type=int, default=1000)
parser.add_argument("--pending", type=int, default=1)
parser.add_argument("--only", default="")
args = parser.parse_args()
optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.simplefilter("ignore")


def sampler(seed):
    if args.sampler == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    if args.sampler == "tpe":
        return optuna.samplers.TPESampler(seed=seed, constant_liar=args.pending > 1)
    crossover = optuna.samplers.nsgaii.SBXCrossover() if args.sampler == "nsga2_sbx" else None
    return optuna.samplers.NSGAIISampler(seed=seed, crossover=crossover)


def losses_in(function, space, objectives, seed):
    study = optuna.create_study(sampler=sampler(seed), directions=["minimize"] * objectives)
    pending, losses, asked = [], [], 0
    while len(losses) < args.trials:
        while len(pending) < args.pending and asked < args.trials:
            trial = study.ask()
            asked += 1
            pending.append((trial, suggest(trial, space)))
        trial, config = pending.pop(0)
        evaluator.stdin.write(json.dumps({"function": function, "config": config}) + "\n")
        evaluator.stdin.flush()
        losses.append(json.loads(evaluator.stdout.readline()))
        study.tell(trial, losses[-1])
    return losses


listing = subprocess.run([args.program, "list"], check=True, capture_output=True, text=True).stdout
evaluator = subprocess.Popen([args.program, "evaluate"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
functions = [each for each in map(json.loads, listing.splitlines())
             if not args.only or each["function"] in args.only.split(",")]
for each in functions:
    for seed in range(args.first_seed, args.first_seed + args.seeds):
        found = losses_in(each["function"], each["space"], each["objectives"], seed)
        print(json.dumps({"searcher": "optuna_" + args.sampler, "function": each["function"], "seed": seed,
                          "pending": args.pending, "losses": found}), flush=True)
