"""Makes the golden Llama beside this file: a random LlamaForCausalLM of transformers in float64, log-probabilities of a
few completions, and the gradient of their weighted sum by PyTorch. The scripts of other families use its functions.

    python make_golden.py        (made with torch 2.15.0, transformers 5.24.0)

transformers computes norms and rotary angles in float32 whatever the model's type; here both are replaced by the same
formulas in float64, so that the values hold to double precision.
"""
import json
import pathlib

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.models.llama import modeling_llama as llama

here = pathlib.Path(__file__).parent
torch.manual_seed(20)
torch.set_default_dtype(torch.float64)


def norm(self, x):
    return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon)


def rotary(self, x, position_ids):
    rope = self.config.rope_parameters
    dim = getattr(self.config, "head_dim", None) or self.config.hidden_size // self.config.num_attention_heads
    frequencies = rope["rope_theta"] ** (-torch.arange(0, dim, 2, dtype=torch.float64) / dim)
    if rope["rope_type"] == "llama3":
        frequencies = stretched(frequencies, rope)
    assert torch.allclose(frequencies.float(), self.inv_freq.float(), rtol=1e-6), "the formula differs from transformers'"
    angles = position_ids[..., None].double() * frequencies
    angles = torch.cat([angles, angles], -1)
    return angles.cos().to(x.dtype), angles.sin().to(x.dtype)


def stretched(frequencies, rope):
    wavelength = 2 * torch.pi / frequencies
    low = rope["original_max_position_embeddings"] / rope["low_freq_factor"]
    high = rope["original_max_position_embeddings"] / rope["high_freq_factor"]
    smooth = (rope["original_max_position_embeddings"] / wavelength - rope["low_freq_factor"]) / (
        rope["high_freq_factor"] - rope["low_freq_factor"]
    )
    blended = (1 - smooth) * frequencies / rope["factor"] + smooth * frequencies
    scaled = torch.where(wavelength > low, frequencies / rope["factor"], blended)
    return torch.where(wavelength < high, frequencies, scaled)


def golden_values(model):
    """Log-probabilities of each completion's tokens; the gradients are the parameters'."""
    prompt, other = [3, 17, 8, 1, 12, 5, 9], [20, 2]
    completions = [
        (prompt, [4, 4, 19, 22]),
        (prompt, [11]),
        (prompt, []),
        (other, [7, 13, 0, 6, 15, 21]),
        (prompt, [1, 2, 3]),
    ]
    weights = [0.8, -1.3, 0.5, 0.9, -0.4]
    log_probs, total = [], torch.zeros(())
    for (x, y), weight in zip(completions, weights):
        logits = model(torch.tensor([x + y])).logits[0]
        rows = torch.log_softmax(logits, -1)[len(x) - 1 : len(x) + len(y) - 1]
        tokens = rows.gather(1, torch.tensor(y, dtype=torch.long)[:, None])[:, 0]
        log_probs.append(tokens.tolist())
        total = total + weight * tokens.sum()
    total.backward()
    return {
        "completions": [{"prompt": x, "response": y} for x, y in completions],
        "weights": weights,
        "token_log_probs": log_probs,
    }


def save(model, name, values, number_type=torch.float64):
    folder = here / name
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    gradients = {key: p.grad.to(number_type) for key, p in model.named_parameters()}
    save_file(gradients, here / f"{name}_gradients.safetensors")
    (here / f"{name}.json").write_text(json.dumps(values, indent=1) + "\n")


def make_llama():
    llama.LlamaRMSNorm.forward = norm
    llama.LlamaRotaryEmbedding.forward = rotary
    config = LlamaConfig(
        vocab_size=23,
        hidden_size=16,
        intermediate_size=18,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=6,
        max_position_embeddings=64,
        rms_norm_eps=1e-5,
        rope_parameters={
            "rope_type": "llama3",
            "rope_theta": 100.0,
            "factor": 4.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 32,
        },
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=[21, 22],
        attn_implementation="sdpa",  # eager attention takes its softmax in float32
        initializer_range=0.3,
    )
    model = LlamaForCausalLM(config).double().eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "norm" in name:
                weight += 0.2 * torch.randn_like(weight)
    save(model, "tiny_llama", golden_values(model))


if __name__ == "__main__":
    make_llama()
