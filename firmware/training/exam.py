"""Writes the exam: homes of files with goals over them and what must come of each, all of the held-out split.

    python3 exam.py ../exam/exam.jsonl [--homes 40] [--seed 77]

One line a home: {"files": {path: text}, "goals": [{"goal", "kind", "steps", "expect"}]}. `daimon exam` (src/exam) makes the
homes, has the goals carried out by the kernel, and compares. Members of `expect`: `answers` ([{"answer", "document"}]: values
that stand in these documents), `missing` (true: it is in none), `values` (of a table or a calculation, in any order), `files` ({path: content} when it is done), `asks` (true: it must ask, and is told `reply`), `shows` (text of the file or the
folder asked for), `refuses` (true: nothing offered fits), `call` ({"name", "arguments"}: a call of the home's own
`tools`, [{"name", "description", "parameters"}]; tools.py writes those).
"""
import argparse
import csv
import io
import json
import random
import re
from decimal import Decimal

import arithmetic
import bank
import episodes
from values import DAYS

NUMERIC = ("money", "number", "km", "count")


class Table:
    """A table with its rows, as it lies in the home."""

    def __init__(self, made, path, columns, kinds, said):
        self.path, self.columns, self.kinds, self.said = path, columns, kinds, said
        rng, values = made.rng, made.values
        year = said[2]
        in_path = re.search(r"20\d\d", path)
        year = int(in_path.group(0) if in_path else year)
        names = {c: [made.value_of(kinds[c]) for _ in range(rng.randint(4, 9))] for c in columns if kinds[c] not in NUMERIC and kinds[c] != "date"}
        self.rows = []
        for _ in range(rng.randint(14, 40)):
            row = {}
            for column in columns:
                kind = kinds[column]
                if kind == "date":
                    row[column] = values.day(year=year).isoformat()
                elif kind == "money":
                    row[column] = f"{rng.uniform(1, 240):.2f}"
                elif kind in ("number", "km"):
                    row[column] = f"{rng.uniform(1, 90):.1f}"
                elif kind == "count":
                    row[column] = str(rng.randint(1, 60))
                else:
                    row[column] = made.pick(names[column])
            self.rows.append(row)
        dates = [c for c in columns if kinds[c] == "date"]
        if dates:
            self.rows.sort(key=lambda r: r[dates[0]])

    def text(self):
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([[row[c] for c in self.columns] for row in self.rows])
        return out.getvalue()

    def result(self, call):
        """What the table device must answer to a call: a text, or a list of texts; None where nothing fits the call."""
        rows = self.rows
        if "where_column" in call:
            rows = [r for r in rows if r[call["where_column"]].startswith(call["where_value"])]
        cells = [r[call["column"]] for r in rows]
        operation = call["operation"]
        if operation == "count":
            return str(len(rows))
        if operation in ("list", "distinct"):
            return list(dict.fromkeys(cells)) if operation == "distinct" else cells
        if not cells:
            return None
        numbers = [Decimal(c) for c in cells]
        if operation == "average":
            return arithmetic.shown(sum(numbers) / len(numbers))
        return arithmetic.plain({"sum": sum, "min": min, "max": max}[operation](numbers))


