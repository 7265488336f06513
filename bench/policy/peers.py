"""What the scripts that time peers share: pairs, a model's file in another type, a run of bench_policy, the table."""
import argparse
import json
import os
import pathlib
import statistics
import subprocess

os.environ.setdefault("TQDM_DISABLE", "1")  # before whoever draws bars

import gguf  # noqa: E402
import numpy  # noqa: E402


def arguments():
    """What every script takes."""
    parser = argparse.ArgumentParser()
    for name in ("bench", "model", "pairs_file"):
        parser.add_argument(name)
    parser.add_argument("--rounds", type=int, default=3)
    return parser


def read_pairs(path, count):
    """`count` pairs (0: all), from the shortest to the longest in equal steps, as lists of token ids."""
    pairs = sorted((json.loads(line) for line in open(path)), key=tokens)
    if count == 0 or count >= len(pairs):
        return pairs
    return [pairs[int((i + 0.5) * len(pairs) / count)] for i in range(count)]


def tokens(pair):
    """Of both responses, each with its prompt, padded to the longer."""
    return 2 * (len(pair["prompt_ids"]) + max(len(pair["chosen_ids"]), len(pair["rejected_ids"])))


def write_pairs(pairs, path):
    path.write_text("".join(json.dumps(p) + "\n" for p in pairs))
    return path


def rewritten(source, kind, folder):
    """A GGUF file with its matrices as F32 or BF16; a folder of Hugging Face's is taken as it is."""
    if os.path.isdir(source):
        return pathlib.Path(source)
    path = pathlib.Path(folder) / f"{pathlib.Path(source).stem}-{kind.lower()}.gguf"
    read = gguf.GGUFReader(source)
    written = gguf.GGUFWriter(path, read.fields["general.architecture"].contents())
    for name, field in read.fields.items():
        if not name.startswith("GGUF.") and name not in ("general.architecture", "general.file_type"):
            sub = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
            written.add_key_value(name, field.contents(), field.types[0], sub)
    written.add_file_type(gguf.LlamaFileType.ALL_F32 if kind == "F32" else gguf.LlamaFileType.MOSTLY_BF16)
    for tensor in read.tensors:
        numbers = gguf.dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32)
        if kind == "BF16" and numbers.ndim > 1:
            written.add_tensor(tensor.name, gguf.quantize(numbers, gguf.GGMLQuantizationType.BF16),
                               raw_dtype=gguf.GGMLQuantizationType.BF16)
        else:
            written.add_tensor(tensor.name, numbers)
    written.write_header_to_file()
    written.write_kv_data_to_file()
    written.write_tensors_to_file()
    written.close()
    return path


def run_bench(bench, names, model, pairs, warm_up=True):
    """One run of the benchmarks of these names, in a process of its own: a dictionary by name. `warm_up`: once more
    before, untimed."""
    environment = os.environ | {"PREFLEARN_BENCH_MODEL": str(model), "PREFLEARN_BENCH_PAIRS": str(pairs)}
    command = [bench, f"--benchmark_filter=^({'|'.join(names)})/(real_time|manual_time)$", "--benchmark_format=json",
               "--benchmark_min_time=0.05", f"--benchmark_min_warmup_time={0.01 if warm_up else 0}"]
    result = json.loads(subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       check=True).stdout)
    return {b["name"].rsplit("/", 1)[0]: b for b in result["benchmarks"]}


def listed(bench, model):
    """Names of bench_policy's benchmarks."""
    output = subprocess.run([bench, "--benchmark_list_tests"], stdout=subprocess.PIPE, check=True, text=True,
                            env=os.environ | {"PREFLEARN_BENCH_MODEL": str(model)}).stdout
    return {line.rsplit("/", 1)[0] for line in output.split()}


def median(values):
    return statistics.median(values) if values else float("nan")


def print_table(title, head, rows):
    """Columns as wide as they must be; the first is set left."""
    cells = [list(map(str, row)) for row in [head, *rows]]
    widths = [max(len(row[c]) for row in cells) for c in range(len(head))]
    print(f"\n{title}")
    for row in cells:
        print("  ".join([row[0].ljust(widths[0])] + [cell.rjust(w) for cell, w in zip(row[1:], widths[1:])]).rstrip())
