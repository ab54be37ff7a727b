"""Trains the firmware model.

    python3 train.py --minutes 100 --out model.pt      resumes when model.pt is there and unfinished

On a GPU (--device cuda, found by itself) the same, with several processes that make episodes.

Matrices are trained by Muon (orthogonalised momentum; Jordan 2024), embeddings and norms by AdamW. Progress, speed, loss and
the time left go to stdout; a checkpoint is written every two minutes and on Ctrl-C.
"""
import argparse
import json
import math
import multiprocessing
import os
import signal
import sys
import time

# Threads that wait for each other sleep: the other core may be needed.
# Freed memory stays with the process: without this, the kernel zeroes the same pages at each step and training takes
# 2.7 times as long. The allocator reads them before Python starts.
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "4000000000", "MALLOC_TRIM_THRESHOLD_": "8000000000", "MALLOC_TOP_PAD_": "67108864", "OMP_WAIT_POLICY": "passive"}


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=100, help="of training in all")
    parser.add_argument("--out", default="model.pt")
    parser.add_argument("--begin", help="a finished checkpoint whose weights are trained on")
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--feed-forward", type=int, default=704)
    parser.add_argument("--tokens", type=int, default=4096, help="of a step")
    parser.add_argument("--rate", type=float, default=1.5e-3, help="of AdamW, at its peak")
    parser.add_argument("--muon-rate", type=float, default=0.006, help="of Muon, at its peak; 0: AdamW for everything")
    parser.add_argument("--threads", type=int, default=0, help="0: the cores that nobody else needs, measured as it goes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dropout", type=float, default=0.0, help="share of what a block adds that is left out; against learning phrasings by heart")
    parser.add_argument("--device", choices=["cpu", "cuda"], help="the GPU where there is one")
    parser.add_argument("--feeders", type=int, default=1, help="processes that make episodes")
    parser.add_argument("--held-out", type=int, default=0, help="episodes of a test on held-out text, every tenth of the time")
    return parser.parse_args()


class IdleCores:
    """How many cores are left over by everything else on the machine, from /proc/stat, since the last time it was asked."""

    def __init__(self):
        self.cores = len(os.sched_getaffinity(0))
        self.before = self.read()

    def read(self):
        with open("/proc/stat") as stat:
            fields = [int(x) for x in stat.readline().split()[1:]]
        own = os.times()
        busy = (sum(fields[:3]) + sum(fields[5:8])) / os.sysconf("SC_CLK_TCK")
        return time.monotonic(), busy - own.user - own.system

    def now(self):
        (begin, before), (end, after) = self.before, self.read()
        self.before = (end, after)
        others = (after - before) / max(end - begin, 1e-3)
        return max(1, min(self.cores, int(self.cores - others + 0.7)))


def orthogonalised(gradients):
    """Newton-Schulz iteration of degree five: for each of several matrices the nearest with equal singular values, nearly."""
    x = gradients.bfloat16()
    turned = x.shape[-2] > x.shape[-1]
    if turned:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(5):
        a = x @ x.mT
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * (a @ a)) @ x
    return (x.mT if turned else x).float()


class Muon:
    """Matrices of one shape go through the iteration together: on a GPU the calls cost more than the sums."""

    def __init__(self, weights, torch):
        self.weights, self.torch = weights, torch
        self.momentum = [torch.zeros_like(w) for w in weights]
        self.groups = {}
        for i, w in enumerate(weights):
            self.groups.setdefault(w.shape, []).append(i)

    def step(self, rate):
        torch = self.torch
        with torch.no_grad():
            gradients = [w.grad for w in self.weights]
            torch._foreach_mul_(self.momentum, 0.95)
            torch._foreach_add_(self.momentum, gradients)
            ahead = torch._foreach_add(gradients, self.momentum, alpha=0.95)
            torch._foreach_mul_(self.weights, 1 - rate * 0.05)
            for shape, members in self.groups.items():
                updates = orthogonalised(torch.stack([ahead[i] for i in members]))
                torch._foreach_add_([self.weights[i] for i in members], list(updates.unbind()), alpha=-rate * max(1.0, shape[0] / shape[1]) ** 0.5)


