"""Learns to choose and to fill calls that no model knows (src/memory/tool_rank.h, tool_arguments.h), and writes goals for them.

    platform/build release daimon_tool_features
    python3 tools.py ..                             # trains, writes reader_arguments.bin and reader_tools.bin there, and measures on tools that training has not seen
    python3 tools.py --exam unseen.jsonl            # held-out tools with goals, for `daimon exam`

Goals and tools come of data/tools*.txt, of the dialogues of SGD (each service's intents as tools, what the person said so far as
the goal, arguments that were said in other words than the call has them left out) and of Snips. Held out are the tools of
data/tools*.txt whose names hash so, the services of SGD that only its development part has with whatever is called as one of their intents is, and three of Snips' five intents.
"""
import argparse
import gzip
import hashlib
import json

import pathlib
import random
import re
import subprocess

import episodes
from values import Values

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = "daimon-tool-features"
NUMBERS = dict(one=1, two=2, three=3, four=4, five=5, six=6, seven=7, eight=8, nine=9, ten=10, eleven=11, twelve=12, thirteen=13, fourteen=14, fifteen=15, sixteen=16, seventeen=17, eighteen=18,
               nineteen=19, twenty=20)

SNIPS = {
    "AddToPlaylist": ("Add a song or artist to a playlist", {"music_item": "song, album or track to add", "artist": "name of the artist", "playlist": "name of the playlist", "playlist_owner": "whose playlist it is", "entity_name": "what is to be added"}, ["playlist"], False),
    "BookRestaurant": ("Book a table at a restaurant", {"restaurant_name": "name of the restaurant", "restaurant_type": "kind of restaurant", "cuisine": "type of food", "served_dish": "dish that is served", "party_size_number": "number of people", "party_size_description": "who comes along", "timeRange": "time of the booking", "city": "town of the restaurant", "state": "state of the restaurant", "country": "country of the restaurant", "spatial_relation": "near or far", "poi": "place that it is near to", "sort": "best or highest rated", "facility": "what it has, such as parking or a pool"}, [], True),
    "GetWeather": ("Get the weather forecast for a place and time", {"city": "town", "state": "state", "country": "country", "timeRange": "time or date of the forecast", "condition_description": "sunny, rain, storm and the like", "condition_temperature": "hot, cold or warm", "geographic_poi": "park, lake or other place", "current_location": "where the person is now", "spatial_relation": "near or far"}, [], True),
    "PlayMusic": ("Play music", {"artist": "name of the artist", "album": "title of the album", "track": "title of the song", "playlist": "name of the playlist", "genre": "kind of music", "music_item": "song, album or track", "service": "music service to play it on", "sort": "best, newest or most popular", "year": "year or decade"}, [], False),
    "RateBook": ("Rate a book", {"object_name": "title of the book", "rating_value": "how many points", "best_rating": "highest number of points", "rating_unit": "points or stars", "object_type": "kind of book", "object_select": "this, current or last", "object_part_of_series_type": "series or saga"}, ["rating_value"], True),
}

# Names of tools of different origin that are for the same thing.
ALIKE = [{"BookRestaurant", "book_table", "ReserveRestaurant", "FindRestaurants"}, {"GetWeather", "get_forecast"}, {"PlayMusic", "play_track", "PlayMedia", "LookupMusic", "PlaySong", "LookupSong"},
         {"create_event", "AddEvent", "create_reminder"}, {"list_events", "GetEvents", "GetEventDates", "GetAvailableTime"}, {"search_flights", "SearchOnewayFlight", "SearchRoundtripFlights"}, {"transfer_money", "TransferMoney"},
         {"order_taxi", "GetRide"}, {"start_timer", "AddAlarm", "create_reminder"}, {"FindMovies"},
         {"create_support_ticket", "create_issue", "trello_add_card"}, {"post_message", "schedule_chat_message"}, {"search_web", "news_search"}, {"add_worklog", "submit_timesheet_entry"},
         {"request_time_off", "set_out_of_office"}, {"add_issue_comment", "comment_on_document", "reply_to_ticket"}, {"create_event", "zoom_create_meeting", "book_meeting_room", "schedule_interview", "AddEvent"}]


class Tool:
    def __init__(self, name, about, parameters, required, held_out, origin):
        self.name, self.about, self.held_out, self.origin = name, about, held_out, origin
        self.schema = {"type": "object", "properties": parameters, "required": required, "additionalProperties": False}

    def shown(self):
        return {"name": self.name, "description": self.about, "parameters": self.schema}


