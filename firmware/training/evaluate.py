"""Exact match by kind on held-out names, words, companies and tools (greedy, unconstrained: a lower bound, because the
kernel's schemas forbid most of the wrong answers). python3 evaluate.py CHECKPOINT [EPISODES]"""
import collections
import json
import sys

import torch

import episodes
from feed import Enc
from model import LM, Cfg


def kind_of(answer):
    value = json.loads(answer)
    if "plan" in value:
        return "plan"
    if value["call"] == "answer":
        return "answer: not there" if value["with"]["passage"] == 0 else "answer: span"
    known = ("search", "read", "list", "table", "calculate", "write", "ask")
    return value["call"] if value["call"] in known else "unseen tool"


@torch.no_grad()
def generate(model, ids, end, limit):
    ids = list(ids)
    out = []
    for _ in range(limit):
        logits = model(torch.tensor([ids + out]), torch.tensor([len(ids) + len(out) - 1]))
        token = int(logits[0].argmax())
        if token == end:
            break
        out.append(token)
    return out


def main():
    torch.set_num_threads(1)
    encoder = Enc()
    model = LM(Cfg(V=len(encoder.T.vocab)), "std")
    model.load_state_dict(torch.load(sys.argv[1]))
    model.eval()
    generator = episodes.G(4242, "test")
    right, total, plan_chains = collections.Counter(), collections.Counter(), collections.Counter()
    wrong = []
    for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 200):
        ok = True
        episode = generator.episode()
        for prompt, answer in episode:
            ids, prompt_length = encoder.pair(prompt, answer)
            if len(ids) > 900:
                continue
            made = encoder.T.dec(generate(model, ids[:prompt_length], encoder.SP["<|end|>"], len(ids) - prompt_length + 20))
            kind = kind_of(answer)
            total[kind] += 1
            right[kind] += made == answer
            if kind == "answer: span":
                total["answer: right passage"] += 1
                right["answer: right passage"] += f'"passage":{json.loads(answer)["with"]["passage"]},' in made
            if made != answer:
                ok = False
                wrong.append((prompt[-160:], answer, made))
        steps = len(episode) - 1
        if steps > 0:
            plan_chains[f"chain of {min(steps, 4)} right"] += ok
            plan_chains[f"chain of {min(steps, 4)} all"] += 1
    for kind in sorted(total):
        print(f"{kind:24} {right[kind]:4} of {total[kind]:4}  {right[kind] / total[kind]:.3f}")
    for length in range(1, 5):
        if plan_chains[f"chain of {length} all"]:
            print(f"plan and {length} calls exact     {plan_chains[f'chain of {length} right']} of {plan_chains[f'chain of {length} all']}")
    for prompt, answer, made in wrong[:12]:
        print("---", repr(prompt), "\n want", answer, "\n made", made)


if __name__ == "__main__":
    main()
