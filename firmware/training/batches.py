"""Endless tokenised batches from a process of their own, so that training never waits."""
import os

import episodes
from tokenizer import PAD, Tokenizer

TOKENS_MAX = 1200  # of one episode; longer ones are left out


def batches(seed, tokens, split="train", done=lambda: 1.0):
    """Lists of (ids, said), each list of about `tokens` tokens with its padding. `done` tells how much of the training is."""
    tokenizer, source = Tokenizer(), episodes.Episodes(seed, split)
    while True:
        source.short = max(0.2, 0.85 - 1.3 * done())
        source.drills = 60 - 30 * done()
        pending, total = [], 0
        while total < tokens * 16:
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


def feed(seed, tokens, queue, done):
    os.nice(4)
    for batch in batches(seed, tokens, done=lambda: done.value):
        queue.put(batch)


def tensors(batch):
    import torch
    length = max(len(ids) for ids, _ in batch)
    ids = torch.full((len(batch), length), PAD)
    wanted, targets = [], []
    for i, (tokens, said) in enumerate(batch):
        ids[i, :len(tokens)] = torch.tensor(tokens)
        for j in range(1, len(tokens)):
            if said[j]:
                wanted.append(i * length + j - 1)
                targets.append(tokens[j])
    return ids, torch.tensor(wanted), torch.tensor(targets)
