"""Exact match by kind on held-out phrasings, documents, names and words: greedy and unconstrained, so a lower bound of what
the kernel gets, whose schemas forbid most of the wrong answers.

    python3 evaluate.py CHECKPOINT [EPISODES] [--wrong N]
"""
import argparse
import collections
import json
import math

import torch

import episodes
from batches import TOKENS_MAX, arrays, tensors
from model import Decoder, Shape
from tokenizer import ROLES, Tokenizer


def kind_of(answer):
    value = json.loads(answer)
    if "plan" in value:
        return "plan of 4-6" if len(value["plan"]) > 3 else "plan of 1-3"
    if value["call"] == "answer":
        return "answer: not there" if value["with"]["passage"] == 0 else "answer: span"
    return value["call"]


def interval(right, total):
    """Wilson's 95% interval of a proportion."""
    if not total:
        return 0, 0
    p, z = right / total, 1.96
    centre, spread = p + z * z / (2 * total), z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    return (centre - spread) / (1 + z * z / total), (centre + spread) / (1 + z * z / total)


class HeldOut:
    def __init__(self, count, seed=4242):
        self.tokenizer, source = Tokenizer(), episodes.Episodes(seed, "test")
        self.talks = []
        while len(self.talks) < count:
            talk = source.goal()
            ids, said = self.tokenizer.conversation(talk)
            if len(ids) <= TOKENS_MAX:
                self.talks.append((talk, ids, said))

    @torch.no_grad()
    def measure(self, model, wrong=0, device="cpu"):
        """Teacher-forced, which for greedy decoding is the same as exact match: {kind: [right, total]}, and the mean loss."""
        counts, mistakes = collections.defaultdict(lambda: [0, 0]), []
        loss, tokens = 0.0, 0
        for talk, ids, said in self.talks:
            tensor, wanted, targets, _ = tensors(arrays([(ids, said)]), device)
            logits = model(tensor, wanted, torch.float32)
            loss += float(torch.nn.functional.cross_entropy(logits, targets, reduction="sum"))
            tokens += len(targets)
            best = dict(zip((wanted + 1).tolist(), logits.argmax(-1).tolist()))
            at, whole = 0, True
            positions = [i for i, t in enumerate(ids) if t == ROLES["call"]]
            for text in [text for role, text in talk if role == "call"]:
                begin = positions[at] + 1
                at += 1
                end = begin
                while end < len(ids) and said[end]:
                    end += 1
                right = all(best[i] == ids[i] for i in range(begin, end))
                kind = kind_of(text)
                counts[kind][0] += right
                counts[kind][1] += 1
                if kind == "answer: span":
                    head = len(self.tokenizer.encode(text.split(',"answer":')[0]))
                    counts["answer: right passage"][0] += all(best[i] == ids[i] for i in range(begin, begin + head))
                    counts["answer: right passage"][1] += 1
                whole &= right
                if not right and len(mistakes) < wrong:
                    mistakes.append((talk, text, self.tokenizer.decode([best[i] for i in range(begin, end)])))
            steps = len(positions) - 1
            if steps:
                kind = "whole goal, 1 step" if steps == 1 else "whole goal, 2-3 steps" if steps < 4 else "whole goal, 4-6 steps"
                counts[kind][0] += whole
                counts[kind][1] += 1
        return counts, loss / tokens, mistakes


def load(path):
    stored = torch.load(path, weights_only=True, map_location="cpu")
    model = Decoder(Shape(**stored["shape"]), engineered=False)
    model.load_state_dict(stored["weights"])
    return model.eval()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint")
    parser.add_argument("episodes", type=int, nargs="?", default=500)
    parser.add_argument("--wrong", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    counts, loss, mistakes = HeldOut(options.episodes).measure(load(options.checkpoint), options.wrong)
    print(f"loss a token {loss:.4f}")
    for kind in sorted(counts):
        right, total = counts[kind]
        low, high = interval(right, total)
        print(f"{kind:24} {right:4} of {total:4}  {right / total:.3f}  [{low:.3f}, {high:.3f}]")
    for talk, want, made in mistakes:
        print("---")
        for role, text in talk:
            print(f"<{role}> {text}")
            if text == want:
                break
        print("made", made)


if __name__ == "__main__":
    main()
