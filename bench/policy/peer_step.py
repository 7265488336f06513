"""Times a DPO step's forward and backward pass over real pairs, one pair a micro-batch, with preflearn and with PyTorch in
turn: python peer_step.py BENCH_POLICY MODEL PAIRS.jsonl [rounds]; MODEL is a GGUF file or a Hugging Face folder.

PyTorch takes the step as TRL's DPOTrainer does with reference log-probs computed before: both responses of a pair as one
padded batch, logits of every row, log-softmax and gather, in float32 and with the whole model in bfloat16.
"""
import json
import os
import statistics
import subprocess
import sys
import time

import torch
from transformers import AutoModelForCausalLM

bench, model_path, pairs_path = sys.argv[1:4]
rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
folder, file = (model_path, None) if os.path.isdir(model_path) else os.path.split(os.path.abspath(model_path))
models = {kind: AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32).to(kind).train()
          for kind in (torch.float32, torch.bfloat16)}
pairs = [json.loads(line) for line in open(pairs_path)]


def step(model, pair):
    prompt, two = pair["prompt_ids"], (pair["chosen_ids"], pair["rejected_ids"])
    longest = max(map(len, two))
    rows = torch.tensor([prompt + y + [0] * (longest - len(y)) for y in two])
    mask = torch.tensor([[1] * (len(prompt) + len(y)) + [0] * (longest - len(y)) for y in two])
    of_response = torch.tensor([[0] * len(prompt) + [1] * len(y) + [0] * (longest - len(y)) for y in two])
    logits = model(rows, attention_mask=mask).logits[:, :-1]
    tokens = torch.log_softmax(logits, -1).gather(2, rows[:, 1:, None])[..., 0] * of_response[:, 1:]
    chosen, rejected = tokens.sum(1).float()
    margin = 0.1 * (chosen - chosen.detach() - rejected + rejected.detach())
    (-torch.nn.functional.logsigmoid(margin)).backward()


def peer(kind):
    models[kind].zero_grad()
    start = time.perf_counter()
    for pair in pairs:
        step(models[kind], pair)
    return (time.perf_counter() - start) / len(pairs)


listed = subprocess.run([bench, "--benchmark_list_tests"], stdout=subprocess.PIPE, check=True, text=True).stdout
names = {"policy/dpo_step/real": torch.float32, "policy/dpo_step/onednn/real": torch.float32,
         "policy/dpo_step/bfloat16/real": torch.bfloat16}
own = {name: [] for name in names if name + "/" in listed}


def preflearn(name):
    environment = os.environ | {"PREFLEARN_BENCH_MODEL": model_path, "PREFLEARN_BENCH_PAIRS": pairs_path}
    command = [bench, f"--benchmark_filter=^{name}/", "--benchmark_format=json"]
    result = json.loads(subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       check=True).stdout)
    return result["benchmarks"][0]["s_per_pair"]


peers = {kind: [] for kind in models}
for _ in range(rounds):
    for name, times in own.items():
        times.append(preflearn(name))
    for kind, times in peers.items():
        times.append(peer(kind))
for kind, times in peers.items():
    print(f"PyTorch {kind}: {statistics.median(times):.2f} s a pair, {torch.get_num_threads()} threads")
for name, times in own.items():
    seconds = statistics.median(times)
    print(f"{name}: {seconds:.2f} s a pair; PyTorch in {names[name]} / preflearn = "
          f"{statistics.median(peers[names[name]]) / seconds:.2f}")