def typed(value, kind):
    if kind in ("integer", "number"):
        number = NUMBERS.get(str(value).lower())
        number = float(value) if number is None else number
        return int(number) if number == int(number) else number
    return value == "True" if kind == "boolean" else value


class Bank:
    """Every tool, and goals for each: (tool, goal, arguments, names of arguments of which nobody knows how they are said)."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.values = {split: Values(self.rng, split, episodes.load_bank()["words"]) for split in ("train", "test")}
        self.tools, self.goals = {}, {"train": [], "test": []}
        self.hand()
        self.sgd()
        self.snips()
        # What is called as a held-out one does the same: another service of its kind.
        held_out = {tool.name for tool in self.tools.values() if tool.held_out}
        self.tools = {key: tool for key, tool in self.tools.items() if tool.held_out or tool.name not in held_out}
        # And what one is asked in the same words ("140 bpm").
        asked = {goal[1].lower() for goal in self.goals["test"]}
        self.goals["train"] = [goal for goal in self.goals["train"] if goal[0].name not in held_out and goal[1].lower() not in asked]

    def put(self, tool):
        self.tools[tool.name] = tool
        return tool

    def add(self, tool, goal, arguments, unknown=()):
        self.goals["test" if tool.held_out else "train"].append((tool, goal, arguments, set(unknown)))

    # ------------------------------------------------------------------------------------------------ by hand
    def hand(self):
        self.written = []
        files = sorted((HERE.parent / "data").glob("tools*.txt"))
        # A third was held out while there were few.
        shares = {path: 34 if path.stem in ("tools", "tools_life", "tools_office") else 12 for path in files}
        for path, block in ((path, block) for path in files for block in re.split(r"(?m)^=== ", path.read_text())[1:]):
            lines = block.strip().split("\n")
            parameters, required, examples, phrasings = {}, [], {}, []
            for line in lines[2:]:
                if line.startswith("> "):
                    phrasings.append(line[2:])
                    continue
                name, kind, must, rest = re.fullmatch(r"(\w+): (\[[^]]*\]|\w+)(!?) ?(.*)", line).groups()
                about, *values = [x.strip() for x in rest.split(" ; ")]
                if kind.startswith("["):
                    values = kind[1:-1].split()
                    parameters[name] = {"type": "string", "enum": values, "description": about}
                else:
                    parameters[name] = {"type": kind, "description": about}
                examples[name] = values
                if must:
                    required.append(name)
            tool = self.put(Tool(lines[0], lines[1], parameters, required, int(hashlib.md5(("tool" + lines[0]).encode()).hexdigest(), 16) % 100 < shares[path], "hand"))
            self.written.append((tool, examples, phrasings))
        for tool, examples, phrasings in self.written:
            for _ in range(60):
                self.one(tool, examples, phrasings)

    def one(self, tool, examples, phrasings):
        values = self.values["test" if tool.held_out else "train"]
        phrase, said = self.rng.choice(phrasings), {}

        def fill(match):
            name = match.group(1)
            value = self.rng.choice(examples[name])
            said[name] = re.sub(r"\{(\w+?)\d*\}", lambda m: values.slot(m.group(1)), value)
            return said[name]

        goal = re.sub(r"\{(\w+)\}", fill, phrase)
        properties = tool.schema["properties"]
        arguments = {}
        for name, value in said.items():
            kind = properties[name]["type"]
            arguments[name] = typed(value, kind) if "enum" not in properties[name] else value
        for name, entry in properties.items():
            if entry["type"] == "boolean" and name in tool.schema["required"]:
                arguments[name] = True
        if self.rng.random() < 0.3:
            goal = self.rng.choice(["please ", "hey, ", "could you: ", "one more thing: ", "hi! "]) + goal
        if self.rng.random() < 0.2:
            goal = goal + self.rng.choice([", thanks", " please", ". Thank you", " asap", "!"])
        self.add(tool, goal, arguments)

    # ------------------------------------------------------------------------------------------------ SGD
    def sgd(self):
        folder = pathlib.Path(episodes.COLLECTIONS) / "sgd"
        if not folder.exists():
            return
        schemas = {part: {s["service_name"]: s for s in json.loads((folder / f"{part}_schema.json").read_text())} for part in ("train", "dev")}
        for part in ("train", "dev"):
            values, rows = {}, []
            for line in gzip.open(folder / f"{part}_calls.jsonl.gz", "rt"):
                row = json.loads(line)
                if (row["service"] in schemas["train"]) == (part == "train"):
                    rows.append(row)
                    for name, value in row["parameters"].items():
                        values.setdefault((row["service"], name), set()).add(value)
            seen = set()
            self.rng.shuffle(rows)
            for row in rows:
                self.call(row, schemas[part][row["service"]], values, part == "dev", seen)

    def call(self, row, service, values, held_out, seen):
        intent = next(i for i in service["intents"] if i["name"] == row["method"])
        key = row["service"] + "." + row["method"]
        if key not in self.tools:
            slots = {s["name"]: s for s in service["slots"]}
            parameters = {}
            for name in list(intent["required_slots"]) + list(intent["optional_slots"]):
                slot = slots[name]
                entry = {"type": "string", "description": slot["description"]}
                if set(slot["possible_values"]) == {"True", "False"}:
                    entry["type"] = "boolean"
                elif slot["possible_values"] and all(v.isdigit() for v in slot["possible_values"]):
                    entry["type"] = "integer"
                elif slot["is_categorical"]:
                    entry["enum"] = slot["possible_values"]
                elif values.get((row["service"], name)) and all(v.isdigit() for v in values[(row["service"], name)]):
                    entry["type"] = "integer"
                parameters[name] = entry
            tool = Tool(row["method"], intent["description"], parameters, list(intent["required_slots"]), held_out, row["service"])
            self.tools[key] = tool
        tool = self.tools[key]
        goal = " ".join(turn[3:] for turn in row["context"] if turn.startswith("U:"))
        lower = goal.lower()
        if len(goal) > 400 or (key, lower) in seen:
            return
        seen.add((key, lower))
        arguments, unknown = {}, []
        for name, value in row["parameters"].items():
            entry = tool.schema["properties"].get(name)
            if entry is None:
                continue
            said = re.search(r"(?<!\w)" + re.escape(value.lower()) + r"(?!\w)", lower)
            word = next((w for w, n in NUMBERS.items() if str(n) == value), None)
            if entry["type"] == "boolean":
                unknown.append(name)  # said in too many ways to know whether it was said at all
            elif entry["type"] == "integer" and (said or (word and re.search(rf"\b{word}\b", lower))):
                arguments[name] = int(value)
            elif "enum" in entry:
                arguments[name] = value
                unknown += [name] if not said else []
            elif said and entry["type"] == "string":
                arguments[name] = goal[said.start():said.end()]
            else:
                unknown.append(name)
        for name in unknown:
            arguments.pop(name, None)
        self.add(tool, goal, arguments, unknown)

    # ------------------------------------------------------------------------------------------------ Snips
    def snips(self):
        for name, (about, slots, required, held_out) in SNIPS.items():
            path = pathlib.Path(episodes.COLLECTIONS) / f"snips/{name}.json"
            if not path.exists():
                continue
            data = json.loads(path.read_bytes().decode("utf-8", "replace"))[name]
            numbers = {"party_size_number", "rating_value", "best_rating"}
            parameters = {slot: {"type": "integer" if slot in numbers else "string", "description": d} for slot, d in slots.items()}
            tool = self.put(Tool(name, about, parameters, required, held_out, "Snips"))
            for one in self.rng.sample(data, min(len(data), 900)):
                goal, arguments = "", {}
                for part in one["data"]:
                    if part.get("entity") in parameters:
                        arguments[part["entity"]] = part["text"].strip()
                    goal += part["text"]
                try:
                    arguments = {k: typed(v, parameters[k]["type"]) for k, v in arguments.items()}
                except ValueError:
                    continue
                self.add(tool, goal.strip(), arguments)

    # ------------------------------------------------------------------------------------------------ questions
    def question(self, split, item, most=24):
        """A goal with its tool among others; none of these does the same (no other service of its kind)."""
        tool, goal, arguments, unknown = item
        kind = lambda t: re.sub(r"_\d+$", "", t.origin) if t.origin not in ("hand", "Snips") else t.origin + t.name
        fits = lambda t: (t.origin == tool.origin and t is not tool and t.origin not in ("hand", "Snips") or kind(t) != kind(tool)) and not self.alike(t, tool)
        drawn, count = self.of_split(split), self.rng.randint(3, most)
        # As many as that among somewhat more.
        chosen = [t for t in self.rng.sample(drawn, min(len(drawn), 2 * count + 8)) if fits(t)][:count]
        tools, names = [tool], {tool.name}
        for other in chosen:
            if other.name not in names:
                tools.append(other)
                names.add(other.name)
        self.rng.shuffle(tools)
        return {"goal": goal, "tools": [t.shown() for t in tools], "right": tools.index(tool), "arguments": arguments, "unknown": sorted(unknown)}

    def of_split(self, split):
        return [t for t in self.tools.values() if t.held_out == (split == "test")]

    @staticmethod
    def alike(a, b):
        """Whether two tools are for the same thing, by their names."""
        return any(a.name in group and b.name in group for group in ALIKE)

    def nothing(self, split):
        """A goal that is Daimon's own: none of the tools fits."""
        home = episodes.Episodes(self.rng.randrange(1 << 30), split) if split not in self.__dict__.setdefault("homes", {}) else self.homes[split]
        self.homes[split] = home
        home.session, home.talk = None, []
        getattr(home, self.rng.choice(["lookup", "tables_goal", "compute", "files_goal", "chain"]))()
        goal = next(text for role, text in home.talk if role == "user")
        tools = self.of_split(split)
        chosen = self.rng.sample(tools, min(len(tools), self.rng.randint(4, 24)))
        return {"goal": goal, "tools": [t.shown() for t in {t.name: t for t in chosen}.values()], "right": -1, "arguments": {}, "unknown": []}

    def without(self, item):
        """The same goal without one of its values, which then nobody says."""
        tool, goal, arguments, unknown = item
        said = [name for name, value in arguments.items() if isinstance(value, str) and goal.count(value) == 1 and len(value) > 2]
        if not said:
            return item
        name = self.rng.choice(said)
        value = arguments[name]
        shorter = re.sub(r"(?i)\b(?:in|at|to|from|for|on|by|with|called|of|the|a|my)\s+$", "", goal[:goal.index(value)]) if self.rng.random() < 0.8 else goal[:goal.index(value)]
        goal = re.sub(r"\s+", " ", shorter + goal[goal.index(value) + len(value):]).strip()
        return (tool, goal, {k: v for k, v in arguments.items() if k != name}, unknown) if len(goal) > 5 else item

    def questions(self, split, count, nothing=0.15, most=24):
        """Most of what was written by hand, the rest of SGD and of Snips."""
        by_origin = {}
        for item in self.goals[split]:
            by_origin.setdefault(item[0].origin if item[0].origin in ("hand", "Snips") else "SGD", {}).setdefault(item[0].name, []).append(item)
        made = []
        while len(made) < count:
            if self.rng.random() < nothing:
                made.append(self.nothing(split))
            else:
                origin = self.rng.choices(["hand", "SGD", "Snips"], [0.6, 0.28, 0.12])[0]
                by_name = by_origin[origin]
                item = self.rng.choice(by_name[self.rng.choice(sorted(by_name))])
                made.append(self.question(split, self.without(item) if split == "train" and self.rng.random() < 0.3 else item, most))
        return made


