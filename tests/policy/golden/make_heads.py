"""Makes tiny reward models beside this file, heads/<family>: random ...ForSequenceClassification models of transformers
with one label as Hugging Face folders, and golden.json with what transformers computes of them in double precision:
scores of prompts with responses, in one right-padded batch.

    python make_heads.py        (made with torch 2.15.0, transformers 5.24.0)
"""
import json
import pathlib

from make_families import completions, families, small, unsaid
import numpy
from safetensors.numpy import save_file
import torch
import transformers

here = pathlib.Path(__file__).parent / "heads"
classes = {"llama": "Llama", "qwen2": "Qwen2", "gemma3": ("Gemma3TextConfig", "Gemma3TextForSequenceClassification"),
           "gpt2": "GPT2"}
pad = 19

for name, given in classes.items():
    family = families[name]
    config_class, model_class = (
        (given + "Config", given + "ForSequenceClassification") if isinstance(given, str) else given)
    settings = {k: v for k, v in {**small, **family["config"], "num_hidden_layers": 1}.items() if v is not unsaid}
    if name == "gemma3":
        settings.update(num_hidden_layers=3)
    config = getattr(transformers, config_class)(
        **{**settings, "pad_token_id": pad}, num_labels=1, attn_implementation="eager")
    torch.manual_seed(family["seed"])
    model = getattr(transformers, model_class)(config).double().eval()
    with torch.no_grad():
        for key, weight in model.named_parameters():
            if "norm" in key or ".ln_" in key:
                weight += 0.2 * torch.randn_like(weight)
            elif key == "score.weight":
                weight.copy_(torch.randn_like(weight))
            weight.copy_(torch.from_numpy(weight.numpy().astype(numpy.float32)).double())
    # the pad token stands within a text, too, where it is a token as any other
    texts = [prompt + response for prompt, response in completions]
    longest = max(map(len, texts))
    ids = torch.tensor([text + [pad] * (longest - len(text)) for text in texts])
    mask = torch.tensor([[1] * len(text) + [0] * (longest - len(text)) for text in texts])
    with torch.no_grad():
        scores = model(input_ids=ids, attention_mask=mask).logits[:, 0]
    folder = here / name
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {key: value.numpy().astype(numpy.float32) for key, value in model.state_dict().items()
               if not key.endswith((".attn.bias", ".attn.masked_bias"))}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config.architectures = [model_class]
    (folder / "config.json").write_text(config.to_json_string(use_diff=True))
    (folder / "golden.json").write_text(json.dumps(dict(
        completions=[dict(prompt=p, response=r) for p, r in completions], scores=scores.tolist()), indent=1) + "\n")
    print(name, scores.tolist())
