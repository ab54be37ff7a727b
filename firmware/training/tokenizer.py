"""Byte-level BPE, pre-tokenised as llama.cpp's "llama-bpe"; groups of up to three digits are one token each.

    python3 tokenizer.py      trains it on episodes and the English of the collections, and writes tok.json
"""
import collections
import gzip
import heapq
import json

import regex

SPECIAL = ["<|bos|>", "<|sys|>", "<|user|>", "<|call|>", "<|res|>", "<|end|>", "<|pad|>", "<|unk|>"]
# What a call consists of besides its values, each one token: a model spends none of its steps on punctuation, and a value
# stands next to the question that it answers. In GGUF they are "user defined": found in any text before it is split.
CALLS = ['{"plan":["', '"]}', '"}}', '{"call":"search","with":{"query":"', '{"call":"answer","with":{"passage":', ',"answer":"',
         '{"call":"read","with":{"path":"', '{"call":"list","with":{"path":"', '{"call":"list","with":{}}',
         '{"call":"table","with":{"path":"', '","operation":"', '","column":"', '","where_column":"', '","where_value":"',
         '{"call":"calculate","with":{"expression":"', '{"call":"write","with":{"path":"', '","content":"',
         '{"call":"ask","with":{"question":"']
CALL = regex.compile("(" + "|".join(regex.escape(c) for c in sorted(CALLS, key=len, reverse=True)) + ")")
BOS, END, PAD = 0, 5, 6
ROLES = {"sys": 1, "user": 2, "call": 3, "res": 4, "text": 4}
TEXT_WEIGHT = 0.25  # of a token of running text, beside one of a call
# A number is copied as a whole: of single digits the first is an average of every number that attention touches.
NUMBERS = [f"{n:0{digits}}" for digits in (2, 3) for n in range(10**digits)]
PATTERN = regex.compile(r"'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
                        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
# Merges are learned within these: a word has the same tokens whatever sign stands before it.
MERGED = regex.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?[^\s\p{L}\p{N}]+")


def byte_letters():
    """GPT-2's letters for bytes."""
    plain = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    letters, extra = {b: chr(b) for b in plain}, 0
    for b in range(256):
        if b not in letters:
            letters[b] = chr(256 + extra)
            extra += 1
    return letters


LETTER = byte_letters()
BYTE = {c: b for b, c in LETTER.items()}


def train(texts, size):
    counts = collections.Counter()
    for text in texts:
        counts.update(p for part in CALL.split(text)[::2] for p in MERGED.findall(part))
    words = [[LETTER[b] for b in w.encode()] for w in counts]
    weights = list(counts.values())
    pairs, where = collections.Counter(), collections.defaultdict(set)
    for i, word in enumerate(words):
        for pair in zip(word, word[1:]):
            pairs[pair] += weights[i]
            where[pair].add(i)
    merges, vocabulary = [], SPECIAL + CALLS + [LETTER[b] for b in range(256)]

    def merge(pair):
        merges.append(pair)
        vocabulary.append(pair[0] + pair[1])
        touched = set()
        for i in list(where[pair]):
            word, out, j = words[i], [], 0
            while j < len(word):
                if j + 1 < len(word) and (word[j], word[j + 1]) == pair:
                    out.append(word[j] + word[j + 1])
                    j += 2
                else:
                    out.append(word[j])
                    j += 1
            for p in zip(word, word[1:]):
                pairs[p] -= weights[i]
            for p in zip(out, out[1:]):
                pairs[p] += weights[i]
                where[p].add(i)
                touched.add(p)
            words[i] = out
        pairs[pair] = 0
        return touched

    # Whole characters first, so that no rare word splits one.
    for symbol in ("£", "€", "’", "–", "•", "≈"):
        letters = [LETTER[b] for b in symbol.encode()]
        while len(letters) > 1:
            if letters[0] + letters[1] not in vocabulary:
                merge((letters[0], letters[1]))
            letters[:2] = [letters[0] + letters[1]]
    heap = [(-n, p) for p, n in pairs.items()]
    heapq.heapify(heap)
    while len(vocabulary) < size:
        n, pair = heapq.heappop(heap)
        if pairs[pair] != -n:
            if pairs[pair] > 0:
                heapq.heappush(heap, (-pairs[pair], pair))
            continue
        for touched in merge(pair):
            heapq.heappush(heap, (-pairs[touched], touched))
    return vocabulary + NUMBERS, merges


class Tokenizer:
    def __init__(self, path="tok.json"):
        stored = json.load(open(path))
        self.vocabulary, self.merges = stored["vocab"], [tuple(m) for m in stored["merges"]]
        self.ids = {t: i for i, t in enumerate(self.vocabulary)}
        self.rank = {m: i for i, m in enumerate(self.merges)}
        self.cache = {}

    def word(self, piece):
        known = self.cache.get(piece)
        if known is not None:
            return known
        tokens = [LETTER[b] for b in piece.encode()]
        if "".join(tokens) in self.ids:
            tokens = ["".join(tokens)]  # whatever the merges would make of it, as llama.cpp does
        while len(tokens) > 1:
            best = min(range(len(tokens) - 1), key=lambda i: self.rank.get((tokens[i], tokens[i + 1]), 1 << 30))
            if (tokens[best], tokens[best + 1]) not in self.rank:
                break
            tokens[best:best + 2] = [tokens[best] + tokens[best + 1]]
        ids = [self.ids[t] for t in tokens]
        if len(self.cache) < 400_000:
            self.cache[piece] = ids
        return ids

    def encode(self, text):
        out = []
        for i, part in enumerate(CALL.split(text)):
            if i % 2:
                out.append(self.ids[part])
                continue
            for piece in PATTERN.findall(part):
                out += self.word(piece)
        return out

    def decode(self, ids):
        parts = [t.encode() if t in SPECIAL or t in CALLS else bytes(BYTE[c] for c in t) for t in (self.vocabulary[i] for i in ids)]
        return b"".join(parts).decode("utf8", "replace")

    def conversation(self, talk):
        """Tokens of an episode, and for each how much it counts that the model says it: nothing for what it is shown."""
        ids, said = [BOS], [0]
        for role, text in talk:
            body = self.encode(text)
            ids.append(ROLES[role])
            said.append(0)
            ids += body
            said += [{"call": 1, "text": TEXT_WEIGHT}.get(role, 0)] * len(body)
            if role == "call":
                ids.append(END)
                said.append(1)
        return ids, said


def main():
    import episodes
    source = episodes.Episodes(99)
    texts = [text for _ in range(8000) for _, text in source.next()]
    texts += source.sentences
    texts += [json.loads(line).get("question", "") for line in gzip.open(episodes.COLLECTIONS + "gsm8k/train.jsonl.gz", "rt")]
    vocabulary, merges = train(texts, 4096)
    json.dump({"vocab": vocabulary, "merges": merges}, open("tok.json", "w"))
    tokenizer = Tokenizer()
    sample = '{"call":"answer","with":{"passage":2,"answer":"£84.20"}} When does my passport expire?'
    print(len(vocabulary), [tokenizer.decode([t]) for t in tokenizer.encode(sample)])


if __name__ == "__main__":
    main()
