"""What a benchmark prints, through what tools/bench makes of it: bench_program_test.py PROGRAM REPORT."""
import json
import subprocess
import sys
import unittest

REPORT = sys.argv.pop()
PROGRAM = sys.argv.pop()


def figures_of(*flags):
    return subprocess.run([PROGRAM, "--quick", "--json", *flags], capture_output=True, text=True, check=True).stdout


class BenchProgram(unittest.TestCase):
    def test_what_is_asked_for_is_measured_and_says_all_that_a_script_may_ask(self):
        report = subprocess.run(
            [sys.executable, REPORT, "--json"],
            input=figures_of("--only", "memory"),
            capture_output=True,
            text=True,
            check=True,
        )
        (figure,) = json.loads(report.stdout)
        self.assertEqual(list(figure), ["name", "value", "unit", "goal", "holds", "beside"])
        self.assertEqual(figure["name"], "queued_100k_memory_mb")
        self.assertGreater(figure["value"], 0)
        self.assertEqual(figure["unit"], "MB")
        self.assertEqual(figure["goal"], "at most 200")
        self.assertIsInstance(figure["holds"], bool)

    def test_a_name_that_no_figure_has_measures_nothing(self):
        self.assertEqual(figures_of("--only", "none"), "")


unittest.main()
