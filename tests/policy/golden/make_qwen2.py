"""Makes the golden Qwen2 beside this file, as make_golden.py does the Llama: a random Qwen2ForCausalLM with biases, a
tied head and weights that float32 holds, as a Hugging Face folder and as a GGUF file with the names and keys of
llama.cpp's own Python package; log-probabilities, all logits after each prompt, greedy continuations, and gradients.

    python make_qwen2.py        (made with torch 2.15.0, transformers 5.24.0, gguf 0.19.0)
"""
import gguf
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM
from transformers.models.qwen2 import modeling_qwen2 as qwen2

import make_golden as golden

torch.manual_seed(25)
qwen2.Qwen2RMSNorm.forward = golden.norm
qwen2.Qwen2RotaryEmbedding.forward = golden.rotary

config = Qwen2Config(
    vocab_size=23,
    hidden_size=16,
    intermediate_size=18,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=64,
    rms_norm_eps=1e-6,
    rope_parameters={"rope_type": "default", "rope_theta": 1000.0},
    tie_word_embeddings=True,
    bos_token_id=None,
    eos_token_id=21,
    use_sliding_window=False,
    attn_implementation="sdpa",
    initializer_range=0.3,
)
model = Qwen2ForCausalLM(config).double().eval()
with torch.no_grad():
    for name, weight in model.named_parameters():
        if "norm" in name:
            weight += 0.2 * torch.randn_like(weight)
        if "bias" in name:
            weight += 0.4 * torch.randn_like(weight)
        weight.copy_(weight.float().double())

values = golden.golden_values(model)
values["prompts"] = [[3, 17, 8, 1, 12, 5, 9], [20, 2]]
values["logits"], values["greedy"] = [], []
with torch.no_grad():
    for prompt in values["prompts"]:
        values["logits"].append(model(torch.tensor([prompt])).logits[0, -1].tolist())
        drawn = []
        while len(drawn) < 12 and config.eos_token_id not in drawn:
            drawn.append(int(model(torch.tensor([prompt + drawn])).logits[0, -1].argmax()))
        values["greedy"].append(drawn)

gradients = {key: p.grad for key, p in model.named_parameters()}
model.float()
for key, p in model.named_parameters():
    p.grad = gradients[key].float()
golden.save(model, "tiny_qwen2", values, torch.float32)

writer = gguf.GGUFWriter(golden.here / "tiny_qwen2.gguf", "qwen2")
writer.add_block_count(config.num_hidden_layers)
writer.add_context_length(config.max_position_embeddings)
writer.add_embedding_length(config.hidden_size)
writer.add_feed_forward_length(config.intermediate_size)
writer.add_head_count(config.num_attention_heads)
writer.add_head_count_kv(config.num_key_value_heads)
writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
writer.add_layer_norm_rms_eps(config.rms_norm_eps)
writer.add_file_type(gguf.LlamaFileType.ALL_F32)
writer.add_eos_token_id(config.eos_token_id)
names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN2, config.num_hidden_layers)
for key, weight in model.named_parameters():
    writer.add_tensor(names.get_name(key, try_suffixes=(".weight", ".bias")), weight.detach().numpy())
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
