"""Compares llama.cpp with golden pairs on a GGUF file: the largest difference of a token's log-probability, and, where
texts are given, of the tokenizer's ids. With a file that save_gguf wrote it shows that llama.cpp reads that as well.

    python check_llama_cpp.py MODEL.gguf PAIRS.jsonl [TEXTS.json]      (with cyllama 0.2.18)
"""
import json
import sys

import numpy
from cyllama.llama import llama_cpp


class Model(llama_cpp.LlamaModel):
    """cyllama's logits ask the model for this."""

    n_vocab = property(lambda self: self.get_vocab().n_vocab)


llama_cpp.disable_logging()
llama_cpp.ggml_backend_load_all()
model = Model(path_model=sys.argv[1], params=llama_cpp.LlamaModelParams(), verbose=False)
vocabulary = model.get_vocab()
params = llama_cpp.LlamaContextParams()
params.n_ctx = params.n_batch = params.n_ubatch = 1024
params.n_threads = params.n_threads_batch = 2
params.flash_attn_type = 0
params.type_k = params.type_v = 0  # float
context = llama_cpp.LlamaContext(model=model, params=params, verbose=False)


def log_probs(prompt, response):
    context.kv_cache_clear()
    batch = llama_cpp.LlamaBatch(n_tokens=1024, embd=0, n_seq_max=1, verbose=False)
    for place, token in enumerate(prompt + response):
        batch.add(token, place, [0], place + 1 >= len(prompt))
    context.decode(batch)
    found = []
    for place, token in enumerate(response, len(prompt) - 1):
        row = numpy.asarray(context.get_logits_ith(place), numpy.float64)
        found.append(row[token] - row.max() - numpy.log(numpy.exp(row - row.max()).sum()))
    return numpy.array(found)


worst = total = count = 0
for line in open(sys.argv[2]):
    pair = json.loads(line)
    for part in ("chosen", "rejected"):
        errors = numpy.abs(log_probs(pair["prompt_ids"], pair[part + "_ids"]) - pair[part + "_token_logps"])
        worst, total, count = max(worst, errors.max()), total + errors.sum(), count + len(errors)
print(f"log-probs of {count} tokens: largest difference {worst:.2e}, mean {total / count:.2e}")
if len(sys.argv) > 3:
    texts = json.load(open(sys.argv[3]))
    other = [e["text"] for e in texts if vocabulary.tokenize(e["text"], False, True) != e["ids"]]
    print(f"ids of {len(texts)} texts: {len(other)} differ {[ascii(text)[:60] for text in other]}")
