#!/usr/bin/env python3
"""Searches with caf-tune from Python: python3 search.py [FLAG OF caf-tune ask-tell ...]

With --journal DIR it can be killed at any time; the same command goes on. $CAF_TUNE names the program."""
import json, os, subprocess, sys

here = os.path.dirname(os.path.abspath(__file__))
space = os.path.join(here, "space.yaml")
command = [os.environ.get("CAF_TUNE", "caf-tune"), "ask-tell", "--space", space, "--mode", "min"]
search = subprocess.Popen(command + sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

def say(what):
    print(json.dumps(what), file=search.stdin, flush=True)
    answer = json.loads(search.stdout.readline() or '{"error": "caf-tune has ended"}')
    return answer if "error" not in answer else sys.exit(answer["error"])

def loss(x, y, method):  # Yours: train and measure something.
    return (x - 1) ** 2 + (y + 2) ** 2 + (0 if method == "b" else 5)

waiting = say({"pending": True})["pending"]  # What an earlier run was killed over.
while True:
    trial = waiting.pop() if waiting else say({"ask": 1})
    if "config" not in trial or trial["trial"] > 100:  # The space is exhausted, or it is enough.
        break
    say({"tell": {"trial": trial["trial"], "value": loss(**trial["config"])}})
print(json.dumps(say({"best": True})))
search.stdin.close()
sys.exit(search.wait())
