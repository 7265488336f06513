"""Times a DPO step's forward and backward pass over real pairs, one pair a micro-batch, with preflearn and with TRL in
turn, reference log-probabilities computed before, and prints medians, their ratios and the marks that are to be met:

    python peer_step.py BENCH_POLICY MODEL PAIRS.jsonl [--rounds 3] [--pairs 4] [--study PAIRS.jsonl]
        [--float32 SECONDS] [--lora SECONDS]

MODEL is a GGUF file or a Hugging Face folder; PAIRS are lines with prompt_ids, chosen_ids, rejected_ids, as log_probs
writes them. TRL's DPOTrainer (trl_trainer.py) runs with weights in float32 and in bfloat16, all of them learning or
LoRA of rank 16 on all matrices. About 3 minutes for 4 pairs of 250 tokens and 135M parameters.

The whole study is TRL's measured seconds a padded token times the padded tokens of the study's steps: 256 pairs of DPO
(32 for the teacher, 48 for each of three students, 80 for the fourth) and 32 demonstrations, which are half a pair
each; pairs as long as those of --study are on average, else as those that were timed. --float32 and --lora are the
seconds that `weak_teacher --labelled 32 --unlabelled 48 --test 32 --batch 4` took, without and with `--lora 16 --dtype
bfloat16`.
"""
import json
import pathlib
import tempfile
import time

import torch

import peers
import trl_trainer

parser = peers.arguments()
parser.add_argument("--pairs", type=int, default=4, help="how many, from short to long; 0: all")
parser.add_argument("--study", help="pairs of the study, by whose lengths TRL's time of it is reckoned")
parser.add_argument("--float32", type=float, help="seconds of our whole study")
parser.add_argument("--lora", type=float, help="the same in bfloat16 with LoRA")
options = parser.parse_args()
pairs = peers.read_pairs(options.pairs_file, options.pairs)
RANK = 16

# name of a benchmark: (TRL's type, rank), mark
OWN = {"policy/dpo_step/real": (("float32", 0), "-"), "policy/dpo_step/onednn/real": (("float32", 0), 7),
       "policy/dpo_step/bfloat16/real": (("bfloat16", 0), 4), "policy/dpo_step/onednn/lora": (("float32", RANK), "-"),
       "policy/dpo_step/bfloat16/lora": (("bfloat16", RANK), "-")}
own = {name: [] for name in OWN if name in peers.listed(options.bench, options.model)}
loaded, tokenizer = trl_trainer.load(options.model)
trainers = {(kind, rank): trl_trainer.make_batches(
    trl_trainer.make_trainer(trl_trainer.copied(loaded, getattr(torch, kind)), tokenizer, pairs, rank))
    for kind in ("float32", "bfloat16") for rank in (0, RANK)}
del loaded
for trainer in trainers.values():
    trl_trainer.take_step(trainer, 1)  # warms up
trl = {key: [] for key in trainers}
with tempfile.TemporaryDirectory() as name:
    pairs_path = peers.write_pairs(pairs, pathlib.Path(name) / "pairs.jsonl")
    for round in range(options.rounds):
        for name, runs in own.items():
            runs.append(peers.run_bench(options.bench, [name], options.model, pairs_path)[name])
        for key, times in trl.items():
            start = time.perf_counter()
            trl_trainer.take_step(trainers[key])
            times.append((time.perf_counter() - start) / len(pairs))
        print(f"round {round}: preflearn " + ", ".join(f"{n.removeprefix('policy/dpo_step/')} {r[-1]['s_per_pair']:.2f} s"
                                                       for n, r in own.items())
              + "; TRL " + ", ".join(f"{k} rank {r} {t[-1]:.2f} s" for (k, r), t in trl.items()), flush=True)

seconds = {name: peers.median([r["s_per_pair"] for r in runs]) for name, runs in own.items()}
theirs = {key: peers.median(times) for key, times in trl.items()}
rows = [(name.removeprefix("policy/dpo_step/"), f"{seconds[name]:.3f}", f"TRL {OWN[name][0][0]}, rank {OWN[name][0][1]}",
         f"{theirs[OWN[name][0]]:.3f}", f"{theirs[OWN[name][0]] / seconds[name]:.2f}", OWN[name][1],
         f"{peers.median([r['of_gemm_peak'] for r in own[name]]):.2f}",
         f"{peers.median([r['of_fma_peak'] for r in own[name]]):.2f}",
         f"{max(r['peak_memory_mb'] for r in own[name]):.0f}") for name in own]
head = ("work", "ours", "peer", "its", "ratio", "mark", "of float product", "of float fma", "MB")
for product in ("onednn", "bfloat16"):
    full, lora = (seconds.get(f"policy/dpo_step/{product}/{what}") for what in ("real", "lora"))
    if full and lora:
        rows.append((f"{product}: full step / LoRA step", f"{lora:.3f}", "ours, full", f"{full:.3f}",
                     f"{full / lora:.2f}", 1.3, "", "", ""))

timed = sum(map(peers.tokens, pairs)) / len(pairs)
study = [t for t in map(peers.tokens, map(json.loads, open(options.study)))] if options.study else [timed]
of_study = {key: value * sum(study) / len(study) / timed * (256 + 32 / 2) for key, value in theirs.items()}
for name, mine, parts in (
        ("whole study, float32", options.float32, ((("float32", 0), 6),)),
        ("whole study, bfloat16 LoRA", options.lora, ((("float32", 0), 8), (("bfloat16", RANK), 3)))):
    for key, mark in parts:
        rows.append((name, f"{mine:.0f}" if mine else "?", f"TRL's steps, {key[0]}, rank {key[1]}", f"{of_study[key]:.0f}",
                     f"{of_study[key] / mine:.2f}" if mine else "?", mark, "", "", ""))
peers.print_table(f"DPO step, seconds a pair of {timed / 2:.0f} tokens a response on average, and of the study; "
                  f"{torch.get_num_threads()} threads", head, rows)
