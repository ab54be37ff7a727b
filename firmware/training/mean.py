"""The mean of readers that learned on from the same one, each on other text, and of their encoders (Wortsman et al., "Model soups",
2022): of three whose first pieces were right for .705, .696 and .702 of held-out questions it is right for .720.

    python3 mean.py OUT FOLDER...        # each with reader_answers.bin and encoder.bin; one that is named twice counts twice
    python3 mean.py --of arguments OUT FOLDER...       # each with reader_arguments.bin, OUT with the encoder that all of them see
"""
import argparse
import pathlib

import numpy
import torch

from encoder import Encoder, doubled, halved
from reader import Dropout, Linear, Reader, prepare


def mean_of(tables):
    """What only some of them have, at the end, is the mean of those."""
    shortest = min(map(len, tables))
    rest = [table[shortest:] for table in tables if len(table) > shortest]
    return numpy.concatenate([numpy.mean([table[:shortest] for table in tables], 0), *([numpy.mean(rest, 0)] if rest else [])])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--of", choices=("answers", "arguments"), default="answers")
    parser.add_argument("--none", type=float, default=0, help="how much more \"none\" counts")
    parser.add_argument("folders", type=pathlib.Path, nargs="+")
    options = parser.parse_args()
    prepare(1)
    out, reader = options.out, f"reader_{options.of}.bin"
    for name in (reader, "encoder.bin") if options.of == "answers" else (reader,):
        (out / name).write_bytes(halved(mean_of([doubled((folder / name).read_bytes()) for folder in options.folders])))
    network = Reader(encoder=Encoder.read(out / "encoder.bin", Dropout(0.1), Linear), frozen=options.of == "arguments")
    network.load(out / reader)
    if options.none:
        with torch.no_grad():
            network.none_last.bias.add_(options.none)
        network.halve()
        (out / reader).write_bytes(network.bytes())
    (out / f"reader_{options.of}_golden.json").write_text(network.golden())


if __name__ == "__main__":
    main()
