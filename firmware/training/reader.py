"""Learns the reader (src/memory/reader.h): which piece of some texts answers a question, or that none does.

    platform/build release daimon_answer_features bench_answers      # what turns passages into tokens, and what searches
    python3 exam.py a.jsonl --homes 250 --goals 40 --split train --only lookup --seed 501
    python3 exam.py t.jsonl --homes 200 --only lookup --seed 4242
    python3 reader.py ../reader_answers.bin a.jsonl --begin first.bin --encoder ../encoder.bin --test t.jsonl

The readers of answers and of arguments (tools.py) see what one encoder (encoder.py) says, which learns with that of answers.

The questions are of homes that the training text fills; their passages are what the search of Daimon really finds for them
(bench_answers --dump). Softmax over the pieces of a question and "none", by AdamW. tools.py learns with the same network to
choose tools and to read their arguments.
"""
import argparse
import contextlib
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import numpy
import torch
import torch.nn.functional as F
from torch import nn

from encoder import WIDTH as OF_ENCODER, Encoder, bytes_of, load
from train import ALLOCATOR

EVIDENCE, KINDS, SHAPES, VECTOR = 56, 12, 31, 100
OF_WORD = 40  # bytes
MEANING_SCALE, MEANING_WEIGHT = 20, 0.5
WIDTH, HEADS, BLOCKS, PIECE, SECOND, NONE = 96, 4, 2, 64, 32, 48
SLOPES = [0.0, 1 / 32, 1 / 8, 1 / 2]  # of the heads: how much less a token counts for each token that it is away
PROCESSES = 2  # that turn questions into tokens
BUILD = pathlib.Path(__file__).resolve().parents[2] / "build/release"
# The program must read these as this file does (tests/memory/reader_test.cpp).
GOLDEN = [
    {"question": "What did I pay for electricity in March?", "passages": [
        {"path": "bills/electricity-march.txt", "text": "Electricity bill, March 2026\nTotal due:  £84.20, payable by 14 April.\nDeposit £12.00"},
        {"path": "notes/house.md", "text": "# House\n| Thing | Cost |\n|---|---|\n| Boiler | €1,130.50 |\nCall Dr Hale (020 7946 0018) - he knows."}]},
    {"question": "who fixes the boiler", "passages": [{"path": "a", "text": "Crème brûlée at 10:30 on 2026-03-01; 50% off"}]},
    {"question": "?", "passages": [{"path": "", "text": ""}]},
    # Longer than what is read.
    {"question": "how many of which kind are there in all of the list that we made for the summer of last year " * 5, "passages": [
        {"path": "a/very/long/path/of/many/folders/one/below/the/other/list-2025.txt", "text": "".join(f"Kind {i}: {i}.50 kg, shelf {i % 7}\n" for i in range(60))},
        {"path": "b.txt", "text": "nothing  here\tat all"}]},
]


def dumped(paper, windows=()):
    """Lines of JSON for the features program, `windows` as bench_answers takes them. What is dumped already is read."""
    if paper.endswith(".dump"):
        return pathlib.Path(paper).read_text().splitlines()
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as out:
        subprocess.run([str(BUILD / "bench/bench_answers"), "--dump", out.name, *windows, paper], check=True)
        return pathlib.Path(out.name).read_text().splitlines()


