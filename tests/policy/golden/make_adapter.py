"""Makes the golden adapter beside this file: PEFT's LoRA of rank 3, scale 2/√3 (rank-stabilised), on some modules of
the golden Llama, in float64, with log-probabilities and the gradient of their weighted sum to every A and B.

    python make_adapter.py        (made with torch 2.15.0, transformers 5.24.0, peft 0.21.2)
"""
import json

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import LlamaForCausalLM

import make_golden
from make_golden import golden_values, here, llama

llama.LlamaRMSNorm.forward = make_golden.norm
llama.LlamaRotaryEmbedding.forward = make_golden.rotary
base = LlamaForCausalLM.from_pretrained(here / "tiny_llama", dtype=torch.float64, attn_implementation="sdpa").eval()
config = LoraConfig(
    r=3,
    lora_alpha=2,
    use_rslora=True,
    lora_dropout=0.1,
    target_modules=["q_proj", "v_proj", "o_proj", "up_proj", "down_proj"],
    task_type="CAUSAL_LM",
)
model = get_peft_model(base, config).double().eval()
torch.manual_seed(5)
with torch.no_grad():
    for name, weight in model.named_parameters():
        if "lora_" in name:
            weight.copy_(0.3 * torch.randn_like(weight))
values = golden_values(model)
model.save_pretrained(here / "tiny_adapter")
(here / "tiny_adapter" / "README.md").unlink(missing_ok=True)
settings = json.loads((here / "tiny_adapter" / "adapter_config.json").read_text())
settings["base_model_name_or_path"] = "tiny_llama"
settings["target_modules"].sort()
(here / "tiny_adapter" / "adapter_config.json").write_text(json.dumps(settings, indent=2) + "\n")
prefix = "base_model.model."
gradients = {
    name[len(prefix) :].replace(".default", ""): p.grad for name, p in model.named_parameters() if p.grad is not None
}
assert len(gradients) == len(load_file(here / "tiny_adapter" / "adapter_model.safetensors"))
save_file(gradients, here / "tiny_adapter_gradients.safetensors")
(here / "tiny_adapter.json").write_text(json.dumps(values, indent=1) + "\n")
