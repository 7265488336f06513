"""Scores and decodes with preflearn and PyTorch in turn on the same CUDA device and weights, and prints their ratios:

    python peer.py BENCH_CUDA MODEL PAIRS.jsonl [--rounds 3] [--pairs 12]

MODEL is a GGUF file or a Hugging Face folder; PAIRS are lines with prompt_ids, chosen_ids, rejected_ids and their sums
of log-probs, chosen_logp and rejected_logp. PyTorch scores in the quicker of two ways, batches of 16 pairs sorted by
length, padded, with sdpa attention and the head on the responses' rows alone, or one pair at a time; it decodes by its
cache. Both must give the golden log-probs. Without a device it says so and ends.
"""
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "policy"))

import torch  # noqa: E402

import peers  # noqa: E402
import trl_trainer  # noqa: E402

parser = peers.arguments()
parser.add_argument("--pairs", type=int, default=12, help="how many, from short to long; 0: all")
options = parser.parse_args()
if not torch.cuda.is_available():
    sys.exit("SKIPPED: PyTorch sees no CUDA device")
pairs = peers.read_pairs(options.pairs_file, options.pairs)
texts = [(p["prompt_ids"], p[f"{part}_ids"]) for p in pairs for part in ("chosen", "rejected")]
expected = [p[f"{part}_logp"] for p in pairs for part in ("chosen", "rejected")]
TOLERANCE = {"float": 1e-3, "bfloat16": 5e-2}
TYPES = {"float": torch.float32, "bfloat16": torch.bfloat16}
TIMES = 8  # the pairs over and over, as the benchmark does


def batch_scores(model, some):
    longest, most = max(len(p + y) for p, y in some), max(len(y) for _, y in some)
    rows = torch.tensor([[0] * (longest - len(p + y)) + p + y for p, y in some], device="cuda")
    mask = torch.tensor([[0] * (longest - len(p + y)) + [1] * len(p + y) for p, y in some], device="cuda")
    logits = model(rows, attention_mask=mask, position_ids=(mask.cumsum(1) - 1).clamp(min=0),
                   logits_to_keep=most + 1).logits
    values = []
    for row, (_, y) in zip(logits, some):
        chosen = torch.log_softmax(row[-len(y) - 1:-1].float(), -1).gather(1, torch.tensor(y, device="cuda")[:, None])
        values.append(chosen.double().sum())
    return values


def score(model, size):
    everything = texts * TIMES
    order = sorted(range(len(everything)), key=lambda i: len(everything[i][0]) + len(everything[i][1]))
    values = [None] * len(everything)
    for at in range(0, len(order), size):
        for i, value in zip(order[at:at + size], batch_scores(model, [everything[i] for i in order[at:at + size]])):
            values[i] = value
    return torch.stack(values).tolist()


def decode(model, count, steps=64):
    rows = torch.tensor([texts[0][0]] * count, device="cuda")
    past = model(rows, use_cache=True, logits_to_keep=1).past_key_values
    token = torch.full((count, 1), 100, device="cuda")
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(steps):
        out = model(token, past_key_values=past, use_cache=True)
        past = out.past_key_values
        out.logits[:, -1].float().cpu()
    return count * steps / (time.perf_counter() - start)


def timed(work):
    torch.cuda.synchronize()
    start = time.perf_counter()
    with torch.inference_mode():
        found = work()
    torch.cuda.synchronize()
    return time.perf_counter() - start, found


loaded, _ = trl_trainer.load(options.model)
tokens = TIMES * sum(len(p) + len(y) for p, y in texts)
rows = []
with tempfile.TemporaryDirectory() as name:
    pairs_path = peers.write_pairs(pairs, pathlib.Path(name) / "pairs.jsonl")
    for kind, dtype in TYPES.items():
        model = trl_trainer.copied(loaded, dtype).to("cuda").eval()
        ours, theirs, ours_decode, theirs_decode = [], {2: [], 32: []}, [], []
        for _ in range(options.rounds):
            names = [f"cuda/log_probs/{kind}", f"cuda/decode/{kind}/16"]
            runs = peers.run_bench(options.bench, names, options.model, pairs_path)
            ours.append(runs[names[0]]["tokens/s"])
            ours_decode.append(runs[names[1]]["tokens/s"])
            for size, times in theirs.items():
                seconds, found = timed(lambda: score(model, size))
                assert all(abs(a - b) <= TOLERANCE[kind] * abs(b) for a, b in zip(found, expected)), "not golden"
                times.append(tokens / seconds)
            with torch.inference_mode():
                theirs_decode.append(decode(model, 16))
        best = max(peers.median(times[1:] or times) for times in theirs.values())
        for work, own, peer in (("scoring", peers.median(ours), best),
                                ("decoding, 16 sequences", peers.median(ours_decode), peers.median(theirs_decode))):
            rows.append((f"{work}, {kind}", f"{own:.0f}", f"{peer:.0f}", f"{own / peer:.2f}"))
        del model
peers.print_table(f"tokens a second on {torch.cuda.get_device_name()}", ("work", "ours", "PyTorch", "ratio"), rows)
