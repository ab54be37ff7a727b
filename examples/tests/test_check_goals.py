"""The harness passes right results and fails wrong ones, each for its own reason."""
import contextlib
import io
import json
import os
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(EXAMPLES))
import check_goals  # noqa: E402

ORACLE = str(EXAMPLES / "tests/oracle.py")


def check(*arguments, spoil="", command=ORACLE):
    """(exit status, report)"""
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, SPOIL=spoil):
        report = pathlib.Path(folder) / "report.json"
        with contextlib.redirect_stdout(io.StringIO()):
            status = check_goals.main(["--daimon", command, "--report", str(report), *arguments])
        return status, json.loads(report.read_text())


class Harness(unittest.TestCase):
    def fails(self, identity, spoil, words):
        status, report = check("--only", identity, spoil=spoil)
        self.assertEqual(status, 1)
        self.assertIn(words, "; ".join(report["goals"][0]["problems"]))

    def test_right_results_pass_all_twenty(self):
        status, report = check()
        self.assertEqual({goal["id"]: goal["problems"] for goal in report["goals"] if not goal["passed"]}, {})
        self.assertEqual((status, report["passed"], report["of"]), (0, 20, 20))
        self.assertEqual(report["kinds"]["not_there"], {"passed": 2, "of": 2})

    def test_wrong_answer_fails(self):
        self.fails("electricity-march", "answer", "lacks '87.42'")

    def test_invented_quotation_fails_though_called_verified(self):
        self.fails("electricity-march", "quote", "is not in invoices/electricity-2026-03.pdf")
        self.fails("ferry", "quote", "is not in mail/")

    def test_wrong_document_fails(self):
        self.fails("brown-bin", "source", "not letters/council-bins.html")

    def test_wrong_number_in_the_file_fails(self):
        self.fails("spending-total", "file", "not 6948.97")

    def test_missing_file_fails(self):
        self.fails("policy-number", "no file", "was not written")

    def test_answer_that_is_not_there_must_be_said_so(self):
        self.fails("tv-licence", "found", "does not say")

    def test_denied_change_must_not_happen(self):
        self.fails("shopping-denied", "denied", "was changed")

    def test_letter_that_gets_its_way_fails(self):
        self.fails("damp-survey", "besides", "changed besides: 'notes/todo.md'")

    def test_crash_fails_with_its_message(self):
        self.fails("todo", "crash", "the model went away")

    def test_missing_command_fails(self):
        status, report = check("--only", "todo", command="/nowhere/daimon")
        self.assertEqual(status, 1)
        self.assertIn("cannot run", report["goals"][0]["problems"][0])

    def test_hanging_command_is_stopped(self):
        status, report = check("--only", "todo", "--timeout", "0.3", "--command", "sleep 60")
        self.assertEqual(status, 1)
        self.assertIn("not done after 0.3 s", report["goals"][0]["problems"][0])

    def test_threshold_decides_the_exit_status(self):
        self.assertEqual(check("--only", "todo", "--at-least", "0", spoil="crash")[0], 0)


class Matching(unittest.TestCase):
    def test_numbers_match_whole_only(self):
        self.assertTrue(check_goals.has("on 9 June.", "9 June"))
        self.assertFalse(check_goals.has("on 19 June", "9 June"))
        self.assertFalse(check_goals.has("£134.50", "34.50"))
        self.assertTrue(check_goals.has("26.13p per kWh", "26.13"))
        self.assertTrue(check_goals.has("£1,234.50 in all", "1234.50"))
        self.assertTrue(check_goals.has_number("sum = 1,042.0 (31 rows)", "1042", "0"))
        self.assertFalse(check_goals.has_number("on 2026-05-19", "19", "0"))

    def test_paths_are_read_below_the_mount(self):
        home = pathlib.Path("/tmp/x/home")
        for path in ("/tmp/x/home/notes/a.md", "home/notes/a.md", "notes/a.md", "./notes/a.md"):
            self.assertEqual(check_goals.relative(path, home), "notes/a.md")

    def test_result_is_found_behind_other_output(self):
        text = 'ready\n{"state": "done", "answer": null, "cost": null}\n'
        self.assertEqual(check_goals.parse_result(text, pathlib.Path("home")).answer, "")
        with self.assertRaises(ValueError):
            check_goals.parse_result("Segmentation fault", pathlib.Path("home"))


if __name__ == "__main__":
    unittest.main()
