"""Makes PEFT's LoRA adapters of some families beside this file, a folder `adapter` in each family's: what PEFT saves
(adapter_config.json, adapter_model.safetensors in float32), and adapter_golden.json and gradients.safetensors with what
PEFT and PyTorch compute with it in double precision: log-probabilities of completions, and the gradient of their
weighted sum to every A and B.

    python make_adapters.py        (made with torch 2.15.0, transformers 5.24.0, peft 0.21.2)
"""
import json

import numpy
import torch

from make_families import completions, families, golden_values, here, random_model

from peft import LoraConfig, get_peft_model  # noqa: E402
from safetensors.numpy import load_file, save_file  # noqa: E402

# Of each family: which modules, and other settings.
adapters = {
    "llama_llama3": dict(target_modules=["q_proj", "v_proj", "o_proj", "up_proj", "down_proj"], use_rslora=True),
    "gpt2": dict(target_modules=["c_attn", "c_proj", "c_fc"], fan_in_fan_out=True),
    "gpt_neox": dict(target_modules=["query_key_value", "dense_4h_to_h"], rank_pattern={"dense_4h_to_h": 2}),
}


def make(name):
    torch.manual_seed(5)
    config = LoraConfig(r=3, lora_alpha=2, lora_dropout=0.1, task_type="CAUSAL_LM", **adapters[name])
    model = get_peft_model(random_model(families[name]), config).double().eval()
    parts = {key: weight for key, weight in model.named_parameters() if "lora_" in key}
    with torch.no_grad():
        for weight in parts.values():
            drawn = (0.3 * torch.randn(weight.shape)).numpy().astype(numpy.float32)
            weight.copy_(torch.from_numpy(drawn).double())
    values = golden_values(model, completions)
    folder = here / name / "adapter"
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    stored = folder / "adapter_model.safetensors"
    numbers = {key: array.astype(numpy.float32) for key, array in load_file(stored).items()}
    save_file(numbers, stored, metadata={"format": "pt"})
    settings = json.loads((folder / "adapter_config.json").read_text())
    settings.update(base_model_name_or_path=name, target_modules=sorted(settings["target_modules"]))
    (folder / "adapter_config.json").write_text(json.dumps(settings, indent=1) + "\n")
    gradients = {key.replace(".default", ""): weight.grad.numpy() for key, weight in parts.items()}
    assert sorted(gradients) == sorted(numbers)
    save_file(gradients, folder / "gradients.safetensors")
    kept = {key: values[key] for key in ("completions", "weights", "token_log_probs")}
    (folder / "adapter_golden.json").write_text(json.dumps(kept) + "\n")
    print(name, sum(path.stat().st_size for path in folder.iterdir()))


for each in adapters:
    make(each)
