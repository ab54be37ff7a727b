"""The example home: made the same every time, and as awkward as it says."""
import csv
import email
import email.policy
import io
import json
import mailbox
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from decimal import Decimal

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(EXAMPLES))
import check_goals  # noqa: E402
import goals  # noqa: E402
import household  # noqa: E402
import make_home  # noqa: E402

HOME = EXAMPLES / "home"


def table(name):
    return list(csv.DictReader(io.StringIO((HOME / name).read_text(encoding="utf-8"), newline="")))


class Made(unittest.TestCase):
    def test_script_reproduces_what_is_committed_byte_for_byte(self):
        with tempfile.TemporaryDirectory() as folder:
            made = pathlib.Path(folder) / "home"
            subprocess.run([sys.executable, EXAMPLES / "make_home.py", made], check=True, stdout=subprocess.DEVNULL)
            self.assertEqual(check_goals.snapshot(made), check_goals.snapshot(HOME))
            self.assertEqual((made.parent / "goals.jsonl").read_bytes(), (EXAMPLES / "goals.jsonl").read_bytes())

    def test_script_leaves_a_folder_of_others_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "thesis.txt").write_text("ten years of work")
            done = subprocess.run([sys.executable, EXAMPLES / "make_home.py", folder], stderr=subprocess.PIPE,
                                  text=True)
            self.assertEqual(done.returncode, 2)
            self.assertIn("not empty", done.stderr)
            self.assertTrue((pathlib.Path(folder) / "thesis.txt").exists())

    def test_size_is_that_of_a_small_home(self):
        files = check_goals.snapshot(HOME)
        self.assertTrue(40 <= len(files) <= 60, len(files))
        self.assertLess(sum((HOME / path).stat().st_size for path in files), 1_000_000)

    def test_awkward_files_are_there(self):
        self.assertEqual((HOME / "notes/new note.md").read_bytes(), b"")
        self.assertTrue((HOME / "notes/reading list 📚.md").exists())
        with self.assertRaises(UnicodeDecodeError):
            (HOME / "letters/colette-mai.txt").read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            make_home.add_awkward(pathlib.Path(folder))
            self.assertIn("letters/two\nlines.txt", check_goals.snapshot(folder))


class Pdfs(unittest.TestCase):
    def documents(self):
        return [path for path in sorted(HOME.rglob("*.pdf")) if path.name != "broken.pdf"]

    def test_cross_reference_table_points_at_every_object(self):
        for path in self.documents():
            data = path.read_bytes()
            start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", data)[1])
            self.assertTrue(data[start:].startswith(b"xref\n0 "), path)
            offsets = re.findall(rb"^(\d{10}) 00000 n $", data[start:], re.M)
            for number, offset in enumerate(offsets, 1):
                self.assertTrue(data[int(offset):].startswith(b"%d 0 obj\n" % number), (path, number))
            self.assertIn(b"/Size %d " % (len(offsets) + 1), data[start:])
            for length, stream in re.findall(rb"/Length (\d+) >>\nstream\n(.*?)endstream", data, re.S):
                self.assertEqual(int(length), len(stream), path)

    @unittest.skipUnless(shutil.which("pdftotext"), "needs pdftotext")
    def test_reader_finds_every_line_on_its_page_without_complaint(self):
        pages = make_home.make_home().pages
        for path in self.documents():
            done = subprocess.run(["pdftotext", "-enc", "UTF-8", path, "-"], capture_output=True, check=True)
            self.assertEqual(done.stderr, b"", path)
            texts = done.stdout.decode().split("\f")[:-1]
            expected = pages[path.relative_to(HOME).as_posix()]
            self.assertEqual(len(texts), len(expected), path)
            for text, wanted in zip(texts, expected):
                self.assertEqual(sorted(text.split()), sorted(wanted.split()), path)

    @unittest.skipUnless(shutil.which("pdftotext"), "needs pdftotext")
    def test_broken_one_has_no_text(self):
        done = subprocess.run(["pdftotext", HOME / "invoices/broken.pdf", "-"], capture_output=True)
        self.assertNotEqual(done.returncode, 0)


