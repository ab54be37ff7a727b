"""A decoder of the Llama family, with an engineered initialisation (Decoder.engineer).

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
    def __init__(self, shape, dropout):
        super().__init__()
        self.shape, self.drop = shape, nn.Dropout(dropout)
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
        if x.is_cuda:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=1.0)
        else:  # in bf16 on one core 14 (640 tokens) to 22 times (200) as fast as that
            flat = lambda t: t.reshape(batch * s.heads, length, s.head_width)
            scores = torch.baddbmm(mask, flat(q), flat(k).transpose(1, 2))
            y = torch.bmm(scores.softmax(-1), flat(v)).view(batch, s.heads, length, s.head_width)
        x = x + self.drop(F.linear(y.transpose(1, 2).reshape(batch, length, width), self.o.weight.to(kind)))
        if wanted is not None:
            x = x.reshape(batch * length, width)[wanted]
        h = normalised(x, self.ffn_norm)
        return x + self.drop(F.linear(F.silu(F.linear(h, self.gate.weight.to(kind))) * F.linear(h, self.up.weight.to(kind)), self.down.weight.to(kind)))


class Decoder(nn.Module):
    def __init__(self, shape, engineered=True, dropout=0.0):
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape, dropout) for _ in range(shape.layers))
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
        """What a transformer of this size takes longest to find, put in from the start; plain Llama weights, trained on like
        any others. The dimensions of a state: a constant; the token; the token before; the tokens just before (near); the
        tokens of the last line or so (far), each part but the first a random projection of the tokens.

        Layer 0: one head writes the token before, one the average of the near ones, one of the far ones.
        Layer 1: induction heads find where the token before is the one that is here now, and copy what stands there.
        Layer 2: finding heads compare the far ones here with the near ones there: what stands behind words like those of the
        question is copied."""
        s = self.shape
        width, head, sigma = s.width, s.head_width, 0.08
        token = slice(1, width // 2)
        before, near, far = (slice(width // 2 + x * width // 256, width // 2 + y * width // 256) for x, y in ((0, 48), (48, 88), (88, 128)))
        size = lambda part: part.stop - part.start
        e = self.embedding.weight
        e.zero_()
        e[:, token] = F.normalize(torch.randn(s.vocabulary, size(token)), dim=1) * sigma * size(token) ** 0.5
        e[:, 0] = sigma * 2
        constant = 2 / math.sqrt((size(token) + 4) / width)  # of the first dimension, once normalised
        frequencies = s.rope_base ** (-torch.arange(0, head, 2).float() / head)
        low = (frequencies < 0.004).nonzero().flatten()
        still = torch.stack((2 * low, 2 * low + 1), 1).flatten()  # dimensions that position hardly turns
        projection = lambda rows: torch.linalg.qr(torch.randn(size(token), size(token)))[0][:rows]
        of_before, of_bag = projection(size(before)), projection(size(near))

        def looks_back(number, distance, turning, each, rows, to, scale):
            """A head of layer 0 whose score for the token d places back is the sum of each * cos(f * (d - distance)) over the
            frequencies `turning`."""
            first, at = self.blocks[0], number * head
            for w in (first.q.weight, first.k.weight, first.v.weight):
                w[at:at + head] = 0
            amplitude = math.sqrt(each * math.sqrt(head)) / constant
            for i in turning:
                first.k.weight[at + 2 * i, 0] = amplitude
                first.q.weight[at + 2 * i, 0] = amplitude * math.cos(frequencies[i] * distance)
                first.q.weight[at + 2 * i + 1, 0] = -amplitude * math.sin(frequencies[i] * distance)
            first.v.weight[at:at + len(rows), token] = rows
            first.o.weight[:, at:at + head] = 0
            for i in range(len(rows)):
                first.o.weight[to.start + i, at + i] = scale

        looks_back(0, 1, range(8), 6.7, of_before, before, sigma * 0.9)
        looks_back(1, 0, range(4, 12), 1.0, of_bag, near, sigma * 2.5)
        looks_back(2, 0, range(6, 14), 0.8, of_bag, far, sigma * 2.5)

        def matches(block, number, query, key, strength):
            at = number * head
            for w in (block.q.weight, block.k.weight):
                w[at:at + head].mul_(0.3)
            for j, row in enumerate(still[:len(query)]):
                block.q.weight[at + row] += query[j] * strength
                block.k.weight[at + row] += key[j] * strength

        def copies(block, number, part):
            at = number * head
            block.v.weight[at:at + head] = 0
            block.v.weight[at:at + head, token] = part
            block.o.weight[:, at:at + head] = 0
            block.o.weight[token, at:at + head] = 2.0 * sigma * part.T

        def rows_of(part):
            rows = torch.zeros(size(part), width)
            rows[torch.arange(size(part)), torch.arange(part.start, part.stop)] = 1
            return rows

        basis = torch.linalg.qr(torch.randn(size(token), size(token)))[0]
        here = torch.zeros(size(before), width)
        here[:, token] = of_before
        for number in range(s.heads):
            some = slice(0, len(still)) if number % 2 == 0 else slice(size(before) - len(still), size(before))
            matches(self.blocks[1], number, here[some], rows_of(before)[some], 2.0)
            if number < s.heads - 1:
                copies(self.blocks[1], number, basis[number % 2 * (size(token) - head):][:head])
        for number in range(2):
            matches(self.blocks[2], number, rows_of(far), rows_of(near), 2.0)
            copies(self.blocks[2], number, basis[number * (size(token) - head):][:head])

    def forward(self, ids, wanted, kind=torch.float32):
        """Logits (float32) at the flat positions `wanted` of `ids` [batch, length]."""
        length = ids.shape[1]
        x = self.embedding(ids).to(kind)
        mask = None if x.is_cuda else torch.triu(torch.full((length, length), -1e9, dtype=kind), 1)
        cos, sin = self.cos[:length].to(kind), self.sin[:length].to(kind)
        for i, block in enumerate(self.blocks):
            x = block(x, cos, sin, mask, wanted if i == self.shape.layers - 1 else None)
        return F.linear(normalised(x, self.norm), self.embedding.weight.to(kind)).float()
