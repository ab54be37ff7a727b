"""Learns the weights of the host's ranker of answers (src/memory/answer_ranker.h).

    platform/build release daimon_answer_features          # what turns passages into features, the program itself
    python3 ranker.py ../answer_weights.bin --episodes 40000

Questions over passages, with their answers or without one, come from the same episodes as the firmware's; held-out ones measure
it. Softmax over the candidates of a question, AdaGrad, weights rounded to 8 bits.
"""
import argparse
import json
import pathlib
import re
import struct
import subprocess
import sys
import time

import numpy
import torch

import episodes

WEIGHTS = 1 << 17
PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "build/release/src/memory/daimon-answer-features"


def questions_of(talk):
    """[(question, [(path, text)], number of the right passage or 0, answer)] of an episode."""
    passages, made, question = [], [], None
    for role, text in talk:
        if role == "res" and text.startswith(("search: ", "for: ")):
            head, _, question = text.rpartition("for: ")
            if head.startswith("search: "):
                passages = []
                for line in head[len("search: "):].rstrip("\n").split("\n"):
                    match = re.match(r"\[(\d+)\] (.*?)(?: p\d+)?: (.*)$", line)
                    if match:
                        passages.append((int(match[1]), match[2], match[3].replace(" / ", "\n")))
        elif role == "call" and question is not None:
            value = json.loads(text)
            if value.get("call") == "answer" and passages:
                number = value["with"]["passage"]
                answer = value["with"].get("answer", "").strip()
                right = next((i + 1 for i, p in enumerate(passages) if p[0] == number), 0)
                if right or number == 0:
                    made.append((question, [(p[1], p[2]) for p in passages], right, answer))
            question = None
    return made


def examples(seed, split, count):
    source, made = episodes.Episodes(seed, split), []
    source.short = 0.1
    begin = time.time()
    while len(made) < count:
        if split == "train" and source.chance(0.5):
            source.session = None
            source.drill()
        else:
            source.session = None
            source.lookup() if source.chance(0.8) else source.chain()
        made += questions_of(source.talk)
        if len(made) % 50 < 2:
            print(f"\r{split}: {len(made)} of {count} questions, {time.time() - begin:.0f} s ", end="", file=sys.stderr)
    print(file=sys.stderr)
    return made[:count]


class Groups:
    """Questions with their candidates, flat: features of all, where each candidate begins, which question it is of."""

    def __init__(self, questions):
        lines = "\n".join(json.dumps({"question": q, "passages": [{"path": p, "text": t} for p, t in ps], "right": r, "answer": a})
                          for q, ps, r, a in questions) + "\n"
        raw = subprocess.run([str(PROGRAM)], input=lines.encode(), stdout=subprocess.PIPE, check=True).stdout
        data = numpy.frombuffer(raw, dtype="<u4")
        self.features, self.groups = [], []  # of a group: (features, offsets, right, match)
        at = 0
        while at < len(data):
            count, at = int(data[at]), at + 1
            features, offsets, right, match, total = [], [], [], [], 0
            for _ in range(count):
                right.append(int(data[at]))
                match.append(int(data[at + 1]))
                size = int(data[at + 2])
                offsets.append(total)
                features.append(data[at + 3:at + 3 + size])
                total += size
                at += 3 + size
            self.groups.append((numpy.concatenate(features).astype(numpy.int32), numpy.array(offsets), numpy.array(right), numpy.array(match)))

    def batch(self, chosen):
        features, offsets, of, right, base = [], [], [], [], 0
        for i, g in enumerate(chosen):
            f, o, r, _ = self.groups[g]
            features.append(f)
            offsets.append(o + base)
            of.append(numpy.full(len(o), i))
            right.append(r)
            base += len(f)
        tensor = lambda parts, kind: torch.from_numpy(numpy.concatenate(parts).astype(kind))
        return tensor(features, numpy.int64), tensor(offsets, numpy.int64), tensor(of, numpy.int64), tensor(right, numpy.float32)


