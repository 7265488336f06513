"""Peak memory of log_probs and weak_teacher beside the marks that are to be met:

    python memory.py PROGRAMS MODEL.gguf PAIRS.jsonl.gz [--scored 64] [--study 8]

PROGRAMS is the folder of the built examples. log_probs scores the first pairs of PAIRS from MODEL as it is stored (all
of its bytes count, mapped pages too) and from files of F32 and BF16 made of it; weak_teacher takes MODEL as teacher and
student and few pairs: what it holds at most it holds in the first steps. A few minutes for 135M parameters; it need not
be quiet.
"""
import argparse
import gzip
import itertools
import pathlib
import subprocess
import tempfile
import time

import peers

parser = argparse.ArgumentParser()
parser.add_argument("programs", type=pathlib.Path)
parser.add_argument("model")
parser.add_argument("data")
parser.add_argument("--scored", type=int, default=64, help="pairs")
parser.add_argument("--study", type=int, default=8, help="pairs of each part; 0: no study")
options = parser.parse_args()


def peak_mb(command):
    """The most that a process held, which Linux tells while it runs. (getrusage would count what this one held before.)"""
    with tempfile.TemporaryFile() as told:
        child = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=told)
        peak = 0
        while child.poll() is None:
            status = pathlib.Path(f"/proc/{child.pid}/status").read_text()
            peak = max([peak] + [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")])
            time.sleep(0.01)
        told.seek(0)
        assert child.returncode == 0, told.read().decode()
    return peak * 1024 / 1e6


def opened(path):
    return gzip.open(path, "rt") if path.endswith(".gz") else open(path)


rows = []
with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    few = folder / "few.jsonl"
    with opened(options.data) as lines:
        few.write_text("".join(itertools.islice(lines, options.scored)))
    for kind in ("F32", "BF16", "as stored"):
        file = pathlib.Path(options.model) if kind == "as stored" else peers.rewritten(options.model, kind, folder)
        for dtype in ("float32", "bfloat16"):
            if (kind, dtype) in (("F32", "bfloat16"), ("BF16", "float32")):
                continue
            peak = peak_mb([options.programs / "log_probs", "--model", file, "--data", few, "--dtype", dtype, "--out",
                            folder / "out.jsonl"])
            for left in folder.glob("out.*"):
                left.unlink()
            mark = file.stat().st_size / 1e6 + 300
            rows.append((f"log_probs, {options.scored} pairs, file {kind}, {dtype}", peak, mark))
            print(*rows[-1], flush=True)
    studies = (
            ("float32", 3000, []), ("float32, 8-bit moments", 2200, ["--optimiser", "adamw_8bit"]),
            ("bfloat16 LoRA", 1200, ["--dtype", "bfloat16", "--lora", "16"]))
    for text, mark, arguments in studies if options.study else ():
        command = [options.programs / "weak_teacher", "--teacher", options.model, "--student", options.model, "--data",
                   options.data, "--batch", "4", *arguments]
        for part in ("--labelled", "--unlabelled", "--test"):
            command += [part, options.study]
        rows.append((f"weak_teacher, {text}", peak_mb(command), mark))
        print(*rows[-1], flush=True)
peers.print_table("peak memory, MB", ("work", "ours", "mark", "of the mark"),
                  [(w, f"{p:.0f}", f"{m:.0f}", f"{p / m:.2f}") for w, p, m in rows])
