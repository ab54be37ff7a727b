"""Trains the firmware model: python3 train.py --min 60 --out model (resumes with --load)."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
import torch, time, sys, json, math, argparse, os, multiprocessing as mp
import torch.nn.functional as F
from model import *
import feed

ap = argparse.ArgumentParser()
A = ap.add_argument
A("--min", type=float, default=6)
A("--lr", type=float, default=1.2e-3)
A("--tok", type=int, default=6144)
A("--out", default="m")
A("--L", type=int, default=4)
A("--d", type=int, default=256)
A("--ff", type=int, default=704)
A("--load", default="")
A("--threads", type=int, default=1)
A("--seed", type=int, default=1)
A("--maxlen", type=int, default=700)
A("--feeders", type=int, default=1)
if __name__ == "__main__":
    a = ap.parse_args()
    torch.manual_seed(a.seed)
    torch.set_num_threads(a.threads)
    q = mp.Queue(200)
    [
        mp.Process(target=feed.worker, args=(a.seed * 1000 + i, q, a.tok, a.maxlen), daemon=True).start()
        for i in range(a.feeders)
    ]
    V = len(json.load(open("tok.json"))["vocab"])
    c = Cfg(V=V, d=a.d, L=a.L, H=a.d // 64, ff=a.ff)
    M = LM(c, "mim")
    if a.load:
        M.load_state_dict(torch.load(a.load))
    print("params", sum(p.numel() for p in M.parameters()), a, flush=True)
    dec = [p for p in M.parameters() if p.dim() == 2]
    nod = [p for p in M.parameters() if p.dim() < 2]
    opt = torch.optim.AdamW(
        [dict(params=dec, weight_decay=0.05), dict(params=nod, weight_decay=0)], lr=a.lr, betas=(0.9, 0.98)
    )
    t0 = time.time()
    nt = 0
    step = 0
    ls = []
    wait = 0
    while True:
        fr = (time.time() - t0) / (a.min * 60)
        if fr >= 1:
            break
        tw = time.time()
        b = q.get()
        wait += time.time() - tw
        n = max(len(x) for x, _ in b)
        ids = torch.full((len(b), n), 6)
        idx = []
        y = []
        for i, (x, k) in enumerate(b):
            ids[i, : len(x)] = torch.tensor(x)
            idx += range(i * n + k - 1, i * n + len(x) - 1)
            y += x[k:]
        lr = a.lr * min(1, (step + 1) / 120) * max(0.02, 0.5 * (1 + math.cos(math.pi * fr)))
        for g in opt.param_groups:
            g["lr"] = lr
        lo = M(ids, torch.tensor(idx))
        loss = F.cross_entropy(lo, torch.tensor(y))
        opt.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(M.parameters(), 1.0)
        opt.step()
        step += 1
        nt += sum(len(x) for x, _ in b)
        ls.append(loss.item())
        if step % 25 == 0 or step in (5, 10, 20):
            el = time.time() - t0
            print(
                f"step {step} {el:.0f}s tok {nt/1e6:.2f}M {nt/el:.0f} tok/s wait {wait/el:.1%} loss {sum(ls[-50:])/50:.3f} eta {a.min*60-el:.0f}s",
                flush=True,
            )
        if step % 300 == 0:
            torch.save(M.state_dict(), a.out + ".pt.tmp")
            os.replace(a.out + ".pt.tmp", a.out + ".pt")
    torch.save(M.state_dict(), a.out + ".pt")
    print("done", step, nt)
    os._exit(0)
