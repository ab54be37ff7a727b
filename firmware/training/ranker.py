"""Learns the weights of the host's ranker of answers (src/memory/answer_ranker.h and answer_network.h).

    platform/build release daimon_answer_features bench_answers      # what turns passages into features, and what searches
    python3 exam.py a.jsonl --homes 250 --goals 40 --split train --only lookup --seed 501
    python3 exam.py b.jsonl --homes 900 --goals 12 --split train --only lookup --seed 502
    python3 exam.py t.jsonl --homes 200 --only lookup --seed 4242
    python3 ranker.py ../answer_weights.bin a.jsonl b.jsonl --test t.jsonl

The questions are of homes that the training text fills; their passages are what the search of Daimon really finds for them
(bench_answers --dump). Softmax over the candidates of a question and "none". The hashed weights are learned by AdaGrad and
rounded to 8 bits, the network by Adam. With --fold K the fifth of the documents that K names is kept apart and measured, to
choose by.
"""
import argparse
import json
import pathlib
import struct
import subprocess
import tempfile
import zlib

import numpy
import torch
import torch.nn.functional as F

HASHED, EVIDENCE, KINDS, MEANING = 1 << 17, 56, 13, 100
BUILD = pathlib.Path(__file__).resolve().parents[2] / "build/release"


def fold_of(about):
    return zlib.crc32(about.encode()) % 5


def dumped(paper):
    """[(line of JSON for the features program, what document it is about)]."""
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as out:
        subprocess.run([str(BUILD / "bench/bench_answers"), "--dump", out.name, paper], check=True)
        lines = pathlib.Path(out.name).read_text().splitlines()
    about = []
    for line in open(paper):
        for goal in json.loads(line)["goals"]:
            answers = goal["expect"].get("answers", [])
            if goal["expect"].get("missing") or (goal["kind"] == "look up" and len(answers) == 1 and "files" not in goal["expect"]):
                about.append(goal.get("about", "") if goal.get("about") != "elsewhere" else goal["goal"])
    assert len(about) == len(lines)
    return list(zip(lines, about))


class Groups:
    """Questions with their candidates: of each the hashed features, evidence, kinds, which are right."""

    def __init__(self, lines, plain=False):
        command = [str(BUILD / "src/memory/daimon-answer-features")] + (["plain"] if plain else [])
        raw = subprocess.run(command, input=("\n".join(lines) + "\n").encode(), stdout=subprocess.PIPE, check=True).stdout
        data = numpy.frombuffer(raw, dtype="<u4")
        floats = numpy.frombuffer(raw, dtype="<f4")
        self.groups, at = [], 0
        while at < len(data):
            count, width = int(data[at]), int(data[at + 1])
            meaning = floats[at + 2:at + 2 + 2 * width] if width == MEANING else numpy.zeros(2 * MEANING, dtype=numpy.float32)
            at += 2 + 2 * width
            features, sizes, right, match, kind, evidence = [], [], [], [], [], []
            for _ in range(count):
                right.append(int(data[at]))
                match.append(int(data[at + 1]))
                kind.append(int(data[at + 2]))
                evidence.append(floats[at + 3:at + 3 + EVIDENCE])
                at += 3 + EVIDENCE
                size = int(data[at])
                sizes.append(size)
                features.append(data[at + 1:at + 1 + size])
                at += 1 + size
            self.groups.append((numpy.concatenate(features).astype(numpy.int32), numpy.array(sizes), numpy.array(right), numpy.array(match),
                                numpy.array(kind), numpy.stack(evidence), meaning.copy()))

    def batch(self, chosen):
        parts = [self.groups[g] for g in chosen]
        of = numpy.concatenate([numpy.full(len(p[1]), i) for i, p in enumerate(parts)])
        sizes = numpy.concatenate([p[1] for p in parts])
        offsets = numpy.concatenate([[0], numpy.cumsum(sizes)[:-1]])
        tensor = lambda values, kind: torch.from_numpy(numpy.ascontiguousarray(values).astype(kind))
        return dict(features=tensor(numpy.concatenate([p[0] for p in parts]), numpy.int64), offsets=tensor(offsets, numpy.int64), of=tensor(of, numpy.int64),
                    right=tensor(numpy.concatenate([p[2] for p in parts]), numpy.float32), match=numpy.concatenate([p[3] for p in parts]),
                    kind=tensor(numpy.concatenate([p[4] for p in parts]), numpy.int64), evidence=tensor(numpy.concatenate([p[5] for p in parts]), numpy.float32),
                    meaning=tensor(numpy.stack([p[6] for p in parts]), numpy.float32))


