"""Makes the tiny checkpoints of families beside this file, a folder each: a random model of transformers as a Hugging
Face folder (config.json, model.safetensors in float32), the same as model.gguf with the names and keys of llama.cpp's
own Python package, and golden.json and gradients.safetensors with what transformers and PyTorch compute of it in double
precision: log-probabilities of completions and the gradient of their weighted sum, all logits after each prompt,
greedy continuations.

    python make_families.py [NAME...]        (made with torch 2.15.0, transformers 5.24.0, gguf 0.19.0)

A new family is one entry of `families`. Numbers that transformers would compute in float32 whatever the model's type
(norms, rotary angles, softmax) are computed in double here: before transformers is imported, float32 is made another
name of float64.
"""
import importlib
import json
import pathlib
import sys

import gguf
import numpy
import torch
from safetensors.numpy import save_file

torch.float32 = torch.float = torch.float64
torch.Tensor.float = torch.Tensor.double
torch.set_default_dtype(torch.float64)

import transformers  # noqa: E402

here = pathlib.Path(__file__).parent

# What llama.cpp's converter does to a tensor: (name in transformers, array, config) -> array.


def as_it_is(name, array, config):
    return array


def interleaved(name, array, config):
    """Rows of query and key heads as (pair, half)."""
    for part, heads in (("q_proj", config.num_attention_heads), ("k_proj", config.num_key_value_heads)):
        if part in name:
            rows = array.reshape(heads, 2, array.shape[0] // heads // 2, *array.shape[1:])
            return rows.swapaxes(1, 2).reshape(array.shape)
    return array


def norms_and_one(name, array, config):
    return array + 1 if name.endswith("norm.weight") else array


def transposed(name, array, config):
    """GPT-2's Conv1D."""
    return array.T if name.endswith((".c_attn.weight", ".c_proj.weight", ".c_fc.weight")) else array


def by_part(name, array, config):
    """GPT-NeoX: query, key and value of all heads one below the other, not of each head."""
    if "query_key_value" not in name:
        return array
    heads = array.reshape(config.num_attention_heads, 3, -1, *array.shape[1:])
    return numpy.concatenate([heads[:, part].reshape(-1, *array.shape[1:]) for part in range(3)])


small = dict(
    vocab_size=23,
    hidden_size=16,
    intermediate_size=18,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=64,
    bos_token_id=None,
    pad_token_id=None,
    eos_token_id=21,
    initializer_range=0.3,
)

unsaid = object()  # leaves a setting of `small` away


def default_rope(theta):
    return {"rope_type": "default", "rope_theta": theta}


# Per family: class (without Config and ForCausalLM) or (config class, model class), settings, seed, and optionally of
# GGUF: architecture, further keys, what the converter does to tensors; and other completions.
families = {
    # Llama 2 as it is published: a key and value for every head, no scaling
    "llama": dict(
        model="Llama",
        config=dict(rms_norm_eps=1e-5, rope_parameters=default_rope(100.0), num_key_value_heads=4),
        seed=20,
        gguf="llama",
        stored=interleaved,
    ),
    "llama_linear": dict(
        model="Llama",
        config=dict(rms_norm_eps=1e-5, rope_parameters=dict(rope_type="linear", rope_theta=100.0, factor=2.5)),
        seed=21,
        gguf="llama",
        keys={"rope.scaling.type": "linear", "rope.scaling.factor": 2.5},
        stored=interleaved,
    ),
    "llama_llama3": dict(
        model="Llama",
        config=dict(
            rms_norm_eps=1e-5,
            head_dim=6,
            rope_parameters=dict(
                rope_type="llama3",
                rope_theta=100.0,
                factor=4.0,
                low_freq_factor=1.0,
                high_freq_factor=4.0,
                original_max_position_embeddings=32,
            ),
            eos_token_id=[21, 22],
        ),
        seed=22,
        gguf="llama",
        stored=interleaved,
    ),
    "llama_yarn": dict(
        model="Llama",
        config=dict(
            rms_norm_eps=1e-5,
            head_dim=8,
            rope_parameters=dict(
                rope_type="yarn", rope_theta=100.0, factor=4.0, original_max_position_embeddings=16, beta_fast=3.0
            ),
        ),
        seed=23,
        gguf="llama",
        keys={
            "rope.scaling.type": "yarn",
            "rope.scaling.factor": 4.0,
            "rope.scaling.original_context_length": 16,
            "rope.scaling.yarn_beta_fast": 3.0,
        },
        stored=interleaved,
    ),
    # most texts are longer than the length at which scaling begins
    "llama_dynamic": dict(
        model="Llama",
        config=dict(
            rms_norm_eps=1e-5,
            max_position_embeddings=8,
            rope_parameters=dict(rope_type="dynamic", rope_theta=100.0, factor=4.0),
        ),
        seed=24,
    ),
    # biases of all products, which GGUF files of Llama may have, too
    "llama_biases": dict(
        model="Llama",
        config=dict(
            rms_norm_eps=1e-5, rope_parameters=default_rope(100.0), attention_bias=True, mlp_bias=True,
            tie_word_embeddings=True,
        ),
        seed=29,
        gguf="llama",
        stored=interleaved,
    ),
    "smollm3": dict(
        model="SmolLM3",
        config=dict(
            num_hidden_layers=5, intermediate_size=10, rope_parameters=default_rope(100.0), tie_word_embeddings=True
        ),
        seed=26,
        gguf="smollm3",
        stored=interleaved,
    ),
    "mistral": dict(
        model="Mistral",
        config=dict(rms_norm_eps=1e-5, head_dim=6, sliding_window=4, rope_parameters=default_rope(100.0)),
        seed=27,
    ),
    "qwen2": dict(
        model="Qwen2",
        config=dict(rope_parameters=default_rope(1000.0), tie_word_embeddings=True, use_sliding_window=False),
        seed=25,
        gguf="qwen2",
    ),
    "qwen3": dict(
        model="Qwen3",
        config=dict(head_dim=6, rope_parameters=default_rope(1000.0), tie_word_embeddings=False),
        seed=28,
        gguf="qwen3",
    ),
    # GGUF files of Gemma 2 and 3 cannot say how scores are scaled; there it is by head_dim
    "gemma": dict(
        model="Gemma",
        config=dict(head_dim=6, rope_parameters=default_rope(100.0), num_key_value_heads=1),
        seed=40,
        gguf="gemma",
        stored=norms_and_one,
    ),
    "gemma2": dict(
        model="Gemma2",
        config=dict(
            head_dim=6,
            query_pre_attn_scalar=6,
            sliding_window=4,
            attn_logit_softcapping=1.5,
            final_logit_softcapping=3.0,
            rope_parameters=default_rope(100.0),
        ),
        seed=41,
        gguf="gemma2",
        keys={
            "attention.sliding_window": 4,
            "attn_logit_softcapping": 1.5,
            "final_logit_softcapping": 3.0,
        },
        stored=norms_and_one,
    ),
    "gemma3": dict(
        model=("Gemma3TextConfig", "Gemma3ForCausalLM"),
        config=dict(
            num_hidden_layers=3,
            head_dim=6,
            query_pre_attn_scalar=6,
            sliding_window=4,
            sliding_window_pattern=3,
            rope_parameters=dict(full_attention=default_rope(1000.0), sliding_attention=default_rope(100.0)),
        ),
        seed=42,
        gguf="gemma3",
        keys={
            "attention.sliding_window": 4,
            "attention.sliding_window_pattern": 3,
            "rope.freq_base": 1000.0,
            "rope.freq_base_swa": 100.0,
        },
        stored=norms_and_one,
    ),
    "gemma3_scaled": dict(
        model=("Gemma3TextConfig", "Gemma3ForCausalLM"),
        config=dict(
            head_dim=6,
            query_pre_attn_scalar=11,
            sliding_window=3,
            layer_types=["sliding_attention", "full_attention"],
            rope_parameters=dict(
                full_attention=dict(rope_type="linear", rope_theta=1000.0, factor=8.0),
                sliding_attention=default_rope(100.0),
            ),
            final_logit_softcapping=4.0,
            tie_word_embeddings=False,
        ),
        seed=43,
    ),
    "gpt2": dict(
        model=("GPT2Config", "GPT2LMHeadModel"),
        config=dict(intermediate_size=unsaid, num_key_value_heads=unsaid),
        seed=40,
        gguf="gpt2",
        stored=transposed,
    ),
    # as Pythia: a part of each head turns, attention and MLP side by side
    "gpt_neox": dict(
        model="GPTNeoX",
        config=dict(
            num_attention_heads=2,
            num_key_value_heads=unsaid,
            rope_parameters=dict(rope_type="default", rope_theta=100.0, partial_rotary_factor=0.5),
        ),
        seed=41,
        gguf="gptneox",
        keys={"use_parallel_residual": True, "rope.dimension_count": 4},
        stored=by_part,
    ),
    "gpt_neox_serial": dict(
        model="GPTNeoX",
        config=dict(
            num_hidden_layers=1, num_key_value_heads=unsaid, use_parallel_residual=False, tie_word_embeddings=True,
            rope_parameters=dict(rope_type="default", rope_theta=100.0, partial_rotary_factor=1.0),
        ),
        seed=42,
        gguf="gptneox",
        keys={"use_parallel_residual": False, "rope.dimension_count": 4},
        stored=by_part,
    ),
    "opt": dict(
        model="OPT",
        config=dict(
            intermediate_size=unsaid, num_key_value_heads=unsaid, initializer_range=unsaid, ffn_dim=18, init_std=0.3,
            word_embed_proj_dim=16,
        ),
        seed=43,
    ),
}


completions = [
    ([3, 17, 8, 1, 12, 5, 9], [4, 4, 19, 22]),
    ([3, 17, 8, 1, 12, 5, 9], [11]),
    ([3, 17, 8, 1, 12, 5, 9], []),
    ([20, 2], [7, 13, 0, 6, 15, 21]),
    ([3, 17, 8, 1, 12, 5, 9], [1, 2, 3]),
]
prompts = [[3, 17, 8, 1, 12, 5, 9], [20, 2]]


def random_model(family):
    name = family["model"]
    config_class, model_class = (name + "Config", name + "ForCausalLM") if isinstance(name, str) else name
    settings = {key: value for key, value in {**small, **family["config"]}.items() if value is not unsaid}
    config = getattr(transformers, config_class)(**settings, attn_implementation="eager")
    torch.manual_seed(family["seed"])
    model = getattr(transformers, model_class)(config).double().eval()
    with torch.no_grad():
        for key, weight in model.named_parameters():
            if "norm" in key or ".ln_" in key:
                weight += 0.2 * torch.randn_like(weight)
            elif key.endswith("bias"):
                weight += 0.4 * torch.randn_like(weight)
            weight.copy_(torch.from_numpy(weight.numpy().astype(numpy.float32)).double())
    return model


def end_tokens(config):
    ends = config.eos_token_id
    return ends if isinstance(ends, list) else [ends]


def forget_length(model):
    """Under dynamic rotary scaling a model keeps the angles of the longest text until a short one comes."""
    with torch.no_grad():
        model(torch.tensor([[0]]))


def golden_values(model, pairs):
    """Log-probabilities of each completion's tokens; the gradients are the parameters'."""
    weights = [0.8, -1.3, 0.5, 0.9, -0.4][: len(pairs)]
    log_probs, total = [], torch.zeros(())
    for (x, y), weight in zip(pairs, weights):
        forget_length(model)
        logits = model(torch.tensor([x + y])).logits[0]
        rows = torch.log_softmax(logits, -1)[len(x) - 1 : len(x) + len(y) - 1]
        tokens = rows.gather(1, torch.tensor(y, dtype=torch.long)[:, None])[:, 0]
        log_probs.append(tokens.tolist())
        total = total + weight * tokens.sum()
    total.backward()
    values = dict(completions=[{"prompt": x, "response": y} for x, y in pairs], weights=weights)
    values.update(token_log_probs=log_probs, prompts=prompts, logits=[], greedy=[])
    with torch.no_grad():
        for prompt in prompts:
            forget_length(model)
            values["logits"].append(model(torch.tensor([prompt])).logits[0, -1].tolist())
            forget_length(model)
            drawn = model.generate(torch.tensor([prompt]), do_sample=False, max_new_tokens=12)
            values["greedy"].append(drawn[0, len(prompt) :].tolist())
    return values


def arrays(model, of=lambda weight: weight.detach(), number_type=numpy.float32):
    """Tied parameters are named once, and as transformers saves them."""
    head = "embed_out." if model.config.model_type == "gpt_neox" else "lm_head."
    return {
        key.replace("lm_head.", head): of(p).numpy().astype(number_type) for key, p in model.named_parameters()
    }


def setting(config, *names):
    return next((value for name in names if (value := getattr(config, name, None)) is not None), None)


def divisors(config):
    """Of llama3's scaling, as the converter stores them: what divides each rotary frequency."""
    rope, dim = config.rope_parameters, config.head_dim
    wavelength = 2 * numpy.pi * rope["rope_theta"] ** (numpy.arange(0, dim, 2) / dim)
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    kept = numpy.clip((rope["original_max_position_embeddings"] / wavelength - low) / (high - low), 0, 1)
    return (1 / ((1 - kept) / rope["factor"] + kept)).astype(numpy.float32)


def write_gguf(path, model, family):
    config = model.config
    writer = gguf.GGUFWriter(path, family["gguf"])
    hidden = setting(config, "hidden_size")
    rope = setting(config, "rope_parameters") or {}
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(hidden)
    writer.add_feed_forward_length(setting(config, "intermediate_size", "n_inner") or 4 * hidden)
    writer.add_head_count(config.num_attention_heads)
    if setting(config, "num_key_value_heads"):
        writer.add_head_count_kv(config.num_key_value_heads)
    if setting(config, "head_dim"):
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)
    if "rope_theta" in rope:
        writer.add_rope_freq_base(rope["rope_theta"])
    if setting(config, "rms_norm_eps"):
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    else:
        writer.add_layer_norm_eps(setting(config, "layer_norm_epsilon", "layer_norm_eps"))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    ends = end_tokens(config)
    writer.add_eos_token_id(ends[0])
    if len(ends) > 1:
        writer.add_eot_token_id(ends[1])
    for key, value in family.get("keys", {}).items():
        add = {bool: writer.add_bool, int: writer.add_uint32, float: writer.add_float32, str: writer.add_string}
        add[type(value)](family["gguf"] + "." + key, value)
    architecture = next(a for a, name in gguf.MODEL_ARCH_NAMES.items() if name == family["gguf"])
    names = gguf.get_tensor_name_map(architecture, config.num_hidden_layers)
    for key, array in arrays(model).items():
        array = family.get("stored", as_it_is)(key, array, config)
        writer.add_tensor(names.get_name(key, try_suffixes=(".weight", ".bias")), numpy.ascontiguousarray(array))
    if rope.get("rope_type") == "llama3":
        writer.add_tensor(gguf.TENSOR_NAMES[gguf.MODEL_TENSOR.ROPE_FREQS] + ".weight", divisors(config))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def make(name):
    family = families[name]
    model = random_model(family)
    folder = here / name
    folder.mkdir(exist_ok=True)
    values = golden_values(model, family.get("completions", completions))
    config = json.loads(model.config.to_json_string(use_diff=True))
    config.update(dtype="float32", architectures=[type(model).__name__])
    (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    save_file(arrays(model), folder / "model.safetensors", metadata={"format": "pt"})
    save_file(arrays(model, lambda weight: weight.grad, numpy.float64), folder / "gradients.safetensors")
    (folder / "golden.json").write_text(json.dumps(values) + "\n")
    if "gguf" in family:
        write_gguf(folder / "model.gguf", model, family)
    sizes = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
    print(name, sum(sizes.values()), sizes, values["greedy"])


if __name__ == "__main__":
    for each in sys.argv[1:] or families:
        make(each)
