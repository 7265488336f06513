"""What `pairs` writes, read by `datasets` and TRL as the dataset types that TRL documents: an optional peer's check.
Needs datasets, trl and transformers: python check_trl.py PAIRS_PROGRAM HH_FILE

Every format is loaded by datasets.load_dataset("json"), which needs the same columns of one type in every line; its
columns are those of its type; is_conversational says what it is; apply_chat_template gives the same texts for turns as
preflearn's own chat format does; unpair_preference_dataset of the pairs is what --to kto writes; extract_prompt finds in
HH turns the prompt that is written. Prints a line for each and ends with 1 at the first difference.
"""
import json
import os
import subprocess
import sys
import tempfile

import datasets
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast
from trl.data_utils import apply_chat_template, extract_prompt, is_conversational, unpair_preference_dataset

program, source = sys.argv[1:3]
folder = tempfile.mkdtemp()
datasets.disable_progress_bars()
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()), chat_template=CHATML)


def made(to, *more, data=source, name=None):
    out = os.path.join(folder, (name or to) + ".jsonl.gz")
    subprocess.run([program, data, "--to", to, "--out", out, *more], check=True, stdout=subprocess.DEVNULL)
    return out


def loaded(path):
    return datasets.load_dataset("json", data_files=path, split="train", cache_dir=os.path.join(folder, "cache"))


def check(what, ok):
    print(("ok  " if ok else "NOT ") + what)
    if not ok:
        sys.exit(1)


types = {
    "trl": (["prompt", "chosen", "rejected"], False),
    "trl-conversational": (["prompt", "chosen", "rejected"], True),
    "hh": (["chosen", "rejected"], False),
    "kto": (["prompt", "completion", "label"], False),
    "kto-conversational": (["prompt", "completion", "label"], True),
    "prompts": (["prompt"], False),
    "prompts-conversational": (["prompt"], True),
    "sft": (["prompt", "completion"], False),
    "sft-conversational": (["prompt", "completion"], True),
}
read = {}
for to, (columns, turns) in types.items():
    data = read[to] = loaded(made(to))
    others = set(data.column_names) - set(columns) - {"id", "pair"}
    check(f"{to}: {len(data)} lines with {', '.join(columns)}", set(columns) <= set(data.column_names) and not others)
    check(f"{to}: conversational is {turns}", is_conversational(data[0]) == turns)

pairs, turns = read["trl"], read["trl-conversational"]
columns = ["prompt", "chosen", "rejected"]
unpaired = unpair_preference_dataset(pairs.select_columns(columns))
kto = {(r["prompt"], r["completion"], r["label"]) for r in read["kto"]}
check("kto: unpair_preference_dataset's completions and labels",
      {(r["prompt"], r["completion"], r["label"]) for r in unpaired} == kto)
text = loaded(made("trl", "--chat-format", "chatml", data=made("trl-conversational"), name="chatml"))
ours = [{c: r[c] for c in columns} for r in text]
theirs = [apply_chat_template({c: r[c] for c in columns}, tokenizer) for r in turns]
check("chatml: apply_chat_template's texts", ours == [{c: r[c] for c in columns} for r in theirs])
same = whole = 0
for r in turns:
    found = extract_prompt({c: r["prompt"] + r[c] for c in ("chosen", "rejected")})
    same += found["prompt"] == r["prompt"]
    whole += 1
check(f"trl-conversational: extract_prompt finds {same} of {whole} prompts (others part at a user's turn)", same > 0.9 * whole)
labelled = os.path.join(folder, "labelled.jsonl")
with open(labelled, "w") as out:
    for i, r in enumerate(pairs.select(range(20))):
        more = {"probability": 0.5 + i / 40, "margin": i / 10.0, "weight": i / 20, "teacher": "t", "human": i % 2}
        out.write(json.dumps({"id": str(r["id"])} | {c: r[c] for c in columns} | (more if i > 5 else {"teacher": "t"})) + "\n")
data = loaded(made("trl", data=labelled, name="labels"))
check("label's columns: numbers, null where a line has none",
      data.features["probability"].dtype == "float64" and data[0]["margin"] is None and data[6]["margin"] == 0.6)
