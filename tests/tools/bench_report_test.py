"""What tools/bench prints of figures: the table people read, the list scripts read, and what it refuses."""
import json
import subprocess
import sys
import unittest

REPORT = sys.argv.pop()

FIGURES = [
    {"name": "calls", "value": 12345.6, "unit": "1/s", "goal": "at least 5000", "holds": True, "beside": "bare CAF"},
    {"name": "start_ms", "value": 123.456, "unit": "ms", "goal": "at most 100", "holds": False, "beside": None},
    {"name": "share", "value": 0.98765, "unit": "%", "goal": None, "holds": None, "beside": None},
]


def report(text, *flags):
    return subprocess.run([sys.executable, REPORT, *flags], input=text, capture_output=True, text=True)


def lines_of(figures):
    return "".join(json.dumps(figure) + "\n" for figure in figures)


class BenchReport(unittest.TestCase):
    def test_table_for_people(self):
        shown = report(lines_of(FIGURES) + "\n")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertEqual(
            shown.stdout,
            "name       value  unit  goal           holds  beside\n"
            "calls     12,346  1/s   at least 5000  yes    bare CAF\n"
            "start_ms     123  ms    at most 100    NO\n"
            "share      0.988  %\n",
        )

    def test_list_for_scripts_is_what_came_in(self):
        shown = report(lines_of(FIGURES), "--json")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertEqual(json.loads(shown.stdout), FIGURES)

    def test_nothing_measured_is_an_empty_list(self):
        self.assertEqual(json.loads(report("", "--json").stdout), [])

    def test_what_is_not_json_is_refused_with_its_line(self):
        refused = report(lines_of(FIGURES[:1]) + "oops\n")
        self.assertEqual(refused.returncode, 1)
        self.assertRegex(refused.stderr, r"^tools/bench: line 2 of the figures is not JSON \(.*\): oops$")

    def test_a_figure_that_lacks_something_is_refused(self):
        refused = report('{"name": "calls", "value": 1, "unit": "1/s", "holds": null}\n')
        self.assertEqual(refused.returncode, 1)
        self.assertIn("tools/bench: line 1 of the figures lacks goal, beside: ", refused.stderr)


unittest.main()
