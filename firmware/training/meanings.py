"""Words that mean the same, from WordNet, and lines of a document whose things are asked for in other words."""
import os
import re
from dataclasses import dataclass, field

from values import held_out

WORDNET = os.environ.get("DAIMON_WORDNET", "/usr/share/wordnet") + "/"
# What stands in documents: acts, animals, artifacts, communication, food, groups, places, people, plants, possessions,
# processes, substances, times (lexicographer files of WordNet).
KINDS = {"04", "05", "06", "10", "13", "14", "15", "18", "20", "21", "22", "27", "28"}
ENDINGS = (("ies", "y"), ("sses", "ss"), ("s", ""))

# (kind of value, how a line says it, how it is asked for); {x} is the thing, {v} the value.
FORMS = [
    ("amount", ["{X}: {v}", "The {x} cost {v}.", "{v} for the {x}", "{X} - {v}", "We paid {v} for the {x}.", "{X} ({v})", "{X} charge {v}"],
     ["how much was the {x}?", "what did the {x} cost", "price of the {x}", "what was paid for the {x}?", "how much is the {x}", "cost of the {x}"]),
    ("date", ["{X}: {v}", "The {x} is on {v}.", "{v}: {x}", "{X} by {v}", "{X} due {v}", "The {x} begins on {v}."],
     ["when is the {x}?", "what date is the {x}", "date of the {x}", "which day is the {x}?", "when's the {x}"]),
    ("time", ["{X}: {v}", "The {x} is at {v}.", "{v} {x}", "{X} from {v}"], ["what time is the {x}?", "when is the {x}", "time of the {x}"]),
    ("person", ["{X}: {v}", "{v} looks after the {x}.", "{v} - {x}", "Ask {v} about the {x}.", "The {x} is with {v}.", "{X} ({v})"],
     ["who looks after the {x}?", "who is the {x}", "whom do I ask about the {x}?", "who has the {x}?", "name of the {x}"]),
    ("company", ["{X}: {v}", "The {x} is from {v}.", "{X} by {v}", "{v} ({x})"], ["which company is the {x} from?", "who does the {x}?", "where did the {x} come from"]),
    ("place", ["{X}: {v}", "The {x} is in {v}.", "{X}, {v}"], ["where is the {x}?", "which town is the {x} in", "place of the {x}"]),
    ("ref", ["{X}: {v}", "{X} no. {v}", "{X} reference {v}", "The number of the {x} is {v}."], ["what's the number of the {x}?", "reference for the {x}", "{x} number"]),
    ("phone", ["{X}: {v}", "{X} tel {v}", "For the {x} ring {v}."], ["what's the phone number for the {x}?", "which number do I ring for the {x}", "telephone {x}"]),
    ("n", ["{X}: {v}", "{v} x {x}", "{X} ({v})", "Number of the {x}: {v}"], ["how many for the {x}?", "what number stands at the {x}", "how many of the {x} are there"]),
    ("percent", ["{X}: {v}", "The {x} is {v}.", "{X} at {v}"], ["what percentage is the {x}?", "how much is the {x}", "rate of the {x}"]),
    ("duration", ["{X}: {v}", "The {x} takes {v}.", "{X} for {v}"], ["how long is the {x}?", "how long does the {x} take"]),
    ("item", ["{X}: {v}", "The {x} has the {v}.", "{X} - {v}"], ["what is with the {x}?", "what does it say for the {x}", "{x}"]),
]


@dataclass
class Meaning:
    word: str
    same: list  # words of its synonym set
    kind: list  # words of the set above it
    about: list  # the words that its definition begins with
    parts: set = field(default_factory=set)  # all words in these: what tells two meanings apart


def lines_of(path):
    """Of a file of WordNet, without its licence."""
    with open(path, encoding="latin-1") as file:
        return [line for line in file if not line.startswith(" ")]


def spoken(lemma):
    return lemma.replace("_", " ")


