"""weights.py IN OUT: an array of 8-bit weights behind one float64, as a C++ source (src/memory/answer_weights.h)."""
import struct
import sys

data = open(sys.argv[1], "rb").read()
scale, = struct.unpack("<d", data[:8])
values = struct.unpack(f"{len(data) - 8}b", data[8:])
lines = [",".join(map(str, values[i:i + 64])) for i in range(0, len(values), 64)]
text = ('#include "memory/answer_weights.h"\n\nnamespace daimon::memory {\n\n'
        f"const std::array<std::int8_t, kAnswerWeights> kAnswerWeightTable = {{\n" + ",\n".join(lines) +
        f"}};\nconst double kAnswerWeightScale = {scale!r};\n\n}}  // namespace daimon::memory\n")
open(sys.argv[2], "w").write(text)
