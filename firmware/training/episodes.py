"""Episodes for the firmware model: goals over random homes, in the shape of firmware/FORMAT.md.

`Episodes(seed, split).next()` gives one conversation: a list of (role, text) with the roles sys, user, res and call; what
stands under `call` is what the model learns to say. Phrasings, documents, names and words of the split "test" are never
in an episode of "train" (values.held_out); firmware/tests proves it.
"""
import gzip
import hashlib
import json
import os
import pathlib
import random
import re
import sys
from decimal import Decimal

import arithmetic
import bank
import dialogues
import meanings
from values import DAYS, MONTHS, SLOT, UNITS, Values, choose_alternatives, held_out

COLLECTIONS = os.environ.get("DAIMON_TRAINING_DATA", "data") + "/"
CALLS = "search, answer, read, list, table, calculate, write, ask, none"
WINDOW_BYTES = 320
SHORT_WINDOW_BYTES = 150
POOL = 80  # documents that a search may bring besides the one that is meant
STOP = set("""a an the is are was were be been being am do does did i me my we us our you your he him his she her it its they them
their in on at to of for from by with and or but what which who whom whose when where why how much many long often should must would
could can will shall might has have had having this that these those there here as into not no if so than then s t d ll ve re m
please tell say says find know need get give show let some any all about""".split())
WORD = re.compile(r"[^\W_]+", re.UNICODE)
_MONTH = "(?:" + "|".join(MONTHS) + ")"
VALUE = re.compile(rf"[£€$]\d[\d,]*(?:\.\d+)?|\b\d{{1,2}} {_MONTH}(?: \d{{4}})?|\b{_MONTH} \d{{4}}\b|\b{_MONTH} \d{{1,2}}\b(?:, \d{{4}})?|\b\d{{4}}-\d\d-\d\d|\b\d\d/\d\d/\d{{4}}|"
                   r"\b\d[\d,]*(?:\.\d+)?%?|\b[A-Z]{1,4}[-/]?\d[\w/-]*|\b[A-Z][a-z]+ [A-Z][a-z]+\b")
_bank = {}