class Meanings:
    def __init__(self, folder=WORDNET):
        self.sets, self.nouns, self.synonyms, self.lines = {}, [], {}, []
        for name in ("noun", "verb", "adj", "adv"):
            if os.path.exists(folder + "data." + name):
                self.read(folder, name)

    def read(self, folder, name):
        for line in lines_of(folder + "data." + name):
            head, _, gloss = line.partition(" | ")
            fields = head.split(" ")
            count = int(fields[3], 16)
            words = [re.sub(r"\(.*", "", w) for w in fields[4:4 + 2 * count:2]]
            at = 4 + 2 * count
            above = [fields[i + 1] for i in range(at + 1, at + 1 + 4 * int(fields[at]), 4) if fields[i] == "@"]
            definition = gloss.strip().split("; \"")[0].split(";")[0]
            self.sets[name + fields[0]] = (words, above, fields[1], definition)
            self.lines.append(", ".join(spoken(w) for w in words) + ": " + gloss.strip())
        for line in lines_of(folder + "index." + name):
            fields = line.split()
            lemma, pointers = fields[0], int(fields[3])
            tagged, first = int(fields[5 + pointers]), fields[6 + pointers]
            words, above, kind, definition = self.sets[name + first]
            if not tagged or not re.fullmatch(r"[a-z]{3,14}(_[a-z]{3,12})?", lemma):
                continue
            same = [spoken(w) for w in words if w != lemma and re.fullmatch(r"[a-z_ ]{3,24}", w)]
            if same:
                self.synonyms[spoken(lemma)] = same
            if name == "noun" and kind in KINDS:
                higher = [spoken(w) for a in above for w in self.sets[name + a][0] if re.fullmatch(r"[a-z_]{3,24}", w)]
                about = [w for w in re.findall(r"[a-z]{4,}", definition) if w not in lemma]
                meaning = Meaning(spoken(lemma), same, higher[:2], about[:6])
                meaning.parts = set(" ".join([meaning.word, *same, *higher, *about[:6]]).split())
                if same or higher:
                    self.nouns.append(meaning)

    def of_split(self, split):
        return [n for n in self.nouns if held_out(n.word, "meaning") == (split == "test")]

    def other_word(self, word, rng):
        """One that means the same as `word` in its first sense, with its ending; or nothing."""
        for ending, single in (("", ""),) + ENDINGS:
            stem = word[:len(word) - len(ending)] + single if ending and word.endswith(ending) else word if not ending else None
            if stem in self.synonyms:
                found = rng.choice(self.synonyms[stem])
                return found + "s" if ending and not found.endswith("s") else found
        return None


def document(nouns, values, rng):
    """Lines about some things, and [(question, answer)] in other words than the lines'."""
    count, chosen, seen = rng.randint(2, 7), [], set()
    for _ in range(40):
        noun = rng.choice(nouns)
        if len(chosen) < count and not noun.parts & seen:
            chosen.append(noun)
            seen |= noun.parts
    forms = rng.sample(FORMS, rng.choice([1, 1, 2, 3]))
    lines, asked = [], []
    same_form = rng.random() < 0.5
    said = {f[0]: rng.choice(f[1]) for f in forms}
    for noun in chosen:
        slot, ways, questions = rng.choice(forms)
        value = values.slot(slot)
        way = said[slot] if same_form else rng.choice(ways)
        line = way.replace("{x}", noun.word).replace("{X}", noun.word[:1].upper() + noun.word[1:]).replace("{v}", value)
        lines.append(line)
        x = rng.random()
        other = rng.choice(noun.same) if noun.same and x < 0.6 else rng.choice(noun.kind) if noun.kind and x < 0.85 else noun.word
        if noun.about and rng.random() < 0.12:
            other = " ".join(noun.about[:rng.randint(2, 3)])
        asked.append((rng.choice(questions).replace("{x}", other) if rng.random() < 0.85 else other, value))
    text = "\n".join(lines)
    if rng.random() < 0.25:
        text = text.replace("\n", " ")
    return text, [(q, a) for q, a in asked if text.count(a) == 1]