class Network(torch.nn.Module):
    """As src/memory/answer_network.h."""

    def __init__(self, hidden=32, second=16):
        super().__init__()
        self.first = torch.nn.Linear(EVIDENCE + KINDS, hidden)
        self.second = torch.nn.Linear(hidden, second)
        self.last = torch.nn.Linear(second, 1, bias=False)
        self.none_first = torch.nn.Linear(EVIDENCE + 3, second)
        self.none_last = torch.nn.Linear(second, 1)
        self.asked = torch.nn.Parameter(torch.zeros(KINDS, MEANING))
        self.opening = torch.nn.Parameter(torch.zeros(KINDS, MEANING))
        torch.nn.init.zeros_(self.last.weight)
        torch.nn.init.zeros_(self.none_last.weight)
        self.out = torch.nn.Dropout(0.1)

    def forward(self, hashed, b):
        kinds, of, count = F.one_hot(b["kind"], KINDS).float(), b["of"], len(b["meaning"])
        by_kind = b["meaning"][:, :MEANING] @ self.asked.T + b["meaning"][:, MEANING:] @ self.opening.T  # question x kind
        scores = hashed + by_kind[of, b["kind"]]
        none = b["kind"] == KINDS - 1
        x = torch.cat([b["evidence"], kinds], 1)
        pieces = self.last(self.out(F.relu(self.second(self.out(F.relu(self.first(x))))))).squeeze(1)
        scores = scores + torch.where(none, torch.zeros(()), pieces)
        # "None", from the best that there is.
        low = torch.where(none, torch.full((), -1e9), scores)
        best = torch.full((count,), -1e9).scatter_reduce(0, of, low, "amax")
        some = best > -1e8
        total = torch.zeros(count).index_add(0, of, (low - best[of]).exp()).clamp_min(1e-9).log() + best
        top = torch.where(low >= best[of], torch.full((), -1e9), low)
        second = torch.full((count,), -1e9).scatter_reduce(0, of, top, "amax")
        most = torch.full((count, EVIDENCE), -1e9).scatter_reduce(0, of[:, None].expand(-1, EVIDENCE), torch.where(none[:, None], torch.full((), -1e9), b["evidence"]), "amax")
        y = torch.cat([most, total[:, None] / 10, best[:, None] / 10, (best - second).clamp_max(10)[:, None] / 10], 1)
        y = torch.where(some[:, None], y, torch.zeros(()))
        said = self.none_last(F.relu(self.none_first(y))).squeeze(1) * some
        return scores + torch.where(none, said[of], torch.zeros(()))

    def bytes(self):
        parts = []
        for layer in (self.first, self.second):
            parts += [layer.weight, layer.bias]
        parts += [self.last.weight, self.none_first.weight, self.none_first.bias, self.none_last.weight, self.none_last.bias, self.asked, self.opening]
        return b"".join(p.detach().numpy().astype("<f4").tobytes() for p in parts)


def hashed_scores(weights, b, kept=None):
    return F.embedding_bag(b["features"], weights, b["offsets"], mode="sum", per_sample_weights=kept[b["features"]] if kept is not None else None).squeeze(1)


