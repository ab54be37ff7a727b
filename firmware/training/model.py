"""A decoder of the Llama family, with the engineered initialisation: a previous-token head and induction heads.

Training runs in bfloat16 with float32 master weights: on a processor with AVX512-BF16 that doubles the matrix products.
"""
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class Shape:
    vocabulary: int = 4096
    width: int = 256
    layers: int = 4
    feed_forward: int = 704
    head_width: int = 64
    rope_base: float = 1e6
    context: int = 2048

    @property
    def heads(self):
        return self.width // self.head_width


def rope_tables(shape):
    frequencies = shape.rope_base ** (-torch.arange(0, shape.head_width, 2).float() / shape.head_width)
    angles = (torch.arange(shape.context).float()[:, None] * frequencies).repeat_interleave(2, -1)
    sign = torch.tensor([-1.0, 1.0]).repeat(shape.head_width // 2)
    return angles.cos(), angles.sin() * sign


def rotate(x, cos, sin):
    """Neighbouring pairs, as llama.cpp's LLAMA_ROPE_TYPE_NORM: (a, b) to (a cos - b sin, a sin + b cos)."""
    return torch.addcmul(x * cos, x.unflatten(-1, (-1, 2)).flip(-1).flatten(-2), sin)


def normalised(x, weight):
    return F.rms_norm(x, x.shape[-1:], weight.to(x.dtype), 1e-5)


class Block(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        linear = lambda i, o: nn.Linear(i, o, bias=False)
        width = shape.width
        self.attention_norm, self.ffn_norm = nn.Parameter(torch.ones(width)), nn.Parameter(torch.ones(width))
        self.q, self.k, self.v, self.o = linear(width, width), linear(width, width), linear(width, width), linear(width, width)
        self.gate, self.up, self.down = linear(width, shape.feed_forward), linear(width, shape.feed_forward), linear(shape.feed_forward, width)

    def forward(self, x, cos, sin, mask, wanted=None):
        s, (batch, length, width) = self.shape, x.shape
        kind = x.dtype
        h = normalised(x, self.attention_norm)
        split = lambda y: y.view(batch, length, s.heads, s.head_width).transpose(1, 2)
        w = torch.cat((self.q.weight * s.head_width**-0.5, self.k.weight, self.v.weight)).to(kind)
        q, k, v = F.linear(h, w).split(width, -1)
        q, k, v = rotate(split(q), cos, sin), rotate(split(k), cos, sin), split(v)
        flat = lambda t: t.reshape(batch * s.heads, length, s.head_width)
        scores = torch.baddbmm(mask, flat(q), flat(k).transpose(1, 2))
        y = torch.bmm(scores.softmax(-1), flat(v)).view(batch, s.heads, length, s.head_width)
        x = x + F.linear(y.transpose(1, 2).reshape(batch, length, width), self.o.weight.to(kind))
        if wanted is not None:
            x = x.reshape(batch * length, width)[wanted]
        h = normalised(x, self.ffn_norm)
        return x + F.linear(F.silu(F.linear(h, self.gate.weight.to(kind))) * F.linear(h, self.up.weight.to(kind)), self.down.weight.to(kind))


class Decoder(nn.Module):
    def __init__(self, shape, engineered=True):
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.Parameter(torch.ones(shape.width))
        cos, sin = rope_tables(shape)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                nn.init.normal_(weight, std=0.05 if name.startswith("embedding") else 0.02)
                if name.endswith(("o.weight", "down.weight")):
                    weight.data *= (2 * shape.layers) ** -0.5
        if engineered:
            self.engineer()

    @torch.no_grad()
    def engineer(self):
        """Layer 0, head 0 attends to the previous token and writes it beside the token's own embedding; the heads of layer 1
        find where the current token stood before and copy what followed. Plain Llama weights, trained on like any others."""
        s = self.shape
        width, head = s.width, s.head_width
        sigma = 0.08
        content = width - head  # the dimensions above hold the previous token; dimension 0 is constant
        e = self.embedding.weight
        e.zero_()
        e[:, 1:content].normal_(0, sigma)
        e[:, 0] = sigma * 2
        frequencies = s.rope_base ** (-torch.arange(0, head, 2).float() / head)
        low = (frequencies < 0.004).nonzero().flatten()
        still = torch.stack((2 * low, 2 * low + 1), 1).flatten()  # dimensions that position hardly turns
        count = len(still)
        projection = torch.linalg.qr(torch.randn(content - 1, content - 1))[0][:head]
        first, amplitude = self.blocks[0], 2.0 * 1.6
        first.q.weight[:head] = 0
        first.k.weight[:head] = 0
        for i in range(8):
            first.k.weight[2 * i, 0] = amplitude
            first.q.weight[2 * i, 0] = amplitude * math.cos(frequencies[i])
            first.q.weight[2 * i + 1, 0] = -amplitude * math.sin(frequencies[i])
        first.v.weight[:head] = 0
        first.v.weight[:head, 1:content] = projection
        first.o.weight[:, :head] = 0
        for i in range(head):
            first.o.weight[content + i, i] = sigma * 0.9
        second = self.blocks[1]
        basis = torch.linalg.qr(torch.randn(content - 1, content - 1))[0]
        for h in range(s.heads):
            at = h * head
            rows = torch.arange(count) if h % 2 == 0 else torch.arange(head - count, head)
            second.q.weight[at:at + head].mul_(0.3)
            second.k.weight[at:at + head].mul_(0.3)
            for j, row in enumerate(rows):
                second.q.weight[at + still[j], 1:content] += 1.75 * projection[row]
                second.k.weight[at + still[j], content + row] += 1.75 * 1.3
        for h in range(s.heads - 1):
            at = h * head
            part = basis[at:at + head]
            n = len(part)
            second.v.weight[at:at + head] = 0
            second.v.weight[at:at + n, 1:content] = part
            second.o.weight[:, at:at + head] = 0
            second.o.weight[1:content, at:at + n] = 2.0 * sigma * part.T

    def forward(self, ids, wanted, kind=torch.float32):
        """Logits (float32) at the flat positions `wanted` of `ids` [batch, length]."""
        length = ids.shape[1]
        x = self.embedding(ids).to(kind)
        mask = torch.triu(torch.full((length, length), -1e9, dtype=kind), 1)
        cos, sin = self.cos[:length].to(kind), self.sin[:length].to(kind)
        for i, block in enumerate(self.blocks):
            x = block(x, cos, sin, mask, wanted if i == self.shape.layers - 1 else None)
        return F.linear(normalised(x, self.norm), self.embedding.weight.to(kind)).float()
