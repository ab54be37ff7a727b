"""Writes a checkpoint and its tokenizer as a GGUF file of the llama architecture, its matrices as Q8_0 (or --type F16).

    python3 export.py model.pt ../daimon-firmware.gguf
"""
import argparse

import gguf
import numpy
import torch

from tokenizer import BOS, CALLS, END, PAD, SPECIAL, Tokenizer

PROFILE = "compact-3"  # firmware/FORMAT.md
TEMPLATE = ("<|bos|>{% for m in messages %}{% if m['role']=='system' %}<|sys|>{% elif m['role']=='user' %}<|user|>"
            "{% elif m['role']=='tool' %}<|res|>{% else %}<|call|>{% endif %}{{ m['content'] }}"
            "{% if m['role']=='assistant' %}<|end|>{% endif %}{% endfor %}{% if add_generation_prompt %}<|call|>{% endif %}")
NAMES = {"attention_norm": "attn_norm", "ffn_norm": "ffn_norm", "q": "attn_q", "k": "attn_k", "v": "attn_v", "o": "attn_output",
         "gate": "ffn_gate", "up": "ffn_up", "down": "ffn_down"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("out")
    parser.add_argument("--type", choices=["Q8_0", "F16"], default="Q8_0")
    options = parser.parse_args()
    stored = torch.load(options.checkpoint, weights_only=True, map_location="cpu")
    shape, weights, tokenizer = stored["shape"], stored["weights"], Tokenizer()
    writer = gguf.GGUFWriter(options.out, "llama")
    writer.add_name("daimon-firmware")
    writer.add_license("CC-BY-SA-4.0")
    writer.add_string("daimon.prompt", PROFILE)
    writer.add_uint64("daimon.seed", stored["seed"])
    writer.add_string("daimon.data", stored.get("data", ""))
    kind = gguf.GGMLQuantizationType[options.type]
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0 if options.type == "Q8_0" else gguf.LlamaFileType.MOSTLY_F16)
    writer.add_context_length(shape["context"])
    writer.add_embedding_length(shape["width"])
    writer.add_block_count(shape["layers"])
    writer.add_feed_forward_length(shape["feed_forward"])
    writer.add_vocab_size(shape["vocabulary"])
    heads = shape["width"] // shape["head_width"]
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(shape["head_width"])
    writer.add_rope_freq_base(shape["rope_base"])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list(tokenizer.vocabulary)
    kinds = [gguf.TokenType.CONTROL] * len(SPECIAL) + [gguf.TokenType.USER_DEFINED] * len(CALLS)
    writer.add_token_types(kinds + [gguf.TokenType.NORMAL] * (len(tokenizer.vocabulary) - len(kinds)))
    writer.add_token_merges([" ".join(m) for m in tokenizer.merges])
    writer.add_bos_token_id(BOS)
    writer.add_eos_token_id(END)
    writer.add_pad_token_id(PAD)
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)

    def add(name, tensor):
        data = tensor.float().numpy()
        if data.ndim == 1:
            writer.add_tensor(name, data)
        elif options.type == "F16":
            writer.add_tensor(name, data.astype(numpy.float16))
        else:
            writer.add_tensor(name, gguf.quants.quantize(data, kind), raw_dtype=kind)

    add("token_embd.weight", weights["embedding.weight"])
    add("output_norm.weight", weights["norm"])
    for layer in range(shape["layers"]):
        for ours, theirs in NAMES.items():
            plain = f"blocks.{layer}.{ours}"
            add(f"blk.{layer}.{theirs}.weight", weights[plain] if plain in weights else weights[plain + ".weight"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
