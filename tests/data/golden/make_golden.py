"""Golden values of the data room's tests. Run with trl, transformers and tokenizers installed: python make_golden.py HH_FILE

trl.jsonl: conversational records and what TRL makes of them (extract_prompt for implicit prompts, then
apply_chat_template with a ChatML template), one {"record", "prompt", "chosen", "rejected"} a line.
hh.json: the HH file split by Python's own means: the common beginning of chosen and rejected, up to and including its
last "\n\nAssistant:". The hash is FNV-1a over prompt, chosen and rejected of all pairs, each followed by a zero byte.
"""
import gzip
import json
import os
import sys

from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast
from trl.data_utils import apply_chat_template, extract_prompt

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def user(text):
    return {"role": "user", "content": text}


def assistant(text):
    return {"role": "assistant", "content": text}


def system(text):
    return {"role": "system", "content": text}


hello = [user("Hello?"), assistant("Hello!"), user("What is 2 + 2?")]
records = [
    {"prompt": [user("What color is the sky?")], "chosen": [assistant("Blue.")], "rejected": [assistant("Green.")]},
    {"chosen": hello + [assistant("4")], "rejected": hello + [assistant("five")]},
    {"prompt": hello, "chosen": [assistant(" 4 ")], "rejected": [assistant("")]},
    {"chosen": [system("Be brief."), user("Hi"), assistant("Yo")], "rejected": [system("Be brief."), user("Hi"), assistant("Good day to you")]},
    {"chosen": [user("naïve 😀"), assistant("\u2028e\u0301\u0000")], "rejected": [user("naïve 😀"), assistant("\u00e9")]},
    {"chosen": [user("a"), assistant("b"), user("c"), assistant("d")], "rejected": [user("a"), assistant("x")]},
    {"chosen": [user("same"), assistant("same")], "rejected": [user("same"), assistant("same")]},
]

tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()), chat_template=CHATML)
with open("trl.jsonl", "w", encoding="utf-8") as out:
    for record in records:
        texts = apply_chat_template(record if "prompt" in record else extract_prompt(record), tokenizer)
        texts = {key: texts[key] for key in ("prompt", "chosen", "rejected")}
        out.write(json.dumps({"record": record} | texts) + "\n")

marker = "\n\nAssistant:"
hash_value, sizes, pairs = 0xCBF29CE484222325, [0, 0, 0], 0
for line in gzip.open(sys.argv[1]):
    record = json.loads(line)
    chosen, rejected = record["chosen"], record["rejected"]
    common = os.path.commonprefix([chosen, rejected])
    end = common.rindex(marker) + len(marker)
    pairs += 1
    for i, text in enumerate((chosen[:end], chosen[end:], rejected[end:])):
        sizes[i] += len(text.encode())
        for byte in text.encode() + b"\0":
            hash_value = (hash_value ^ byte) * 0x100000001B3 % 2**64
with open("hh.json", "w") as out:
    json.dump({"pairs": pairs, "prompt_bytes": sizes[0], "chosen_bytes": sizes[1], "rejected_bytes": sizes[2], "hash": hash_value}, out)
    out.write("\n")
