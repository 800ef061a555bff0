"""What tools/lib/reliability_report.py makes of measurements: reliability_report_test.py PATH-OF-THE-SCRIPT"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = sys.argv.pop()


def figure(name, what, median=None, worst=None, promised=None, rounds=20, beside=None):
    line = {"name": name, "value": worst, "unit": "ms", "goal": None, "holds": None, "beside": beside, "what": what}
    if promised is not None:
        line["goal"] = f"at most {promised}"
        line["holds"] = None if worst is None else worst <= promised
    if worst is not None:
        line.update({"median": median, "rounds": rounds})
    return line


class Report(unittest.TestCase):
    def setUp(self):
        self.figures = [
            figure("fault_a_ms", "a node is killed: its worker has ended", 3.34, 4.05, 1000),
            figure("fault_b_ms", "a node is killed: its task runs", 1011, 1014, 1500, rounds=5),
            figure("fault_a_ms_loaded", "a node is killed: its worker has ended", 6, 1013.2, 1000),
            figure("fault_c_ms", "no network: its task runs", promised=7000, beside="skipped: not here"),
            figure("fault_d_ms", "a driver is killed: it goes on", 80, 100.4),
        ]
        self.files = {
            "false_deaths.json": json.dumps({"nodes": 4, "seconds": 600, "lost": 0}),
            "storms.txt": "1000 seeds from 1, 0 failed; 12.5 virtual hours, 77 events in 3.0 s (333 seeds/s)\n",
            "mutations.txt": "forget_fencing found\nforget_adoption missed\n",
            "machine.txt": "date 2026-11-27\npreset release\ncpus 2\nsystem Linux 6.18\nbusy_before 3\n",
        }

    def run_script(self):
        with tempfile.TemporaryDirectory() as name:
            directory = pathlib.Path(name)
            (directory / "figures.jsonl").write_text("".join(json.dumps(f) + "\n" for f in self.figures))
            for file, text in self.files.items():
                (directory / file).write_text(text)
            return subprocess.run([sys.executable, SCRIPT, name], capture_output=True, text=True)

    def text(self):
        done = self.run_script()
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_rows(self):
        text = self.text()
        for row in ["| a node is killed | its worker has ended | 1.00 s | 3.3 ms | 4.0 ms | 6.0 ms | **1.01 s** |",
                    "|  | its task runs | 1.50 s | 1.01 s | 1.01 s (of 5) | not measured |  |",
                    "| no network | its task runs | 7.00 s | skipped: not here |  | not measured |  |",
                    "| a driver is killed | it goes on | none | 80 ms | 100 ms | not measured |  |"]:
            self.assertIn(row + "\n", text)

    def test_what_is_broken_is_said(self):
        self.assertIn("Broken in this run: fault_a_ms_loaded.", self.text())
        self.figures = self.figures[:2]
        self.assertIn("Every promise holds.", self.text())

    def test_simulation(self):
        text = self.text()
        self.assertIn("12.5 virtual hours", text)
        self.assertIn("1 of 2 faults that were planted in the cores were found, each within 200 seeds; "
                      "**not found: forget_adoption**.", text)

    def test_a_simulation_that_was_not_run_is_said(self):
        del self.files["storms.txt"]
        del self.files["mutations.txt"]
        text = self.text()
        self.assertIn("None were run this time.", text)
        self.assertIn("No faults were planted in the cores this time.", text)

    def test_false_deaths(self):
        self.assertIn("for 600 s: 0 were declared dead.", self.text())
        self.files["false_deaths.json"] = json.dumps({"nodes": 4, "seconds": 600, "lost": 2})
        self.assertIn("**2** were declared dead.", self.text())

    def test_fuzzers(self):
        self.assertIn("No result of the fuzzers was there.", self.text())
        self.files["fuzz.json"] = json.dumps({"targets": 9, "executions": 1234567, "seconds": 600, "findings": 1})
        self.assertIn("1,234,567 executions of 9 fuzzers in 600 s of each: 1 findings.", self.text())

    def test_a_busy_machine_is_said(self):
        self.assertNotIn("busy with other work", self.text())
        self.files["machine.txt"] = self.files["machine.txt"].replace("busy_before 3", "busy_before 97")
        self.assertIn("**The machine was busy with other work**, which took 97 % of the processors", self.text())

    def test_a_goal_that_is_no_time_is_an_error(self):
        self.figures[0]["goal"] = "at least 5"
        done = self.run_script()
        self.assertEqual(done.returncode, 1)
        self.assertIn("fault_a_ms: \"at least 5\" is no promise of a time", done.stderr)


if __name__ == "__main__":
    unittest.main()
