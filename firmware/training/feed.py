"""Endless tokenised batches from a process of their own, so that training never waits."""

import episodes as gen, sys, pickle, random, regex, os, time
from tokenizer import Tok

SPLIT = regex.compile(r"(<\|\w+\|>)")


class Enc:
    def __init__(s):
        s.T = Tok("tok.json")
        s.SP = s.T.sp

    def sp(s, x):
        o = []
        for p in SPLIT.split(x):
            if p in s.SP:
                o.append(s.SP[p])
            elif p:
                o += s.T.enc(p)
        return o

    def pair(s, p, a):
        x = s.sp(p)
        y = s.T.enc(a) + [s.SP["<|end|>"]]
        return x + y, len(x)


def worker(seed, q, tok, maxlen):
    os.nice(5)
    E = Enc()
    g = gen.G(seed, "train")
    while True:
        eps = []
        n = 0
        while n < tok * 24:
            for p, a in g.episode():
                x, k = E.pair(p, a)
                if len(x) > maxlen:
                    continue
                if '"plan"' in a and random.random() < 0.35:
                    continue
                eps.append((x, k))
                n += len(x)
        eps.sort(key=lambda e: len(e[0]))
        cur = []
        B = []
        for e in eps:
            if cur and (len(cur) + 1) * len(e[0]) > tok:
                B.append(cur)
                cur = []
            cur.append(e)
        B.append(cur)
        random.shuffle(B)
        for b in B:
            q.put(b)
