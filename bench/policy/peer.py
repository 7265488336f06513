"""Scores real pairs with preflearn, transformers and TRL in turn, on the same machine and threads, and prints medians,
their ratios and the marks that are to be met:

    python peer.py BENCH_POLICY MODEL PAIRS.jsonl [--rounds 3] [--pairs 12]

MODEL is a GGUF file or a Hugging Face folder; PAIRS are the lines of a file of golden log-probabilities. About 3
minutes for 12 pairs of 250 tokens and 135M parameters.

The best hand-written PyTorch loop is the quickest of four: each completion as one sequence, both responses of a pair as
a padded batch, the prompt's keys and values kept for both responses (which is what preflearn does), and batches of 8
pairs sorted by length; the head runs on the response's rows alone. All are timed in the first round, the quickest in
all. TRL computes reference log-probabilities as its DPOTrainer does at its defaults, batches of 8 pairs padded to the
longest. preflearn runs by each product that the program has, from files of F32 and BF16 made of MODEL (weights packed
once) and from MODEL as it is stored.
"""
import copy
import pathlib
import resource
import tempfile
import time

import torch

import peers
import trl_trainer

parser = peers.arguments()
parser.add_argument("--pairs", type=int, default=12, help="how many, from short to long; 0: all")
options = parser.parse_args()
pairs = peers.read_pairs(options.pairs_file, options.pairs)
texts = [(p["prompt_ids"], (p["chosen_ids"], p["rejected_ids"])) for p in pairs]
expected = [p[f"{part}_logp"] for p in pairs for part in ("chosen", "rejected")]
TOLERANCE = {"float32": 1e-3, "bfloat16": 5e-2}
MARKS = {("float32", "best"): 2, ("float32", "trl"): 3, ("bfloat16", "best"): 2}


def log_prob(logits, response):
    return torch.log_softmax(logits.float(), -1).gather(1, torch.tensor(response)[:, None]).double().sum().item()


def padded_rows(model, all_of_them):
    longest, most = max(len(p + y) for p, y in all_of_them), max(len(y) for _, y in all_of_them)
    rows = [[0] * (longest - len(p + y)) + p + y for p, y in all_of_them]
    mask = [[0] * (longest - len(p + y)) + [1] * len(p + y) for p, y in all_of_them]
    positions = (torch.tensor(mask).cumsum(1) - 1).clamp(min=0)
    logits = model(torch.tensor(rows), attention_mask=torch.tensor(mask), position_ids=positions,
                   logits_to_keep=most + 1).logits
    return [log_prob(row[-len(y) - 1:-1], y) for row, (_, y) in zip(logits, all_of_them)]


def single(model):
    return [log_prob(model(torch.tensor([p + y]), logits_to_keep=len(y) + 1).logits[0, :-1], y)
            for p, two in texts for y in two]


def padded(model):
    return [value for p, two in texts for value in padded_rows(model, [(p, y) for y in two])]


def cached(model):
    values = []
    for prompt, two in texts:
        first = model(torch.tensor([prompt]), use_cache=True, logits_to_keep=1)
        for y in two:
            past = copy.deepcopy(first.past_key_values)
            rest = model(torch.tensor([y]), past_key_values=past, use_cache=True).logits[0, :-1]
            values.append(log_prob(torch.cat([first.logits[0], rest]), y))
    return values


