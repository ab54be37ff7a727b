"""What rounding a firmware's matrices to Q8_0 costs, measured on the file that ships: each weight is moved once more by as much as
rounding may have moved it, evenly within half a step of its block, and held-out episodes are read with and without that.

    python3 quantisation.py ../daimon-firmware.gguf [EPISODES]
"""
import argparse
import statistics

import gguf
import numpy
import torch

from evaluate import HeldOut
from export import NAMES
from model import Decoder, Shape

BLOCK = 32  # weights that share a scale
DRAWS = 3


def read(path):
    """Shape, weights by the model's names, and of those that are rounded the step of each weight."""
    reader = gguf.GGUFReader(path)
    number = lambda key: int(reader.fields["llama." + key].parts[-1][0])
    tensors = {t.name: t for t in reader.tensors}
    width = number("embedding_length")
    head_width = number("rope.dimension_count")
    shape = Shape(vocabulary=int(tensors["token_embd.weight"].shape[1]), width=width, layers=number("block_count"), feed_forward=number("feed_forward_length"),
                  head_width=head_width, rope_base=float(reader.fields["llama.rope.freq_base"].parts[-1][0]))
    names = {"embedding.weight": "token_embd.weight", "norm": "output_norm.weight"}
    for layer in range(shape.layers):
        for ours, theirs in NAMES.items():
            names[f"blocks.{layer}.{ours}" + ("" if "norm" in ours else ".weight")] = f"blk.{layer}.{theirs}.weight"
    weights, steps = {}, {}
    for ours, theirs in names.items():
        tensor = tensors[theirs]
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        weights[ours] = torch.from_numpy(numpy.array(values, dtype=numpy.float32))
        if tensor.tensor_type == gguf.GGMLQuantizationType.Q8_0:
            blocks = tensor.data.reshape(-1, BLOCK + 2)
            scales = numpy.ascontiguousarray(blocks[:, :2]).view(numpy.float16).astype(numpy.float32)
            steps[ours] = torch.from_numpy(numpy.repeat(scales, BLOCK, 1).reshape(values.shape))
    return shape, weights, steps


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("episodes", type=int, nargs="?", default=300)
    options = parser.parse_args()
    torch.manual_seed(1)
    shape, weights, steps = read(options.model)
    model, held_out = Decoder(shape, engineered=False), HeldOut(options.episodes)

    def measured(state):
        model.load_state_dict(state)
        model.eval()
        counts, loss, *_ = held_out.measure(model)
        goals = [n for kind, n in counts.items() if kind.startswith("whole goal")]
        return float(loss), sum(n[0] for n in goals), sum(n[1] for n in goals)

    loss, right, total = measured(weights)
    print(f"as it ships: loss {loss:.4f}, whole goals {right} of {total}", flush=True)
    moved = []
    for _ in range(DRAWS):
        state = {name: w + (torch.rand_like(w) - 0.5) * steps[name] if name in steps else w for name, w in weights.items()}
        moved.append(measured(state))
        print(f"rounded once more: loss {moved[-1][0]:.4f}, whole goals {moved[-1][1]} of {total}", flush=True)
    print(f"what rounding costs: loss {statistics.median(m[0] for m in moved) - loss:+.4f}, whole goals {statistics.median(m[1] for m in moved) - right:+.0f} of {total}")


if __name__ == "__main__":
    main()
