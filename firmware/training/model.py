"""A decoder of the Llama family, with the engineered initialisation: a previous-token head and induction heads."""

import torch, math, torch.nn as nn, torch.nn.functional as F


class Cfg:
    def __init__(s, V=4096, d=256, L=4, H=4, ff=704, theta=1e6):
        s.V, s.d, s.L, s.H, s.ff, s.theta = V, d, L, H, ff, theta
        s.hd = d // H


class RMS(nn.Module):
    def __init__(s, d):
        super().__init__()
        s.w = nn.Parameter(torch.ones(d))

    def forward(s, x):
        return (
            F.layer_norm(x, x.shape[-1:]) * s.w
            if False
            else (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5)) * s.w
        )


def rope_tab(c, T):
    f = c.theta ** (-torch.arange(0, c.hd, 2).float() / c.hd)
    a = torch.arange(T).float()[:, None] * f
    return a.cos(), a.sin()


def rope(x, cos, sin):  # interleaved pairs = llama.cpp LLAMA_ROPE_TYPE_NORM
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * cos - b * sin, a * sin + b * cos), -1).flatten(-2)


class Block(nn.Module):
    def __init__(s, c):
        super().__init__()
        s.c = c
        d = c.d
        L = lambda i, o: nn.Linear(i, o, bias=False)
        s.n1, s.n2 = RMS(d), RMS(d)
        s.q, s.k, s.v, s.o = L(d, d), L(d, d), L(d, d), L(d, d)
        s.g, s.u, s.dn = L(d, c.ff), L(d, c.ff), L(c.ff, d)

    def forward(s, x, cos, sin, mask, idx=None):
        c = s.c
        B, T, d = x.shape
        h = s.n1(x)
        sh = lambda y: y.view(B, T, c.H, c.hd).transpose(1, 2)
        q = rope(sh(s.q(h)).float(), cos[:T], sin[:T])
        k = rope(sh(s.k(h)).float(), cos[:T], sin[:T])
        v = sh(s.v(h))
        Z = lambda t: t.reshape(B * c.H, T, c.hd)
        a = torch.bmm(Z(q) * c.hd**-0.5, Z(k).transpose(1, 2).contiguous()) + mask[:T, :T]
        y = torch.bmm(a.softmax(-1), Z(v)).view(B, c.H, T, c.hd)
        y = s.o(y.transpose(1, 2).reshape(B, T, d))
        x = x + y
        if idx is not None:
            x = x.reshape(B * T, d)[idx]
        h = s.n2(x)
        return x + s.dn(F.silu(s.g(h)) * s.u(h))


class LM(nn.Module):
    def __init__(s, c, init="std"):
        super().__init__()
        s.c = c
        s.emb = nn.Embedding(c.V, c.d)
        s.blk = nn.ModuleList(Block(c) for _ in range(c.L))
        s.nf = RMS(c.d)
        s.register_buffer("mask", torch.triu(torch.full((2048, 2048), -1e9), 1))
        co, si = rope_tab(c, 2048)
        s.register_buffer("cos", co)
        s.register_buffer("sin", si)
        for n, p in s.named_parameters():
            if p.dim() == 2:
                nn.init.normal_(p, std=0.02 if n != "emb.weight" else 0.05)
            if n.endswith("o.weight") or n.endswith("dn.weight"):
                p.data *= (2 * c.L) ** -0.5
        if init == "mim":
            s.mimetic()

    @torch.no_grad()
    def mimetic(s):
        """engineered previous-token head (layer 0 head 0) + induction heads (layer 1), plain Llama weights only"""
        c = s.c
        d, hd = c.d, c.hd
        sig = 0.08
        E = d - hd  # dims 0..E-1 content (dim 0 = constant), E..d-1 'previous token' space
        W = s.emb.weight
        W.zero_()
        W[:, 1:E].normal_(0, sig)
        W[:, 0] = sig * 2
        f = c.theta ** (-torch.arange(0, hd, 2).float() / hd)
        low = (f < 0.004).nonzero().flatten()
        ld = torch.stack((2 * low, 2 * low + 1), 1).flatten()
        m = len(ld)
        P = torch.linalg.qr(torch.randn(E - 1, E - 1))[0][:hd]  # hd x (E-1)
        b = s.blk[0]
        nh = 8
        amp = 2.0
        b.q.weight[:hd] = 0
        b.k.weight[:hd] = 0
        for i in range(nh):
            b.k.weight[2 * i, 0] = amp * 1.6
            b.q.weight[2 * i, 0] = amp * 1.6 * math.cos(f[i])
            b.q.weight[2 * i + 1, 0] = -amp * 1.6 * math.sin(f[i])
        b.v.weight[:hd] = 0
        b.v.weight[:hd, 1:E] = P
        b.o.weight[:, :hd] = 0
        for i in range(hd):
            b.o.weight[E + i, i] = sig * 0.9
        b = s.blk[1]
        Q = torch.linalg.qr(torch.randn(E - 1, E - 1))[0]
        for h in range(c.H):
            o = h * hd
            rows = torch.arange(m) if h % 2 == 0 else torch.arange(hd - m, hd)
            sc = 1.75
            b.q.weight[o : o + hd].mul_(0.3)
            b.k.weight[o : o + hd].mul_(0.3)
            for j, rd in enumerate(rows):
                b.q.weight[o + ld[j], 1:E] += sc * P[rd]
                b.k.weight[o + ld[j], E + rd] += sc * 1.3
        for h in range(c.H - 1):
            o = h * hd
            R = Q[o : o + hd]
            n = len(R)
            b.v.weight[o : o + hd] = 0
            b.v.weight[o : o + n, 1:E] = R
            b.o.weight[:, o : o + hd] = 0
            b.o.weight[1:E, o : o + n] = 2.0 * sig * R.T

    def forward(s, ids, idx):
        x = s.emb(ids)
        for i, b in enumerate(s.blk):
            x = b(x, s.cos, s.sin, s.mask, idx if i == s.c.L - 1 else None)
        return F.linear(s.nf(x), s.emb.weight)
