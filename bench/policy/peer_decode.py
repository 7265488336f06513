"""Decodes with preflearn, llama.cpp and PyTorch in turn, on the same machine and threads, 1, 16 and 64 sequences that
grow after one prompt of real length, and prints medians of tokens a second, their ratios and the marks that are to
be met:

    python peer_decode.py BENCH_POLICY MODEL.gguf PAIRS.jsonl [--rounds 3] [--sequences 1 16 64]

MODEL is decoded as it is stored, and as files of F32 and BF16 that are made of it; PyTorch takes its numbers as float32
and bfloat16. llama.cpp rounds activations to the type of the weights, 8 bits for quantised ones; so does our
"eight_bit" alone. About 4 minutes for 135M parameters.
"""
import ctypes
import os
import pathlib
import tempfile
import time

import llama_cpp as lib
import numpy
import torch

import peers
import trl_trainer

parser = peers.arguments()
parser.add_argument("--sequences", type=int, nargs="+", default=[1, 16, 64])
options = parser.parse_args()
pairs = peers.read_pairs(options.pairs_file, 1)
prompt = pairs[0]["prompt_ids"]
THREADS = len(os.sched_getaffinity(0))


def steps_of(count):  # as generate.hpp
    return 47 if count == 1 else 23 if count <= 16 else 11


class LlamaCpp:
    """A context with a key-value stream for each sequence."""

    def __init__(self, path, count):
        self.model = lib.llama_model_load_from_file(str(path).encode(), lib.llama_model_default_params())
        params = lib.llama_context_default_params()
        each = (len(prompt) + 2 + steps_of(count) + 31) // 32 * 32
        params.n_ctx, params.n_batch, params.n_ubatch, params.n_seq_max = count * each, 512, 512, count
        params.n_threads = params.n_threads_batch = THREADS
        params.kv_unified = False
        self.count, self.context = count, lib.llama_init_from_model(self.model, params)
        self.batch = lib.llama_batch_init(max(count, len(prompt)), 0, 1)
        self.memory = lib.llama_get_memory(self.context)
        self.vocabulary = lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(self.model))

    def decode(self, tokens, positions, sequences, wanted):
        self.batch.n_tokens = len(tokens)
        for i, (token, position, sequence, want) in enumerate(zip(tokens, positions, sequences, wanted)):
            self.batch.token[i], self.batch.pos[i], self.batch.logits[i] = token, position, want
            self.batch.n_seq_id[i], self.batch.seq_id[i][0] = 1, sequence
        assert lib.llama_decode(self.context, self.batch) == 0
        lib.llama_synchronize(self.context)

    def tokens_per_second(self):
        lib.llama_memory_clear(self.memory, True)
        size = len(prompt)
        self.decode(prompt, range(size), [0] * size, [i + 1 == size for i in range(size)])
        for other in range(1, self.count):
            lib.llama_memory_seq_cp(self.memory, 0, other, -1, -1)
        everyone = range(self.count)
        step = lambda at: self.decode([100] * self.count, [at] * self.count, everyone, [True] * self.count)
        step(size)
        start = time.perf_counter()
        for i in range(steps_of(self.count)):
            step(size + 1 + i)
            row = numpy.ctypeslib.as_array(lib.llama_get_logits_ith(self.context, self.count - 1), (self.vocabulary,))
            assert numpy.isfinite(row[0])
        return self.count * steps_of(self.count) / (time.perf_counter() - start)

    def close(self):
        lib.llama_batch_free(self.batch)
        lib.llama_free(self.context)
        lib.llama_model_free(self.model)


def llama_cpp(path, count):
    decoder = LlamaCpp(path, count)
    try:
        return decoder.tokens_per_second()
    finally:
        decoder.close()