def measure(groups, weights):
    """Of held-out questions: the right candidate first (exactly, or holding the answer), and 'none' where there is none."""
    exact = holds = total = none = absent = wrong_none = possible = 0
    for features, offsets, right, match in groups.groups:
        sums = numpy.add.reduceat(weights[features], offsets)
        best = int(sums.argmax())
        if match[-1] == 2:
            absent += 1
            none += best == len(offsets) - 1
        else:
            total += 1
            possible += right.any()
            exact += match[best] == 2
            holds += match[best] >= 1
            wrong_none += best == len(offsets) - 1
    return dict(holds=holds / max(total, 1), exact=exact / max(total, 1), possible=possible / max(total, 1), said_none=wrong_none / max(total, 1),
                not_there=none / max(absent, 1), questions=total, absent=absent)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--questions", type=int, default=40000)
    parser.add_argument("--held-out", type=int, default=1500)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=0.1)
    parser.add_argument("--decay", type=float, default=1e-6)
    parser.add_argument("--drop", default="0,0.3,0.5,0.5", help="share of the features left out: of form, of the question, around, pairs")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    train = Groups(examples(options.seed, "train", options.questions))
    test = Groups(examples(4242, "test", options.held_out))
    usable = [i for i, g in enumerate(train.groups) if g[2].any()]
    print(f"{len(usable)} of {len(train.groups)} questions can be learned from, {numpy.mean([len(g[1]) for g in train.groups]):.0f} candidates each")
    weights = torch.zeros(WEIGHTS, 1, requires_grad=True)
    dropped = torch.tensor([float(x) for x in options.drop.split(",")] if options.drop else [0.0] * 4).repeat_interleave(WEIGHTS // 4)
    squares = torch.full((WEIGHTS, 1), 1e-3)
    rng = numpy.random.default_rng(options.seed)
    for epoch in range(options.epochs):
        rng.shuffle(usable)
        losses = []
        for at in range(0, len(usable), 32):
            features, offsets, of, right = train.batch(usable[at:at + 32])
            # What only some texts say is left out now and then, so that nothing leans on it alone: the same features of a
            # whole batch together.
            kept = (torch.rand(WEIGHTS) >= dropped).float()
            scores = torch.nn.functional.embedding_bag(features, weights, offsets, mode="sum", per_sample_weights=None if not options.drop else (kept / (1 - dropped))[features]).squeeze(1)
            count = int(of.max()) + 1
            most = torch.full((count,), -1e9).scatter_reduce(0, of, scores, "amax").detach()
            powers = (scores - most[of]).exp()
            total = torch.zeros(count).index_add(0, of, powers)
            good = torch.zeros(count).index_add(0, of, powers * right)
            loss = (total.log() - good.clamp_min(1e-9).log()).mean()
            weights.grad = None
            loss.backward()
            with torch.no_grad():
                gradient = weights.grad + options.decay * weights
                squares += gradient * gradient
                weights -= options.rate * (1 - 0.8 * epoch / options.epochs) * gradient / squares.sqrt()
            losses.append(loss.item())
        found = measure(test, weights.detach().squeeze(1).numpy())
        print(f"epoch {epoch + 1}: loss {numpy.mean(losses[-500:]):.3f}  held out: " + "  ".join(f"{k} {v:.3f}" for k, v in found.items()), flush=True)
    plain = weights.detach().squeeze(1).numpy()
    scale = float(numpy.quantile(numpy.abs(plain[plain != 0]), 0.9995)) / 127
    rounded = numpy.clip(numpy.round(plain / scale), -127, 127).astype(numpy.int8)
    print("as 8 bits: " + "  ".join(f"{k} {v:.3f}" for k, v in measure(test, rounded * scale).items()))
    pathlib.Path(options.out).write_bytes(struct.pack("<d", scale) + rounded.tobytes())


if __name__ == "__main__":
    main()
