"""Scores real pairs in float32 with preflearn and with transformers in turn, on the same machine and threads, and prints
medians and their ratio: python peer.py BENCH_POLICY MODEL.gguf PAIRS.jsonl [rounds]

transformers runs in three ways, of which the quickest counts: each completion as one sequence, both responses of a pair
as a padded batch, and with the prompt's keys and values kept for both responses (which is what preflearn does). The head
runs on the response's rows alone.
"""
import copy
import json
import os
import resource
import statistics
import subprocess
import sys
import time

import torch
from transformers import AutoModelForCausalLM

bench, model_path, pairs_path = sys.argv[1:4]
rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 5
model = AutoModelForCausalLM.from_pretrained(
    os.path.dirname(os.path.abspath(model_path)), gguf_file=os.path.basename(model_path), dtype=torch.float32
).eval()
pairs = [json.loads(line) for line in open(pairs_path)]


def log_prob(logits, response):
    return torch.log_softmax(logits, -1).gather(1, torch.tensor(response)[:, None]).double().sum().item()


def single(prompt, responses):
    for y in responses:
        yield log_prob(model(torch.tensor([prompt + y]), logits_to_keep=len(y) + 1).logits[0, :-1], y)


def padded(prompt, responses):
    longest = max(map(len, responses))
    rows = [prompt + y + [0] * (longest - len(y)) for y in responses]
    mask = [[1] * (len(prompt) + len(y)) + [0] * (longest - len(y)) for y in responses]
    logits = model(torch.tensor(rows), attention_mask=torch.tensor(mask), logits_to_keep=longest + 1).logits
    for row, y in zip(logits, responses):
        yield log_prob(row[: len(y)], y)


def cached(prompt, responses):
    first = model(torch.tensor([prompt]), use_cache=True, logits_to_keep=1)
    for y in responses:
        past = copy.deepcopy(first.past_key_values)
        rest = model(torch.tensor([y]), past_key_values=past, use_cache=True).logits[0, :-1]
        yield log_prob(torch.cat([first.logits[0], rest]), y)


@torch.inference_mode()
def seconds(way):
    start = time.perf_counter()
    found = [value for p in pairs for value in way(p["prompt_ids"], (p["chosen_ids"], p["rejected_ids"]))]
    elapsed = time.perf_counter() - start
    expected = [p[f"{part}_logp"] for p in pairs for part in ("chosen", "rejected")]
    assert all(abs(a - b) <= 1e-3 * abs(b) for a, b in zip(found, expected)), "these are not the golden log-probs"
    return elapsed


def preflearn():
    environment = os.environ | {"PREFLEARN_BENCH_MODEL": model_path, "PREFLEARN_BENCH_PAIRS": pairs_path}
    command = [bench, "--benchmark_filter=^policy/log_probs", "--benchmark_format=json"]
    result = json.loads(subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout)
    return result["benchmarks"][0]


ways = {way.__name__: [] for way in (single, padded, cached)}
ours = []
for round in range(rounds):
    ours.append(preflearn())
    for way in (single, padded, cached):
        ways[way.__name__].append(seconds(way))
    print(f"round {round}: preflearn {ours[-1]['real_time'] / 1000:.2f} s, transformers "
          + ", ".join(f"{name} {times[-1]:.2f} s" for name, times in ways.items()), flush=True)
best = min(ways, key=lambda name: statistics.median(ways[name]))
own, peer = statistics.median(run["real_time"] / 1000 for run in ours), statistics.median(ways[best])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"preflearn {own:.2f} s, {max(run['peak_memory_mb'] for run in ours):.0f} MB, "
      f"{statistics.median(run['of_gemm_peak'] for run in ours):.0%} of its matrix product's peak")
print(f"transformers {peer:.2f} s ({best}), {peak:.0f} MB, {torch.get_num_threads()} threads")
print(f"transformers / preflearn = {peer / own:.2f}")