def measure(groups, weights, network):
    """Of questions that have an answer here: whether the first piece holds it (`piece`), and one of the first three; and where "none"
    is moved so far that it is said of 70, 80 or 90 in a hundred that have none, how often the first of all holds it. As it
    stands: the same (`holds`), and how often "none" is rightly said."""
    pieces, three, holds, total, absent, said, leads = 0, 0, 0, 0, 0, 0, []
    network.eval()
    with torch.no_grad():
        for at in range(0, len(groups.groups), 64):
            chosen = range(at, min(at + 64, len(groups.groups)))
            b = groups.batch(chosen)
            scores = network(hashed_scores(weights, b), b)
            for i, g in enumerate(chosen):
                mine = (b["of"] == i).numpy()
                match, score = b["match"][mine], scores.numpy()[mine]
                order = score[:-1].argsort()[::-1]
                lead = score[-1] - (score[order[0]] if len(order) else -1e9)
                if match[-1] == 2:
                    absent += 1
                    said += lead > 0
                    leads.append((lead, None))
                elif match.any():
                    total += 1
                    right = bool(match[order[0]] >= 1)
                    pieces += right
                    three += (match[order[:3]] >= 1).any()
                    holds += right and lead <= 0
                    leads.append((lead, right))
    network.train()
    # The bias of "none" at which most is right if a fifth of all questions has no answer.
    worth = lambda bias: 0.8 * sum(1 for lead, right in leads if right and lead + bias <= 0) / max(total, 1) + 0.2 * sum(1 for lead, right in leads if right is None and lead + bias > 0) / max(absent, 1)
    best = max((x / 10 for x in range(-60, 61)), key=worth)
    none = sorted(lead for lead, right in leads if right is None)
    curve = "  ".join(f"{share:.0%} {sum(1 for lead, right in leads if right and lead <= none[int((1 - share) * len(none))]) / max(total, 1):.3f}" for share in (0.7, 0.8, 0.9))
    return f"piece {pieces / max(total, 1):.3f}  three {three / max(total, 1):.3f}  at none {curve}  holds {holds / max(total, 1):.3f} not_there {said / max(absent, 1):.3f}  best bias {best:.1f}  ({total}, {absent})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("papers", nargs="+")
    parser.add_argument("--test")
    parser.add_argument("--fold", type=int)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--rate", type=float, default=0.03, help="of the hashed weights")
    parser.add_argument("--network-rate", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=1e-6)
    parser.add_argument("--drop", default="0,0.3,0.5,0.7", help="share of the features left out: of form, of the question, around, pairs")
    parser.add_argument("--none", type=float, default=0, help="added to the score of none at the end; chosen with --fold")
    parser.add_argument("--without", type=float, default=0.15, help="share of the batches without any hashed feature but those of form")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    read = [pair for paper in options.papers for pair in dumped(paper)]
    apart = [line for line, about in read if options.fold is not None and fold_of(about) == options.fold]
    lines = [line for line, about in read if options.fold is None or fold_of(about) != options.fold]
    train = Groups(lines)
    train.groups += Groups(lines[::10], plain=True).groups
    tests = {}
    if apart:
        tests["fold"] = Groups(apart)
    if options.test:
        tests["held out"] = Groups([line for line, _ in dumped(options.test)])
    usable = [i for i, g in enumerate(train.groups) if g[2].any()]
    print(f"{len(usable)} of {len(train.groups)} questions can be learned from, {numpy.mean([len(g[1]) for g in train.groups]):.0f} candidates each", flush=True)
    weights = torch.zeros(HASHED, 1, requires_grad=True)
    network = Network()
    adam = torch.optim.AdamW(network.parameters(), lr=options.network_rate, weight_decay=1e-2)
    dropped = torch.tensor([float(x) for x in options.drop.split(",")]).repeat_interleave(HASHED // 4)
    squares = torch.full((HASHED, 1), 1e-3)
    rng = numpy.random.default_rng(options.seed)
    for epoch in range(options.epochs):
        rng.shuffle(usable)
        losses = []
        for at in range(0, len(usable), 32):
            left = 1 - (epoch + at / len(usable)) / options.epochs
            for group in adam.param_groups:
                group["lr"] = options.network_rate * (0.05 + 0.95 * left)
            b = train.batch(usable[at:at + 32])
            # What only some texts say is left out now and then, so that nothing leans on it alone: the same features of a
            # whole batch together.
            kept = (torch.rand(HASHED) >= dropped).float() / (1 - dropped)
            if torch.rand(()) < options.without:
                kept[HASHED // 4:] = 0
            scores = network(hashed_scores(weights, b, kept), b)
            count = len(b["meaning"])
            most = torch.full((count,), -1e9).scatter_reduce(0, b["of"], scores, "amax").detach()
            powers = (scores - most[b["of"]]).exp()
            total = torch.zeros(count).index_add(0, b["of"], powers)
            good = torch.zeros(count).index_add(0, b["of"], powers * b["right"])
            loss = (total.log() - good.clamp_min(1e-9).log()).mean()
            weights.grad = None
            adam.zero_grad()
            loss.backward()
            adam.step()
            with torch.no_grad():
                gradient = weights.grad + options.decay * weights
                squares += gradient * gradient
                weights -= options.rate * (0.1 + 0.9 * left) * gradient / squares.sqrt()
            losses.append(loss.item())
        print(f"epoch {epoch + 1}: loss {numpy.mean(losses[-300:]):.3f}", flush=True)
        for name, groups in tests.items():
            print(f"  {name}: {measure(groups, weights.detach(), network)}", flush=True)
    with torch.no_grad():
        network.none_last.bias += options.none
    plain = weights.detach().squeeze(1).numpy()
    scale = float(numpy.quantile(numpy.abs(plain[plain != 0]), 0.9995)) / 127
    rounded = numpy.clip(numpy.round(plain / scale), -127, 127).astype(numpy.int8)
    for name, groups in tests.items():
        print(f"as 8 bits, {name}: {measure(groups, torch.from_numpy(rounded.astype(numpy.float32) * scale)[:, None], network)}", flush=True)
    pathlib.Path(options.out).write_bytes(struct.pack("<d", scale) + rounded.tobytes() + network.bytes())


if __name__ == "__main__":
    main()
