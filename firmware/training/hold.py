"""What `bench_answers --dump` says was found for the questions of a paper, with windows that hold the answer where the search found
none: a reader learns most from questions that share no word with their answer, and these are what a search does not find.

    build/release/bench/bench_answers --dump e.dump --window 320 --passages 4 e.jsonl
    python3 hold.py e.jsonl e.dump e_held.dump

For dumps of four windows of 320 bytes, as here.
"""
import argparse
import json
import pathlib
import random
import re

WINDOW, PASSAGES = 320, 4


def window_of(text, answer, rng):
    """Whole lines around the first place of the answer, or a part of one line that is longer; None where there is no such window."""
    at = text.find(answer)
    lines = [(m.start(), m.end()) for m in re.finditer(r"[^\n]+", text)]
    here = [i for i, (begin, end) in enumerate(lines) if begin <= at and at + len(answer) <= end]
    if at < 0 or not here or len(answer) > WINDOW // 2:
        return None
    first = last = here[0]
    begin, end = lines[first]
    if end - begin > WINDOW:
        begin = max(begin, at - rng.randint(40, WINDOW // 2))
        begin = text.find(" ", begin, at) + 1 or at
        most = min(begin + WINDOW, end)
        end = most if most == end else max(text.rfind(" ", begin, most), at + len(answer))
        return text[begin:end]
    while True:
        ways = [(a, b) for a, b in ((first - 1, last), (first, last + 1)) if a >= 0 and b < len(lines) and lines[b][1] - lines[a][0] <= WINDOW]
        if not ways:
            return text[lines[first][0]:lines[last][1]]
        first, last = rng.choice(ways)


def questions_of(paper):
    """Goal, answers and files of what bench_answers takes of a paper, in its order."""
    for line in open(paper):
        home = json.loads(line)
        for goal in home["goals"]:
            expect = goal["expect"]
            answers = expect.get("answers", [])
            if expect.get("missing") or goal["kind"] == "look up" and len(answers) == 1 and not expect.get("files"):
                yield goal["goal"], answers, home["files"]


def hold(found, answers, files, rng):
    """Puts a window among the passages of one question, if it lacks one."""
    if found["right"] or not answers:
        return False
    document, answer = answers[0]["document"], answers[0]["answer"]
    window = window_of(files[document], answer, rng)
    if window is None:
        return False
    passages = [p for p in found["passages"] if p["path"] != document][:PASSAGES - 1]
    place = rng.randint(0, len(passages))
    passages.insert(place, {"path": document, "text": window})
    found["passages"], found["right"] = passages, place + 1
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paper")
    parser.add_argument("dump")
    parser.add_argument("out")
    parser.add_argument("--share", type=float, default=0.75, help="of the questions that lack one")
    parser.add_argument("--seed", type=int, default=9)
    options = parser.parse_args()
    rng, lines, held = random.Random(options.seed), [], 0
    for (goal, answers, files), line in zip(questions_of(options.paper), open(options.dump), strict=True):
        found = json.loads(line)
        assert found["question"] == goal, f"the dump is of another paper: {goal!r}"
        held += rng.random() < options.share and hold(found, answers, files, rng)
        lines.append(json.dumps(found, ensure_ascii=False) + "\n")
    pathlib.Path(options.out).write_text("".join(lines))
    print(f"{held} windows put in for {len(lines)} questions")


if __name__ == "__main__":
    main()
