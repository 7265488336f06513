"""What `label` writes, learned from by TRL's DPOTrainer for a few steps: an optional peer's check of the format.
Needs trl, transformers, tokenizers and datasets: python trl_dpo.py TEACH_PROGRAM LABEL_PROGRAM HH_FILE [PAIRS]

A teacher that prefers the longer response is made and labels the first PAIRS (64) pairs, once as texts and once as
conversations, with weights. Each labelled file is loaded by datasets.load_dataset("json") and handed to DPOTrainer as
it is, no column renamed or removed; the student is a tiny model with random weights and a tokenizer of bytes, made in a
temporary folder. Checked are: every line arrives as TRL's type of preference data; the first step's loss is log 2
(student and reference are one model); the loss falls; the rewards say that it learned to prefer the longer response.
Prints a line for each and ends with 1 at the first that is not so.
"""
import gzip
import json
import math
import os
import subprocess
import sys
import tempfile
import warnings

os.environ.setdefault("TQDM_DISABLE", "1")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
warnings.filterwarnings("ignore")

import datasets  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from tokenizers import Tokenizer, decoders, models, pre_tokenizers  # noqa: E402
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast  # noqa: E402
from trl import DPOConfig, DPOTrainer  # noqa: E402
from trl.data_utils import is_conversational  # noqa: E402

teach, label, source = sys.argv[1:4]
pairs = int(sys.argv[4]) if len(sys.argv) > 4 else 64
folder = tempfile.mkdtemp()
datasets.disable_progress_bars()
transformers.logging.set_verbosity_error()
torch.manual_seed(0)
torch.set_num_threads(2)


def check(what, ok):
    print(("ok  " if ok else "NOT ") + what, flush=True)
    if not ok:
        sys.exit(1)


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    check(os.path.basename(command[0]) + " ends with 0", done.returncode == 0)


def lines_of(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def split(text):
    """Prompt and answer of an HH transcript."""
    at = text.rfind("\n\nAssistant:") + len("\n\nAssistant:")
    return text[:at], text[at:]


def tokenizer_of_bytes():
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({c: i for i, c in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|end|>"])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|end|>", pad_token="<|end|>",
        chat_template="{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '\n' }}{% endfor %}"
                      "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}")


def trained_on(path, tokenizer):
    data = datasets.load_dataset("json", data_files=path, split="train", cache_dir=os.path.join(folder, "cache"))
    config = LlamaConfig(vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=1,
                         num_attention_heads=2, max_position_embeddings=1024, eos_token_id=tokenizer.eos_token_id,
                         pad_token_id=tokenizer.pad_token_id, bos_token_id=None)
    settings = DPOConfig(output_dir=os.path.join(folder, "trl"), use_cpu=True, bf16=False, report_to=[], logging_steps=1,
                         gradient_checkpointing=False, per_device_train_batch_size=8, max_steps=12, learning_rate=1e-2,
                         max_length=512, beta=0.1, save_strategy="no", seed=1, disable_tqdm=True)
    student = os.path.join(folder, "student")  # a path, from which TRL loads the reference
    LlamaForCausalLM(config).save_pretrained(student)
    tokenizer.save_pretrained(student)
    trainer = DPOTrainer(LlamaForCausalLM.from_pretrained(student), args=settings, train_dataset=data, processing_class=tokenizer)
    stdout, sys.stdout = sys.stdout, sys.stderr
    try:
        trainer.train()
    finally:
        sys.stdout = stdout
    return data, trainer, [row for row in trainer.state.log_history if "loss" in row]


pairs_of = []
for record in lines_of(source):
    (prompt, chosen), (other, rejected) = split(record["chosen"]), split(record["rejected"])
    if prompt == other and len(record["chosen"]) < 400 and len(record["rejected"]) < 400 and chosen != rejected:
        pairs_of.append((prompt, chosen, rejected))
    if len(pairs_of) == pairs:
        break
plain, turns = os.path.join(folder, "plain.jsonl"), os.path.join(folder, "turns.jsonl")
with open(plain, "w", encoding="utf-8") as texts, open(turns, "w", encoding="utf-8") as talks:
    for i, (prompt, chosen, rejected) in enumerate(pairs_of):
        texts.write(json.dumps({"id": f"t{i}", "prompt": prompt, "responses": [chosen, rejected]}) + "\n")
        said = [{"role": "user", "content": prompt.split("\n\nHuman:")[-1].split("\n\nAssistant:")[0].strip()}]
        answers = [[{"role": "assistant", "content": text.strip()}] for text in (chosen, rejected)]
        talks.write(json.dumps({"id": f"c{i}", "prompt": said, "responses": answers}) + "\n")
teacher = os.path.join(folder, "longer")
run(teach, "--kind", "longer", "--data", source, "--out", teacher)
tokenizer = tokenizer_of_bytes()
for path, conversational in ((plain, False), (turns, True)):
    kind = "conversations" if conversational else "texts"
    out = os.path.join(folder, kind + ".jsonl")
    run(label, "--teacher", teacher, "--data", path, "--out", out)
    written = lines_of(out)
    left = out.replace(".jsonl", ".left-out.jsonl")
    left_out = len(lines_of(left)) if os.path.exists(left) else 0
    check(f"{kind}: {len(written)} labels and {left_out} ties of {len(pairs_of)} pairs",
          len(written) + left_out == len(pairs_of) and len(written) > pairs // 2)
    data, trainer, steps = trained_on(out, tokenizer)
    check(f"{kind}: every line is TRL's {'conversational ' if conversational else ''}preference data",
          len(data) == len(written) and is_conversational(data[0]) == conversational
          and {"prompt", "chosen", "rejected"} <= set(data.column_names))
    check(f"{kind}: DPOTrainer keeps all {len(trainer.train_dataset)} lines", len(trainer.train_dataset) == len(data))
    first, last = steps[0], steps[-1]
    check(f"{kind}: the first loss is log 2 ({first['loss']:.4f})", abs(first["loss"] - math.log(2)) < 1e-3)
    check(f"{kind}: after {len(steps)} steps it is {last['loss']:.4f}", last["loss"] < first["loss"])
    check(f"{kind}: the chosen response has the larger reward on {100 * last['rewards/accuracies']:.0f}% of a batch",
          last["rewards/accuracies"] > 0.5)