# ---------------------------------------------------------------------------------------------------- learning

def readings(questions, what, encoder):
    """What the program makes of them: of each goal (`tools`), or of each argument that is known of (`arguments`)."""
    import reader
    return reader.Questions([json.dumps(q) for q in questions], PROGRAM, what, encoder=encoder)


def arguments_of(questions):
    """(question, name) in the order of readings(questions, "arguments")."""
    for question in questions:
        if question["right"] >= 0:
            for name in question["tools"][question["right"]]["parameters"]["properties"]:
                if name not in question["unknown"]:
                    yield question, name


def save(network, name, options):
    network.halve()
    (pathlib.Path(options.out) / f"reader_{name}.bin").write_bytes(network.bytes())
    (pathlib.Path(options.out) / f"reader_{name}_golden.json").write_text(network.golden())


def learn_arguments(bank, questions, arguments, options):
    """First, because choosing a tool asks how well its arguments are said."""
    import reader
    learned = readings(questions, "arguments", arguments.encoder)
    rows = []
    for (question, name), row in zip(arguments_of(questions), learned.rows, strict=True):
        tool = question["tools"][question["right"]]
        # Services of SGD have many arguments that are hardly ever said, and their values are alike.
        is_none = row[4][-1, 0] == 1
        if row[4][:, 0].any() and not (is_none and name not in tool["parameters"]["required"] and bank.rng.random() < 0.6):
            rows.append(row)
    print(f"{len(rows)} arguments", flush=True)
    reader.learn(arguments, rows, learned.vectors, options.epochs, 64, options.rate, options.seed)
    save(arguments, "arguments", options)
    subprocess.run([str(HERE.parents[1] / "platform/build"), "release", "daimon_tool_features"], check=True, stdout=subprocess.DEVNULL)