class Home(episodes.Episodes):
    """Goals over one home: whatever they are about lies in it."""

    def __init__(self, seed, split="test"):
        super().__init__(seed, split)
        self.short = 0
        self.shelf = {}     # path: passage
        self.searches = []  # of one goal: what was looked for, and whether it is there
        self.made = []      # tables
        for _ in range(2):
            path, columns, kinds, said = super().table()
            if path not in [t.path for t in self.made]:
                self.made.append(Table(self, path, columns, kinds, said))
        for _ in range(6):
            self.put(super().looked().passage)
        for _ in range(2):
            template = self.pick(self.documents)
            for _ in range(2):
                self.put(self.instance(template))

    def put(self, passage):
        path = passage.path.replace("/./", "/")
        # Parsing PDF, mail and HTML is for other tests; here a document is its text.
        path = re.sub(r"\.(pdf|eml|html?|docx?|csv)$", ".txt", path)
        if path in self.shelf or path in [t.path for t in self.made]:
            return None
        passage.path, passage.page = path, None
        self.shelf[path] = passage
        return passage

    def looked(self, phrase=False, money=False):
        for _ in range(20):
            made = super().looked(phrase, money)
            # The answer must tell itself from everything else in its document.
            if made.passage.text.count(made.answer) == 1 and self.put(made.passage):
                break
        return made

    def bill_pair(self, kind):
        pair = super().bill_pair(kind)
        for item in pair[0] if pair else []:
            self.put(item.passage)
        return pair

    def bill(self):
        """A bill by what it is for and its month, as `asked_parts` cuts it out of a goal that reckons with several."""
        pair = self.bill_pair(self.pick(["two_bills", "two_months"]))
        if pair is None:
            return self.lookup()
        items, slots, _ = pair
        at = self.rng.randrange(2)
        # The second has a service or a month of its own.
        own = lambda slot: slots.get("{%s2}" % slot if at else "{%s}" % slot, slots["{%s}" % slot])
        goal = self.said(self.pick(BILL_SAID).format(s=own("s"), m=own("month")), [])
        self.begin(goal, self.files([]), ["search", "answer"])
        self.search_and_answer(items[at], goal, goal, True, query_goal=goal)

    def search(self, looked, query, goal, count=4, present=True, start=1):
        self.searches.append((looked, present))
        if not present:
            self.shelf.pop(looked.passage.path, None)
        elif looked.passage.path not in self.shelf:
            self.put(looked.passage)
        return super().search(looked, query, goal, count, present, start)

    def is_the_only_one(self, looked):
        """Whether no other document of the home answers the same question: those of its kind differ in what is asked."""
        asked = getattr(looked, "asked", set())
        alike = [p for p in self.shelf.values() if p.template is not None and p.template is looked.passage.template and
                 all(p.slots.get(k) == looked.passage.slots.get(k) for k in asked)]
        return len(alike) <= 1

    def table(self):
        table = self.pick(self.made)
        return table.path, table.columns, table.kinds, table.said

    def value_of(self, kind):
        # A value that the goal names must stand in the table, if it can.
        if getattr(self, "asking", False):
            for table in self.made:
                cells = [r[c] for r in table.rows for c in table.columns if table.kinds[c] == kind]
                if cells:
                    return self.pick(cells)
        return super().value_of(kind)

    def files(self, must=(), tables=0.3):
        return super().files(must, 0)

    def refresh_pool(self):
        if len(self.pool) < episodes.POOL:
            super().refresh_pool()


def calls_of(talk):
    """[(call, arguments, result)] and the plan."""
    plan, calls = None, []
    for i, (role, text) in enumerate(talk):
        if role != "call":
            continue
        value = json.loads(text)
        if "plan" in value:
            plan = value["plan"]
        else:
            arguments = {k: v.removeprefix(" ") if isinstance(v, str) else v for k, v in value["with"].items()}
            result = talk[i + 1][1] if i + 1 < len(talk) and talk[i + 1][0] == "res" else None
            calls.append((value["call"], arguments, result))
    return plan, calls


def expectation(home, talk, searches):
    """What must come of the goal; None where this goal cannot be judged in this home."""
    plan, calls = calls_of(talk)
    expect, answers, value, said = {}, [], None, None  # `said`: the value that the episode made up, `value`: the true one
    searches = list(searches)
    for call, arguments, result in calls:
        if result and result.startswith("error:"):
            return None
        if call == "answer":
            looked, present = searches.pop(0)
            if not home.is_the_only_one(looked):
                return None
            if arguments["passage"] == 0:
                is_missing = plan == ["search", "answer"] and (not present or looked.answer == "\0")
                return {"missing": True} if is_missing else None
            value = said = arguments["answer"]
            answers.append({"answer": value, "document": looked.passage.path})
        elif call == "table":
            table = next((t for t in home.made if t.path == arguments["path"]), None)
            value = table.result(arguments) if table else None
            if value is None or (isinstance(value, list) and not 0 < len(value) < 12):
                return None
            said = result.split(" = ", 1)[1].rsplit(" (", 1)[0]
        elif call == "calculate":
            expression = arguments["expression"]
            if said is not None and value != said:
                number = lambda text: re.sub(r"[^\d.]", "", text)
                if isinstance(value, list) or number(said) not in expression:
                    return None
                expression = expression.replace(number(said), number(value), 1)
            said = result.split(" = ", 1)[1]
            if expression == arguments["expression"]:
                value = said
            elif " in " in expression:
                words = expression.split(" ")
                value = arithmetic.convert(words[0], words[1], words[3])
            else:
                value = arithmetic.arithmetic(expression)
        elif call == "write":
            content = arguments["content"]
            if value is not None:
                if isinstance(value, list):
                    return None
                content = value if content == said else content
            expect["files"] = {arguments["path"]: content}
        elif call == "ask":
            reply = re.match(r'ask: "(.*)"$', result or "")
            expect |= {"asks": True, "reply": reply.group(1) if reply else "never mind"}
        elif call == "read":
            if arguments["path"] not in home.shelf:
                return None
            line = next((x.strip() for x in home.shelf[arguments["path"]].text.split("\n") if len(x.strip()) > 3), "")
            expect["shows"] = [" ".join(line.split())[:60]]
        elif call == "list":
            folder = arguments.get("path", "")
            names = [p for p in home.shelf if p.startswith(folder + "/" if folder else "")]
            if not names:
                return None
            expect["shows"] = sorted({p if "/" not in p[len(folder) + 1 if folder else 0:] else
                                      p[:p.index("/", len(folder) + 1 if folder else 0) + 1] for p in names})[:4]
    if plan == ["none"]:
        return {"refuses": True}
    if answers:
        expect["answers"] = answers
    if value is not None and any(call in ("table", "calculate") for call, _, _ in calls):
        expect["values"] = value if isinstance(value, list) else [value]
    return expect or None


