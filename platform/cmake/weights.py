"""weights.py OUT EMBEDDING FILE...: learned weights as a C++ source (src/memory/reader_weights.h).

Of reader_NAME.bin a table kNameTable: of each number the upper 16 bits of a float32. They go with the vectors in the folder
EMBEDDING, which are named by their hash (src/embedding/static_embedding.cpp).
"""
import hashlib
import pathlib
import struct
import sys

embedding = pathlib.Path(sys.argv[2])
name = hashlib.sha256((embedding / "tokenizer.json").read_bytes() + (embedding / "model.safetensors").read_bytes()[8:]).hexdigest()[:16]
text = f'#include "memory/reader_weights.h"\n\nnamespace daimon::memory {{\n\nconst std::string_view kReaderEmbedding = "{name}";\n'
for path in map(pathlib.Path, sys.argv[3:]):
    data = path.read_bytes()
    values = [str(v) for v in struct.unpack(f"<{len(data) // 2}H", data)]
    lines = ",\n".join(",".join(values[i:i + 64]) for i in range(0, len(values), 64))
    text += f"static_assert(kReaderWeights == {len(values)});\nconst ReaderTable k{path.stem.split('_')[1].capitalize()}Table = {{\n{lines}}};\n"
pathlib.Path(sys.argv[1]).write_text(text + "\n}  // namespace daimon::memory\n")
