"""Runs run_fuzzers.py on programs that say what libFuzzer says: run_fuzzers_test.py RUN_FUZZERS"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

RUN_FUZZERS = sys.argv.pop(1)

# What clang 14's libFuzzer prints.
GOOD = """#!/bin/sh
if [ "$1" = --write-seeds ]; then echo seed >"$2/seed-0"; exit 0; fi
printf '%s\\n' "$@" >"$(dirname "$0")/flags"
cat >&2 <<'END'
INFO: Seed: 1
#5	INITED cov: 101 ft: 102 corp: 3/10b exec/s: 0 rss: 40Mb
#9	NEW    cov: 120 ft: 130 corp: 4/11b lim: 4 exec/s: 0 rss: 40Mb L: 1/4 MS: 1 ChangeBit-
#10	REDUCE cov: 121 ft: 131 corp: 4/10b lim: 4 exec/s: 0 rss: 40Mb L: 1/4 MS: 1 EraseBytes-
#1234567	DONE   cov: 123 ft: 140 corp: 4/10b lim: 4 exec/s: 20576 rss: 60Mb
stat::number_of_executed_units: 1234567
stat::average_exec_per_sec:     20576
stat::new_units_added:          7
stat::slowest_unit_time_sec:    0
stat::peak_rss_mb:              61
END
"""
CRASHES = """#!/bin/sh
[ "$1" != --write-seeds ] || exit 0
cat >&2 <<'END'
#5	INITED cov: 101 ft: 102 corp: 3/10b exec/s: 0 rss: 40Mb
==7== ERROR: libFuzzer: deadly signal
artifact_prefix='/somewhere/'; Test unit written to /somewhere/crash-0123
stat::number_of_executed_units: 6
END
exit 77
"""
HAS_NO_SEEDS = "#!/bin/sh\nexit 3\n"
SAYS_NOTHING = "#!/bin/sh\nexit 0\n"


class RunFuzzers(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.root = pathlib.Path(self.scratch.name)

    def run_programs(self, programs):
        paths = []
        for name, text in programs.items():
            path = self.root / name
            path.write_text(text)
            path.chmod(0o755)
            paths.append(str(path))
        (self.root / "programs.txt").write_text("\n".join(paths) + "\n")
        done = subprocess.run([sys.executable, RUN_FUZZERS, self.root / "programs.txt", "60", "2", self.root / "corpus",
                               self.root / "work"], capture_output=True, text=True, check=False)
        results = json.loads((self.root / "work" / "results.json").read_text())
        return done, {each["name"]: each for each in results["programs"]}

    def test_what_a_program_did_is_shown_and_written(self):
        done, results = self.run_programs({"runtime.head.head_wire_fuzz": GOOD})

        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(results["runtime/head/head_wire"],
                         {"name": "runtime/head/head_wire", "executions": 1234567, "executions_per_second": 20576,
                          "coverage": 123, "new_coverage": 22, "new_inputs": 7, "peak_memory_mb": 61,
                          "failed": False, "found": None})
        self.assertIn("1,234,567", done.stdout)

    def test_a_program_starts_from_its_seeds_and_its_corpus_and_keeps_what_it_finds(self):
        (self.root / "corpus" / "tune").mkdir(parents=True)
        (self.root / "corpus" / "tune" / "spec").mkdir()
        (self.root / "corpus" / "tune" / "spec.dict").write_text('"seed"\n')
        self.run_programs({"tune.spec_fuzz": GOOD})

        flags = (self.root / "flags").read_text().split()
        work = self.root / "work" / "tune" / "spec"
        self.assertEqual(flags[:3], [str(work / "inputs"), str(work / "seeds"), str(self.root / "corpus/tune/spec")])
        self.assertEqual((work / "seeds" / "seed-0").read_text(), "seed\n")
        self.assertIn("-max_total_time=60", flags)
        self.assertIn("-timeout=10", flags)
        self.assertIn(f"-dict={self.root / 'corpus/tune/spec.dict'}", flags)

    def test_a_program_that_finds_something_fails_and_the_others_are_run(self):
        done, results = self.run_programs({"a_fuzz": CRASHES, "b_fuzz": GOOD})

        self.assertEqual(done.returncode, 1)
        self.assertTrue(results["a"]["failed"])
        self.assertFalse(results["b"]["failed"])
        self.assertIn(f"again: {self.root / 'a_fuzz'} /somewhere/crash-0123", done.stderr)
        self.assertIn(str(self.root / "work" / "a" / "log"), done.stderr)

    def test_a_program_that_cannot_be_run_or_did_nothing_fails(self):
        done, results = self.run_programs({"a_fuzz": HAS_NO_SEEDS, "b_fuzz": SAYS_NOTHING})

        self.assertEqual(done.returncode, 1)
        self.assertTrue(results["a"]["failed"])
        self.assertTrue(results["b"]["failed"])


if __name__ == "__main__":
    unittest.main()
