"""Times log-softmax + gather + gradient of [1024, 50272] logits, and the fused linear log-prob of [1024, 768] hidden
states with a [50272, 768] head, forward and backward, in float32: preflearn and PyTorch (eager) in turn on the same
machine and threads, and Liger's fused linear cross-entropy where it is installed (it needs Triton, that is a GPU).
    python peer_vocabulary.py BENCH_LOSS [rounds]
Prints medians, ratios and the memory each takes beside inputs and gradients; of preflearn by every product that the
program has: its own, oneDNN's in float32 and with factors in bfloat16 (PyTorch stays in float32).
"""
import gc
import json
import os
import statistics
import subprocess
import sys
import time

import torch

bench = sys.argv[1]
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
ROWS, VOCABULARY, WIDTH = 1024, 50272, 768
torch.manual_seed(0)
targets = torch.randint(0, VOCABULARY, (ROWS,))
logits = torch.randn(ROWS, VOCABULARY)
hidden = torch.randn(ROWS, WIDTH)
head = 0.02 * torch.randn(VOCABULARY, WIDTH)


def memory(key):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1.024e-3 for line in status if line.startswith(key))


def log_softmax():
    x = logits.detach().requires_grad_()
    torch.log_softmax(x, -1).gather(1, targets[:, None]).sum().backward()
    return x.grad.numel()


def fused_linear():
    x, w = hidden.detach().requires_grad_(), head.detach().requires_grad_()
    z = torch.nn.functional.linear(x, w)
    torch.log_softmax(z, -1).gather(1, targets[:, None]).sum().backward()
    return x.grad.numel() + w.grad.numel()


def liger():
    from liger_kernel.ops.fused_linear_cross_entropy import LigerFusedLinearCrossEntropyFunction as fused
    x, w = hidden.detach().requires_grad_(), head.detach().requires_grad_()
    loss = fused.apply(x, w, targets)
    (loss[0] if isinstance(loss, tuple) else loss).backward()
    return x.grad.numel() + w.grad.numel()


def seconds_and_memory(work):
    """Extra memory in MB: the peak of the resident set over the call, less what was there and the gradients."""
    gc.collect()
    with open("/proc/self/clear_refs", "w") as reset:
        reset.write("5")
    before = memory("VmRSS:")
    start = time.perf_counter()
    gradients = work()
    return time.perf_counter() - start, memory("VmHWM:") - before - 4e-6 * gradients


def preflearn(name, products):
    command = [bench, f"--benchmark_filter=^vocabulary/{name}/{products}/", "--benchmark_format=json"]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    return json.loads(run)["benchmarks"][0]


listed = subprocess.run([bench, "--benchmark_list_tests"], stdout=subprocess.PIPE, check=True, text=True).stdout


peers = {"log_softmax": {"PyTorch": log_softmax}, "fused_linear": {"PyTorch": fused_linear}}
peers = {name: ways for name, ways in peers.items() if f"vocabulary/{name}/" in listed}
try:
    liger()
    peers["fused_linear"]["Liger"] = liger
except Exception as reason:  # not installed, or no device for Triton
    print("Liger is left out:", type(reason).__name__)
print(f"torch {torch.__version__}, {torch.get_num_threads()} threads; load of the machine {os.getloadavg()[0]:.1f}")
for name, ways in peers.items():
    own = {p: [] for p in ("float", "onednn", "onednn_bfloat16") if f"vocabulary/{name}/{p}/" in listed}
    others = {way: [] for way in ways}
    for _ in range(rounds):
        for products, runs in own.items():
            runs.append(preflearn(name, products))
        for way, work in ways.items():
            others[way].append(seconds_and_memory(work))
    bound = "of_copy_bound" if name == "log_softmax" else "of_gemm"
    for way, runs in others.items():
        print(f"{name}: {way} {1000 * statistics.median(run[0] for run in runs):.1f} ms, "
              f"extra memory {max(run[1] for run in runs):.0f} MB")
    for products, runs in own.items():
        time_own = statistics.median(run["real_time"] for run in runs)
        print(f"{name}: preflearn {products} {time_own:.1f} ms, {bound} {statistics.median(run[bound] for run in runs):.2f}, "
              f"extra memory {max(run.get('extra_memory_mb', 0) for run in runs):.0f} MB; " + ", ".join(
                  f"{way} / preflearn = {1000 * statistics.median(run[0] for run in times) / time_own:.2f}"
                  for way, times in others.items()))
print(f"load of the machine {os.getloadavg()[0]:.1f}")