@torch.inference_mode()
def pytorch(model, count):
    past = model(torch.tensor([prompt]), use_cache=True, logits_to_keep=1).past_key_values
    past.batch_repeat_interleave(count)
    step = lambda: model(torch.full((count, 1), 100), past_key_values=past, use_cache=True).logits
    step()
    start = time.perf_counter()
    for _ in range(steps_of(count)):
        step()
    return count * steps_of(count) / (time.perf_counter() - start)


keep = lib.llama_log_callback(lambda level, text, data: None)
lib.llama_log_set(keep, ctypes.c_void_p(0))
lib.llama_backend_init()
with tempfile.TemporaryDirectory() as name:
    pairs_path = peers.write_pairs(pairs, pathlib.Path(name) / "pairs.jsonl")
    files = {"F32": peers.rewritten(options.model, "F32", name), "BF16": peers.rewritten(options.model, "BF16", name),
             "as stored": pathlib.Path(options.model)}
    loaded, _ = trl_trainer.load(options.model)
    models = {"F32": loaded, "BF16": trl_trainer.copied(loaded, torch.bfloat16)}
    there = peers.listed(options.bench, options.model)
    products = {"F32": ["stored", "onednn"], "BF16": ["stored", "bfloat16"], "as stored": ["stored", "eight_bit"]}
    own, theirs = {}, {}
    for round in range(options.rounds):
        for file, path in files.items():
            names = [f"policy/decode/{p}/{n}" for p in products[file] for n in options.sequences]
            found = peers.run_bench(options.bench, [n for n in names if n in there], path, pairs_path, warm_up=False)
            for key, run in found.items():
                _, _, product, count = key.split("/")[:4]
                own.setdefault((file, product, int(count)), []).append(run)
            for count in options.sequences:
                theirs.setdefault(("llama.cpp", file, count), []).append(llama_cpp(path, count))
                if file in models:
                    theirs.setdefault(("PyTorch", file, count), []).append(pytorch(models[file], count))
        print(f"round {round}: preflearn " + ", ".join(f"{f} {p} {n}: {r[-1]['tokens/s']:.0f}"
                                                       for (f, p, n), r in own.items())
              + "; " + ", ".join(f"{w} {f} {n}: {t[-1]:.0f}" for (w, f, n), t in theirs.items()), flush=True)

rate = {key: peers.median([r["tokens/s"] for r in runs]) for key, runs in own.items()}
quickest = {(f, n): max(rate[k] for k in rate if (k[0], k[2]) == (f, n)) for f, _, n in rate}
rows = []
for (file, product, count), runs in own.items():
    peer = {w: peers.median(theirs[w, file, count]) for w in ("llama.cpp", "PyTorch") if (w, file, count) in theirs}
    mine = rate[file, product, count]
    share = lambda name: f"{peers.median([r.get(name, float('nan')) for r in runs]):.2f}"
    one = quickest.get((file, 1), float("nan"))
    mark = {1: f"{0.8 if file == 'F32' else 0.6} of bandwidth" + (", 1 x llama.cpp" if file == "as stored" else ""),
            16: f"{3 if file == 'as stored' else 8} x batch 1", 64: "0.6 of products" if file != "as stored" else "-"}
    rows.append((f"{file}, {product}, batch {count}", f"{mine:.0f}",
                 *(f"{peer[w]:.0f}" if w in peer else "-" for w in ("llama.cpp", "PyTorch")),
                 *(f"{mine / peer[w]:.2f}" if w in peer else "-" for w in ("llama.cpp", "PyTorch")),
                 f"{mine / one:.1f}", share("of_bandwidth"), share("of_products"), share("of_gemm_peak"),
                 mark.get(count, "-")))
bandwidth = peers.median([r["bandwidth"] for runs in own.values() for r in runs])
peers.print_table(f"decoding after {len(prompt)} tokens, tokens a second; {THREADS} threads; memory is read at "
                  f"{bandwidth / 1e9:.1f} GB/s",
                  ("work", "ours", "llama.cpp", "PyTorch", "ratio", "ratio", "x batch 1", "of bandwidth", "of products",
                   "of float product", "mark"), rows)