def data_hash(written=bank.DATA, collections=COLLECTIONS):
    """Of the names and the bytes of all that is written by hand and of the collections that episodes are made of."""
    made = hashlib.sha256()
    for root, folders in ((written, ["."]), (collections, ["qamr", "sgd", "gsm8k"])):
        for path in sorted(path for folder in folders for path in (pathlib.Path(root) / folder).rglob("*") if path.is_file()):
            made.update(str(path.relative_to(root)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return made.hexdigest()


def load_bank():
    if not _bank:
        _bank["documents"] = bank.read_documents()
        _bank["goals"] = {split: bank.read_goals(split) for split in ("train", "test")}
        _bank["tables"] = read_tables()
        sentences, questions = read_qamr()
        _bank["sentences"], _bank["qamr"] = list(sentences.values()), questions
        _bank["dialogues"], _bank["utterances"] = dialogues.read(COLLECTIONS + "sgd/", WINDOW_BYTES)
        _bank["meanings"] = meanings.Meanings()
        _bank["problems"] = [json.loads(line).get("question", "") for line in gzip.open(COLLECTIONS + "gsm8k/train.jsonl.gz", "rt")] \
            if os.path.exists(COLLECTIONS + "gsm8k") else []
        counts = {}
        for sentence in sentences.values() or [d.text for d in _bank["documents"]]:
            for word in re.findall(r"\b[a-z]{4,10}\b", sentence):
                counts[word] = counts.get(word, 0) + 1
        _bank["words"] = sorted(w for w, n in counts.items() if n >= 2)
    return _bank


def detokenized(tokens):
    text = " ".join(tokens)
    for a, b in (("-LRB-", "("), ("-RRB-", ")"), ("-LSB-", "["), ("-RSB-", "]"), ("``", '"'), ("''", '"')):
        text = text.replace(a, b)
    text = re.sub(r" ([.,;:?!%)\]])", r"\1", text)
    text = re.sub(r"([(\[$£]) ", r"\1", text)
    text = re.sub(r" (n't|'s|'re|'ve|'ll|'d|'m)\b", r"\1", text)
    return re.sub(r'" ([^"]*?) "', r'"\1"', text)


def read_qamr():
    """Sentences by their keys, and questions over them, with the key, and the span that answers. Without the collections:
    none, which is enough to try the generator but not to train."""
    if not os.path.exists(COLLECTIONS + "qamr"):
        print(f"no collections in {COLLECTIONS}: set DAIMON_TRAINING_DATA", file=sys.stderr)
        return {}, []
    tokens = {}
    for line in gzip.open(COLLECTIONS + "qamr/wiki-sentences.tsv.gz", "rt"):
        key, text = line.rstrip("\n").split("\t")[:2]
        tokens[key] = text.split(" ")
    questions = []
    for name in ("dev", "test"):
        for line in gzip.open(COLLECTIONS + f"qamr/{name}.tsv.gz", "rt"):
            columns = line.rstrip("\n").split("\t")
            words = tokens.get(columns[0])
            try:
                at = [int(x) for x in columns[6].split(" ")]
            except ValueError:
                continue
            if not words or at != list(range(at[0], at[0] + len(at))):
                continue
            answer, text = detokenized(words[at[0]:at[-1] + 1]), detokenized(words)
            if len(text.encode()) > WINDOW_BYTES or text.count(answer) != 1 or not 2 <= len(answer) <= 60:
                continue
            questions.append((columns[0], columns[5], text, answer))
    return {key: detokenized(t) for key, t in tokens.items()}, questions


def read_tables():
    tables = []
    for block in re.split(r"(?m)^=== ", (bank.DATA / "tables.txt").read_text())[1:]:
        entry = dict(re.findall(r"(?m)^(\w+): (.+)$", block))
        columns = re.findall(r"(\w+):(\([^)]*\)|\w+)", entry["columns"])
        tables.append(dict(name=block.splitlines()[0], paths=bank.split_items(entry["path"]), said=bank.split_items(entry["said"]),
                           rows=bank.split_items(entry["rows"]), columns=columns))
    return tables


def words_of(text):
    return [w.lower() for w in WORD.findall(text)]


def terms_of(text):
    terms = list(dict.fromkeys(w for w in words_of(text) if w not in STOP))
    return terms or list(dict.fromkeys(words_of(text)))


def stem(word):
    return word[:-1] if len(word) > 4 and word.endswith("s") else word


def one_line(text):
    """As src/memory/prompt_profile.cpp: newlines as " / ", runs of blanks as one."""
    lines = [re.sub(r"[\x00-\x1f ]+", " ", line).strip() for line in text.strip().split("\n")]
    return " / ".join(line for line in lines if line)


def shown_passage(number, path, page, window):
    return f"[{number}] {one_line(path)}" + (f" p{page}" if page else "") + ": " + one_line(window)


def shown_files(files):
    return "files:" + "".join("\n " + one_line(p) + (f": {', '.join(c)}" if c else "") for p, c in files)


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Passage:
    """One document as a search shows it."""
    __slots__ = ("path", "page", "text", "words", "slots", "template", "number", "asks")

    def __init__(self, path, page, text, slots=None, template=None, asks=()):
        self.asks = asks  # [(question, answer)] of a document that no template made
        self.path, self.page, self.text, self.slots, self.template = path, page, text, slots or {}, template
        self.words = {stem(w) for w in words_of(path + " " + text)}
        self.number = 0

    def score(self, terms):
        return sum(stem(t) in self.words for t in terms)

    def window(self, terms, wants_number, most=WINDOW_BYTES):
        """The lines that hold most of the terms, at most `most` bytes (src/fs/rank.cpp, best_window)."""
        if len(self.text.encode()) <= most:
            return self.text
        lines = self.text.split("\n")
        sizes = [len(line.encode()) + 1 for line in lines]
        stems = {stem(t) for t in terms}
        found = [{stem(w) for w in words_of(line)} & stems for line in lines]
        digits = [any(c.isdigit() for c in line) for line in lines]
        best, best_score = "", -1.0
        for first in range(len(lines)):
            size, have, numbers = 0, set(), 0
            for last in range(first, len(lines)):
                size += sizes[last]
                if size - 1 > most and last != first:
                    break
                have = have | found[last]
                numbers += digits[last]
                score = len(have) + (0.3 if wants_number else 0.1) * min(numbers, 4) + 0.001 * size / most
                if score > best_score:
                    best, best_score = "\n".join(lines[first:last + 1]), score
        return best[:WINDOW_BYTES]


    def around(self, answer, most, rng):
        """Lines around the one that holds `answer`."""
        lines = self.text.split("\n")
        first = last = next((i for i, line in enumerate(lines) if answer in line), 0)
        size = len(lines[first].encode())
        while True:
            grown = [i for i in (first - 1, last + 1) if 0 <= i < len(lines) and size + len(lines[i].encode()) + 1 <= most]
            if not grown:
                return "\n".join(lines[first:last + 1])
            i = rng.choice(grown)
            size += len(lines[i].encode()) + 1
            first, last = min(first, i), max(last, i)



def continued(goal, then):
    """A goal and what is to be done after it, which begins with its own punctuation or with a word."""
    return goal.rstrip("?. ") + (" " if then[:1].isalnum() or then[:1] == "&" else "") + then


def wants_number(query):
    query = query.lower()
    return any(w in query for w in ("how much", "how many", "when", "pay", "cost", "total", "number", "bill", "owe", "price"))


class Session:
    """What several goals in one episode share."""

    def __init__(self, tables, files):
        self.tables, self.files = tables, files


class Looked:
    """Something that stands in a document: the question or noun phrase for it, the document, the answer."""

    def __init__(self, passage, answer, question="", phrase="", template=None, field=None):
        self.passage, self.answer, self.question, self.phrase = passage, answer, question, phrase
        self.template, self.field = template, field


class Episodes:
    def __init__(self, seed, split="train"):
        data = load_bank()
        self.rng, self.split = random.Random(seed), split
        self.values = Values(self.rng, split, data["words"])
        test = split == "test"
        self.documents = [d for d in data["documents"] if d.held_out == test] or data["documents"]
        self.goals = data["goals"][split]
        other = data["goals"]["train"]
        self.goals = {kind: self.goals.get(kind) or other[kind] for kind in other}
        self.tables = [t for t in data["tables"] if held_out(t["name"], "table") == test] or data["tables"]
        self.qamr = [q for q in data["qamr"] if held_out(q[0], "qamr") == test]
        self.qamr_of = {}
        for q in self.qamr:
            self.qamr_of.setdefault(q[2], []).append(q)
        self.meanings, self.nouns = data["meanings"], data["meanings"].of_split(split)
        self.dialogues = dialogues.of_split(data["dialogues"], split)
        self.running_text = self.texts(data) if not test else []
        self.text_share = 0.0  # of a hundred episodes, those that are running text, to learn English from
        self.drills = 45  # of a hundred episodes, the rest are goals
        self.sentences = data["sentences"] or [d.text.split("\n")[0] for d in self.documents]
        # A question may be asked in a phrasing of its own split alone.
        self.mine = lambda phrasing: test or not held_out(phrasing, "question")
        self.pool, self.talk, self.session = [], [], None
        self.short = 0.2  # share of episodes with few and short passages: quicker to learn from at first
        for _ in range(POOL):
            self.refresh_pool()

    # ------------------------------------------------------------------------------------------- small choices
    def pick(self, items):
        return items[int(self.rng.random() * len(items))]

    def chance(self, p):
        return self.rng.random() < p

    def pickw(self, pairs):
        x = self.rng.random() * sum(w for w, _ in pairs)
        for weight, item in pairs:
            x -= weight
            if x <= 0:
                return item
        return pairs[-1][1]

    def phrasing(self, kind):
        return choose_alternatives(self.pick(self.goals[kind]), self.rng)

    # ------------------------------------------------------------------------------------------- documents
    def fill(self, text, slots, currency):
        def one(match):
            key, (name, number) = match.group(0), match.groups()
            if key in slots:
                return slots[key]
            person = "{person" + number + "}"
            if name == "first" and person in slots:
                value = slots[person].split(" ")[-1 if slots[person][1:3] in ("r ", "rs", "s ", ". ") else 0]
                value = slots[person].split(" ")[0] if value == slots[person].split(" ")[0] else value
            elif name == "person" and "{first" + number + "}" in slots:
                value = slots["{first" + number + "}"] + " " + self.pick(self.values.lasts)
            elif name == "amount":
                value = self.values.money(currency=currency)
            elif name == "date" and "{year}" in slots and self.chance(0.8):
                value = self.values.date(self.values.day(year=int(slots["{year}"])))
            elif name == "year" and number:
                value = str(int(slots.get("{year}", "2025")) + self.pick([-1, 1, -2, 2]))
            else:
                value = self.values.slot(name)
                for _ in range(5):
                    if value not in slots.values():
                        break
                    value = self.values.slot(name)
            slots[key] = value
            return value

        return SLOT.sub(one, text)

    def instance(self, template, slots=None):
        slots = dict(slots or {})
        currency = self.pick("££££££€$")
        text = choose_alternatives(template.text, self.rng)
        if "{first" in text and "{person" not in slots:
            # People whose first names are used have plain names.
            for _, number in SLOT.findall(text):
                slots.setdefault("{person" + number + "}", self.pick(self.values.firsts) + " " + self.pick(self.values.lasts))
        text = self.fill(text, slots, currency)
        path = self.pathed(self.fill(choose_alternatives(self.pick(template.paths), self.rng), slots, currency))
        page = self.pick([None, 1, 1, 2]) if path.endswith(".pdf") else None
        if path.endswith((".html", ".htm")):
            text = re.sub(r"[ \t]*</?[a-zA-Z!][^<>]*>[ \t]*", " ", text)
            text = "\n".join(line.strip() for line in text.split("\n") if line.strip())
        return Passage(path, page, text, slots, template)

    def pathed(self, path):
        path = re.sub(r"[£$€,&]", "", path)
        x = self.rng.random()
        folder, _, name = path.rpartition("/")
        name = name if x < 0.35 else name.replace(" ", "-") if x < 0.7 else name.replace(" ", "_") if x < 0.85 else name
        if self.chance(0.6):
            name = name.lower()
        if self.chance(0.1):
            folder = self.pick(["documents", "papers", "home", "archive", "inbox", "scans", "2026"])
        return (folder + "/" if folder else "") + name

    def any_path(self):
        return self.pathed(f"{self.pick(['', 'notes/', 'reading/', 'articles/'])}{self.values.word()} {self.values.word()}.{self.pick(['md', 'txt', 'html', 'pdf'])}")

    def wiki(self):
        if not self.qamr:
            return self.looked()
        key, question, text, answer = self.pick(self.qamr)
        return Looked(Passage(self.any_path(), None, text, asks=[(q, a) for _, q, _, a in self.qamr_of[text]]), answer, question=question)

    def in_other_words(self):
        """Lines about things that are asked for by other words of the same meaning."""
        text, asks = meanings.document(self.nouns, self.values, self.rng)
        if not asks:
            return self.in_other_words()
        question, answer = self.pick(asks)
        return Looked(Passage(self.any_path(), None, text, asks=asks), answer, question=question)

    def dialogue(self):
        _, text, asked = self.pick(self.dialogues)
        asks = [(dialogues.asked_for(q, self.rng), a) for q, a in asked]
        question, answer = self.pick(asks)
        return Looked(Passage(self.any_path(), None, text, asks=asks), answer, question=question)

    def mixed(self):
        """Lines of several documents in one: what a line is about, only the line itself tells."""
        lines, asks = [], []
        for _ in range(self.rng.randint(3, 6)):
            template = self.pick(self.documents)
            passage = self.instance(template)
            for field in self.rng.sample(template.fields, min(len(template.fields), self.rng.randint(1, 2))):
                answer = self.fill(field.answer, passage.slots, "£")
                line = next((x.strip() for x in passage.text.split("\n") if answer in x), "")
                choices = [q for q in field.questions + field.phrases if self.mine(q) and all(passage.slots.get(m.group(0), "\n") in line for m in SLOT.finditer(q))]
                if not line or not choices or line in lines:
                    continue
                lines.append(line)
                asks += [(self.fill(self.varied(choose_alternatives(self.pick(choices), self.rng)), passage.slots, "£"), answer)]
        order = list(range(len(lines)))
        self.rng.shuffle(order)
        text = "\n".join(lines[i] for i in order)
        asks = [(q, a) for q, a in asks if text.count(a) == 1]
        if not asks:
            return self.mixed()
        question, answer = self.pick(asks)
        return Looked(Passage(self.any_path(), None, text, asks=asks), answer, question=question)

    def elsewhere(self):
        """Something to look up in a document that no template made; or nothing."""
        make = self.pickw([(15, self.qamr and self.wiki), (10, self.nouns and self.in_other_words),
                           (4, self.dialogues and self.dialogue), (12, self.mixed), (59, None)])
        return make() if make else None

    def texts(self, data):
        """English to read: definitions of words, what people said, problems, sentences. Lists of lines of equal weight."""
        said = [u for service, us in data["utterances"].items() if not held_out(service, "service") for u in us]
        return [t for t in (data["meanings"].lines, said, data["problems"], list(self.qamr_of)) if t]

    def reading(self):
        """An episode of nothing but text, all of which is to be said."""
        lines = self.pick(self.running_text)
        at = self.rng.randrange(len(lines))
        text = "\n".join(lines[at:at + 8]) if self.chance(0.3) else "\n".join(self.pick(lines) for _ in range(self.rng.randint(2, 10)))
        self.talk = [("text", text)]

    def varied(self, raw):
        """A question's template in other words: some of the same meaning, some left out. Training alone."""
        if self.split == "test" or not self.meanings.synonyms or not self.chance(0.4):
            return raw
        swap, drop = self.pick([(0.25, 0.0), (0.0, 0.5), (0.15, 0.15)])
        made = []
        for word in raw.split(" "):
            if word.isalpha() and word.islower():
                if word in STOP:
                    if self.chance(drop):
                        continue
                elif self.chance(swap):
                    word = self.meanings.other_word(word, self.rng) or word
            made.append(word)
        return " ".join(made) if len(made) > 1 else raw

    def refresh_pool(self):
        other = self.elsewhere()
        made = other.passage if other else self.instance(self.pick(self.documents))
        if len(self.pool) < POOL:
            self.pool.append(made)
        else:
            self.pool[int(self.rng.random() * POOL)] = made

    def looked(self, phrase=False, money=False):
        """Something to look up; with `phrase` one that has a noun phrase, with `money` one whose answer is a sum of money."""
        for _ in range(60):
            other = self.elsewhere() if not phrase and not money else None
            if other:
                return other
            template = self.pick(self.documents)
            fields = [f for f in template.fields if (not phrase or f.phrases) and (not money or re.fullmatch(r"\{amount\d*\}", f.answer))]
            if not fields:
                continue
            field = self.pick(fields)
            passage = self.instance(template)
            slots = passage.slots
            answer = self.fill(field.answer, slots, "£")
            if answer not in passage.text or "\n" in answer:
                continue
            choices = [q for q in (field.phrases if phrase else field.questions) if self.mine(q)]
            if not choices:
                continue
            raw = choose_alternatives(self.pick(choices), self.rng)
            if any(m.group(0) not in slots for m in SLOT.finditer(raw)):
                continue
            made = Looked(passage, answer, template=template, field=field)
            text = self.fill(raw if phrase else self.varied(raw), slots, "£")
            made.phrase, made.question = (text, "") if phrase else ("", text)
            made.asked = {m.group(0) for m in SLOT.finditer(raw)}
            return made
        return self.wiki()

    def others(self, looked, terms, count, present):
        """What else a search would bring: other documents of the kind, and what shares words with the question."""
        made = []
        asked = getattr(looked, "asked", set())
        if looked.template and asked:
            for _ in range(self.pick([0, 1, 1, 2, 2, 3])):
                change = set(self.rng.sample(sorted(asked), self.rng.randint(1, len(asked))))
                keep = {k: v for k, v in looked.passage.slots.items()
                        if k not in change and (k in asked or (k.startswith(("{company", "{person", "{place", "{year", "{street")) and self.chance(0.5)))}
                # The first name goes with its person.
                for k in list(keep):
                    if k.replace("first", "person") in change or k.replace("person", "first") in change:
                        del keep[k]
                other = self.instance(looked.template, keep)
                if any(other.slots.get(k) != looked.passage.slots.get(k) for k in change):
                    made.append(other)
        ranked = sorted(self.pool, key=lambda p: -(p.score(terms) + self.rng.random() * 1.5))
        for passage in ranked:
            if len(made) >= count:
                break
            if passage.template is not None and passage.template is looked.template:
                continue
            made.append(passage)
        return made[:count]

    def search(self, looked, query, goal, count=4, present=True, start=1):
        """The passages of a search, in the order of a search, and the number of the right one (0: not among them)."""
        terms = terms_of(query)
        numbers = wants_number(goal)
        short = self.chance(self.short)
        if short:
            count = self.rng.randint(1, 2)
        found = self.others(looked, terms, count - 1 if present else count, present)
        if present:
            found.append(looked.passage)
        noise = self.pick([0.3, 1.0, 3.0])
        found.sort(key=lambda p: -(p.score(terms) + (0.7 if p is looked.passage else 0) + self.rng.random() * noise))
        if self.chance(0.12):
            found = found[:self.rng.randint(1, count)]
        lines, right = [], 0
        for i, passage in enumerate(found):
            most = SHORT_WINDOW_BYTES if short else WINDOW_BYTES
            window = passage.window(terms, numbers, most)
            if passage is looked.passage and present and looked.answer not in window and looked.answer in passage.text and self.chance(0.85):
                window = passage.around(looked.answer, most, self.rng)
            if passage is looked.passage and present and looked.answer in window and looked.answer in one_line(window):
                right = start + i
            lines.append(shown_passage(start + i, passage.path, passage.page, window))
        for _ in range(4):
            self.refresh_pool()
        return "search: " + "\n".join(lines), right, found

    # ------------------------------------------------------------------------------------------- goals
    def join(self, wrap, slots):
        """Fills a phrasing of goals; a whole question inside keeps or loses its mark."""
        question = slots.get("{q}")
        if question is not None:
            before, _, after = wrap.partition("{q}")
            bare = question.rstrip("?. ")
            if before and not before.rstrip().endswith((".", "?", "!")) and not re.match(r"I\b|[A-Z][\w']* [A-Z]", bare) and self.chance(0.9):
                bare = bare[:1].lower() + bare[1:]
            if not after.strip():
                bare += "?" if question.endswith("?") or self.chance(0.5) else ""
            elif after[:1] == " " and after.strip()[:1].isupper():
                bare += self.pick(["?", "?", "."])
            slots = {**slots, "{q}": bare}
        text = SLOT.sub(lambda m: slots[m.group(0)] if m.group(0) in slots else self.values.slot(m.group(1)), wrap)
        return re.sub(r"\?\?|\?\.", "?", text)

    def said(self, goal, keep=()):
        """The noise of real typing. What stands in `keep` must survive, since it is to be copied."""
        x = self.rng.random()
        changed = goal
        if x < 0.14:
            changed = goal.lower()
        elif x < 0.3:
            changed = goal[:1].upper() + goal[1:]
        elif x < 0.4:
            changed = goal.rstrip("?.")
        elif x < 0.43:
            changed = goal + self.pick([" thanks", " please", " ta", "!", " cheers", " asap"])
        if self.chance(0.09) and len(changed) > 14:
            i = self.rng.randrange(3, len(changed) - 2)
            if changed[i].isalpha() and changed[i - 1].isalpha() and changed[i + 1].isalpha():
                a = changed[i]
                changed = changed[:i] + self.pick([changed[i + 1:], a + changed[i:], changed[i + 1] + a + changed[i + 2:]])
        return changed if all(k in changed for k in keep) else goal

    def out(self):
        v = self.values
        name = self.pick([v.word(), v.word() + "-" + v.word(), v.word() + "_" + v.word(), self.pick(v.objects), self.pick(MONTHS).lower() + "-" + v.word(),
                          v.word() + "-" + str(self.rng.randint(2023, 2027))])
        return self.pick(["", "", "", "", "notes/", "out/", "work/", v.word() + "/"]) + name + "." + self.pick(["txt", "txt", "txt", "md", "md", "csv", "text"])

    def files(self, must=(), tables=0.3):
        """The block of files: what the goal is about, and others. [(path, columns)]"""
        if self.session:
            return self.session.files
        found = list(must)
        count = self.rng.randint(max(3, len(found)), 6)
        while len(found) < count:
            if self.chance(tables):
                path, columns, _, _ = self.table()
                found.append((path, columns))
            elif self.chance(0.15):
                found.append((f"{self.pick(['src/', 'projects/', 'code/'])}{self.values.word()}.{self.pick(['py', 'c', 'cpp', 'sh', 'js', 'json', 'toml'])}", None))
            else:
                found.append((self.pick(self.pool).path, None))
        first = found[:len(must)]
        if self.chance(0.35):
            self.rng.shuffle(found)
        else:
            rest = found[len(must):]
            self.rng.shuffle(first)
            found = first + rest
        return list({p: (p, c) for p, c in found}.values())[:6]

    def begin(self, goal, files, plan, calls=CALLS):
        if not self.session or not self.talk:
            self.talk = [("sys", "calls: " + calls)]
            if files:
                self.talk.append(("res", shown_files(files)))
        self.talk += [("user", goal), ("call", compact({"plan": plan}))]

    def call(self, name, arguments, result):
        # A value begins with a space: so its first word has the tokens that it has in running text, and can be copied.
        spaced = {k: " " + v if isinstance(v, str) else v for k, v in arguments.items()}
        self.talk.append(("call", compact({"call": name, "with": spaced})))
        if result is not None:
            self.talk.append(("res", result))

    # ------------------------------------------------------------------------------------------- looking up
    def query_words(self, goal, wanted):
        """The words of `goal`, in its order, that say what is looked for: those of `wanted`."""
        wanted = {w for w in words_of(wanted) if w not in STOP}
        chosen, seen = [], set()
        for word in WORD.findall(goal):
            low = word.lower()
            if low in wanted and low not in seen and len(chosen) < 8:
                chosen.append(word)
                seen.add(low)
        return " ".join(chosen)

    def search_and_answer(self, looked, goal, wanted, present=True, count=4, start=1, query_goal=None):
        query = self.query_words(goal, wanted) or " ".join(w for w in WORD.findall(goal) if w.lower() not in STOP)[:40] or goal.split()[0]
        # Where a plan looks once, the host searches with the whole goal as well.
        text, right, found = self.search(looked, query + " " + (query_goal or ""), goal, count, present, start)
        self.call("search", {"query": query}, text + "\nfor: " + one_line(query_goal or query))
        if right:
            self.call("answer", {"passage": right, "answer": looked.answer}, f"answer: {looked.answer} [{right}]")
        else:
            self.call("answer", {"passage": 0}, "answer: not there")
        return right, start + len(found)

    def lookup(self):
        kind = self.pickw([(5, "plain"), (2.2, "wrapped"), (2.2, "phrase"), (1.0, "write"), (0.6, "question_write"), (1.6, "unanswered")])
        slots, keep, out = {}, [], None
        present = not self.chance(0.14)
        looked = self.looked(phrase=kind in ("phrase", "write"))
        wanted = looked.question or looked.phrase
        if kind == "unanswered":
            # A question that one might well ask of this document, which does not hold the answer.
            for _ in range(20):
                template = self.pick(self.documents)
                if template.unanswered:
                    break
            passage = self.instance(template)
            raw = choose_alternatives(self.pick(template.unanswered), self.rng)
            looked = Looked(passage, "\0", template=template)
            looked.asked = {m.group(0) for m in SLOT.finditer(raw) if m.group(0) in passage.slots}
            looked.question = wanted = self.fill(raw, passage.slots, "£")
            kind = self.pick(["plain", "plain", "wrapped"])
            present = True
        if kind in ("phrase", "write") and not looked.phrase:
            kind = "plain"
        question = looked.question
        if kind == "plain":
            goal = question
        elif kind == "wrapped":
            goal = self.join(self.phrasing("lookup.question"), {"{q}": question})
        elif kind == "phrase":
            goal = self.join(self.phrasing("lookup"), {"{np}": looked.phrase})
        else:
            out = self.out()
            goal = self.join(self.phrasing("lookup_write" if kind == "write" else "question_write"), {"{np}": looked.phrase, "{q}": question, "{out}": out})
            keep = [out]
        if out is None and self.chance(0.06):
            out = self.out()
            goal = continued(goal, self.join(self.phrasing("then_write"), {"{out}": out}))
            keep = [out]
        goal = self.said(goal, keep)
        files = self.files([(looked.passage.path, None)] if self.chance(0.85) else [])
        self.begin(goal, files, ["search", "answer"] + (["write"] if out else []))
        right, _ = self.search_and_answer(looked, goal, wanted, present, query_goal=goal)
        if out and right:
            self.call("write", {"path": out, "content": looked.answer}, f"write: {out} staged")

    def number_of(self, money):
        return re.sub(r"[^\d.]", "", money.replace(",", ""))

    def chain(self):
        """Two things looked up, then reckoned with."""
        kind = self.pickw([(1, "two_lookup"), (1.6, "two_add"), (2.2, "two_add_write"), (1, "two_diff"), (0.8, "two_diff_write"), (1, "two_bills"),
                           (1.8, "two_bills_write"), (1, "two_months"), (1, "two_months_write"), (0.8, "two_months_diff"),
                           (1, "lookup_percent"), (1, "lookup_percent_write"), (1, "lookup_times"), (0.8, "lookup_times_write"),
                           (0.8, "lookup_split"), (0.8, "lookup_split_write"), (1, "lookup_then")])
        out = self.out() if kind.endswith("_write") or (kind == "lookup_then" and self.chance(0.5)) else None
        numbers = {"{p}": str(self.rng.randint(1, 95)), "{n}": str(self.rng.randint(2, 36)), "{out}": out or ""}
        wanted = []
        if kind.startswith(("two_bills", "two_months")):
            pair = self.bill_pair(kind)
            if pair is None:
                return self.chain()
            items, slots, wanted = pair
        else:
            count = 2 if kind.startswith("two") else 1
            items = [self.looked(phrase=True, money=kind != "two_lookup") for _ in range(count)]
            if any(not i.phrase for i in items) or (kind != "two_lookup" and any(not self.number_of(i.answer) for i in items)):
                return self.chain()
            slots = {"{np}": items[0].phrase, "{np2}": items[-1].phrase}
            wanted = [i.phrase for i in items]
        base = {"lookup_then": "lookup"}.get(kind, kind)
        goal = self.join(self.phrasing(base), {**slots, **numbers})
        expression = None
        amounts = [self.number_of(i.answer) for i in items]
        if kind.startswith(("two_add", "two_bills")) or kind in ("two_months", "two_months_write"):
            expression = f"{amounts[0]} + {amounts[1]}"
        elif kind.startswith("two_diff") or kind == "two_months_diff":
            expression = f"{amounts[0]} - {amounts[1]}"
        elif kind.startswith("lookup_percent"):
            expression = f"{numbers['{p}']}% of {amounts[0]}"
        elif kind.startswith("lookup_times"):
            expression = f"{amounts[0]} * {numbers['{n}']}"
        elif kind.startswith("lookup_split"):
            expression = f"{amounts[0]} / {numbers['{n}']}"
        elif kind == "lookup_then":
            then, expression = self.then(amounts[0])
            goal = continued(goal, then)
            if out:
                goal = continued(goal, self.join(self.phrasing("then_write"), {"{out}": out}))
        goal = self.said(goal, [x for x in (out,) if x])
        plan = ["search", "answer"] * len(items) + (["calculate"] if expression else []) + (["write"] if out else [])
        files = self.files([(i.passage.path, None) for i in items if self.chance(0.85)])
        self.begin(goal, files, plan)
        start = 1
        for item, want in zip(items, wanted):
            alone = len(items) == 1
            right, start = self.search_and_answer(item, goal, want, True, 4 if alone else 3, start, goal if alone else "")
            if not right:
                return
        value = items[-1].answer
        if expression:
            value = arithmetic.arithmetic(expression)
            self.call("calculate", {"expression": expression}, f"calculate: {expression} = {value}")
        if out:
            self.call("write", {"path": out, "content": value}, f"write: {out} staged")

    def bill_pair(self, kind):
        """Two bills of one month, or one service in two months."""
        bills = [d for d in self.documents if d.kind.startswith("bills") and "{month}" in d.text]
        fields = lambda d: [f for f in d.fields if re.fullmatch(r"\{amount\d*\}", f.answer)]
        several = lambda d: len({w for w in ("gas", "electricity", "water", "broadband", "phone") if w in words_of(d.text)}) > 1
        # Nobody calls these the bill for gas.
        other = re.compile(r"(?i)nursery|\bcar\b|\bcard\b|\bcare\b|parking|school|premium|assessment|\brent\b")
        bills = [d for d in bills if fields(d) and not several(d) and not other.search(d.text)]
        if not bills:
            return None
        services = "gas|water|electricity|broadband|phone|mobile|internet|council tax|heating|energy|rent|landline|TV|sewerage|oil|power".split("|")
        year = str(self.rng.randint(2023, 2027))

        def made(template, month, service):
            passage = self.instance(template, {"{month}": month, "{year}": year})
            passage = Passage(self.pathed(re.sub(r"^(.*/)?", lambda m: (m.group(1) or "") + service.replace(" ", "-") + "-", passage.path, count=1)) if self.chance(0.6) else passage.path,
                              passage.page, f"{service[:1].upper() + service[1:]} {self.pick(['bill', 'statement', 'account', 'charges'])}\n" + passage.text, passage.slots, template)
            # The sum that is to be paid is the one that people call the bill.
            field = max(fields(template), key=lambda f: 9 * (template.kind == "bills_monthly" and f.answer == "{amount}") + sum(bool(re.search(r"\bbill|\btotal|how much (was|is|did)|\bowe|\bpay\b|\bcharge", q)) for q in f.questions) -
                        2 * sum(bool(re.search(r"last|previous|before|\bnet\b|deposit|\bvat\b|\btax\b", q, re.I)) for q in f.questions))
            item = Looked(passage, passage.slots.get(field.answer, ""), template=template)
            item.asked = {"{month}"}
            return item if item.answer and item.answer in passage.text else None

        if kind.startswith("two_bills"):
            month = self.pick(MONTHS)
            s, s2 = self.rng.sample(services, 2)
            items = [made(self.pick(bills), month, s), made(self.pick(bills), month, s2)]
            slots, wanted = {"{s}": s, "{s2}": s2, "{month}": month}, [f"{s} bill {month}", f"{s2} bill {month}"]
        else:
            s = self.pick(services)
            month, month2 = self.rng.sample(MONTHS, 2)
            template = self.pick(bills)
            items = [made(template, month, s), made(template, month2, s)]
            slots, wanted = {"{s}": s, "{month}": month, "{month2}": month2}, [f"{s} {month}", f"{s} {month2}"]
        return None if None in items else (items, slots, wanted)

    def then(self, value, unit=None):
        """A continuation that reckons on with `value`: its words, and the expression."""
        kind = self.pick(["then_percent", "then_percent", "then_times", "then_split", "then_add"])
        n, p, b = str(self.rng.randint(2, 24)), str(self.rng.randint(1, 95)), self.values.number()
        text = self.join(self.phrasing(kind), {"{n}": n, "{p}": p, "{b}": self.pick([b, "£" + b])})
        return text, {"then_percent": f"{p}% of {value}", "then_times": f"{value} * {n}", "then_split": f"{value} / {n}",
                      "then_add": f"{value} + {b}"}[kind]

    # ------------------------------------------------------------------------------------------- tables
    def table(self):
        if self.session:
            return self.pick(self.session.tables)
        table = self.pick(self.tables)
        year, month = str(self.rng.randint(2021, 2027)), self.pick(MONTHS)
        filled = lambda text: text.replace("{year}", year).replace("{month}", month.lower() if self.chance(0.5) else month)
        path = filled(self.pick(table["paths"]))
        if self.chance(0.25):
            path = self.pick(["", "data/", "lists/", "2026/", "home/"]) + path.split("/")[-1]
        columns = [c for c, _ in table["columns"]]
        if self.chance(0.2):
            columns = [c.capitalize() for c in columns]
        kinds = dict(zip(columns, [k for _, k in table["columns"]]))
        said = self.pick([path, path, path, path.split("/")[-1], path.split("/")[-1].rsplit(".", 1)[0].replace("-", " "), filled(self.pick(table["said"]))])
        return path, columns, kinds, (said, self.pick(table["rows"]), year)

    def value_of(self, kind):
        if kind.startswith("("):
            return self.pick(kind[1:-1].split("|"))
        return self.values.slot({"company": "company", "person": "person", "first": "first", "place": "place", "item": "item", "food": "food",
                                 "word": "word", "ref": "ref"}[kind])

    def tables_goal(self):
        r = self.rng
        path, columns, kinds, (said, rows, year) = self.table()
        numeric = [c for c in columns if kinds[c] in ("money", "number", "km", "count")]
        textual = [c for c in columns if kinds[c] not in ("money", "number", "km", "count", "date", "ref")]
        dated = [c for c in columns if kinds[c] == "date"]
        whole = self.pickw([(5, None), (1.2, "sum_write"), (1, "sum_where_write"), (1, "average_percent_write"), (0.8, "sum_convert_write")])
        kind = {"sum_write": "sum", "sum_where_write": "sum.where", "average_percent_write": "average.where", "sum_convert_write": "sum"}.get(whole) or \
            self.pickw([(1.5, "sum"), (2.5, "sum.where"), (1.6, "sum.month"), (0.7, "count"), (1.2, "count.where"), (0.8, "count.month"), (0.8, "average"),
                        (1, "average.where"), (0.8, "average.month"), (0.6, "min"), (0.6, "max"), (0.5, "min.where"), (0.5, "max.where"), (0.7, "list.where"), (0.8, "distinct")])
        operation, _, where = kind.partition(".")
        if not numeric or (where == "month" and not dated) or ((where == "where" or operation == "distinct") and not textual) or (operation == "list" and len(textual) < 2 and not numeric):
            return self.tables_goal()
        unit = None
        if whole == "sum_convert_write":
            km = [c for c in columns if kinds[c] == "km" or c.lower() in ("km", "kg", "grams", "minutes", "miles")]
            if not km:
                return self.tables_goal()
            column = km[0]
            unit = {"kg": ("kg", "lb", "pounds"), "grams": ("g", "oz", "ounces"), "minutes": ("minutes", "hours", "hours")}.get(column.lower(), ("km", "miles", "miles"))
            if unit[0] == "minutes":
                return self.tables_goal()
        elif operation in ("sum", "average", "min", "max"):
            column = numeric[0] if self.chance(0.7) else self.pick(numeric)
        elif operation == "count":
            column = columns[0]
        elif operation == "distinct":
            column = self.pick(textual)
        else:
            column = self.pick([c for c in columns if kinds[c] != "date"])
        arguments = {"path": path, "operation": operation, "column": column}
        slots = {"{col}": column if self.chance(0.6) else column.lower().replace("_", " "), "{file}": said, "{rows}": rows}
        keep, phrasing = [], self.phrasing(whole or kind)
        if where == "where":
            options = [c for c in textual if c != column]
            if not options:
                return self.tables_goal()
            where_column = max(options, key=lambda c: kinds[c].startswith("(") + r.random() * 1.3)
            value = self.value_of(kinds[where_column])
            slots["{value}"] = value
            arguments |= {"where_column": where_column, "where_value": value}
            keep.append(value)
        elif where == "month":
            month = r.randint(1, 12)
            has_year = self.chance(0.5) or not re.search(r"\b20\d\d\b", path.replace("_", " "))
            path_year = re.search(r"20\d\d", path)
            number = year if has_year or not path_year else path_year.group(0)
            slots["{month}"] = MONTHS[month - 1] + (f" {number}" if has_year else "")
            arguments |= {"where_column": dated[0], "where_value": f"{number}-{month:02d}"}
            keep.append(slots["{month}"])
        # Without the column's name only the usual one can be meant; without the file's, what the files show.
        if "{col}" not in phrasing and operation in ("sum", "average", "min", "max") and column != numeric[0]:
            if whole == "sum_convert_write":
                return self.tables_goal()
            arguments["column"] = column = numeric[0]
        out = self.out() if whole or self.chance(0.3) else None
        numbers = {"{p}": str(r.randint(1, 60)), "{out}": out or ""}
        if unit:
            numbers |= {"{u1}": unit[0], "{u2}": unit[2]}
        goal = self.join(phrasing, {**slots, **numbers})
        result = self.table_result(operation, column, kinds[column] if column in kinds else "money")
        expression = None
        if whole == "average_percent_write":
            expression = f"{numbers['{p}']}% of {result}"
        elif unit:
            expression = f"{result} {unit[0]} in {unit[1]}"
        elif not whole and operation in ("sum", "average", "min", "max", "count") and self.chance(0.22):
            if column.lower() in ("km", "distance", "kg") and self.chance(0.6):
                u = {"kg": ("kg", "lb", "pounds")}.get(column.lower(), ("km", "miles", "miles"))
                goal = continued(goal, self.join(self.phrasing("then_convert"), {"{u1}": u[0], "{u2}": u[2]}))
                expression = f"{result} {u[0]} in {u[1]}"
            else:
                then, expression = self.then(result)
                goal = continued(goal, then)
        if out and not whole:
            goal = continued(goal, self.join(self.phrasing("then_write"), {"{out}": out}))
        goal = self.said(goal, keep + ([out] if out else []))
        plan = ["table"] + (["calculate"] if expression else []) + (["write"] if out else [])
        files = self.files([(path, columns)])
        self.begin(goal, files, plan)
        text = f"table: {operation} of {column} in {path}"
        if where:
            text += f" where {arguments['where_column']} is {arguments['where_value']}"
        if self.chance(0.03):
            self.call("table", arguments, "error: table: the file was changed while it was read")
        rows_text = f"({r.randint(1, 90)} rows)" if operation != "distinct" else f"({r.randint(2, 9)} values)"
        self.call("table", arguments, f"{text} = {result} {rows_text}")
        value = result
        if expression:
            value = arithmetic.convert(result, *expression.split(" ")[1::2]) if " in " in expression else arithmetic.arithmetic(expression)
            self.call("calculate", {"expression": expression}, f"calculate: {expression} = {value}")
        if out:
            self.call("write", {"path": out, "content": value}, f"write: {out} staged")

    def table_result(self, operation, column, kind):
        if operation == "count":
            return str(self.rng.randint(0, 90))
        if operation in ("list", "distinct"):
            return "; ".join(self.value_of(kind) if kind not in ("money", "number", "km", "count", "date") else self.values.number() for _ in range(self.rng.randint(2, 5)))
        return str(self.rng.randint(20, 4000)) if kind == "count" and operation != "average" else self.values.number()

    # ------------------------------------------------------------------------------------------- reckoning
    def compute(self):
        v, r = self.values, self.rng
        number = lambda: self.pick([str(r.randint(2, 99)), str(r.randint(100, 9999)), v.number(), f"{r.uniform(1, 50):.1f}"])
        def spoken(text):
            whole, point, rest = text.partition(".")
            shown = f"{int(whole):,}{point}{rest}" if len(whole) > 3 and self.chance(0.5) else text
            return (self.pick("£££€$") + shown) if self.chance(0.3) else shown
        kind = self.pickw([(1, "add2"), (1, "add3"), (0.5, "add4"), (1, "subtract"), (1, "multiply"), (1, "divide"), (0.8, "split"), (1.5, "percent_of"), (0.4, "power"), (0.5, "sqrt"),
                           (0.4, "round"), (0.7, "times_plus"), (1.4, "date_add"), (0.8, "date_sub"), (2, "date_diff"), (2.2, "convert"),
                           (0.5, "percent_write"), (0.5, "date_write"), (0.5, "convert_write")])
        a, b, c, d = number(), number(), number(), number()
        n, p = str(r.randint(2, 60)), self.pick([str(r.randint(1, 99)), str(r.randint(1, 99)), f"{r.uniform(1, 30):.1f}"])
        out = self.out() if kind.endswith("_write") else None
        slots = {"{a}": spoken(a), "{b}": spoken(b), "{c}": spoken(c), "{d}": spoken(d), "{n}": n, "{p}": p, "{out}": out or ""}
        base = kind.removesuffix("_write")
        value = None
        if base in ("add2", "add3", "add4"):
            expression = " + ".join([a, b, c, d][:int(base[-1])])
        elif base in ("subtract", "multiply", "divide"):
            expression = f"{a} {dict(subtract='-', multiply='*', divide='/')[base]} {b}"
        elif base == "split":
            expression = f"{a} / {n}"
        elif base in ("percent_of", "percent"):
            expression = f"{p}% of {a}"
        elif base == "times_plus":
            expression = f"{a} * {n} + {b}"
        elif base == "power":
            a, n = str(r.randint(2, 60)), str(r.randint(2, 12))
            slots |= {"{a}": a, "{n}": n}
            expression, value = f"{a}^{n}", str(int(a) ** int(n))
        elif base == "sqrt":
            expression = f"sqrt({a})"
            value = arithmetic.shown(Decimal(a).sqrt())
        elif base == "round":
            n = str(r.randint(0, 3))
            a = f"{r.uniform(1, 500):.5f}"
            slots |= {"{a}": a, "{n}": n}
            expression, value = f"round({a}, {n})", f"{float(a):.{n}f}"
        elif base in ("date_add", "date_sub", "date"):
            day, count, unit = v.day(), r.randint(2, 200), self.pick(["days", "days", "weeks", "months"])
            sign = "-" if base == "date_sub" else "+"
            slots |= {"{date}": v.date(day, said=True), "{n}": str(count), "{unit}": unit}
            expression = f"{day.isoformat()} {sign} {count} {unit}"
            value = arithmetic.add_to_day(day, count, unit, -1 if sign == "-" else 1).isoformat()
        elif base == "date_diff":
            day, day2 = sorted((v.day(), v.day()))
            both = v.date(day, said=True), v.date(day2, said=True)
            slots |= {"{date}": both[0], "{date2}": both[1]}
            expression, value = f"{day2.isoformat()} - {day.isoformat()}", "1 day" if (day2 - day).days == 1 else f"{(day2 - day).days} days"
        else:
            u = self.pick(UNITS)
            long = self.chance(0.5)
            slots |= {"{a}": a if len(a) < 4 else f"{int(a):,}" if a.isdigit() and self.chance(0.3) else a, "{u1}": u[2] if long else u[0], "{u2}": u[3] if long else u[1]}
            expression, value = f"{a} {u[0]} in {u[1]}", arithmetic.convert(a, u[0], u[1])
        value = value or arithmetic.arithmetic(expression)
        goal = self.join(self.phrasing(kind), slots)
        if not out and self.chance(0.12):
            out = self.out()
            goal = continued(goal, self.join(self.phrasing("then_write"), {"{out}": out}))
        goal = self.said(goal, [slots[k] for k in slots if k in ("{a}", "{b}", "{c}", "{d}", "{date}", "{date2}") and slots[k] in goal] + ([out] if out else []))
        files = self.files() if out or self.chance(0.75) else []
        calls = CALLS if files else "calculate, ask, none"
        self.begin(goal, files, ["calculate"] + (["write"] if out else []), calls)
        self.call("calculate", {"expression": expression}, f"calculate: {expression} = {value}")
        if out:
            self.call("write", {"path": out, "content": value}, f"write: {out} staged")

    # ------------------------------------------------------------------------------------------- files
    def content(self):
        v, r = self.values, self.rng
        x = r.random()
        if x < 0.2:
            return ", ".join(self.pick([v.slot("food"), v.slot("item"), v.word()]) for _ in range(r.randint(2, 5)))
        if x < 0.4:
            return f"{self.pick(['call', 'ring', 'meet', 'pay', 'thank', 'ask', 'see', 'visit'])} {self.pick([v.person(), v.company(), v.slot('first')])} {self.pick(['on ' + self.pick(DAYS), 'at ' + v.time(), 'about the ' + self.pick(v.objects), 'by ' + v.date()])}"
        if x < 0.55:
            words = self.pick(self.sentences).split(" ")
            at = r.randrange(max(1, len(words) - 6))
            return " ".join(words[at:at + r.randint(3, 10)]).strip(" ,.\"'()") or "hello"
        if x < 0.7:
            return f"{v.word()} {self.pick(['at', 'on', 'with', 'for', 'from'])} {self.pick([v.place() if hasattr(v, 'place') else v.slot('place'), v.slot('first'), self.pick(DAYS), v.time()])}"
        if x < 0.85:
            return " ".join(v.word() for _ in range(r.randint(1, 6)))
        return f"{v.word()}: {self.pick([v.money(), v.ref(), v.phone(), v.date(), v.slot('n')])}"

    def said_name(self, path):
        """How a person calls a file without its path."""
        name = path.split("/")[-1].rsplit(".", 1)[0]
        return re.sub(r"[-_]+", " ", name).lower()

    def files_goal(self):
        v, r = self.values, self.rng
        kind = self.pickw([(1.6, "read"), (1, "read.path"), (1.4, "list"), (0.6, "list.all"), (2.4, "write"), (1.2, "overwrite"), (2, "ask_write"), (1.4, "ask"), (2.6, "none")])
        files = self.files()
        phrasing = self.phrasing(kind)
        if kind in ("read", "read.path"):
            path = self.pick([p for p, c in files if not c] or [p for p, c in files])
            goal = self.said(self.join(phrasing, {"{path}": path, "{doc}": self.said_name(path)}), [path] if kind == "read.path" else [])
            self.begin(goal, files, ["read"])
            self.call("read", {"path": path}, None)
        elif kind in ("list", "list.all"):
            folders = sorted({p.rsplit("/", 1)[0] for p, _ in files if "/" in p})
            if kind == "list" and not folders:
                return self.files_goal()
            folder = self.pick(folders or [""])
            if kind == "list" and self.chance(0.2):
                folder = folder + "/" + v.word()
                files = [(folder + "/" + p.split("/")[-1], c) if self.chance(0.4) else (p, c) for p, c in files]
            spoken = folder if self.chance(0.8) else folder.split("/")[-1]
            goal = self.said(self.join(phrasing, {"{folder}": spoken}), [spoken] if kind == "list" else [])
            self.begin(goal, files, ["list"])
            in_files = any(p.startswith(folder + "/") for p, _ in files)
            self.call("list", {"path": folder if in_files else spoken} if kind == "list" else {}, None)
        elif kind in ("write", "overwrite"):
            path = self.out() if kind == "write" else self.pick([p for p, c in files])
            content = self.content()
            goal = self.said(self.join(phrasing, {"{out}": path, "{path}": path, "{content}": content}), [path, content])
            self.begin(goal, files, ["write"])
            self.call("write", {"path": path, "content": content}, None)
        elif kind == "ask_write":
            out, thing = self.out(), self.pick(self.things())
            said, _, question = phrasing.partition(" => ")
            slots = {"{out}": out, "{thing}": thing}
            goal = self.said(self.join(said, slots), [out])
            answer = self.content()
            self.begin(goal, files, ["ask", "write"])
            self.call("ask", {"question": self.join(question, slots)}, f'ask: "{answer}"')
            self.call("write", {"path": out, "content": answer}, f"write: {out} staged")
        elif kind == "ask":
            said, _, question = phrasing.partition(" => ")
            slots = {"{thing}": self.pick(self.things())}
            goal = self.said(self.join(said, slots))
            self.begin(goal, files if self.chance(0.8) else [], ["ask"], CALLS if files else "calculate, ask, none")
            self.call("ask", {"question": self.join(question, slots)}, None)
        else:
            goal = self.said(self.join(phrasing, {}))
            some = self.chance(0.85)
            self.begin(goal, files if some else [], ["none"], CALLS if some else "calculate, ask, none")

    def things(self):
        return ["dentist appointment", "shopping list", "phone number", "new address", "holiday dates", "meter reading", "flight details", "gym code", "packing list",
                "doctor's appointment", "car registration", "favourite recipe", "wifi password", "meeting notes", "guest list", "birthday plans", "blood pressure",
                "parking permit number", "exam results", "running times", "travel plans", "allergy list", "bank details", "order number", "class schedule", "weekly menu"]

    # ------------------------------------------------------------------------------------------- many answers for one reading
    def drill(self):
        """Many questions over the same passages, without plans and searches: most of what an episode costs is its passages, so
        this is where finding the answer is learned."""
        short = self.chance(self.short)
        most = SHORT_WINDOW_BYTES if short else WINDOW_BYTES
        count = self.rng.randint(1, 2) if short else self.rng.randint(2, 4)
        start = 1 if self.chance(0.6) else self.rng.randint(2, 8)
        shown, asked = [], []
        template = None
        for i in range(count):
            if template is not None and self.chance(0.3):
                passage = self.instance(template)  # another of its kind: only names and months tell them apart
            else:
                looked = self.looked(phrase=self.chance(0.3))
                passage, template = looked.passage, looked.template
            lines = passage.text.split("\n")
            at = self.rng.randrange(len(lines))
            window = passage.text if len(passage.text.encode()) <= most else passage.around(lines[at], most, self.rng)[:WINDOW_BYTES]
            shown.append((passage, window))
        texts = [one_line(window) for _, window in shown]
        several = [p.template for p, _ in shown]
        for i, (passage, window) in enumerate(shown):
            asked += self.questions_of(passage, texts[i], start + i, several.count(passage.template) > 1)
            asked += self.words_of_line(passage, window, start + i, texts)
        absent = []
        for passage, window in shown:
            if passage.template:
                raw = [q for q in passage.template.unanswered if self.mine(q) and all(m.group(0) in passage.slots for m in SLOT.finditer(q))]
                raw += [q for f in passage.template.fields for q in f.questions + f.phrases if self.mine(q) and f.answer in passage.slots
                        and not any(passage.slots[f.answer] in t for t in texts) and all(m.group(0) in passage.slots for m in SLOT.finditer(q))] if not several.count(passage.template) > 1 else []
                absent += [(self.fill(choose_alternatives(self.pick(raw), self.rng), passage.slots, "£"), 0, "") for _ in range(2) if raw]
        other = self.looked(phrase=self.chance(0.3))
        if other.template not in several and not any(other.answer in t for t in texts):
            absent.append((other.question or other.phrase, 0, ""))
        self.rng.shuffle(absent)
        self.rng.shuffle(asked)
        asked = asked[:16]
        asked += absent[:max(1, len(asked) // 5)]
        self.rng.shuffle(asked)
        self.talk = [("sys", "calls: " + CALLS)]
        text = "search: " + "\n".join(shown_passage(start + i, p.path, p.page, w) for i, (p, w) in enumerate(shown)) + "\n"
        for question, number, answer in asked:
            self.talk.append(("res", text + "for: " + one_line(self.said(question) if number == 0 or self.chance(0.5) else question)))
            self.call("answer", {"passage": number, "answer": answer} if number else {"passage": 0}, None)
            text = ""

    def questions_of(self, passage, text, number, several):
        """What its template says can be asked of a window, with the answers that stand in it once."""
        if passage.template is None:
            return [(q, number, a) for q, a in passage.asks if text.count(a) == 1]
        made = []
        for field in passage.template.fields:
            answer = self.fill(field.answer, passage.slots, "£")
            choices = [q for q in field.questions + field.phrases if self.mine(q)]
            if answer not in text or "\n" in answer or not choices:
                continue
            for raw in self.rng.sample(choices, min(len(choices), 2)):
                slots = {m.group(0) for m in SLOT.finditer(raw)}
                if any(s not in passage.slots for s in slots) or (several and not slots):
                    continue
                made.append((self.fill(self.varied(choose_alternatives(raw, self.rng)), passage.slots, "£"), number, answer))
        return made

    def words_of_line(self, passage, window, number, texts):
        """Some words of a line ask for the value that stands in it: finding without knowing any synonym."""
        made = []
        for line in window.split("\n"):
            values = [m.group(0) for m in VALUE.finditer(line)]
            if not values:
                continue
            value = self.pick(values)
            words = [w for w in WORD.findall(line.replace(value, " ")) if w.lower() not in STOP and not w.isdigit()]
            if len(values) > 1:  # of several, the words just before it tell which
                words = [w for w in WORD.findall(line.split(value)[0]) if w.lower() not in STOP and not w.isdigit()][-2:]
            if not words or sum(t.count(value) for t in texts) != 1:
                continue
            words = self.rng.sample(words, min(len(words), self.rng.randint(1, 3)))
            if self.chance(0.5):
                words += [w for w in WORD.findall(passage.path.rsplit(".", 1)[0]) if not w.isdigit()][-2:]
            if sum(all(re.search(r"\b" + re.escape(w) + r"\b", t) for w in words) for t in texts) != 1:
                continue
            made.append((" ".join(words).lower() if self.chance(0.5) else " ".join(words), number, value))
        return self.rng.sample(made, min(len(made), 2))

    def goal(self):
        """One goal from its plan to its end, as the kernel meets it; what the exam asks."""
        self.session = None
        self.pickw([(44, self.lookup), (15, self.chain), (18, self.tables_goal), (10, self.compute), (13, self.files_goal)])()
        return self.talk

    def goals_in_a_row(self):
        """Several short goals over the same files, one after the other."""
        tables = [self.table() for _ in range(self.rng.randint(1, 3))]
        tables = list({t[0]: t for t in tables}.values())
        self.talk, self.session = [], Session(tables, self.files([(path, columns) for path, columns, _, _ in tables], tables=0.1))
        for _ in range(self.rng.randint(3, 6)):
            self.pickw([(44, self.tables_goal), (20, self.compute), (24, self.files_goal)])()
        self.session = None

    def next(self):
        """An episode of the mixture that training reads."""
        if self.running_text and self.chance(self.text_share / 100):
            self.reading()
            return self.talk
        self.pickw([(self.drills, self.drill), (18, self.goals_in_a_row), (100 - 18 - self.drills, self.goal)])()
        return self.talk


if __name__ == "__main__":
    import sys
    episodes = Episodes(int(sys.argv[2]) if len(sys.argv) > 2 else 1, sys.argv[3] if len(sys.argv) > 3 else "train")
    for _ in range(int(sys.argv[1])):
        for role, text in episodes.next():
            print(f"<{role}> {text}")
        print()