def train(options):
    import reader
    import torch
    from encoder import Encoder
    reader.prepare(options.threads)
    torch.manual_seed(options.seed)
    bank = Bank(options.seed)
    print(f"{len(bank.tools)} tools, {sum(t.held_out for t in bank.tools.values())} held out; {len(bank.goals['train'])} goals to learn from, {len(bank.goals['test'])} held out", flush=True)
    questions = bank.questions("train", options.questions, most=16)
    out = pathlib.Path(options.out)
    encoder = Encoder.read(out / "encoder.bin", reader.Dropout(options.drop), reader.Linear)
    arguments, tools = reader.Reader(options.drop, encoder, frozen=True), reader.Reader(options.drop)
    if options.begin:
        arguments.load(options.begin)
    if options.only != "tools":
        learn_arguments(bank, questions, arguments, options)
    else:
        arguments.load(out / "reader_arguments.bin")
    if options.only != "arguments":
        learned = readings(questions, "tools", tools.encoder)
        reader.learn(tools, learned.rows, learned.vectors, options.epochs, 24, options.rate, options.seed)
        save(tools, "tools", options)
    else:
        tools.load(out / "reader_tools.bin")
    measure(bank, tools, arguments, options)


def measure(bank, tools, arguments, options):
    """On tools that are in no training text: the right one first, "none" rightly and wrongly, arguments one by one."""
    import reader
    import torch
    bank.rng.seed(99)
    questions = bank.questions("test", options.held_out)
    counts = {}

    def origin_of(question):
        tool = bank.tools.get(question["tools"][question["right"]]["name"])
        return tool.origin if tool and tool.origin in ("hand", "Snips") else "SGD"

    def scored(network, found):
        network.eval()
        for at in range(0, len(found.rows), 32):
            b = reader.batch(found.rows[at:at + 32], found.vectors)
            with torch.no_grad():
                score, none = network(b)
            for i in range(len(none)):
                yield score[b["owner"] == i], none[i]

    found = readings(questions, "tools", tools.encoder)
    for question, (score, none) in zip(questions, scored(tools, found), strict=True):
        if question["right"] < 0:
            counts.setdefault("none", []).append(bool(none > score.max()))
            continue
        best = int(score.argmax()) == question["right"]
        counts.setdefault("tool, " + origin_of(question), []).append(best and bool(score.max() > none))
        counts.setdefault("tool among those offered, " + origin_of(question), []).append(best)
    found = readings(questions, "arguments", arguments.encoder)
    for (question, _), row, (score, none) in zip(arguments_of(questions), found.rows, scored(arguments, found), strict=True):
        best = int(torch.cat([score, none[None]]).argmax())
        counts.setdefault("argument, " + origin_of(question), []).append(bool(row[4][best, 0]))
        counts.setdefault("argument possible, " + origin_of(question), []).append(bool(row[4][:, 0].any()))
    for name, hits in sorted(counts.items()):
        print(f"{name}: {sum(hits)} of {len(hits)}, {sum(hits) / len(hits):.3f}")


