"""Trains the tokenizer on episodes and the English of the collections; writes tok.json."""

import episodes as gen, gzip, json, sys
from tokenizer import *

g = gen.G(99, "train")
t = []
for _ in range(6000):
    for p, a in g.episode():
        t.append(p.split("<|user|>", 1)[-1].replace("<|res|>", "\n").replace("<|call|>", "\n") + a)
for l in gzip.open(gen.D + "qamr/wiki-sentences.tsv.gz", "rt"):
    t.append(gen.detok(l.split("\t")[1]))
for l in gzip.open(gen.D + "gsm8k/train.jsonl.gz", "rt"):
    t.append(json.loads(l).get("question", ""))
import re

text = "\n".join(t)
text = re.sub(r"<\|\w+\|>", "\n", text)
v, m = train(text, 4096)
json.dump(dict(vocab=v, merges=m), open("tok.json", "w"))
T = Tok("tok.json")
print(
    len(v),
    [
        T.dec([x])
        for x in T.enc('{"call":"answer","with":{"passage":2,"answer":"£84.20"}} When does my passport expire?')
    ],
)