class Questions:
    """Questions with their tokens and pieces as src/memory/reading_record.h writes them; `vectors` of every word in any of them,
    behind those of the embedding what `encoder` begins with, if it is given."""

    def __init__(self, lines, program="daimon-answer-features", *arguments, encoder=None):
        self.rows, self.words, vectors = [], [], []
        with contextlib.ExitStack() as files:
            running = []
            for i in range(PROCESSES):
                said, out = (files.enter_context(tempfile.TemporaryFile()) for _ in range(2))
                said.write("".join(line + "\n" for line in lines[len(lines) * i // PROCESSES:len(lines) * (i + 1) // PROCESSES]).encode())
                said.seek(0)
                running.append((subprocess.Popen([str(BUILD / "src/memory" / program), *arguments], stdin=said, stdout=out), out))
                files.callback(running[-1][0].kill)
            for process, out in running:
                if process.wait():
                    raise subprocess.CalledProcessError(process.returncode, process.args)
                if size := out.tell():
                    self.read(numpy.memmap(out, dtype="<u4", mode="r", shape=(size // 4,)), vectors)
        self.vectors = numpy.concatenate(vectors).astype(numpy.float16) if vectors else numpy.zeros((0, VECTOR), numpy.float16)
        if encoder:
            self.vectors = numpy.concatenate([self.vectors, encoder.vectors_of(self.words)], 1)

    def read(self, data, vectors):
        at, before = 0, len(self.words)  # the program numbers the words that it has seen

        def take(count):
            nonlocal at
            at += count
            return data[at - count:at]

        while at < len(data):
            asked, passages, _, words, new, pieces = (int(x) for x in take(6))
            vectors.append(take(new * VECTOR).view("<f4").reshape(new, VECTOR).astype(numpy.float16))
            texts = take(new * OF_WORD // 4).tobytes()
            self.words += [texts[i:i + OF_WORD].rstrip(b"\0").decode(errors="replace") for i in range(0, len(texts), OF_WORD)]
            numbers = numpy.array(take(words), dtype=numpy.int32) + before
            question = numpy.array(take(asked))
            tokens = []
            for _ in range(passages):
                tokens.append(numpy.array(take(int(take(1)[0]))))
            size = (asked * words + 3) // 4
            like = numpy.array(take(size)).view(numpy.uint8)[:asked * words].reshape(asked, words)
            block = take(pieces * (6 + EVIDENCE)).reshape(pieces, 6 + EVIDENCE)
            self.rows.append((numbers, question, tokens, like, numpy.array(block[:, :6]).astype(numpy.int16), block[:, 6:].view("<f4").astype(numpy.float16), 1.0))


def batch(rows, vectors):
    """Padded tensors of some questions."""
    count, asked = len(rows), max(max(len(r[1]) for r in rows), 1)
    windows = [(i, t) for i, r in enumerate(rows) for t in r[2]]
    longest, of = max(max((len(t) for _, t in windows), default=1), 1), [i for i, _ in windows] or [0]
    q_word, q_code, q_mask = numpy.zeros((count, asked), numpy.int64), numpy.zeros((count, asked), numpy.int64), numpy.zeros((count, asked), bool)
    p_word, p_code = numpy.zeros((max(len(windows), 1), longest), numpy.int64), numpy.zeros((max(len(windows), 1), longest), numpy.int64)
    p_mask, like = numpy.zeros((max(len(windows), 1), longest), bool), numpy.zeros((max(len(windows), 1), longest, asked), numpy.float32)
    q_mask[:, 0], p_mask[:, 0] = True, True
    first_window, at = [], 0
    for i, (numbers, question, tokens, likeness) in enumerate(row[:4] for row in rows):
        first_window.append(at)
        table = numpy.concatenate([[0], numbers + 1])  # 0: no word
        word = question & 0xFFFF
        q_word[i, :len(question)], q_code[i, :len(question)], q_mask[i, :len(question)] = table[word], question >> 16, True
        padded = numpy.concatenate([numpy.zeros((len(likeness), 1), numpy.float32), likeness.astype(numpy.float32) / 255], 1)
        for t in tokens:
            word = t & 0xFFFF
            p_word[at, :len(t)], p_code[at, :len(t)], p_mask[at, :len(t)] = table[word], t >> 16, True
            if len(question):
                like[at, :len(t), :len(question)] = padded[:, word].T
            at += 1
    parts = [(i, r[4][:-1], r[5][:-1]) for i, r in enumerate(rows)]
    block = numpy.concatenate([b for _, b, _ in parts]).astype(numpy.int64)
    owner = numpy.concatenate([numpy.full(len(b), i) for i, b, _ in parts]).astype(numpy.int64)
    vector = lambda words: torch.from_numpy(numpy.where((words > 0)[..., None], vectors[numpy.maximum(words - 1, 0)], 0).astype(numpy.float32))
    tensor = torch.from_numpy
    return dict(weight=torch.tensor([row[6] for row in rows]), q=vector(q_word), q_code=tensor(q_code), q_mask=tensor(q_mask), p=vector(p_word), p_code=tensor(p_code), p_mask=tensor(p_mask), like=tensor(like),
                of=torch.tensor(of), owner=tensor(owner), right=tensor(block[:, 0]).float(), match=block[:, 1], kind=tensor(block[:, 2]),
                row=tensor(numpy.array(first_window)[owner] + numpy.maximum(block[:, 3] - 1, 0)), first=tensor(block[:, 4]), last=tensor(block[:, 5]),
                evidence=tensor(numpy.concatenate([e for _, _, e in parts]).astype(numpy.float32)),
                none_right=torch.tensor([float(r[4][-1, 0]) for r in rows]), none_match=numpy.array([r[4][-1, 1] for r in rows]))


class Dropout(nn.Module):
    """Of one long table of random numbers another stretch each time: to draw new ones took an eighth of a step."""
    TABLE = 1 << 24
    tables, rng = {}, random.Random(1)  # by share

    def __init__(self, share):
        super().__init__()
        self.share = share
        if share not in self.tables:
            kept = (torch.rand(self.TABLE) >= share).float() / (1 - share)
            self.tables[share] = {kind: kept.to(kind) for kind in (torch.float32, torch.bfloat16)}

    def forward(self, x):
        if not self.training or x.numel() >= self.TABLE:
            return x
        begin = self.rng.randrange(self.TABLE - x.numel())
        return x * self.tables[self.share][x.dtype][begin:begin + x.numel()].view(x.shape)


def linear(x, weight, bias=None):
    """While it learns rows have 16 bits, which takes a half of the time: so have the weights that they meet."""
    return F.linear(x, weight.to(x.dtype), None if bias is None else bias.to(x.dtype))


class Linear(nn.Linear):
    def forward(self, x):
        return linear(x, self.weight, self.bias)


class Near(nn.Module):
    """A convolution over five tokens, of each number by itself."""

    def __init__(self, width):
        super().__init__()
        like = nn.Conv1d(width, width, 5, groups=width)
        self.weight, self.bias = nn.Parameter(like.weight.detach().view(width, 5)), nn.Parameter(like.bias.detach())

    def forward(self, x):
        length, padded, weight = x.shape[1], F.pad(x, (0, 0, 2, 2)), self.weight.to(x.dtype)
        return sum(padded[:, i:i + length] * weight[:, i] for i in range(5)) + self.bias.to(x.dtype)


class Block(nn.Module):
    def __init__(self, drop):
        super().__init__()
        self.norm_near, self.near, self.mix = nn.LayerNorm(WIDTH), Near(WIDTH), Linear(WIDTH, WIDTH)
        self.norm_far, self.queries, self.far = nn.LayerNorm(WIDTH), Linear(WIDTH, 3 * WIDTH), Linear(WIDTH, WIDTH)
        self.norm, self.up, self.down = nn.LayerNorm(WIDTH), Linear(WIDTH, 2 * WIDTH), Linear(2 * WIDTH, WIDTH)
        self.drop = Dropout(drop)

    def forward(self, x, mask, bias):
        count, length, _ = x.shape
        x = x + self.drop(self.mix(F.silu(self.near(self.norm_near(x) * mask[..., None]))))
        heads = lambda t: t.view(count, length, HEADS, WIDTH // HEADS).transpose(1, 2)
        q, k, v = map(heads, self.queries(self.norm_far(x)).split(WIDTH, -1))
        # Its own code is five times as quick as the steps one by one, of 32 bits.
        far = F.scaled_dot_product_attention(q.float(), k.float(), v.float(), attn_mask=bias).to(x.dtype)
        x = x + self.drop(self.far(far.transpose(1, 2).reshape(count, length, WIDTH)))
        return x + self.drop(self.down(F.silu(self.up(self.norm(x)))))


class Reader(nn.Module):
    """As src/memory/reader.h. Readers may share an encoder; a frozen one learns nothing."""

    def __init__(self, drop=0.15, encoder=None, frozen=False):
        super().__init__()
        self.shape = nn.Embedding(SHAPES, 16)
        self.word = Linear(VECTOR + 16 + 2, WIDTH)
        self.alike = nn.Parameter(torch.tensor([8.0, 2.0, 2.0]))
        self.weight, self.asked = nn.Linear(WIDTH, 1), nn.Linear(WIDTH, 1)
        self.token, self.whole = Linear(3 * WIDTH + 4, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.blocks = nn.ModuleList([Block(drop / 2) for _ in range(BLOCKS)])
        self.norm = nn.LayerNorm(WIDTH)
        self.piece, self.evidence = nn.Linear(4 * WIDTH, PIECE), nn.Linear(EVIDENCE + KINDS + 1, PIECE)
        self.second, self.last, self.kind = nn.Linear(PIECE, SECOND), nn.Linear(SECOND, 1), nn.Linear(WIDTH, KINDS)
        self.none_first, self.none_last = nn.Linear(PIECE + EVIDENCE + WIDTH + 3, NONE), nn.Linear(NONE, 1)
        self.drop = Dropout(drop)
        with torch.no_grad():
            self.shape.weight.mul_(0.3)
        if encoder:
            # At first nothing is taken of it.
            self.of_token, self.of_piece = Linear(OF_ENCODER, WIDTH), Linear(OF_ENCODER, 4 * PIECE, bias=False)
            for p in (self.of_token.weight, self.of_token.bias, self.of_piece.weight):
                nn.init.zeros_(p)
        self.own = list(self.parameters())
        self.encoder, self.frozen = encoder, frozen

    def learned(self):
        return self.own if self.frozen else list(self.parameters())

    def tokens(self, vector, code, mask):
        """And what the encoder says of them."""
        flags = torch.stack([(code >> 8) & 1, (code >> 9) & 1], -1).float()
        x = self.word(torch.cat([vector[..., :VECTOR] * 3, self.shape(code & 0xFF), flags], -1))
        if not self.encoder:
            return x, None
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            seen = self.encoder(vector[..., VECTOR:], code, mask)
        return x + self.of_token(seen).float(), seen

    def forward(self, b):
        of, q_mask, p_mask, like = b["of"], b["q_mask"], b["p_mask"], b["like"]
        (q, q_seen), (p, p_seen) = self.tokens(b["q"], b["q_code"], q_mask), self.tokens(b["p"], b["p_code"], p_mask)
        self.seen = (q_seen, p_seen)
        q, p = self.drop(q), self.drop(p)
        shut = ~q_mask[of][:, None, :]
        near = self.alike[0] * torch.einsum("wnd,wmd->wnm", F.normalize(p, dim=-1), F.normalize(q, dim=-1)[of]) + self.alike[1] * like + self.alike[2] * (like > 0.999)
        near = near.masked_fill(shut, -1e4)
        told = (((b["q_code"] >> 8) & 1).float())[of][:, None, :]
        seen = torch.einsum("wnm,wmd->wnd", near.softmax(-1), q[of])
        weight = torch.sigmoid(self.weight(q)).squeeze(-1)[of][:, None, :]
        same = (like > 0.999).float()
        signs = torch.stack([(like * told).amax(-1), (same * told).amax(-1), (like * weight).amax(-1), near.amax(-1) / 8], -1)
        share = self.asked(q).squeeze(-1).masked_fill(~q_mask, -1e4).softmax(-1)
        whole = torch.einsum("bm,bmd->bd", share, q)
        x = torch.cat([p, seen, p * seen, signs], -1)
        x = x.bfloat16() if self.training else x
        x = self.drop(F.silu(self.token(x) + self.whole(whole)[of][:, None].to(x.dtype)))
        place = torch.arange(x.shape[1])
        away = (place[:, None] - place[None]).abs().float()
        bias = -away[None] * torch.tensor(SLOPES)[:, None, None]
        bias = bias[None] + torch.where(p_mask, 0.0, -1e4)[:, None, None, :]
        for block in self.blocks:
            x = block(x, p_mask, bias)
        x = self.norm(x)
        row, first, last, owner = b["row"], b["first"], b["last"], b["owner"]
        # What a piece takes of its tokens is reckoned once for every token, not for each piece that has it.
        parts = linear(x, self.piece.weight.view(-1, 4, WIDTH).transpose(0, 1).reshape(-1, WIDTH)).float()
        parts = (parts + self.of_piece(p_seen).float() if self.encoder else parts).split(PIECE, -1)
        at = lambda part, token: part.reshape(-1, PIECE).index_select(0, row * part.shape[1] + token)
        sums = F.pad((parts[2] * p_mask[..., None]).cumsum(1), (0, 0, 1, 0))
        mean = (at(sums, last + 1) - at(sums, first)) / (last + 1 - first)[:, None]
        before = at(parts[3], (first - 1).clamp_min(0)) * (first > 0)[:, None]
        read = last > 0  # the reading may end before a piece
        here = (at(parts[0], first) + at(parts[1], last) + mean + before) * read[:, None] + self.piece.bias
        facts = torch.cat([b["evidence"], F.one_hot(b["kind"], KINDS).float(), read[:, None].float()], -1)
        h = F.silu(self.drop(here) + self.evidence(facts))
        score = self.last(F.silu(self.second(h))).squeeze(1) + self.kind(whole)[owner, b["kind"]]
        count = len(b["q"])
        best = torch.full((count,), -20.0).scatter_reduce(0, owner, score, "amax")
        total = torch.zeros(count).index_add(0, owner, (score - best[owner]).exp()).clamp_min(1e-9).log() + best
        second = torch.full((count,), -20.0).scatter_reduce(0, owner, torch.where(score >= best[owner], -20.0, score), "amax")
        most = torch.full((count, PIECE), -1.0).scatter_reduce(0, owner[:, None].expand(-1, PIECE), h, "amax")
        most_evidence = torch.full((count, EVIDENCE), -1.0).scatter_reduce(0, owner[:, None].expand(-1, EVIDENCE), b["evidence"], "amax")
        lead = torch.stack([total, best, (best - second).clamp_max(10)], 1) / 10
        none = self.none_last(F.silu(self.none_first(torch.cat([most, most_evidence, whole, lead], 1)))).squeeze(1)
        return score, none

    def load(self, path):
        load(self.own, path, most=3 if self.encoder else 0)

    def golden(self):
        """What tests/memory compares with: of each example the score of every piece and that of none; how near each passage is."""
        made = []
        self.eval()
        questions = Questions([json.dumps(g) for g in GOLDEN], encoder=self.encoder)
        for example, row in zip(GOLDEN, questions.rows):
            with torch.no_grad():
                b = batch([row], questions.vectors)
                score, none = self(b)
                made.append({**example, "pieces": [round(x, 4) for x in score.tolist()], "none": round(none.item(), 4)})
                if self.encoder and not self.frozen:
                    made[-1]["near"] = [round(x, 4) for x in self.encoder.likeness(b, self.seen)[0].tolist()]
        return json.dumps(made, ensure_ascii=False, indent=1) + "\n"

    def halve(self):
        """Rounds every weight to the upper half of its float."""
        with torch.no_grad():
            for p in self.parameters():
                p.copy_(p.bfloat16().float())

    def bytes(self):
        return bytes_of(self.own)


def measure(questions, network):
    """Of questions whose passages have an answer: whether the first piece holds it (`piece`), and one of the first three; and where
    "none" is moved so far that it is said of 70, 80 or 90 in a hundred that have none, how often the first of all holds it. As it
    stands: the same (`holds`), and how often "none" is rightly said."""
    pieces, three, holds, total, absent, said, leads = 0, 0, 0, 0, 0, 0, []
    network.eval()
    with torch.no_grad():
        for at in range(0, len(questions.rows), 32):
            b = batch(questions.rows[at:at + 32], questions.vectors)
            score, none = (x.numpy() for x in network(b))
            for i in range(len(none)):
                mine = b["owner"].numpy() == i
                match, scores = b["match"][mine], score[mine]
                order = scores.argsort()[::-1]
                lead = none[i] - (scores[order[0]] if len(order) else -1e9)
                if b["none_match"][i] == 2:
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
    curve = "  ".join(f"{share:.0%} {sum(1 for lead, right in leads if right and lead <= none[int((1 - share) * len(none))]) / max(total, 1):.3f}" for share in (0.7, 0.8, 0.9)) if none else ""
    return f"piece {pieces / max(total, 1):.3f}  three {three / max(total, 1):.3f}  at none {curve}  holds {holds / max(total, 1):.3f} not_there {said / max(absent, 1):.3f}  best bias {best:.1f}  ({total}, {absent})"


def alike_in_length(rows, size, rng):
    """All rows in random batches, in each those whose longest passages are about as long: what is padded is reckoned too."""
    order = list(range(len(rows)))
    rng.shuffle(order)
    batches, drawn = [], 16 * size
    for at in range(0, len(order), drawn):
        part = sorted(order[at:at + drawn], key=lambda i: max((len(t) for t in rows[i][2]), default=0))
        batches += [part[i:i + size] for i in range(0, len(part), size)]
    rng.shuffle(batches)
    return batches


def losses_of(b, score, none):
    """Of each question: how unlikely what is right of it was held to be."""
    owner, count = b["owner"], len(none)
    most = torch.maximum(torch.full((count,), -1e4).scatter_reduce(0, owner, score, "amax"), none).detach()
    powers, other = (score - most[owner]).exp(), (none - most).exp()
    total = torch.zeros(count).index_add(0, owner, powers) + other
    good = torch.zeros(count).index_add(0, owner, powers * b["right"]) + other * b["none_right"]
    return total.log() - good.clamp_min(1e-9).log()


def loss_of_meanings(b, encoder, seen):
    """How unlikely each question's own window is held to be among all windows of the batch, by what they mean as a whole (InfoNCE:
    van den Oord et al. 2018, with the other questions' passages as in Karpukhin et al., "Dense passage retrieval", 2020)."""
    like = MEANING_SCALE * encoder.likeness(b, seen)
    holds = torch.zeros_like(like, dtype=torch.bool)
    is_right = b["right"] > 0
    holds[b["owner"][is_right], b["row"][is_right]] = True
    some = holds.any(1)
    if not some.any():
        return torch.zeros(())
    like, holds = like[some], holds[some]
    return (like.logsumexp(1) - like.masked_fill(~holds, -1e4).logsumexp(1)).mean()


def hard_ones(network, rows, vectors, easy, rng):
    """Rows that the network is not sure of, and of the others the share `easy`, which then count as much more."""
    kept, begun = [], time.time()
    order = sorted(rows, key=lambda row: max((len(t) for t in row[2]), default=0))
    network.eval()
    for at in range(0, len(order), 96):
        some = order[at:at + 96]
        b = batch(some, vectors)
        with torch.no_grad():
            losses = losses_of(b, *network(b)).tolist()
        for row, loss in zip(some, losses):
            if loss > 0.35:
                kept.append(row)
            elif rng.random() < easy:
                kept.append((*row[:6], 1 / easy))
    network.train()
    rng.shuffle(kept)
    print(f"{len(kept)} of them are learned from, {time.time() - begun:.0f} s", flush=True)
    return kept


def spent_and_left(begun, done, steps):
    spent = time.time() - begun
    return f"{spent:.0f} s, {spent / done * (steps - done):.0f} s left"


def learn(network, rows, vectors, epochs, size, rate, seed, at_quarter=lambda: None):
    """`rows` of Questions that have something right; `size` of them in a step."""
    rng = random.Random(seed)
    with_meanings = network.encoder and not network.frozen
    adam = torch.optim.AdamW(network.learned(), lr=rate, weight_decay=0.02, betas=(0.9, 0.98))
    steps, begun, losses, meanings, batches = int(epochs * len(rows) / size), time.time(), [], [], []
    for step in range(steps):
        if not batches:
            batches = alike_in_length(rows, size, rng)
        b = batch([rows[i] for i in batches.pop()], vectors)
        for group in adam.param_groups:
            group["lr"] = rate * min(1, (step + 1) / 100) * (0.02 + 0.98 * (1 - step / steps))
        score, none = network(b)
        weight = b["weight"]
        loss = (losses_of(b, score, none) * weight).sum() / weight.sum()
        if with_meanings:
            meant = loss_of_meanings(b, network.encoder, network.seen)
            meanings.append(meant.item())
            loss = loss + MEANING_WEIGHT * meant
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.learned(), 1.0)
        adam.step()
        losses.append(loss.item())
        if (step + 1) % 100 == 0:
            meant = f"  of meanings {numpy.mean(meanings[-100:]):.3f}" if meanings else ""
            print(f"step {step + 1} of {steps}  loss {numpy.mean(losses[-100:]):.3f}{meant}  {spent_and_left(begun, step + 1, steps)}", flush=True)
        if (step + 1) % max(1, steps // 4) == 0 or step + 1 == steps:
            at_quarter()


def learn_meanings(encoder, rows, vectors, epochs, size, rate, seed):
    """What texts mean as a whole, over the encoder as it is: after a mean of several (mean.py) it is not quite theirs."""
    learned = [*encoder.share.parameters(), *encoder.meaning.parameters()]
    adam, rng, losses, batches = torch.optim.AdamW(learned, lr=rate, weight_decay=0.02), random.Random(seed), [], []
    steps, begun = int(epochs * len(rows) / size), time.time()
    encoder.train()
    for step in range(steps):
        if not batches:
            batches = alike_in_length(rows, size, rng)
        b = batch([rows[i] for i in batches.pop()], vectors)
        for group in adam.param_groups:
            group["lr"] = rate * min(1, (step + 1) / 20) * (0.02 + 0.98 * (1 - step / steps))
        with torch.no_grad():
            seen = [encoder(b[of][..., VECTOR:], b[of + "_code"], b[of + "_mask"]) for of in ("q", "p")]
        loss = loss_of_meanings(b, encoder, seen)
        if not loss.requires_grad:
            continue  # none of them has a window that is right
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
        if (step + 1) % 50 == 0:
            print(f"step {step + 1} of {steps}  loss of meanings {numpy.mean(losses[-50:]):.3f}  {spent_and_left(begun, step + 1, steps)}", flush=True)


def prepare(threads):
    """Begins the program again with the allocator that training wants."""
    if "MALLOC_TRIM_THRESHOLD_" not in os.environ:
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ALLOCATOR})
    torch.set_num_threads(threads)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("papers", nargs="*")
    parser.add_argument("--begin", help="weights to begin with; without papers they are only measured, and written again")
    parser.add_argument("--encoder", help="encoder.bin to begin with (encoder.py); the new one is written beside the weights, and tools.py must follow. "
                                          "The program reads answers by weights that were learned with one")
    parser.add_argument("--meanings", action="store_true", help="learn only what texts mean as a whole, over the encoder as it is")
    parser.add_argument("--easy", type=float, default=1, help="share that is learned of what the weights to begin with know")
    parser.add_argument("--test", nargs="*", default=[])
    parser.add_argument("--epochs", type=float, default=3)
    parser.add_argument("--batch", type=int, default=24, help="questions of a step")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--drop", type=float, default=0.15)
    parser.add_argument("--none", type=float, default=0, help="added to the score of none at the end")
    parser.add_argument("--limit", type=int, help="questions to learn from")
    parser.add_argument("--window", type=int, default=480, help="bytes of a passage to learn from; 320, of four passages, take half of the time")
    parser.add_argument("--passages", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    prepare(options.threads)
    torch.manual_seed(options.seed)
    windows = ["--window", str(options.window), "--passages", str(options.passages)]
    encoder = Encoder.read(options.encoder, Dropout(options.drop), Linear) if options.encoder else None
    network = Reader(options.drop, encoder)
    if options.begin:
        network.load(options.begin)
    train = Questions([line for paper in options.papers for line in dumped(paper, windows)], encoder=encoder)
    tests = {pathlib.Path(paper).stem: Questions(dumped(paper), encoder=encoder) for paper in options.test}
    usable = [row for row in train.rows if row[4][:, 0].any()]
    random.Random(options.seed).shuffle(usable)
    usable = usable[:options.limit]
    print(f"{len(usable)} of {len(train.rows)} questions can be learned from; {sum(p.numel() for p in network.parameters())} numbers", flush=True)
    out = pathlib.Path(options.out)

    if options.easy < 1:
        usable = hard_ones(network, usable, train.vectors, options.easy, random.Random(options.seed))

    def write(ending):
        out.with_suffix(ending).write_bytes(network.bytes())
        if encoder:
            out.with_name("encoder" + ending).write_bytes(bytes_of(encoder.parameters()))

    def at_quarter():
        write(".part")  # --begin and --encoder go on from these
        for name, questions in tests.items():
            print(f"  {name}: {measure(questions, network)}", flush=True)

    if options.meanings:
        learn_meanings(encoder, [row for row in usable if not row[4][-1, 0]], train.vectors, options.epochs, options.batch, options.rate, options.seed)
    else:
        learn(network, usable, train.vectors, options.epochs, options.batch, options.rate, options.seed, at_quarter)
    with torch.no_grad():
        network.none_last.bias += options.none
    network.halve()  # as the program has it
    for name, questions in tests.items():
        print(f"as 16 bits, {name}: {measure(questions, network)}", flush=True)
    write(".bin")
    for part in (out.with_suffix(".part"), out.with_name("encoder.part")):
        part.unlink(missing_ok=True)
    out.with_name(out.stem + "_golden.json").write_text(network.golden())


if __name__ == "__main__":
    main()
