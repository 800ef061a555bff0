"""Writes docs/reliability.md, on standard output, from what tools/soak --report has measured into a directory:

figures.jsonl      what fault_bench --json printed
false_deaths.json  what false_deaths printed
storms.txt         if it is there: the last line of the simulation
mutations.txt      if it is there: NAME found|missed, a line for each
machine.txt        KEY VALUE..., a line for each: date, preset, cpus, system, busy_before (percent), perhaps
                   a note
fuzz.json          if there is one: {"targets", "executions", "seconds", "findings"}
"""
import json
import pathlib
import sys

USUAL_ROUNDS = 20
LOADED = "_loaded"

INTRODUCTION = """\
# Reliability, measured

Written by `tools/soak --report`, which runs it all again; nothing here is written by hand. What is promised, and what
then happens, `docs/operating.md` says.
"""

ABOUT_THE_TABLE = """\
Each fault is done to real processes: workers, nodes, a head and drivers, which are killed, stopped, starved and cut
off. The time is from the fault until what the second column says. *At rest* nothing else runs; *at full load* each
processor has twice as much to do as it can, at the usual priority. Of {usual} rounds each, unless the row says
otherwise.
"""

NOT_MEASURED = """\
## What is not in the table

- That nothing is lost or counted twice meanwhile is no matter of time: `tests/integration/` and `tests/chaos/` check it
  for each of these faults, and the simulation for all that it draws.
- Delayed, repeated and reordered packets: the kernel's own means for them (`tc netem`) are not everywhere, and nothing
  here replaces them. Silent loss in each direction is in the table.
- A jump of the machine's clock: it is everybody's on the machine, and no namespace has one of its own. Deadlines and
  heartbeats count by clocks that do not jump; the wall clock only dates records.
"""


def lines_of(path):
    return [line for line in path.read_text().splitlines() if line.strip()]


def pairs_of(path):
    return dict(line.split(maxsplit=1) for line in lines_of(path))


def duration(ms):
    """As people read it: 5.01 s, 12 ms, 0.3 ms."""
    if ms >= 1000:
        return f"{ms / 1000:.2f} s"
    return f"{ms:.0f} ms" if ms >= 10 else f"{ms:.1f} ms"


def promise(figure):
    if figure["goal"] is None:
        return "none"
    words = figure["goal"].split()
    if words[:2] != ["at", "most"]:
        sys.exit(f"{figure['name']}: \"{figure['goal']}\" is no promise of a time")
    return duration(float(words[2]))


def measured(figure):
    """Median and worst; the worst in bold where it breaks the promise."""
    if figure is None:
        return ["not measured", ""]
    if figure["value"] is None:
        return [figure["beside"] or "not measured", ""]
    worst = duration(figure["value"])
    if figure["holds"] is False:
        worst = f"**{worst}**"
    of = "" if figure["rounds"] == USUAL_ROUNDS else f" (of {figure['rounds']})"
    return [duration(figure["median"]), worst + of]


def rows_of(figures):
    for name, figure in figures.items():
        if name.endswith(LOADED):
            continue
        fault, until = figure["what"].split(": ", 1)
        yield [fault, until, promise(figure)] + measured(figure) + measured(figures.get(name + LOADED))


def table(figures):
    yield "| fault | until | promised | at rest: median | worst | at full load: median | worst |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    last = None
    for fault, *rest in rows_of(figures):
        yield "| " + " | ".join(["" if fault == last else fault] + rest) + " |"
        last = fault


def broken(figures):
    return [name for name, figure in figures.items() if figure["holds"] is False]


def verdict(figures):
    missed = broken(figures)
    if not missed:
        return "Every promise holds."
    return f"Broken in this run: {', '.join(missed)}."


def storms(path):
    return lines_of(path)[-1] + "." if path.exists() else "None were run this time."


def mutations(path):
    if not path.exists():
        return "No faults were planted in the cores this time."
    found = pairs_of(path)
    missed = [name for name, how in found.items() if how != "found"]
    text = (f"{len(found) - len(missed)} of {len(found)} faults that were planted in the cores were found, each within "
            "200 seeds")
    return text + (f"; **not found: {', '.join(missed)}**." if missed else ".")


def false_deaths(path):
    seen = json.loads(path.read_text())
    lost = seen["lost"] if seen["lost"] == 0 else f"**{seen['lost']}**"
    return (f"{seen['nodes']} nodes whose cpus compute, on a machine at full load, for {seen['seconds']} s: "
            f"{lost} were declared dead.")


def fuzz(path):
    if not path.exists():
        return "No result of the fuzzers was there."
    seen = json.loads(path.read_text())
    return (f"{seen['executions']:,} executions of {seen['targets']} fuzzers in {seen['seconds']:,} s of each: "
            f"{seen['findings']} findings.")


def machine(path):
    seen = pairs_of(path)
    text = f"Measured on {seen['date']}: {seen['cpus']} processors, {seen['system']}, preset `{seen['preset']}`."
    if int(seen["busy_before"]) > 20:
        text += (f" **The machine was busy with other work**, which took {seen['busy_before']} % of the processors "
                 "before anything was measured: *at rest* is not at rest, and *at full load* is more than that.")
    if "note" in seen:
        text += f" {seen['note']}"
    return text


def report(directory):
    figures = {}
    for line in lines_of(directory / "figures.jsonl"):
        figure = json.loads(line)
        figures[figure["name"]] = figure
    yield INTRODUCTION
    yield machine(directory / "machine.txt") + "\n"
    yield "## From the fault to the reaction\n"
    yield ABOUT_THE_TABLE.format(usual=USUAL_ROUNDS)
    yield from table(figures)
    yield "\n" + verdict(figures) + "\n"
    yield "## Nobody is declared dead for being busy\n"
    yield false_deaths(directory / "false_deaths.json") + "\n"
    yield "## Simulated clusters\n"
    yield storms(directory / "storms.txt") + "\n"
    yield mutations(directory / "mutations.txt") + "\n"
    yield "## Fuzzers\n"
    yield fuzz(directory / "fuzz.json") + "\n"
    yield NOT_MEASURED.rstrip("\n")


if len(sys.argv) != 2:
    sys.exit("usage: reliability_report.py DIRECTORY")
print("\n".join(report(pathlib.Path(sys.argv[1]))))
