"""weights.py KIND IN OUT: learned weights as a C++ source (src/memory/answer_weights.h, src/memory/tool_weights.h).

`answer`: a float64 that scales 2^17 8-bit weights, these, then a network as float32. `tool`: two networks as float32, the number
of the first one's weights before them.
"""
import struct
import sys

HASHED = 1 << 17
kind, data = sys.argv[1], open(sys.argv[2], "rb").read()


def lines(numbers):
    return ",\n".join(",".join(numbers[i:i + 64]) for i in range(0, len(numbers), 64))


def floats(name, size, raw):
    values = struct.unpack(f"<{len(raw) // 4}f", raw)
    return f"static_assert({size} == {len(values)});\nconst std::array<float, {size}> {name} = {{\n{lines([f'{v!r}F' for v in values])}}};\n"


if kind == "answer":
    scale, = struct.unpack("<d", data[:8])
    values = struct.unpack(f"{HASHED}b", data[8:8 + HASHED])
    text = (f"static_assert(kAnswerWeights == {HASHED});\nconst std::array<std::int8_t, kAnswerWeights> kAnswerWeightTable = {{\n{lines([str(v) for v in values])}}};\n"
            f"const double kAnswerWeightScale = {scale!r};\n" + floats("kAnswerNetworkTable", "kNetworkSize", data[8 + HASHED:]))
else:
    count, = struct.unpack("<I", data[:4])
    text = floats("kToolWeightTable", "kToolWeights", data[4:4 + 4 * count]) + floats("kArgumentWeightTable", "kArgumentWeights", data[4 + 4 * count:])
open(sys.argv[3], "w").write(f'#include "memory/{kind}_weights.h"\n\nnamespace daimon::memory {{\n\n{text}\n}}  // namespace daimon::memory\n')
