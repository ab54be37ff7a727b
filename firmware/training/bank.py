"""Reads the hand-written templates of firmware/data, and says what is wrong with one that cannot be used."""
import pathlib
import re
from dataclasses import dataclass, field

from values import SLOT, Values, held_out

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
_known_slots = None


def known_slots():
    global _known_slots
    if _known_slots is None:
        import random
        values = Values(random.Random(0), "train", ["word"])
        names = ("person first last company amount date month year dow time place street postcode ref phone email n big decimal percent "
                 "item food animal plant object word url version duration").split()
        for name in names:
            values.slot(name)
        _known_slots = set(names)
    return _known_slots


@dataclass
class Field:
    answer: str
    questions: list = field(default_factory=list)
    phrases: list = field(default_factory=list)


@dataclass
class Document:
    name: str
    kind: str  # the file it is in
    paths: list
    text: str
    fields: list
    unanswered: list
    held_out: bool


def split_items(text):
    """Alternatives separated by " | ", but not inside brackets."""
    return [x.strip() for x in re.split(r"\s\|\s|\s\|$", text) if x.strip(" |")]


def read_documents(problems=None):
    documents = []
    problems = problems if problems is not None else []
    for path in sorted((DATA / "documents").glob("*.txt")):
        for block in re.split(r"(?m)^=== ", path.read_text())[1:]:
            where = f"{path.name}: {block.splitlines()[0]}"
            parts = re.split(r"(?m)^---[ \t]*\n", block)
            if len(parts) != 3:
                problems.append(f"{where}: {len(parts)} parts, not 3")
                continue
            head, text, questions = parts
            paths = re.search(r"(?m)^path: (.+)$", head)
            if not paths:
                problems.append(f"{where}: no path")
                continue
            name = head.splitlines()[0].strip()
            document = Document(name, path.stem, split_items(paths[1]), text.strip("\n"), [], [], held_out(name, "document"))
            fields = {}
            for line in questions.splitlines():
                if not line.strip():
                    continue
                match = re.match(r"(np )?(\?|.+?): ?(.+)$", line)
                if not match:
                    problems.append(f"{where}: {line[:60]!r} is no field")
                    continue
                phrase, answer, items = bool(match[1]), match[2], split_items(match[3])
                if answer == "?":
                    document.unanswered += items
                    continue
                if answer not in document.text:
                    problems.append(f"{where}: {answer!r} does not stand in the text")
                    continue
                entry = fields.setdefault(answer, Field(answer))
                (entry.phrases if phrase else entry.questions).extend(items)
            for entry in fields.values():
                entry.questions = [q for q in entry.questions if usable(q, document, where, problems)]
                entry.phrases = [q for q in entry.phrases if usable(q, document, where, problems)]
            document.unanswered = [q for q in document.unanswered if usable(q, document, where, problems)]
            document.fields = [f for f in fields.values() if f.questions]
            for slot, _ in SLOT.findall(document.text + " ".join(document.paths)):
                if slot not in known_slots():
                    problems.append(f"{where}: no slot {slot}")
                    break
            else:
                if document.fields:
                    documents.append(document)
    # What a held-out document is asked is held out, whatever else it could be asked of.
    phrasings = lambda d: [items for f in d.fields for items in (f.questions, f.phrases)] + [d.unanswered]
    kept = {q.lower() for d in documents if d.held_out for items in phrasings(d) for q in items}
    for document in documents:
        if not document.held_out:
            for items in phrasings(document):
                items[:] = [q for q in items if q.lower() not in kept]
            document.fields = [f for f in document.fields if f.questions]
    return documents


def usable(phrasing, document, where, problems):
    for slot, _ in SLOT.findall(phrasing):
        if slot not in known_slots():
            problems.append(f"{where}: no slot {slot} in {phrasing!r}")
            return False
    return True


def read_goals(split=None, problems=None):
    """{kind: [phrasing]}; a phrasing belongs to one split by its hash."""
    goals = {}
    for path in sorted((DATA / "goals").glob("*.txt")):
        kind = None
        for line in path.read_text().splitlines():
            if line.startswith("== "):
                kind = line[3:].split("#")[0].split("{")[0].strip()
            elif line.strip() and not line.startswith("#") and kind:
                if split is None or held_out(line, "goal") == (split == "test"):
                    goals.setdefault(kind, []).append(line.strip())
    return goals
