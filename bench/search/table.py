"""Compares searchers: what `search_quality run` and optuna_search.py printed becomes a table.

usage: table.py FILE... [--trials 50,100,200] [--of SEARCHER --against SEARCHER]

For each function the median regret of each searcher with its quartiles; below, for each searcher, its average rank and
its score: the geometric mean over the functions of its median regret by that of random search. With --of and --against
it says on which functions one is worse or better than the other (Mann and Whitney, two-sided, 1 %), and exits 1 if
it is worse on any.
"""
import argparse
import collections
import json
import math
import statistics
import sys


def rank_sum_test(a, b):
    """The probability of so different ranks by chance, by the normal approximation with ties; and whether a is less."""
    every = sorted((x, i) for i, values in enumerate((a, b)) for x in values)
    ranks, ties, i = [0.0, 0.0], 0, 0
    while i < len(every):
        j = i
        while j < len(every) and every[j][0] == every[i][0]:
            j += 1
        for _, owner in every[i:j]:
            ranks[owner] += (i + j + 1) / 2
        ties += (j - i) ** 3 - (j - i)
        i = j
    n, m = len(a), len(b)
    u = ranks[0] - n * (n + 1) / 2
    variance = n * m / 12 * ((n + m + 1) - ties / ((n + m) * (n + m - 1)))
    if variance <= 0:
        return 1.0, False
    z = max(0.0, abs(u - n * m / 2) - 0.5) / math.sqrt(variance)
    return math.erfc(z / math.sqrt(2)), u < n * m / 2


def quartiles(values):
    values = sorted(values)
    def at(share):
        return values[round(share * (len(values) - 1))]
    return statistics.median(values), at(0.25), at(0.75)


parser = argparse.ArgumentParser()
parser.add_argument("files", nargs="+")
parser.add_argument("--trials", default="50,100,200")
parser.add_argument("--of")
parser.add_argument("--against")
args = parser.parse_args()
found = collections.defaultdict(list)
for file in args.files:
    for line in map(json.loads, open(file, encoding="utf-8")):
        found[line["pending"], line["function"], line["searcher"]].append(line["regrets"])
is_worse = False
for pending in sorted({key[0] for key in found}):
    functions = list(dict.fromkeys(f for p, f, _ in found if p == pending))
    searchers = list(dict.fromkeys(s for p, _, s in found if p == pending))
    for trials in map(int, args.trials.split(",")):
        print(f"\n{trials} trials, {pending} pending\n{'':22}" + "".join(f"{s:>32}" for s in searchers))
        rank_sums, logs, counted = collections.Counter(), collections.Counter(), 0
        verdicts = {"worse": [], "better": []}
        for function in functions:
            at = {s: [r[trials - 1] for r in found[pending, function, s]] for s in searchers}
            if not all(at.values()):
                continue
            counted += 1
            medians = {s: quartiles(at[s]) for s in searchers}
            for s in searchers:
                rank_sums[s] += (sum(medians[o][0] < medians[s][0] for o in searchers)
                                 + sum(medians[o][0] <= medians[s][0] for o in searchers) + 1) / 2
                if "random" in searchers:
                    least = 1e-12
                    logs[s] += math.log(max(medians[s][0], least) / max(medians["random"][0], least))
            mark = ""
            if args.of and args.against:
                probability, is_less = rank_sum_test(at[args.of], at[args.against])
                if probability < 0.01:
                    mark = "better" if is_less else "worse"
                    verdicts[mark].append(function)
            print(f"{function:22}" + "".join("{:>12.4g} ({:.3g} to {:.3g})".format(*medians[s]).rjust(32)
                                             for s in searchers) + "  " + mark)
        if counted == 0:
            continue
        print(f"{'average rank':22}" + "".join(f"{rank_sums[s] / counted:32.2f}" for s in searchers))
        if "random" in searchers:
            print(f"{'score':22}" + "".join(f"{math.exp(logs[s] / counted):32.3f}" for s in searchers))
        if args.of and args.against:
            is_worse = is_worse or bool(verdicts["worse"])
            print(f"{args.of} against {args.against}: better on {len(verdicts['better'])} of {counted}, worse on "
                  f"{len(verdicts['worse'])}" + "".join("\n  worse: " + f for f in verdicts["worse"]))
sys.exit(1 if is_worse else 0)
