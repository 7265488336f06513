"""Whether the folders that the library saves load in transformers, without a word about their tensors, and have the
logits that they had before.

    python check.py [CXX FLAGS...]        (compiles save_all.cpp; g++ by default)
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from transformers import AutoModelForCausalLM
from transformers.utils import logging

logging.disable_progress_bar()
here = pathlib.Path(__file__).parent
golden = here.parent
include = here.parents[3] / "include"
compiler = sys.argv[1:] or ["g++", "-std=c++20", "-O1", "-isystem", "/usr/include/eigen3"]

with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    program = folder / "save_all"
    subprocess.run([*compiler, f"-I{include}", here / "save_all.cpp", "-o", program], check=True)
    subprocess.run([program, golden, folder / "out"], check=True)
    worst = 0
    for saved in sorted((folder / "out").iterdir()):
        values = json.loads((golden / saved.name.removesuffix("_gguf") / "golden.json").read_text())
        model, told = AutoModelForCausalLM.from_pretrained(saved, dtype=torch.float32, output_loading_info=True)
        for key in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs"):
            assert not told.get(key), (saved.name, key, told[key])
        errors = []
        for prompt, logits in zip(values["prompts"], values["logits"]):
            with torch.no_grad():
                found = model(torch.tensor([prompt])).logits[0, -1].double()
            expected = torch.tensor(logits, dtype=torch.float64)
            errors.append(float((found - expected).norm() / expected.norm()))
        worst = max(worst, *errors)
        print(f"{saved.name}: {type(model).__name__}, relative error of logits {max(errors):.1e}")
        assert max(errors) < 1e-5
    print(f"all of them load; the largest error is {worst:.1e}")
