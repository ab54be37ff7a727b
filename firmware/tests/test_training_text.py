"""The training text: whole, varied, the same format as the kernel's, and nothing of the exam in it."""
import gzip
import json
import pathlib
import random
import sys
import tempfile
import unittest
import unittest.mock

FIRMWARE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(FIRMWARE / "training"))
import arithmetic  # noqa: E402
import bank  # noqa: E402
import dialogues  # noqa: E402
import episodes  # noqa: E402
import exam  # noqa: E402
import hold  # noqa: E402
import meanings  # noqa: E402
import tools  # noqa: E402
import values  # noqa: E402


class DataHash(unittest.TestCase):
    def test_it_tells_every_byte_and_name_of_what_is_learned_from(self):
        with tempfile.TemporaryDirectory() as folder:
            written, collections = pathlib.Path(folder, "data"), pathlib.Path(folder, "more")
            for path in (written / "goals/a.txt", collections / "qamr/train.tsv", collections / "other/x"):
                path.parent.mkdir(parents=True)
                path.write_text("one")
            of = lambda: episodes.data_hash(written, collections)
            before = of()
            (collections / "other/x").write_text("what nothing is made of")
            self.assertEqual(of(), before)
            (collections / "qamr/train.tsv").write_text("two")
            changed = of()
            self.assertNotEqual(changed, before)
            (written / "goals/a.txt").rename(written / "goals/b.txt")
            self.assertNotIn(of(), (before, changed))


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
        self.assertGreater(len(documents), 600)

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
        self.assertGreaterEqual(len(set(questions)), 30000)


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

    def test_no_document_of_training_is_asked_what_a_held_out_one_is(self):
        asked = {split: {q.lower() for d in bank.read_documents() if d.held_out == (split == "test") for f in d.fields for q in f.questions + f.phrases + d.unanswered}
                 for split in ("train", "test")}
        self.assertGreater(len(asked["test"]), 2000)
        self.assertEqual(asked["train"] & asked["test"], set())

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


class Tools(unittest.TestCase):
    bank = tools.Bank(3)

    def test_a_tool_is_of_one_split_with_all_of_its_goals(self):
        names = {split: {tool.name for tool, *_ in goals} for split, goals in self.bank.goals.items()}
        self.assertGreater(len(names["train"]), 20)
        self.assertGreater(len(names["test"]), 10)
        self.assertEqual(names["train"] & names["test"], set())
        said = {split: {goal for _, goal, *_ in goals} for split, goals in self.bank.goals.items()}
        self.assertEqual(said["train"] & said["test"], set())

    def test_values_stand_in_their_goals_and_are_of_their_type(self):
        for tool, examples, _ in self.bank.written:
            self.assertEqual(set(examples), set(tool.schema["properties"]), tool.name)
        kinds = {"string": str, "integer": int, "number": (int, float), "boolean": bool}
        for tool, goal, arguments, _ in self.bank.goals["train"] + self.bank.goals["test"]:
            for name, value in arguments.items():
                entry = tool.schema["properties"][name]
                self.assertIsInstance(value, kinds[entry["type"]], (tool.name, goal))
                if entry["type"] == "string" and "enum" not in entry:
                    self.assertIn(value.lower(), goal.lower(), tool.name)

    def test_the_exam_that_ships_has_tools_of_its_own(self):
        home = json.loads((FIRMWARE / "exam/tools.jsonl").read_text())
        trained = {tool.name for tool, *_ in self.bank.goals["train"]} | {tool.name for tool in self.bank.tools.values() if not tool.held_out}
        offered = {tool["name"] for tool in home["tools"]}
        self.assertGreater(len(offered), 20)
        self.assertEqual(offered & trained, set())
        self.assertLessEqual({goal["expect"]["call"]["name"] for goal in home["goals"]}, offered)


class Hold(unittest.TestCase):
    def test_a_window_holds_the_answer_and_is_no_longer_than_those_that_are_found(self):
        rng = random.Random(1)
        lines = ["short", "the answer is 84 and more", "x " * 300 + "ANSWER " + "y " * 300, "end"]
        for text in ("\n".join(lines), "\n".join(lines[:2]), lines[2]):
            for answer in ("84", "ANSWER"):
                for _ in range(20):
                    window = hold.window_of(text, answer, rng)
                    if answer not in text:
                        self.assertIsNone(window)
                    else:
                        self.assertIn(answer, window)
                        self.assertIn(window, text)
                        self.assertLessEqual(len(window), hold.WINDOW)
        self.assertIsNone(hold.window_of("a\nb", "a\nb", rng))

    def test_it_is_put_among_the_passages_where_none_holds_the_answer(self):
        answers, files = [{"document": "a.txt", "answer": "84"}], {"a.txt": "it is 84"}
        others = [{"path": f"{i}.txt", "text": "?"} for i in range(4)]
        found = {"right": 0, "passages": others}
        self.assertTrue(hold.hold(found, answers, files, random.Random(2)))
        self.assertEqual(len(found["passages"]), 4)
        self.assertEqual(found["passages"][found["right"] - 1], {"path": "a.txt", "text": "it is 84"})
        self.assertFalse(hold.hold(found, answers, files, random.Random(2)))
        self.assertFalse(hold.hold({"right": 0, "passages": []}, [], files, random.Random(2)), "it is in none")


