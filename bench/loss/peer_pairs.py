"""Value and gradient of pairwise losses over a million pairs with preflearn and with PyTorch's eager mode (forward and
backward, as TRL writes the losses) in turn, on the same machine and threads; prints medians and their ratios:
python peer_pairs.py BENCH_LOSS [rounds]
"""
import json
import os
import statistics
import subprocess
import sys
import time

import torch
import torch.nn.functional as F

bench = sys.argv[1]
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
threads = os.cpu_count()
torch.set_num_threads(threads)
PAIRS, BETA = 1 << 20, 0.1
BEYOND_CACHES = 512 << 20  # bytes, as in bench_loss


def difference(c, r, c0, r0, nc, nr):
    return BETA * ((c - c0) - (r - r0))


LOSSES = {
    "dpo": lambda *x: -F.logsigmoid(difference(*x)),
    "cdpo": lambda *x: -0.9 * F.logsigmoid(difference(*x)) - 0.1 * F.logsigmoid(-difference(*x)),
    "hinge": lambda *x: torch.relu(1 - difference(*x)),
    "ipo": lambda c, r, c0, r0, nc, nr: ((c - c0) / nc - (r - r0) / nr - 1 / (2 * BETA)) ** 2,
    "bco_pair": lambda c, r, c0, r0, nc, nr: -F.logsigmoid(BETA * (c - c0)) - F.logsigmoid(-BETA * (r - r0)),
    "simpo": lambda c, r, c0, r0, nc, nr: -F.logsigmoid(BETA * (c / nc - r / nr) - 0.5),
}


def torch_nanoseconds(loss, dtype):
    """The median of one run over each of some batches that together exceed the caches, as bench_loss runs."""
    generator = torch.Generator().manual_seed(1)
    batches = 1 + BEYOND_CACHES // (6 * PAIRS * dtype.itemsize)

    def batch():
        columns = [-100 + 20 * torch.rand(PAIRS, dtype=dtype, generator=generator) for _ in range(4)]
        tokens = [torch.randint(20, 80, (PAIRS,), generator=generator).to(dtype) for _ in range(2)]
        return [x.requires_grad_() for x in columns[:2]] + columns[2:] + tokens

    seconds = []
    for columns in [batch() for _ in range(batches)]:
        start = time.perf_counter()
        loss(*columns).mean().backward()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds) / PAIRS * 1e9


def our_nanoseconds(name, dtype):
    kind = {torch.float32: "float", torch.float64: "double"}[dtype]
    found = subprocess.run(
        [bench, f"--benchmark_filter=^loss/{name}/{kind}/{PAIRS}/", "--benchmark_format=json", "--benchmark_min_time=0.1"],
        capture_output=True, check=True, text=True,
    )
    run = json.loads(found.stdout)["benchmarks"][0]
    return run["ns_per_pair"], run["of_copy_bound"]


print(f"{'loss':10} {'type':7} {'preflearn':>10} {'of copy':>8} {'PyTorch':>10} {'ratio':>7}   ns a pair, {threads} threads")
for name, loss in LOSSES.items():
    for dtype in (torch.float32, torch.float64):
        ours, share, theirs = [], [], []
        for _ in range(rounds):
            nanoseconds, of_copy = our_nanoseconds(name, dtype)
            ours.append(nanoseconds)
            share.append(of_copy)
            theirs.append(torch_nanoseconds(loss, dtype))
        a, b = statistics.median(ours), statistics.median(theirs)
        print(f"{name:10} {str(dtype)[6:]:7} {a:10.2f} {statistics.median(share):8.2f} {b:10.2f} {b / a:7.1f}")
