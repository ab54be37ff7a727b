"""Byte-level BPE; pre-tokenisation as llama.cpp's "smollm" (single digits, GPT-2 pattern); only words of letters are merged."""

import regex, json, sys, collections, heapq

PRE = regex.compile(r"\p{N}|'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")
SPECIAL = ["<|bos|>", "<|sys|>", "<|user|>", "<|call|>", "<|res|>", "<|end|>", "<|pad|>", "<|unk|>"]


def b2u():
    bs = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    cs = bs[:]
    n = 0
    for b in range(256):
        if b not in bs:
            bs.append(b)
            cs.append(256 + n)
            n += 1
    return dict(zip(bs, map(chr, cs)))


B2U = b2u()
U2B = {v: k for k, v in B2U.items()}


def train(text, nvocab):
    # NB: \p{N} with a leading space -> " " stays separate (smollm splits digits first)
    wc = collections.Counter(w for w in pretok(text) if any(c.isalpha() for c in w))
    words = [[B2U[b] for b in w.encode()] for w in wc]
    cnt = list(wc.values())
    pairs = collections.Counter()
    where = collections.defaultdict(set)
    for i, w in enumerate(words):
        for a, b in zip(w, w[1:]):
            pairs[a, b] += cnt[i]
            where[a, b].add(i)
    merges = []
    vocab = SPECIAL + [B2U[b] for b in range(256)]
    for sym in ("£", "€", "’", "–", "•"):
        t = [B2U[b] for b in sym.encode()]
        while len(t) > 1:
            p = (t[0], t[1])
            t[:2] = [t[0] + t[1]]
            if p not in merges:
                merges.append(p)
                vocab.append(t[0])
    heap = [(-c, p) for p, c in pairs.items()]
    heapq.heapify(heap)
    while len(vocab) < nvocab:
        c, p = heapq.heappop(heap)
        if pairs[p] != -c:
            if pairs[p] > 0:
                heapq.heappush(heap, (-pairs[p], p))
            continue
        merges.append(p)
        new = p[0] + p[1]
        vocab.append(new)
        touched = set()
        for i in list(where[p]):
            w = words[i]
            j = 0
            out = []
            while j < len(w):
                if j + 1 < len(w) and w[j] == p[0] and w[j + 1] == p[1]:
                    out.append(new)
                    j += 2
                else:
                    out.append(w[j])
                    j += 1
            for q in zip(w, w[1:]):
                pairs[q] -= cnt[i]
            for q in zip(out, out[1:]):
                pairs[q] += cnt[i]
                where[q].add(i)
                touched.add(q)
            words[i] = out
        pairs[p] = 0
        for q in touched:
            heapq.heappush(heap, (-pairs[q], q))
    return vocab, merges


def pretok(s):
    out = []
    for piece in regex.split(r"(\p{N})", s):
        if not piece:
            continue
        out += [piece] if regex.fullmatch(r"\p{N}", piece) else PRE.findall(piece)
    return out


class Tok:
    def __init__(s, path):
        d = json.load(open(path))
        s.vocab = d["vocab"]
        s.merges = [tuple(m) for m in d["merges"]]
        s.id = {t: i for i, t in enumerate(s.vocab)}
        s.rank = {m: i for i, m in enumerate(s.merges)}
        s.cache = {}
        s.sp = {t: s.id[t] for t in SPECIAL}

    def word(s, w):
        r = s.cache.get(w)
        if r is not None:
            return r
        t = [B2U[b] for b in w.encode()]
        while len(t) > 1:
            k = min(range(len(t) - 1), key=lambda i: s.rank.get((t[i], t[i + 1]), 1e9))
            if (t[k], t[k + 1]) not in s.rank:
                break
            t[k : k + 2] = [t[k] + t[k + 1]]
        r = [s.id[x] for x in t]
        if len(s.cache) < 500000:
            s.cache[w] = r
        return r

    def enc(s, text):
        out = []
        for w in pretok(text):
            out += s.word(w)
        return out

    def dec(s, ids):
        r = b""
        for i in ids:
            t = s.vocab[i]
            r += t.encode() if t in s.sp else bytes(U2B[c] for c in t)
        return r.decode("utf8", "replace")


if __name__ == "__main__":
    text = open("corpus.txt").read()
    v, m = train(text, int(sys.argv[1]))
    json.dump(dict(vocab=v, merges=m), open("tok.json", "w"))
    t = Tok("tok.json")
    s = ' Book a table at Luigi\'s in San Francisco for 12 people, note "no nuts".'
    i = t.enc(s)
    print(len(v), [t.dec([x]) for x in i])
    assert t.dec(i) == s
