"""Conversations of the Schema-Guided Dialogue collection as documents: what was said, and what each thing said is called."""
import gzip
import json
import os
import re

from values import held_out


def read(folder, most_bytes):
    """[(service, text, [(question, answer)])], and the utterances, each once: {service: [text]}. Nothing without the collection."""
    if not os.path.exists(folder + "train_calls.jsonl.gz"):
        return [], {}
    names = {}
    for service in json.load(open(folder + "train_schema.json")):
        for slot in service["slots"]:
            names[service["service_name"], slot["name"]] = slot["description"].rstrip(".")
    documents, said = [], {}
    for line in gzip.open(folder + "train_calls.jsonl.gz", "rt"):
        call = json.loads(line)
        service, context = call["service"], [u[3:] for u in call["context"]]
        for utterance in context:
            said.setdefault(service, {})[utterance] = True
        text = "\n".join(context)
        while len(text.encode()) > most_bytes and "\n" in text:
            text = text.partition("\n")[2]
        asked = [(names.get((service, k), k), v) for k, v in call["parameters"].items() if len(v) > 1 and len(re.findall(r"\b" + re.escape(v) + r"\b", text)) == 1]
        if asked:
            documents.append((service, text, asked))
        for result in call["results"][:1]:
            lines = [(k, v) for k, v in result.items() if v not in ("True", "False")]
            text = "\n".join(f"{k.replace('_', ' ').capitalize()}: {v}" for k, v in lines)[:most_bytes]
            asked = [(names.get((service, k), k), v) for k, v in lines if len(v) > 1 and text.count(v) == 1]
            if asked:
                documents.append((service, text, asked))
    return documents, {service: list(texts) for service, texts in said.items()}


def asked_for(description, rng):
    """A slot's description as a person would ask: "The city of the restaurant" as "what is the city of the restaurant?"."""
    plain = re.sub(r"^(the|an?) ", "", description[:1].lower() + description[1:])
    x = rng.random()
    if x < 0.4:
        return "what is the " + plain + ("?" if rng.random() < 0.5 else "")
    return plain if x < 0.7 else rng.choice(["which is the ", "tell me the ", "find the ", "the "]) + plain


def of_split(items, split):
    return [item for item in items if held_out(item[0], "service") == (split == "test")]
