"""weights.py OUT EMBEDDING FILE...: learned weights as a C++ source (src/memory/reader_weights.h).

Each file becomes a table of its bytes: reader_answers.bin kReaderAnswersTable. The readers go with the vectors in the folder EMBEDDING,
which are named by their hash (src/embedding/static_embedding.cpp). Hashes stand in the text, so that caches see what changed.
"""
import hashlib
import pathlib
import sys

HEAD = """#include "memory/reader_weights.h"

// #embed is of C++26; both compilers have it.
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wc23-extensions"
#else
#pragma GCC diagnostic ignored "-Wc++26-extensions"
#endif

namespace daimon::memory {

"""
embedding = pathlib.Path(sys.argv[2])
name = hashlib.sha256((embedding / "tokenizer.json").read_bytes() + (embedding / "model.safetensors").read_bytes()[8:]).hexdigest()[:16]
meaning = hashlib.sha256(b"".join(pathlib.Path(path).read_bytes() for path in sys.argv[3:] if "encoder" in pathlib.Path(path).name)).hexdigest()[:16]
text = HEAD + f'const std::string_view kReaderEmbedding = "{name}";\nconst std::string_view kMeaningId = "{meaning}";\n'
for path in map(pathlib.Path, sys.argv[3:]):
    table = "k" + "".join(part.capitalize() for part in path.stem.split("_")) + "Table"
    text += f"// {hashlib.sha256(path.read_bytes()).hexdigest()}\nstatic constexpr unsigned char {table}Bytes[] = {{\n#embed \"{path.resolve()}\"\n}};\n"
    if path.suffix == ".tsv":  # six vectors are of no piece
        text += f"static_assert((6 + {len([line for line in path.read_text().split(chr(10)) if line])}) * 256 == kEncoderVectors);\n"
    if path.suffix == ".bin":
        numbers = {"reader_tools": "kReaderWeights", "reader_answers": "kEncodedReaderWeights", "reader_arguments": "kEncodedReaderWeights",
                   "encoder": "kEncoderWeights", "encoder_vectors": "kEncoderVectors"}
        text += f"static_assert(sizeof {table}Bytes == 2 * {numbers[path.stem]});\n"
    text += f"const WeightTable {table} = {table}Bytes;\n"
pathlib.Path(sys.argv[1]).write_text(text + "\n}  // namespace daimon::memory\n")
