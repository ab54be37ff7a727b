"""Endless tokenised batches from a process of their own, so that training never waits."""
import os

import numpy

import episodes
from tokenizer import PAD, Tokenizer

TOKENS_MAX = 1200  # of one episode; longer ones are left out


def batches(seed, tokens, split="train", done=lambda: 1.0, pool=16):
    """Lists of (ids, said), each list of about `tokens` tokens with its padding. `done` tells how much of the training is;
    of `pool` times that many tokens at once those of like lengths go together."""
    tokenizer, source = Tokenizer(), episodes.Episodes(seed, split)
    while True:
        source.short = max(0.2, 0.85 - 1.3 * done())
        source.drills = 60 - 30 * done()
        source.text_share = max(4.0, 55 * (1 - 2.5 * done()))
        pending, total = [], 0
        while total < tokens * pool:
            ids, said = tokenizer.conversation(source.next())
            if len(ids) <= TOKENS_MAX:
                pending.append((ids, said))
                total += len(ids)
        pending.sort(key=lambda e: len(e[0]))
        made, current = [], []
        for episode in pending:
            if current and (len(current) + 1) * len(episode[0]) > tokens:
                made.append(current)
                current = []
            current.append(episode)
        made.append(current)
        source.rng.shuffle(made)
        yield from made


def feed(seed, tokens, queue, done, pool=16):
    os.nice(4)
    for batch in batches(seed, tokens, done=lambda: done.value, pool=pool):
        queue.put(arrays(batch))


def arrays(batch):
    """(ids [episodes, length], flat positions that say something, what they are to say, how much each counts)."""
    length = max(len(ids) for ids, _ in batch)
    ids = numpy.full((len(batch), length), PAD, numpy.int32)
    weights = numpy.zeros((len(batch), length), numpy.float32)
    for i, (tokens, said) in enumerate(batch):
        ids[i, :len(tokens)] = tokens
        weights[i, :len(tokens) - 1] = said[1:]
    flat = weights.reshape(-1)
    wanted = flat.nonzero()[0]
    return ids, wanted, ids.reshape(-1)[wanted + 1], flat[wanted]


def tensors(made, device="cpu"):
    import torch
    ids, wanted, targets, weights = (torch.from_numpy(x).to(device, non_blocking=True) for x in made)
    return ids.long(), wanted, targets.long(), weights