class RandomWords(unittest.TestCase):
    def test_they_are_those_of_the_sentences_not_of_their_keys(self):
        sentences = {"Wiki:about:1": "several people walked", "Wiki:about:2": "several people stood"}
        with unittest.mock.patch.object(episodes, "read_qamr", return_value=(sentences, [])), unittest.mock.patch.dict(episodes._bank, clear=True):
            self.assertEqual(episodes.load_bank()["words"], ["people", "several"])


class OtherWords(unittest.TestCase):
    def setUp(self):
        # Three things and two lines of the index are enough of WordNet.
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        path = pathlib.Path(self.folder.name)
        (path / "data.noun").write_text(
            "  1 licence\n"
            "00000100 06 n 02 car 0 auto 0 001 @ 00000200 n 0000 | a motor vehicle with four wheels; \"he needs a car\"  \n"
            "00000200 06 n 01 vehicle 0 000 | a conveyance  \n"
            "00000300 27 n 02 rent 0 lease_money 0 001 @ 00000200 n 0000 | a payment for use  \n")
        (path / "index.noun").write_text("  1 licence\ncar n 1 1 @ 1 1 00000100\nauto n 1 1 @ 1 0 00000100\nrent n 1 1 @ 1 1 00000300\n")
        self.meanings = meanings.Meanings(str(path) + "/")

    def test_a_word_has_its_synonyms_the_kind_above_it_and_keeps_its_ending(self):
        car = next(n for n in self.meanings.nouns if n.word == "car")
        self.assertEqual((car.same, car.kind), (["auto"], ["vehicle"]))
        self.assertEqual(self.meanings.other_word("cars", random.Random(1)), "autos")
        self.assertEqual(self.meanings.other_word("rent", random.Random(1)), "lease money")
        self.assertIsNone(self.meanings.other_word("house", random.Random(1)))
        self.assertNotIn("auto", self.meanings.synonyms, "nobody used it in a text")

    def test_things_are_asked_for_in_other_words_than_they_stand_there(self):
        drawn = values.Values(random.Random(2), "train", ["word"])
        others = 0
        for seed in range(60):
            text, asked = meanings.document(self.meanings.nouns, drawn, random.Random(seed))
            for question, answer in asked:
                self.assertEqual(text.count(answer), 1)
                others += any(w in question for w in ("auto", "vehicle", "lease money"))
        self.assertGreater(others, 30)

    def test_a_word_is_of_one_split(self):
        words = lambda split: {n.word for n in self.meanings.of_split(split)}
        self.assertEqual(words("train") | words("test"), {"car", "rent"})
        self.assertFalse(words("train") & words("test"))

    def test_a_question_in_other_words_keeps_its_slots_and_those_of_the_exam_stay(self):
        source = episodes.Episodes(4, "train")
        source.meanings = self.meanings
        said = {source.varied("how much is the rent of {street} for the car") for _ in range(200)}
        self.assertGreater(len(said), 10)
        self.assertTrue(all("{street}" in q for q in said))
        exam = episodes.Episodes(4, "test")
        exam.meanings = self.meanings
        self.assertEqual({exam.varied("how much is the rent") for _ in range(50)}, {"how much is the rent"})


class Dialogues(unittest.TestCase):
    def test_what_was_said_is_asked_for_by_what_it_is_called(self):
        with tempfile.TemporaryDirectory() as folder:
            call = {"service": "Taxi_1", "parameters": {"town": "York", "seats": "2"}, "context": ["U: A taxi to York for 2 and 2 dogs.", "S: When?"],
                    "results": [{"town": "York", "fare": "12.50", "shared": "False"}]}
            with gzip.open(folder + "/train_calls.jsonl.gz", "wt") as out:
                out.write(json.dumps(call) + "\n")
            slots = [{"name": "town", "description": "The town to go to"}, {"name": "fare", "description": "Price of the ride."}]
            pathlib.Path(folder + "/train_schema.json").write_text(json.dumps([{"service_name": "Taxi_1", "slots": slots}]))
            documents, said = dialogues.read(folder + "/", 320)
        self.assertEqual(documents[0], ("Taxi_1", "A taxi to York for 2 and 2 dogs.\nWhen?", [("The town to go to", "York")]))
        self.assertEqual(documents[1][1:], ("Town: York\nFare: 12.50", [("The town to go to", "York"), ("Price of the ride", "12.50")]))
        self.assertEqual(said, {"Taxi_1": ["A taxi to York for 2 and 2 dogs.", "When?"]})


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