class Truth(unittest.TestCase):
    """The answers of the goals, found again in the files as they are, by other code than made them."""

    def check(self, identity):
        return next(goal for goal in goals.GOALS if goal["id"] == identity)["check"]

    def total(self, name):
        page = make_home.make_home().pages[name][0]
        return Decimal(re.search(r"We will take £([\d.]+) by", page)[1])

    def test_sum_count_and_average_of_the_accounts(self):
        rows = table("accounts/2026.csv")
        self.assertEqual(str(sum(Decimal(row["amount"]) for row in rows)),
                         self.check("spending-total")["file_written"]["number"])
        rows = table("accounts/2025.csv")
        self.assertEqual(str(sum(row["category"] == "eating out" for row in rows)),
                         self.check("eating-out")["answer_number"]["value"])
        food = [float(row["amount"]) for row in rows if row["category"] == "groceries"]
        self.assertAlmostEqual(0.15 * sum(food) / len(food),
                               float(self.check("grocery-share")["file_written"]["number"]), delta=0.006)

    def test_bills_agree_with_the_accounts(self):
        paid = {(row["payee"], row["date"]): row["amount"] for row in table("accounts/2026.csv")}
        for bill in household.BILLS:
            self.assertEqual(self.total(bill.path), bill.total)
            if bill.due <= household.TODAY:
                self.assertEqual(paid[bill.supplier, bill.due.isoformat()], str(bill.total))
        self.assertEqual([str(self.total("invoices/electricity-2026-03.pdf"))],
                         self.check("electricity-march")["answer_contains"])
        self.assertEqual(str(self.total("invoices/gas-2026-05.pdf") + self.total("invoices/water-2026-05.pdf")),
                         self.check("may-bills")["file_written"]["number"])

    def test_miles(self):
        kilometres = sum(float(row["km"]) for row in table("accounts/mileage-2026.csv"))
        self.assertAlmostEqual(kilometres / 1.609344, float(self.check("mileage")["file_written"]["number"]),
                               delta=0.006)
        self.assertAlmostEqual(948 / 1.609344, float(self.check("carcassonne")["answer_number"]["value"]), delta=0.006)

    def test_inventory_survives_quotes_and_newlines(self):
        rows = table("accounts/inventory.csv")
        self.assertEqual(len(rows), len(household.INVENTORY))
        self.assertIn("\n", rows[0]["remarks"])
        self.assertIn('8" shelf', rows[2]["remarks"])

    def test_mail_parses(self):
        def message(name):
            return email.message_from_bytes((HOME / "mail" / name).read_bytes(), policy=email.policy.default)
        ferry = message("Your crossing is booked.eml")
        self.assertEqual(ferry["subject"], "Your crossing is booked – bon voyage!")
        self.assertIn(household.FERRY_REFERENCE, ferry.get_body(("plain",)).get_content())
        self.assertIn("café", message("boiler.eml").get_content())
        self.assertEqual([part.get_filename() for part in message("kitchen.eml").iter_attachments()], ["cabinets.csv"])
        with tempfile.TemporaryDirectory() as folder:  # mailbox may write
            shutil.copy(HOME / "mail/choir.mbox", folder)
            box = mailbox.mbox(pathlib.Path(folder) / "choir.mbox", create=False)
            self.assertEqual([m["subject"] for m in box], ["Choir", "Re: Choir", "Concert"])
            box.close()

    def test_what_is_not_there_is_not_there(self):
        everything = "\n".join(page for pages in make_home.make_home().pages.values() for page in pages).casefold()
        for word in ("tv licen", "television"):
            self.assertNotIn(word, everything)
        self.assertFalse([line for line in everything.splitlines() if "idris" in line and "passport" in line
                          and re.search(r"\d{4}", line.replace("2027", ""))])

    def test_goals_file_has_twenty_goals_of_many_kinds(self):
        lines = (EXAMPLES / "goals.jsonl").read_text(encoding="utf-8").splitlines()
        read = [json.loads(line) for line in lines]
        self.assertEqual(len(read), 20)
        self.assertEqual(len({goal["id"] for goal in read}), 20)
        self.assertGreaterEqual(len({goal["kind"] for goal in read}), 12)
        self.assertGreaterEqual(sum(goal["check"].get("steps", 0) >= 3 for goal in read), 3)
        for goal in read:
            self.assertLessEqual(set(goal["check"]), check_goals.KEYS)
        self.assertTrue(all(f"`{goal['id']}`" in (EXAMPLES / "README.md").read_text(encoding="utf-8") for goal in read))

    def test_firmware_is_not_trained_on_it(self):
        names = ["Brackwater", "Larch Row", "Merrow Mutual", "Penllyn", "Stonegate Damp"]
        marks = [mark.encode() for mark in names + [goal["goal"] for goal in goals.GOALS]]
        for path in (EXAMPLES.parent / "firmware").rglob("*"):
            if path.suffix in (".py", ".txt", ".json", ".jsonl", ".csv") and path.stat().st_size < 50_000_000:
                data = path.read_bytes()
                self.assertFalse([mark for mark in marks if mark in data], path)

    def test_source_project_has_the_bug_of_the_notes(self):
        done = subprocess.run(
            [sys.executable, "-B", "-c", "import datetime as d\nfrom rainlog.report import weekly_totals\n"
             "print(weekly_totals({d.date(2026, 5, 1): 1.0, d.date(2026, 5, 4): 2.0}))"],
            cwd=HOME / "projects/rainlog", capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout.strip(), "[(18, 1.0)]")


if __name__ == "__main__":
    unittest.main()
