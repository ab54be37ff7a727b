"""Writes questions over sentences of QAMR as `bench_answers --dump` writes those over homes, for reader.py to learn from.

    python3 sentences.py q.dump --seed 11
    python3 sentences.py --test q_test.dump --seed 12

Each question stands beside four passages of a few sentences, those of its article first and others' after them; a sixth lacks
the sentence that answers. Homes teach how a household's papers are written; these, how people ask about running text. Held out
are sentences, as for the firmware and the embedding; others of the same article are learned from.
"""
import argparse
import json
import random
import re

from episodes import read_qamr
from values import held_out

PASSAGES, NOT_THERE = 4, 6


def path_of(text, rng):
    """Named after what it tells, as people name files."""
    names = re.findall(r"\b[A-Z][a-z]{3,}\b", text[1:]) or re.findall(r"\b[a-z]{5,}\b", text) or ["text"]
    return f"{rng.choice(['articles', 'reading', 'news', 'clippings', 'notes'])}/{'-'.join(rng.sample(names, min(len(names), 2))).lower()}.{rng.choice(['txt', 'md'])}"


def lines(test, rng):
    keyed, questions = read_qamr()
    article = lambda key: ":".join(key.split(":")[:3])
    usable = {key: text for key, text in keyed.items() if held_out(key, "qamr") == test and len(text.encode()) < 400}
    by_article = {}
    for key in usable:
        by_article.setdefault(article(key), []).append(key)
    keys = sorted(usable)
    for key, question, text, answer in questions:
        if key not in usable:
            continue
        near = [k for k in by_article[article(key)] if k != key]
        rng.shuffle(near)
        others = near[:rng.randint(3, 8)]
        others += rng.sample(keys, max(0, 7 - len(others)))
        others = [usable[k] for k in others if answer not in usable[k]]
        is_there = rng.randrange(NOT_THERE) > 0
        texts = [[text] if is_there else []] + [[] for _ in range(PASSAGES - 1)]
        for other in others:
            fitting = [t for t in texts if len(" ".join([*t, other]).encode()) < 480]
            if fitting:
                rng.choice(fitting).append(other)
        for t in texts:
            rng.shuffle(t)
        order = [i for i, t in enumerate(texts) if t]
        rng.shuffle(order)
        if not order:
            continue
        joined = [" ".join(texts[i]) for i in order]
        yield {"question": question, "passages": [{"path": path_of(j, rng), "text": j} for j in joined],
               "right": order.index(0) + 1 if is_there else 0, "answer": answer}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--test", action="store_true", help="those that are held out")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    made = list(lines(options.test, random.Random(options.seed)))
    random.Random(options.seed).shuffle(made)
    with open(options.out, "w") as out:
        for line in made[:options.limit]:
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
    print(f"{len(made[:options.limit])} of {len(made)} questions")


if __name__ == "__main__":
    main()
