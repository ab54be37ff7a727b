"""Writes a checkpoint and its tokenizer as a GGUF v3 file of the llama architecture."""

import struct, json, sys, torch, numpy as np
from model import Cfg


def export(pt, tokf, out, d=256, L=4, ff=704, f16=True, theta=1e6, ctx=2048):
    sd = torch.load(pt, map_location="cpu")
    T = json.load(open(tokf))
    V = len(T["vocab"])
    nsp = 8
    S = lambda s: struct.pack("<Q", len(s.encode())) + s.encode()
    kv = []

    def add(k, t, v):
        ty = {"u32": 4, "f32": 6, "bool": 7, "str": 8}
        if t in ("u32", "f32", "bool"):
            kv.append(S(k) + struct.pack("<I" + {"u32": "I", "f32": "f", "bool": "?"}[t], ty[t], v))
        elif t == "str":
            kv.append(S(k) + struct.pack("<I", 8) + S(v))
        elif t == "astr":
            kv.append(S(k) + struct.pack("<IIQ", 9, 8, len(v)) + b"".join(map(S, v)))
        elif t == "ai32":
            kv.append(S(k) + struct.pack("<IIQ", 9, 5, len(v)) + struct.pack("<%di" % len(v), *v))
        elif t == "af32":
            kv.append(S(k) + struct.pack("<IIQ", 9, 6, len(v)) + struct.pack("<%df" % len(v), *v))

    add("general.architecture", "str", "llama")
    add("general.name", "str", "daimon-firmware")
    add("daimon.prompt", "str", "compact-1")
    add("general.license", "str", "CC-BY-SA-4.0")
    add("general.file_type", "u32", 1 if f16 else 0)
    add("general.alignment", "u32", 32)
    for k, v in dict(
        context_length=ctx, embedding_length=d, block_count=L, feed_forward_length=ff, vocab_size=V
    ).items():
        add("llama." + k, "u32", v)
    add("llama.attention.head_count", "u32", d // 64)
    add("llama.attention.head_count_kv", "u32", d // 64)
    add("llama.attention.layer_norm_rms_epsilon", "f32", 1e-5)
    add("llama.rope.dimension_count", "u32", 64)
    add("llama.rope.freq_base", "f32", theta)
    add("tokenizer.ggml.model", "str", "gpt2")
    add("tokenizer.ggml.pre", "str", "smollm")
    add("tokenizer.ggml.tokens", "astr", T["vocab"])
    add("tokenizer.ggml.token_type", "ai32", [3 if i < nsp else 1 for i in range(V)])
    add("tokenizer.ggml.merges", "astr", [" ".join(m) for m in T["merges"]])
    add("tokenizer.ggml.bos_token_id", "u32", 0)
    add("tokenizer.ggml.eos_token_id", "u32", 5)
    add("tokenizer.ggml.padding_token_id", "u32", 6)
    add("tokenizer.ggml.add_bos_token", "bool", False)
    add(
        "tokenizer.chat_template",
        "str",
        "<|bos|>{% for m in messages %}{% if m['role']=='system' %}<|sys|>{% elif m['role']=='user' %}<|user|>{% elif m['role']=='tool' %}<|res|>{% else %}<|call|>{% endif %}{{ m['content'] }}{% if m['role']=='assistant' %}<|end|>{% endif %}{% endfor %}{% if add_generation_prompt %}<|call|>{% endif %}",
    )
    ts = [("token_embd.weight", sd["emb.weight"]), ("output_norm.weight", sd["nf.w"])]
    nm = dict(
        n1="attn_norm",
        n2="ffn_norm",
        q="attn_q",
        k="attn_k",
        v="attn_v",
        o="attn_output",
        g="ffn_gate",
        u="ffn_up",
        dn="ffn_down",
    )
    for i in range(L):
        for a, b in nm.items():
            ts.append((f"blk.{i}.{b}.weight", sd[f"blk.{i}.{a}." + ("w" if a[0] == "n" else "weight")]))
    head = b"GGUF" + struct.pack("<IQQ", 3, len(ts), len(kv)) + b"".join(kv)
    off = 0
    info = b""
    data = []
    for n, t in ts:
        h = f16 and t.dim() == 2
        b = t.numpy().astype(np.float16 if h else np.float32).tobytes()
        info += (
            S(n)
            + struct.pack("<I", t.dim())
            + b"".join(struct.pack("<Q", x) for x in reversed(t.shape))
            + struct.pack("<IQ", 1 if h else 0, off)
        )
        b += b"\0" * (-len(b) % 32)
        off += len(b)
        data.append(b)
    head += info
    head += b"\0" * (-len(head) % 32)
    open(out, "wb").write(head + b"".join(data))


if __name__ == "__main__":
    export(sys.argv[1], "tok.json", sys.argv[2])
