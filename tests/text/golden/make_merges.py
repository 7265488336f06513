"""Freezes tokenizers in the older form (vocab.json, merges.txt, tokenizer_config.json) with transformers' ids.

    python tests/text/golden/make_merges.py        (transformers 5.24; reads gpt2.json, ids.json, writes merges.json)

The vocabulary and merges are those of gpt2.json here. Per tokenizer_config.json: what transformers' AutoTokenizer makes
of the three files, with the begin token where there is one, for the texts of ids.json. And gpt2.json with the members
of Pythia's tokenizer.json in place of its own, by the tokenizers package.
"""
import json
import pathlib
import tempfile

from tokenizers import Tokenizer
from transformers import AutoTokenizer

here = pathlib.Path(__file__).parent
texts = json.loads((here / "ids.json").read_text())["texts"]
model = json.loads((here / "gpt2.json").read_text())["model"]
merges = "".join(" ".join(pair) + "\n" for pair in model["merges"])


def flagged(text):
    return dict(__type="AddedToken", content=text, lstrip=False, normalized=True, rstrip=False, single_word=False)


def special(text):
    return dict(content=text, lstrip=False, normalized=False, rstrip=False, single_word=False, special=True)


# As facebook/opt-125m has it, with the tokens of this vocabulary, and as Qwen2's files have theirs.
end = flagged("</s>")
configs = {
    "opt": dict(errors="replace", unk_token=end, bos_token=end, eos_token=end, pad_token="<s>", add_prefix_space=False,
                add_bos_token=True, special_tokens_map_file=None, name_or_path="patrickvonplaten/opt-30b",
                tokenizer_class="GPT2Tokenizer"),
    "prefix": dict(tokenizer_class="GPT2TokenizerFast", add_prefix_space=True, bos_token="<s>", eos_token="</s>",
                   unk_token="</s>"),
    "gpt_neox": dict(tokenizer_class="GPTNeoXTokenizer", bos_token="<s>", eos_token="</s>", unk_token="</s>",
                     pad_token="</s>"),
    "qwen2": dict(tokenizer_class="Qwen2Tokenizer", add_prefix_space=False, bos_token=None, eos_token="<|im_end|>",
                  pad_token="<|endoftext|>", unk_token=None,
                  added_tokens_decoder={
                      str(len(model["vocab"]) + i): special(text)
                      for i, text in enumerate(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])}),
}
values = {}
for name, config in configs.items():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False))
        (folder / "merges.txt").write_text("#version: 0.2\n" + merges)
        (folder / "tokenizer_config.json").write_text(json.dumps(config))
        tokenizer = AutoTokenizer.from_pretrained(folder)
        print(name, type(tokenizer).__name__, tokenizer.all_special_tokens)
        values[name] = {"config": config, "ids": [tokenizer(text)["input_ids"] for text in texts]}

# Members of a tokenizer.json as EleutherAI's Pythia has them: NFC, and runs of spaces as tokens that are not special.
def added(id, text, special):
    return dict(id=id, content=text, single_word=False, lstrip=False, rstrip=False, normalized=not special,
                special=special)


first = len(model["vocab"])
patch = {
    "normalizer": {"type": "NFC"},
    "post_processor": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True},
    "added_tokens": [added(first, "<|endoftext|>", True), added(first + 1, "<|padding|>", True)]
    + [added(first + 2 + i, " " * (24 - i), False) for i in range(23)],
}
file = {**json.loads((here / "gpt2.json").read_text()), **patch}
spaced = ["x" + " " * n + "y" for n in (1, 2, 3, 23, 24, 25, 50)]
spaced += ["\n    def f(x):\n        return  x", "<|endoftext|>  <|padding|>"]
tokenizer = Tokenizer.from_str(json.dumps(file))
values["pythia"] = {"patch": patch, "texts": spaced,
                    "ids": [tokenizer.encode(text, add_special_tokens=False).ids for text in texts + spaced]}
(here / "merges.json").write_text(json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n")
