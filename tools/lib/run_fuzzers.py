"""Runs libFuzzer programs, several at a time, and shows what each has done.

usage: run_fuzzers.py PROGRAMS SECONDS JOBS CORPUS WORK

PROGRAMS  a file with a program a line, named as their targets: runtime.head.head_wire_fuzz
SECONDS   so long each
JOBS      so many at a time
CORPUS    the directory of the corpora: CORPUS/runtime/head/head_wire holds that program's inputs, and
          CORPUS/runtime/head/head_wire.dict words that may be among them
WORK      where each program keeps the inputs that it has found, to go on with them next time, its log, and what it
          fails on; and where results.json is written, an object for each program

Fails with 1 if a program finds something (a crash, a leak, an input that takes 10 s or 2 GiB, something that must hold
and does not), or cannot be run.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

MOST_SECONDS_OF_AN_INPUT = 10
MOST_MEMORY_MB = 2048

# Our own programs leave signals alone, as what they do at a crash is tested. A fuzzer must survive an overflow of its
# stack for long enough to write down what it was given.
SANITIZER_OPTIONS = "handle_segv=1:handle_sigbus=1:handle_sigfpe=1:handle_sigill=1:handle_abort=1:use_sigaltstack=1"


def name_of(program):
    """runtime.head.head_wire_fuzz is "runtime/head/head_wire"."""
    return re.sub("_fuzz$", "", os.path.basename(program)).replace(".", "/")


def command_of(program, seconds, corpus, work):
    name = name_of(program)
    found, seeds = work / name / "inputs", work / name / "seeds"
    for directory in (found, seeds):
        directory.mkdir(parents=True, exist_ok=True)
    subprocess.run([program, "--write-seeds", seeds], check=True)
    command = [program, found, seeds]
    if (corpus / name).is_dir():
        command.append(corpus / name)
    command += [f"-max_total_time={seconds}", f"-timeout={MOST_SECONDS_OF_AN_INPUT}",
                f"-rss_limit_mb={MOST_MEMORY_MB}", f"-artifact_prefix={work / name}/", "-print_final_stats=1"]
    words = corpus / (name + ".dict")
    if words.is_file():
        command.append(f"-dict={words}")
    return [str(part) for part in command]


def result_from(name, log, code):
    """What a program's log says; its numbers are None where it did not come to an end."""
    def stat(what):
        found = re.search(rf"^stat::{what}:\s*(\d+)", log, re.MULTILINE)
        return int(found.group(1)) if found else None

    coverage = [int(x) for x in re.findall(r"^#\d+\s+(?:INITED|NEW|REDUCE|RELOAD|pulse|DONE)\s+cov: (\d+)", log,
                                           re.MULTILINE)]
    artifacts = re.findall(r"Test unit written to (\S+)", log)
    executions = stat("number_of_executed_units")
    return {"name": name, "executions": executions, "executions_per_second": stat("average_exec_per_sec"),
            "coverage": coverage[-1] if coverage else None,
            "new_coverage": coverage[-1] - coverage[0] if coverage else None,
            "new_inputs": stat("new_units_added"), "peak_memory_mb": stat("peak_rss_mb"),
            "failed": code != 0 or executions is None, "found": artifacts[0] if artifacts else None}


def run(program, seconds, corpus, work):
    name = name_of(program)
    try:
        command = command_of(program, seconds, corpus, work)
    except (OSError, subprocess.CalledProcessError) as why:
        return {**result_from(name, "", 1), "why": str(why)}
    log = work / name / "log"
    with open(log, "wb") as out:
        code = subprocess.run(command, stdout=out, stderr=out, check=False,
                              env={**os.environ, "ASAN_OPTIONS": SANITIZER_OPTIONS}).returncode
    result = result_from(name, log.read_text(errors="replace"), code)
    return {**result, "why": f"see {log}"} if result["failed"] else result


def table(results):
    columns = ["name", "executions", "executions_per_second", "coverage", "new_coverage", "new_inputs",
               "peak_memory_mb"]
    rows = [[column.replace("_", " ") for column in columns]]
    for result in results:
        rows.append([f"{result[c]:,}" if isinstance(result[c], int) else result[c] or "" for c in columns])
    widths = [max(len(row[i]) for row in rows) for i in range(len(columns))]
    return "\n".join("  ".join([row[0].ljust(widths[0])] + [x.rjust(w) for x, w in zip(row[1:], widths[1:])]).rstrip()
                     for row in rows)


def main(programs_file, seconds, jobs, corpus, work):
    corpus, work = pathlib.Path(corpus), pathlib.Path(work)
    programs = pathlib.Path(programs_file).read_text().split()
    with concurrent.futures.ThreadPoolExecutor(int(jobs)) as pool:
        results = list(pool.map(lambda program: run(program, seconds, corpus, work), programs))
    work.mkdir(parents=True, exist_ok=True)
    (work / "results.json").write_text(json.dumps({"seconds_each": int(seconds), "programs": results}, indent=1) + "\n")
    print(table(results))
    for program, result in zip(programs, results):
        if result["failed"]:
            print(f"{result['name']} failed: {result['why']}", file=sys.stderr)
            if result["found"]:
                print(f"  again: {program} {result['found']}", file=sys.stderr)
    return 1 if any(result["failed"] for result in results) else 0


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