BILL_SAID = ("{s} for {m}", "{s} in {m}", "{m} {s}", "{s} {m}", "{m} {s} bill", "{m} {s} bills", "{s} bills for {m}", "{s} bill in {m}", "{m}'s {s}", "{s} cost of {m}",
             "{s} cost for {m}", "what we paid for {s} in {m}", "what did I pay for {s} in {m}", "what {s} came to in {m}", "what {s} cost us in {m}", "the {s} bill from {m}", "how much was {s} in {m}",
             "{s}, {m}", "bill for {s}, {m}", "{s} in {m}, all in", "how much is the {s} for {m}", "we pay for {s} in {m}")
KINDS = {"bill": 0, "lookup": 46, "chain": 14, "tables_goal": 18, "compute": 10, "files_goal": 12}


def kind_of(method, plan, expect):
    if expect.get("missing"):
        return "not there"
    if expect.get("refuses"):
        return "nothing fits"
    if method == "files_goal":
        return {"ask": "ask", "write": "write", "read": "read", "list": "list"}[plan[0]]
    return {"bill": "look up", "lookup": "look up", "chain": "look up and reckon", "tables_goal": "table", "compute": "calculate"}[method]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--homes", type=int, default=40)
    parser.add_argument("--goals", type=int, default=10, help="of a home")
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument("--split", choices=("test", "train"), default="test", help="train: to learn from, no exam")
    parser.add_argument("--only", choices=sorted(KINDS), help="goals of one kind alone")
    parser.add_argument("--mostly", nargs="+", choices=sorted(p.stem for p in (bank.DATA / "documents").glob("*.txt")), metavar="NAME",
                        help="names of files of data/documents: theirs, and three in ten of the others")
    options = parser.parse_args()
    if options.mostly:
        chosen = random.Random(options.seed)
        known = episodes.load_bank()
        known["documents"] = [d for d in known["documents"] if d.kind in options.mostly or chosen.random() < 0.3]
    counts, lines = {}, []
    for number in range(options.homes):
        home = Home(options.seed * 1000 + number, options.split)
        home.asking = True
        goals, taken = [], set()
        while len(goals) < options.goals:
            method = options.only or home.pickw([(w, k) for k, w in KINDS.items()])
            home.session, home.talk, home.searches = None, [], []
            getattr(home, method)()
            goals.append((method, home.talk, home.searches))
        judged = []
        for method, talk, searches in goals:
            goal, plan = next(text for role, text in talk if role == "user"), calls_of(talk)[0]
            expect = expectation(home, talk, searches)
            if expect is None or goal in taken:
                continue
            if expect.get("files") and any(p in home.shelf or p in taken for p in expect["files"]):
                continue
            taken |= {goal, *expect.get("files", {})}
            kind = kind_of(method, plan, expect)
            judged.append({"goal": goal, "kind": kind, "steps": len(plan), "expect": expect})
            if options.split == "train" and searches:
                # What it is about, so that a part of the documents can be kept apart while features are chosen.
                template = searches[0][0].passage.template
                judged[-1]["about"] = template.name if template is not None else "elsewhere"
            counts[kind] = counts.get(kind, 0) + 1
        files = {p: passage.text + "\n" for p, passage in home.shelf.items()} | {t.path: t.text() for t in home.made}
        lines.append(json.dumps({"files": files, "goals": judged}, ensure_ascii=False, sort_keys=True))
    with open(options.out, "w") as out:
        out.write("\n".join(lines) + "\n")
    print(f"{sum(counts.values())} goals in {len(lines)} homes: " + ", ".join(f"{n} {k}" for k, n in sorted(counts.items())))


if __name__ == "__main__":
    main()
