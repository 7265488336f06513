"""Scores real pairs with preflearn and with transformers in turn, on the same machine and threads, and prints medians and
their ratios: python peer.py BENCH_POLICY MODEL PAIRS.jsonl [rounds]; MODEL is a GGUF file or a Hugging Face folder.

transformers runs in four ways, in float32 and in bfloat16, of which the quickest of each type counts: each completion as
one sequence, both responses of a pair as a padded batch, with the prompt's keys and values kept for both responses (which
is what preflearn does), and batches of 8 pairs sorted by length. The head runs on the response's rows alone. Where TRL is
installed, its way at its defaults is timed, too: both responses of 8 pairs padded to the longest, logits of every row.
preflearn runs by every product that the program has: its own, oneDNN's in float32 and with factors in bfloat16.
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
folder, file = (model_path, None) if os.path.isdir(model_path) else os.path.split(os.path.abspath(model_path))
model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32).eval()
half = copy.deepcopy(model).to(torch.bfloat16)
pairs = [json.loads(line) for line in open(pairs_path)]


def log_prob(logits, response):
    return torch.log_softmax(logits.float(), -1).gather(1, torch.tensor(response)[:, None]).double().sum().item()


def padded_rows(model, all_of_them, keep):
    longest, most = max(len(p + y) for p, y in all_of_them), max(len(y) for _, y in all_of_them)
    rows = [[0] * (longest - len(p + y)) + p + y for p, y in all_of_them]
    mask = [[0] * (longest - len(p + y)) + [1] * len(p + y) for p, y in all_of_them]
    positions = (torch.tensor(mask).cumsum(1) - 1).clamp(min=0)
    logits = model(torch.tensor(rows), attention_mask=torch.tensor(mask), position_ids=positions,
                   logits_to_keep=most + 1 if keep else 0).logits
    return [log_prob(row[-len(y) - 1:-1], y) for row, (_, y) in zip(logits, all_of_them)]


def single(model):
    return [log_prob(model(torch.tensor([p + y]), logits_to_keep=len(y) + 1).logits[0, :-1], y)
            for p, two in texts for y in two]


def padded(model):
    return [value for p, two in texts for value in padded_rows(model, [(p, y) for y in two], True)]


def cached(model):
    values = []
    for prompt, two in texts:
        first = model(torch.tensor([prompt]), use_cache=True, logits_to_keep=1)
        for y in two:
            past = copy.deepcopy(first.past_key_values)
            rest = model(torch.tensor([y]), past_key_values=past, use_cache=True).logits[0, :-1]
            values.append(log_prob(torch.cat([first.logits[0], rest]), y))
    return values


def batches(model, keep, order):
    values = {}
    for at in range(0, len(order), 8):
        some = [(texts[i][0], y) for i in order[at:at + 8] for y in texts[i][1]]
        for n, value in enumerate(padded_rows(model, some, keep)):
            values[2 * order[at + n // 2] + n % 2] = value
    return [values[i] for i in range(len(values))]


def sorted_batches(model):
    length = lambda i: len(texts[i][0]) + max(map(len, texts[i][1]))
    return batches(model, True, sorted(range(len(texts)), key=length))


def trl(model):  # precompute_ref_log_probs of DPOTrainer: all logits of both responses, per_device_eval_batch_size 8
    return batches(model, False, list(range(len(texts))))


texts = [(p["prompt_ids"], (p["chosen_ids"], p["rejected_ids"])) for p in pairs]
expected = [p[f"{part}_logp"] for p in pairs for part in ("chosen", "rejected")]


@torch.inference_mode()
def seconds(way, model, tolerance):
    start = time.perf_counter()
    found = way(model)
    elapsed = time.perf_counter() - start
    assert all(abs(a - b) <= tolerance * abs(b) for a, b in zip(found, expected)), "these are not the golden log-probs"
    return elapsed


listed = subprocess.run([bench, "--benchmark_list_tests"], stdout=subprocess.PIPE, check=True, text=True).stdout
own = {name: [] for name in ("cpu", "onednn", "bfloat16") if f"policy/log_probs/{name}/" in listed}


def preflearn(name):
    environment = os.environ | {"PREFLEARN_BENCH_MODEL": model_path, "PREFLEARN_BENCH_PAIRS": pairs_path}
    command = [bench, f"--benchmark_filter=^policy/log_probs/{name}/", "--benchmark_format=json"]
    result = json.loads(subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       check=True).stdout)
    return result["benchmarks"][0]


ways = {(way, kind): [] for way in (single, padded, cached, sorted_batches, trl) for kind in ("float32", "bfloat16")}
for round in range(rounds):
    for name, runs in own.items():
        runs.append(preflearn(name))
    for (way, kind), times in ways.items():
        times.append(seconds(way, *((model, 1e-3) if kind == "float32" else (half, 5e-2))))
    print(f"round {round}: preflearn " + ", ".join(f"{n} {r[-1]['real_time'] / 1000:.2f} s" for n, r in own.items())
          + "; transformers " + ", ".join(f"{w.__name__} {k} {t[-1]:.2f} s" for (w, k), t in ways.items()), flush=True)
medians = {key: statistics.median(times) for key, times in ways.items()}
print(f"transformers: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB, {torch.get_num_threads()} threads")
for name, runs in own.items():
    kind = "bfloat16" if name == "bfloat16" else "float32"
    time_own = statistics.median(run["real_time"] / 1000 for run in runs)
    best = min((key for key in medians if key[1] == kind and key[0] is not trl), key=medians.get)
    share = {"of_products": "of its products alone", "of_gemm_peak": "of its product's peak"}
    shares = ", ".join(f"{statistics.median(r[k] for r in runs):.2f} {text}" for k, text in share.items() if k in runs[0])
    print(f"preflearn {name} {time_own:.2f} s, {max(r['peak_memory_mb'] for r in runs):.0f} MB, {shares}; transformers in "
          f"{kind} ({best[0].__name__}) / preflearn = {medians[best] / time_own:.2f}, as TRL does / preflearn = "
          f"{medians[trl, kind] / time_own:.2f}")