def main():
    wanted = options()
    if any(os.environ.get(k) != v for k, v in ALLOCATOR.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ALLOCATOR})
    import torch
    import torch.nn.functional as F

    import episodes
    from batches import feed, tensors
    from model import Decoder, Shape

    torch.manual_seed(wanted.seed)
    torch.set_num_threads(wanted.threads or 1)
    idle = IdleCores()
    torch.set_flush_denormal(True)
    vocabulary = len(json.load(open("tok.json"))["vocab"])
    shape = Shape(vocabulary=vocabulary, width=wanted.width, layers=wanted.layers, feed_forward=wanted.feed_forward)
    device = wanted.device or ("cuda" if torch.cuda.is_available() else "cpu")
    episodes.load_bank()  # before the feeders are forked: read once
    model = Decoder(shape, dropout=wanted.dropout)
    matrices = [w for n, w in model.named_parameters() if w.dim() == 2 and not n.startswith("embedding")]
    others = [w for n, w in model.named_parameters() if w.dim() != 2 or n.startswith("embedding")]
    if not wanted.muon_rate:
        matrices, others = [], matrices + others
    stored = None
    if os.path.exists(wanted.out):
        stored = torch.load(wanted.out, weights_only=True, map_location="cpu")
        stored = None if stored["finished"] else stored
    begun = stored or (torch.load(wanted.begin, weights_only=True, map_location="cpu") if wanted.begin else None)
    spent = stored["spent"] if stored else 0
    tokens, steps, said_tokens = (begun[k] for k in ("tokens", "steps", "said_tokens")) if begun else (0, 0, 0)
    if begun:
        model.load_state_dict(begun["weights"])
    # Before the GPU is opened, which no child may inherit. A resumed run reads other episodes than its beginning did.
    queue = multiprocessing.Queue(32)
    progress = multiprocessing.Value("d", spent / (wanted.minutes * 60))
    feeders = [multiprocessing.Process(target=feed, args=(wanted.seed * 100_000 + steps + 1_000_003 * i, wanted.tokens, queue, progress, 16 if wanted.feeders == 1 else 4),
                                       daemon=True) for i in range(wanted.feeders)]
    for feeder in feeders:
        feeder.start()
    model.to(device)
    adam = torch.optim.AdamW(others, lr=wanted.rate, betas=(0.9, 0.98), weight_decay=0.01)
    muon = Muon(matrices, torch)
    if stored:
        adam.load_state_dict(stored["adam"])
        muon.momentum = [m.to(device) for m in stored["muon"]]
        print(f"resumed at step {steps}, {spent / 60:.1f} minutes, {tokens / 1e6:.1f}M tokens", flush=True)
    data = episodes.data_hash()
    print(f"{sum(w.numel() for w in model.parameters()) / 1e6:.2f}M parameters on {device}, {vars(wanted)}, data {data[:16]}", flush=True)
    held_out = None
    if wanted.held_out:
        from evaluate import HeldOut
        held_out = HeldOut(wanted.held_out)
    stopping = []
    signal.signal(signal.SIGINT, lambda *_: stopping.append(1))
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(1))

    def save(finished):
        torch.save({"weights": model.state_dict(), "shape": vars(shape), "adam": adam.state_dict(), "muon": muon.momentum, "spent": spent,
                    "tokens": tokens, "said_tokens": said_tokens, "steps": steps, "finished": finished, "seed": wanted.seed, "data": data}, wanted.out + ".part")
        os.replace(wanted.out + ".part", wanted.out)

    losses, saved, begin, tested = [], time.time(), time.time() - spent, 1
    total = wanted.minutes * 60
    while spent < total and not stopping:
        ids, at, targets, weights = tensors(queue.get(), device)
        progress.value = done = spent / total
        # Trapezoid: up over the first 2%, level, down to nothing over the last 45%.
        factor = min(1.0, (done + 1e-4) / 0.02, max(0.0, (1 - done) / 0.45))
        loss = (F.cross_entropy(model(ids, at, torch.bfloat16), targets, reduction="none") * weights).mean()
        adam.zero_grad(set_to_none=True)
        for w in matrices:
            w.grad = None
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in adam.param_groups:
            group["lr"] = wanted.rate * factor
        adam.step()
        if matrices:
            muon.step(wanted.muon_rate * factor)
        losses.append(loss.detach())
        tokens += ids.numel()
        said_tokens += len(targets)
        steps += 1
        spent = time.time() - begin
        if device == "cpu" and not wanted.threads and steps % 8 == 0:
            torch.set_num_threads(idle.now())
        if steps % 50 == 0:
            recent = float(torch.stack(losses).mean())
            losses = []
            print(f"step {steps}  {spent:.0f} s  {tokens / 1e6:.2f}M tokens  {tokens / spent:.0f}/s  loss {recent:.4f}  "
                  f"{max(0, total - spent) / 60:.1f} minutes left, {torch.get_num_threads()} threads", flush=True)
        if held_out and done * 10 >= tested:
            tested += 1
            model.eval()
            counts, held_out_loss, _ = held_out.measure(model, device=device)
            model.train()
            print(f"held out, loss {held_out_loss:.4f}  " + "  ".join(f"{k} {a}/{b}" for k, (a, b) in sorted(counts.items())), flush=True)
        if time.time() - saved > 120:
            saved = time.time()
            save(False)
    save(not stopping)
    for feeder in feeders:
        feeder.terminate()
    print(("stopped; the same command goes on: " if stopping else "finished: ") + f"{steps} steps, {tokens / 1e6:.2f}M tokens, {said_tokens / 1e6:.2f}M of them answers")


if __name__ == "__main__":
    main()
