"""Whether the folders that the library saves, of every model beside this file, from its folder and from its GGUF file,
load in transformers without a word about their tensors, and have the logits that they had before.

    python check_saved.py [COMPILER AND FLAGS...]
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
compiler = sys.argv[1:] or ["g++", "-std=c++20", "-isystem", "/usr/include/eigen3"]

# IN OUT: loads each model below IN and saves it below OUT
program_text = """
#include <iostream>
#include <preflearn/policy/files/load.hpp>
using namespace preflearn;
int main(int, char** arguments) {
    for (const auto& entry : std::filesystem::directory_iterator(arguments[1])) {
        if (!std::filesystem::exists(entry.path() / "golden.json")) continue;
        const std::filesystem::path out = std::filesystem::path(arguments[2]) / entry.path().filename();
        const std::filesystem::path gguf = entry.path() / "model.gguf";
        save_transformer(load_transformer<float>(entry.path()), out);
        if (!std::filesystem::exists(gguf)) continue;
        try {
            save_transformer(load_transformer<float>(gguf), out.string() + "_gguf");
        } catch (const argument_error& failure) { // llama3's divisors
            std::cout << entry.path().filename().string() << ", GGUF: " << failure.what() << '\\n';
        }
    }
}
"""

with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    source, program = folder / "save_all.cpp", folder / "save_all"
    source.write_text(program_text)
    subprocess.run([*compiler, f"-I{here.parents[2] / 'include'}", source, "-o", program], check=True)
    subprocess.run([program, here, folder / "out"], check=True)
    worst = 0
    for saved in sorted((folder / "out").iterdir()):
        values = json.loads((here / saved.name.removesuffix("_gguf") / "golden.json").read_text())
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
