"""Scores the golden pairs with transformers, for comparison with `bench_policy golden`: python peer.py MODEL.gguf PAIRS.jsonl [runs]

Prints seconds per run and the peak memory of this process. Every completion is one unpadded sequence (the quickest
way on a CPU: batches of unequal lengths compute padding), and the head runs on the response's rows alone.
"""
import json
import os
import resource
import sys
import time

import torch
from transformers import AutoModelForCausalLM

model_path, pairs_path = sys.argv[1], sys.argv[2]
runs = int(sys.argv[3]) if len(sys.argv) > 3 else 3
model = AutoModelForCausalLM.from_pretrained(
    os.path.dirname(model_path), gguf_file=os.path.basename(model_path), dtype=torch.float32
).eval()
pairs = [json.loads(line) for line in open(pairs_path)]


@torch.inference_mode()
def score(prompt, response):
    ids = torch.tensor([prompt + response])
    logits = model(ids, logits_to_keep=len(response) + 1).logits[0, :-1]
    return torch.log_softmax(logits, -1).gather(1, torch.tensor(response)[:, None]).double().sum().item()


worst, best = 0.0, float("inf")
for run in range(runs):
    start = time.perf_counter()
    for pair in pairs:
        for part in ("chosen", "rejected"):
            found = score(pair["prompt_ids"], pair[f"{part}_ids"])
            expected = pair[f"{part}_logp"]
            worst = max(worst, abs(found - expected) / abs(expected))
    best = min(best, time.perf_counter() - start)
    print(f"run {run}: {time.perf_counter() - start:.3f} s")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"transformers: best {best:.3f} s, worst relative error of a sum {worst:.1e}, peak memory {peak:.0f} MB, {torch.get_num_threads()} threads")
