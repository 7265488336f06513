"""Whether the adapters that the library makes and saves, of every model beside this file, load in PEFT with every
tensor in its place, and have the logits that they had before.

    python check_adapters.py [COMPILER AND FLAGS...]
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM
from transformers.utils import logging

logging.disable_progress_bar()

here = pathlib.Path(__file__).parent
compiler = sys.argv[1:] or ["g++", "-std=c++20", "-isystem", "/usr/include/eigen3"]

# IN OUT: for each model below IN a random adapter below OUT, and log pi of every token after the golden prompts
program_text = """
#include <fstream>
#include <preflearn/policy/adapters/adapter_files.hpp>
#include <preflearn/policy/files/load.hpp>
using namespace preflearn;
int main(int, char** arguments) {
    for (const auto& entry : std::filesystem::directory_iterator(arguments[1])) {
        if (!std::filesystem::exists(entry.path() / "golden.json")) continue;
        const std::filesystem::path out = std::filesystem::path(arguments[2]) / entry.path().filename();
        const auto base = load_transformer<float>(entry.path(), trained_tensors::none());
        auto model = with_adapter(base, {.rank = 3, .alpha = 4, .rank_stabilised = true}, 1);
        generator random(2, "noise");
        for (float& value : model.parameters()) value += static_cast<float>(0.2 * random.normal());
        save_adapter(model, out);
        nlohmann::json log_probs;
        const auto golden = read_json_file(entry.path() / "golden.json");
        for (const auto& prompt : golden["prompts"]) {
            const auto ids = prompt.get<std::vector<token_id>>();
            nlohmann::json row;
            for (token_id next = 0; next < static_cast<token_id>(model.config().vocabulary_size); ++next)
                row.push_back(model.log_prob(ids, {&next, 1}));
            log_probs.push_back(row);
        }
        std::ofstream(out / "log_probs.json") << log_probs;
    }
}
"""

with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    source, program = folder / "adapt_all.cpp", folder / "adapt_all"
    source.write_text(program_text)
    subprocess.run([*compiler, f"-I{here.parents[2] / 'include'}", source, "-o", program], check=True)
    subprocess.run([program, here, folder / "out"], check=True)
    worst = 0
    for saved in sorted((folder / "out").iterdir()):
        base = AutoModelForCausalLM.from_pretrained(here / saved.name, dtype=torch.float32)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # PEFT warns of tensors that are missing or left over
            warnings.filterwarnings("ignore", category=FutureWarning)
            model = PeftModel.from_pretrained(base, saved).eval()
        stored = load_file(saved / "adapter_model.safetensors")
        loaded = {k.replace(".default", ""): v for k, v in model.state_dict().items() if "lora_" in k}
        assert loaded.keys() == stored.keys() and all(torch.equal(loaded[k], stored[k]) for k in stored), saved.name
        prompts = json.loads((here / saved.name / "golden.json").read_text())["prompts"]
        for prompt, expected in zip(prompts, json.loads((saved / "log_probs.json").read_text())):
            with torch.no_grad():
                found = torch.log_softmax(model(torch.tensor([prompt])).logits[0, -1].double(), -1)
            error = float((found - torch.tensor(expected, dtype=torch.float64)).abs().max())
            worst = max(worst, error)
        print(saved.name, len(stored), "tensors, largest error of a log-probability so far", worst)
    assert worst < 1e-4