def exam(options):
    """One home without files: its tools are all that are held out, its goals those whose arguments are all known."""
    bank = Bank(options.seed)
    bank.rng.seed(options.seed)
    tools = {}
    for tool in bank.tools.values():
        if tool.held_out and not any(Bank.alike(tool, other) for other in tools.values()):
            tools.setdefault(tool.name, tool)
    chosen, taken = [], set()
    by_name = {}
    for item in bank.goals["test"]:
        if tools.get(item[0].name) is item[0] and not item[3] and all(item[2].get(r) is not None for r in item[0].schema["required"]):
            by_name.setdefault(item[0].name, []).append(item)
    for name in sorted(by_name):
        bank.rng.shuffle(by_name[name])
        for tool, goal, arguments, _ in by_name[name]:
            if goal not in taken and sum(1 for c in chosen if c["expect"]["call"]["name"] == name) < options.each:
                taken.add(goal)
                chosen.append({"goal": goal, "kind": "unseen tool", "steps": 1, "expect": {"call": {"name": name, "arguments": arguments}}})
    home = {"files": {}, "tools": [tools[n].shown() for n in sorted(tools)], "goals": chosen}
    pathlib.Path(options.out).write_text(json.dumps(home, ensure_ascii=False, sort_keys=True) + "\n")
    print(f"{len(chosen)} goals for {len(by_name)} of {len(tools)} tools")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", help="where encoder.bin is and the readers go; with --exam the file")
    parser.add_argument("--exam", action="store_true")
    parser.add_argument("--each", type=int, default=6, help="goals of a tool in the exam")
    parser.add_argument("--questions", type=int, default=12000)
    parser.add_argument("--held-out", type=int, default=2000)
    parser.add_argument("--epochs", type=float, default=3)
    parser.add_argument("--only", choices=("arguments", "tools"), help="the other is learned already")
    parser.add_argument("--begin", help="a reader of arguments that is learned further, as after another encoder")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--drop", type=float, default=0.15)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    exam(options) if options.exam else train(options)


if __name__ == "__main__":
    main()
