"""The training text: whole, varied, the same format as the kernel's, and nothing of the exam in it."""
import json
import pathlib
import random
import sys
import unittest
import unittest.mock

FIRMWARE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(FIRMWARE / "training"))
import arithmetic  # noqa: E402
import bank  # noqa: E402
import episodes  # noqa: E402
import exam  # noqa: E402
import values  # noqa: E402


class Exam(unittest.TestCase):
    def test_what_is_expected_can_be_had_from_the_home(self):
        home = exam.Home(5)
        home.asking = True
        judged = 0
        for _ in range(40):
            method = home.pickw([(w, k) for k, w in exam.KINDS.items()])
            home.session, home.talk, home.searches = None, [], []
            getattr(home, method)()
            expect = exam.expectation(home, home.talk, home.searches)
            if expect is None:
                continue
            judged += 1
            for answer in expect.get("answers", []):
                self.assertIn(answer["answer"], home.shelf[answer["document"]].text)
        self.assertGreater(judged, 10)

    def test_tables_are_reckoned_exactly(self):
        home = exam.Home(6)
        table = home.made[0]
        table.columns, table.rows = ["kind", "cost"], [{"kind": "a", "cost": "1.10"}, {"kind": "b", "cost": "2.05"}, {"kind": "a", "cost": "0.90"}]
        call = lambda operation, **more: table.result({"operation": operation, "column": "cost", **more})
        self.assertEqual(call("sum"), "4.05")
        self.assertEqual(call("average"), "1.35")
        self.assertEqual(call("max"), "2.05")
        self.assertEqual(call("count"), "3")
        self.assertEqual(call("sum", where_column="kind", where_value="a"), "2")
        self.assertEqual(call("list", where_column="kind", where_value="a"), ["1.10", "0.90"])
        self.assertIsNone(call("sum", where_column="kind", where_value="z"))

    def test_the_exam_that_ships_asks_nothing_that_training_says(self):
        said = {phrasing for kind in bank.read_goals("train").values() for phrasing in kind if "{" not in phrasing}
        homes = [json.loads(line) for line in (FIRMWARE / "exam/exam.jsonl").read_text().splitlines()]
        goals = {goal["goal"] for home in homes for goal in home["goals"]}
        self.assertGreater(len(goals), 200)
        self.assertEqual(goals & said, set())


class Bank(unittest.TestCase):
    def test_every_template_can_be_used(self):
        problems = []
        documents = bank.read_documents(problems)
        self.assertEqual(problems, [])
        self.assertGreater(len(documents), 150)

    def test_a_template_that_cannot_be_used_is_named(self):
        # An answer that does not stand in the text, and a slot that there is none of.
        with unittest.mock.patch.object(bank, "DATA", FIRMWARE / "tests" / "broken"):
            problems = []
            self.assertEqual(len(bank.read_documents(problems)), 1)
            self.assertEqual(len(problems), 3, problems)

    def test_phrasings_are_many_and_distinct(self):
        goals = bank.read_goals()
        lines = [line for kind in goals.values() for line in kind]
        questions = [q for d in bank.read_documents() for f in d.fields for q in f.questions + f.phrases]
        self.assertGreaterEqual(len(set(lines)), 3000)
        self.assertGreaterEqual(len(set(questions)), 4000)


class Split(unittest.TestCase):
    """What the exam asks with is never in a training text, by construction."""

    def test_phrasings_and_documents_are_in_one_split(self):
        train, test = bank.read_goals("train"), bank.read_goals("test")
        for kind, lines in train.items():
            self.assertFalse(set(lines) & set(test.get(kind, [])), kind)
        self.assertGreater(sum(map(len, test.values())), 250)
        used = episodes.Episodes(1, "train")
        self.assertFalse([d.name for d in used.documents if d.held_out])
        self.assertGreater(len(episodes.Episodes(1, "test").documents), 10)

    def test_names_of_the_exam_are_not_drawn_in_training(self):
        held = {n for n in values.FIRST + values.LAST + values.PLACES if values.held_out(n)}
        self.assertGreater(len(held), 20)
        drawn = values.Values(random.Random(3), "train", ["word", "other", "third", "fourth"])
        for _ in range(3000):
            for slot in ("person", "first", "place", "company"):
                self.assertFalse(set(drawn.slot(slot).replace("&", " ").split()) & held)

    def test_episodes_of_training_use_no_held_out_phrasing(self):
        source, seen = episodes.Episodes(5, "train"), []
        pick = source.pick
        source.pick = lambda items: seen.append(pick(items)) or seen[-1]
        for _ in range(400):
            source.next()
        lines = {line for lines in bank.read_goals("test").values() for line in lines}
        self.assertFalse([x for x in seen if isinstance(x, str) and x in lines])
        self.assertFalse([x for x in seen if isinstance(x, bank.Document) and x.held_out])


class Format(unittest.TestCase):
    def test_episodes_are_rendered_as_the_golden_file_says(self):
        golden = json.loads((FIRMWARE / "format_golden.json").read_text())
        source = episodes.Episodes(1)
        source.begin(golden["goal"], [(f["path"], f.get("columns")) for f in golden["files"]], golden["plan"], ", ".join(golden["calls"]))
        passages = "\n".join(episodes.shown_passage(i + 1, p["path"], p.get("page"), p["text"]) for i, p in enumerate(golden["passages"]))
        source.call("search", {"query": golden["query"]}, "search: " + passages + "\nfor: " + golden["goal"])
        answer = golden["answer"]
        source.call("answer", answer, f"answer: {answer['answer']} [{answer['passage']}]")
        self.assertEqual([list(m) for m in source.talk], golden["messages"])

    def test_every_answer_can_be_given_under_the_kernels_schemas(self):
        """Answers stand in the passage that they name, written text in the goal or a result, queries are words of the goal."""
        for split in ("train", "test"):
            source = episodes.Episodes(11, split)
            for _ in range(600):
                talk = source.next()
                goal, passages = "", {}
                results = "\n".join(text for role, text in talk if role == "res" and not text.startswith(("files:", "search:")))
                for role, text in talk:
                    if role == "user":
                        goal = text
                    if role == "res" and text.startswith("search: "):
                        for line in text[8:].partition("\nfor: ")[0].split("\n"):
                            number, _, rest = line[1:].partition("] ")
                            passages[int(number)] = rest
                    if role != "call" or '"with"' not in text:
                        continue
                    call = json.loads(text)
                    given = {}
                    for name, value in call["with"].items():
                        if isinstance(value, str):
                            self.assertEqual(value[:1], " ")
                            value = value[1:]
                        given[name] = value
                    if call["call"] == "answer" and given["passage"]:
                        self.assertIn(given["answer"], passages[given["passage"]])
                    if call["call"] == "write":
                        self.assertIn(given["content"], goal + "\n" + results)
                        self.assertIn(given["path"], goal)
                    if call["call"] == "search":
                        at = 0
                        for word in given["query"].split(" "):
                            at = goal.index(word, at) + len(word)

    def test_arithmetic_is_the_calculators(self):
        for expression, result in (("84.20 + 91.10", "175.3"), ("15% of 45.07", "6.7605"), ("100 / 8", "12.5"), ("2 + 3 * 4", "14")):
            self.assertEqual(arithmetic.arithmetic(expression), result)
        self.assertEqual(arithmetic.convert("20", "C", "F"), "68 F")


if __name__ == "__main__":
    unittest.main()
