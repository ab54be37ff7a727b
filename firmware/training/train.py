"""Trains the firmware model.

    python3 train.py --minutes 100 --out model.pt      resumes when model.pt is there and unfinished

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


def orthogonalised(gradient, torch):
    """Newton-Schulz iteration of degree five: the nearest matrix with equal singular values, nearly."""
    x = gradient.bfloat16()
    turned = x.shape[0] > x.shape[1]
    if turned:
        x = x.T
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * (a @ a)) @ x
    return (x.T if turned else x).float()


class Muon:
    def __init__(self, weights, torch):
        self.weights, self.torch = weights, torch
        self.momentum = [torch.zeros_like(w) for w in weights]

    def step(self, rate):
        with self.torch.no_grad():
            for weight, momentum in zip(self.weights, self.momentum):
                momentum.mul_(0.95).add_(weight.grad)
                update = orthogonalised(weight.grad + 0.95 * momentum, self.torch)
                weight.mul_(1 - rate * 0.05)
                weight.add_(update, alpha=-rate * max(1.0, weight.shape[0] / weight.shape[1]) ** 0.5)


def main():
    wanted = options()
    if any(os.environ.get(k) != v for k, v in ALLOCATOR.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ALLOCATOR})
    import torch
    import torch.nn.functional as F

    from batches import feed, tensors
    from model import Decoder, Shape

    torch.manual_seed(wanted.seed)
    torch.set_num_threads(wanted.threads or 1)
    idle = IdleCores()
    torch.set_flush_denormal(True)
    vocabulary = len(json.load(open("tok.json"))["vocab"])
    shape = Shape(vocabulary=vocabulary, width=wanted.width, layers=wanted.layers, feed_forward=wanted.feed_forward)
    model = Decoder(shape)
    matrices = [w for n, w in model.named_parameters() if w.dim() == 2 and not n.startswith("embedding")]
    others = [w for n, w in model.named_parameters() if w.dim() != 2 or n.startswith("embedding")]
    if not wanted.muon_rate:
        matrices, others = [], matrices + others
    adam = torch.optim.AdamW(others, lr=wanted.rate, betas=(0.9, 0.98), weight_decay=0.01)
    muon = Muon(matrices, torch)
    spent = tokens = steps = said_tokens = 0
    if wanted.begin:
        stored = torch.load(wanted.begin, weights_only=True)
        model.load_state_dict(stored["weights"])
        tokens, steps, said_tokens = stored["tokens"], stored["steps"], stored["said_tokens"]
    if os.path.exists(wanted.out):
        stored = torch.load(wanted.out, weights_only=True)
        if not stored["finished"]:
            model.load_state_dict(stored["weights"])
            adam.load_state_dict(stored["adam"])
            muon.momentum = stored["muon"]
            spent, tokens, steps, said_tokens = stored["spent"], stored["tokens"], stored["steps"], stored["said_tokens"]
            print(f"resumed at step {steps}, {spent / 60:.1f} minutes, {tokens / 1e6:.1f}M tokens", flush=True)
    queue = multiprocessing.Queue(32)
    progress = multiprocessing.Value("d", spent / (wanted.minutes * 60))
    # A resumed run reads other episodes than its beginning did.
    feeder = multiprocessing.Process(target=feed, args=(wanted.seed * 100_000 + steps, wanted.tokens, queue, progress), daemon=True)
    feeder.start()
    print(f"{sum(w.numel() for w in model.parameters()) / 1e6:.2f}M parameters, {vars(wanted)}", flush=True)
    stopping = []
    signal.signal(signal.SIGINT, lambda *_: stopping.append(1))
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(1))

    def save(finished):
        torch.save({"weights": model.state_dict(), "shape": vars(shape), "adam": adam.state_dict(), "muon": muon.momentum, "spent": spent,
                    "tokens": tokens, "said_tokens": said_tokens, "steps": steps, "finished": finished, "seed": wanted.seed}, wanted.out + ".part")
        os.replace(wanted.out + ".part", wanted.out)

    losses, saved, begin = [], time.time(), time.time() - spent
    total = wanted.minutes * 60
    while spent < total and not stopping:
        ids, at, targets = tensors(queue.get())
        progress.value = done = spent / total
        # Trapezoid: up over the first 2%, level, down to nothing over the last 45%.
        factor = min(1.0, (done + 1e-4) / 0.02, max(0.0, (1 - done) / 0.45))
        loss = F.cross_entropy(model(ids, at, torch.bfloat16), targets)
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
        losses.append(loss.item())
        tokens += ids.numel()
        said_tokens += len(targets)
        steps += 1
        spent = time.time() - begin
        if not wanted.threads and steps % 8 == 0:
            torch.set_num_threads(idle.now())
        if steps % 50 == 0:
            recent = losses[-50:]
            print(f"step {steps}  {spent:.0f} s  {tokens / 1e6:.2f}M tokens  {tokens / spent:.0f}/s  loss {sum(recent) / len(recent):.4f}  "
                  f"{max(0, total - spent) / 60:.1f} minutes left, {torch.get_num_threads()} threads", flush=True)
        if time.time() - saved > 120:
            saved = time.time()
            save(False)
    save(not stopping)
    feeder.terminate()
    print(("stopped; the same command goes on: " if stopping else "finished: ") + f"{steps} steps, {tokens / 1e6:.2f}M tokens, {said_tokens / 1e6:.2f}M of them answers")


if __name__ == "__main__":
    main()