def sorted_batches(model):
    length = lambda i: len(texts[i][0]) + max(map(len, texts[i][1]))
    order, values = sorted(range(len(texts)), key=length), {}
    for at in range(0, len(order), 8):
        some = [(texts[i][0], y) for i in order[at:at + 8] for y in texts[i][1]]
        for n, value in enumerate(padded_rows(model, some)):
            values[2 * order[at + n // 2] + n % 2] = value
    return [values[i] for i in range(len(values))]


def timed(work, kind):
    start = time.perf_counter()
    with torch.inference_mode():
        found = work()
    elapsed = time.perf_counter() - start
    assert all(abs(a - b) <= TOLERANCE[kind] * abs(b) for a, b in zip(found, expected)), "not the golden log-probs"
    return elapsed


def timed_trl(trainer):  # not held against the golden values: golden pairs may lack the tokens that TRL scores
    start = time.perf_counter()
    trl_trainer.log_probs(trainer)
    return time.perf_counter() - start


with tempfile.TemporaryDirectory() as name:
    pairs_path = peers.write_pairs(pairs, pathlib.Path(name) / "pairs.jsonl")
    files = {"F32": peers.rewritten(options.model, "F32", name), "BF16": peers.rewritten(options.model, "BF16", name),
             "as stored": pathlib.Path(options.model)}
    there = peers.listed(options.bench, options.model)
    own = {(file, product): [] for file, product in (("F32", "cpu"), ("F32", "onednn"), ("BF16", "bfloat16"),
                                                     ("as stored", "onednn"), ("as stored", "bfloat16"))
           if f"policy/log_probs/{product}" in there}
    loaded, tokenizer = trl_trainer.load(options.model)
    models = {kind: trl_trainer.copied(loaded, getattr(torch, kind)) for kind in ("float32", "bfloat16")}
    trainers = {kind: trl_trainer.make_batches(
        trl_trainer.make_trainer(trl_trainer.copied(loaded, getattr(torch, kind)), tokenizer, pairs), 8)
        for kind in models}
    loops = {(way.__name__, kind): [] for kind in models for way in (single, padded, cached, sorted_batches)}
    trl = {kind: [] for kind in models}
    for round in range(options.rounds):
        for (file, product), runs in own.items():
            key = f"policy/log_probs/{product}"
            runs.append(peers.run_bench(options.bench, [key], files[file], pairs_path)[key])
        for (way, kind), times in loops.items():
            quickest = min(loops[key][0] for key in loops if key[1] == kind and loops[key]) if round else 0
            if round == 0 or times[0] == quickest:
                times.append(timed(lambda: globals()[way](models[kind]), kind))
        for kind, times in trl.items():
            times.append(timed_trl(trainers[kind]))
        print(f"round {round}: preflearn " + ", ".join(f"{f} {p} {r[-1]['real_time'] / 1000:.2f} s"
                                                       for (f, p), r in own.items())
              + "; PyTorch " + ", ".join(f"{w} {k} {t[-1]:.2f} s" for (w, k), t in loops.items() if len(t) > round)
              + "; TRL " + ", ".join(f"{k} {t[-1]:.2f} s" for k, t in trl.items()), flush=True)

rows = []
for (file, product), runs in own.items():
    kind = "bfloat16" if product == "bfloat16" else "float32"
    seconds = peers.median([run["real_time"] / 1000 for run in runs])
    way = min((key for key in loops if key[1] == kind), key=lambda key: loops[key][0])
    machine = " ".join(f"{peers.median([run[k] for run in runs]):.2f} {text}" for k, text in (
        ("of_products", "of its products alone,"), ("of_gemm_peak", "of its product's peak,"),
        ("of_fma_peak", "of float fma")) if k in runs[0])
    for peer, name, times in (("best", f"PyTorch {way[0]}", loops[way]), ("trl", "TRL", trl[kind])):
        mark = MARKS.get((kind, peer), "-")
        rows.append((f"{kind}, file {file}, {product}", f"{len(pairs) / seconds:.2f}", name,
                     f"{len(pairs) / peers.median(times):.2f}", f"{peers.median(times) / seconds:.2f}", mark, machine,
                     f"{max(r['peak_memory_mb'] for r in runs):.0f}"))
peers.print_table(f"scoring {len(pairs)} pairs, pairs a second; {torch.get_num_threads()} threads",
                  ("work", "ours", "peer", "its", "ratio", "mark", "of the machine", "MB (with a float copy)"), rows)
print(f"mark of float32 beside its products alone: 0.8; PyTorch and TRL together hold "
      f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
