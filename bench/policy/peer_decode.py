"""Decodes with preflearn from a GGUF file as it is stored, and with llama.cpp from the same file, in turn, on the same
machine and threads, and prints medians of tokens per second and their ratio:
python peer_decode.py BENCH_POLICY MODEL.gguf PAIRS.jsonl [rounds]"""
import json
import os
import statistics
import subprocess
import sys
import time

from llama_cpp import Llama

bench, model_path, pairs_path = sys.argv[1:4]
rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 5
prompt = json.loads(open(pairs_path).readline())["prompt_ids"]
threads = len(os.sched_getaffinity(0))
model = Llama(model_path, n_ctx=len(prompt) + 128, n_threads=threads, n_threads_batch=threads, verbose=False)
STEPS = 63


def llama_cpp():
    model.reset()
    model.eval(prompt)
    start = time.perf_counter()
    for _ in range(STEPS):
        model.eval([100])
    return STEPS / (time.perf_counter() - start)


def preflearn():
    environment = os.environ | {"PREFLEARN_BENCH_MODEL": model_path, "PREFLEARN_BENCH_PAIRS": pairs_path}
    command = [bench, "--benchmark_filter=^policy/decode/stored/1/", "--benchmark_format=json"]
    result = json.loads(subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout)
    return result["benchmarks"][0]


ours, theirs = [], []
for round in range(rounds):
    ours.append(preflearn())
    theirs.append(llama_cpp())
    print(f"round {round}: preflearn {ours[-1]['tokens/s']:.1f}, llama.cpp {theirs[-1]:.1f} tokens/s", flush=True)
own, peer = statistics.median(run["tokens/s"] for run in ours), statistics.median(theirs)
print(f"preflearn {own:.1f} tokens/s, {statistics.median(run['of_bandwidth'] for run in ours):.0%} of the memory's "
      f"reading speed; llama.cpp {peer:.1f} tokens/s; preflearn / llama.cpp = {own / peer:.2f}")
