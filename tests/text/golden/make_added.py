"""Freezes the ids that AutoTokenizer gives for folders that name added tokens outside tokenizer.json.

    python tests/text/golden/make_added.py         (transformers 5.24; writes added.json beside this file)

Each case holds the small files of a folder, whose tokenizer.json is the first of the small ones here, and ids of its texts.
"""
import json
import pathlib
import tempfile

from transformers import AutoTokenizer

HERE = pathlib.Path(__file__).parent
BASE = "gpt2"
TEXTS = ["a<|tool|>b", "a <|tool|> b", "<|a|><|b|> <|c|>", "x  <|b|>\n y", "wordword word", "<|end|>x <s></s>", " <|pad|>", "the teacher", "Hello Hell", "the</s>"]


def flags(content, **changed):
    return dict(dict(content=content, lstrip=False, normalized=False, rstrip=False, single_word=False, special=True), **changed)


def cases(next_id, end):
    """Names and files. `next_id`: the first free one; `end`: the id of <|end|>, which tokenizer.json has."""
    yield "list of special tokens", {"tokenizer_config.json": {"additional_special_tokens": ["<|tool|>", "<|a|>"]}}
    yield "extra list", {"tokenizer_config.json": {"extra_special_tokens": ["<|b|>", "<|tool|>"]}}
    yield "extra and additional", {"tokenizer_config.json": {"extra_special_tokens": ["<|b|>"], "additional_special_tokens": ["<|a|>"]}}
    yield "extra by name", {"tokenizer_config.json": {"extra_special_tokens": {"tool_token": "<|tool|>"}}}
    yield "named", {"tokenizer_config.json": {"pad_token": "<|pad|>", "eos_token": "</s>", "unk_token": "<|a|>"}}
    yield "token of another name", {"tokenizer_config.json": {"image_token": "<|b|>", "pad_token": "<|pad|>"}}
    yield "special word of the vocabulary", {"tokenizer_config.json": {"additional_special_tokens": ["the"]}}
    yield "decoder", {"tokenizer_config.json": {"added_tokens_decoder": {
        str(next_id): flags("<|a|>", lstrip=True), str(next_id + 1): flags("<|b|>", rstrip=True),
        str(next_id + 2): flags("word", single_word=True, special=False, normalized=True)}}}
    yield "decoder and more", {"tokenizer_config.json": {"added_tokens_decoder": {str(next_id): flags("<|a|>")},
                                                         "additional_special_tokens": ["<|tool|>", "<|a|>"], "pad_token": "<|pad|>"}}
    yield "other flags", {"tokenizer_config.json": {"added_tokens_decoder": {str(end): flags("<|end|>", rstrip=True)}}}
    yield "special tokens map", {"tokenizer_config.json": {}, "special_tokens_map.json": {
        "pad_token": flags("<|pad|>", lstrip=True), "additional_special_tokens": ["<|tool|>"]}}
    yield "special tokens map is newer than the configuration", {
        "tokenizer_config.json": {"pad_token": "<|a|>"}, "special_tokens_map.json": {"pad_token": "<|pad|>"}}
    yield "special tokens map is passed over", {
        "tokenizer_config.json": {"added_tokens_decoder": {}}, "special_tokens_map.json": {"pad_token": "<|pad|>"}}
    yield "added tokens", {"tokenizer_config.json": {"additional_special_tokens": ["<|b|>"]},
                           "added_tokens.json": {"<|a|>": next_id, "<|b|>": next_id + 1, "<|end|>": end}}


def main():
    file = json.loads((HERE / f"{BASE}.json").read_text())
    size = max(list(file["model"]["vocab"].values()) + [t["id"] for t in file["added_tokens"]]) + 1
    end = next(t["id"] for t in file["added_tokens"] if t["content"] == "<|end|>")
    golden = {"base": BASE, "texts": TEXTS, "cases": []}
    for name, files in cases(size, end):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "tokenizer.json").write_text(json.dumps(file))
            for other, content in files.items():
                content = dict(content, tokenizer_class="PreTrainedTokenizerFast") if "config" in other else content
                (pathlib.Path(folder) / other).write_text(json.dumps(content))
            tokenizer = AutoTokenizer.from_pretrained(folder)
            ids = [tokenizer.encode(text, add_special_tokens=False) for text in TEXTS]
        golden["cases"].append({"name": name, "files": files, "ids": ids})
    (HERE / "added.json").write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
