"""Freezes the ids that transformers and the tokenizers package give where they read what the library writes of GGUF files.

    python tests/text/golden/make_written.py [COMPILER AND FLAGS...]      (transformers 5.24, tokenizers 0.23; writes written.json)

Each tokenizer of tests/text/golden_gguf.hpp is written as a folder; of each, written.json has the hash of the tokenizer.json
(whose ids these are), ids of the texts of ids.json and of some more without and with begin tokens, and special tokens.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

from tokenizers import Tokenizer
from transformers import AutoTokenizer

from make_golden import TEXTS

HERE = pathlib.Path(__file__).parent
compiler = sys.argv[1:] or ["g++", "-std=c++20"]
MORE = ["a  b", "a b   b", "     b", "▁▁b", " ▁ b", "a▁ b", "\n▁a\n\n", "aaaa aaaaa", "aaab", "a<bos>b <bos>  a", "<unk>", "x\ty\r\n", "\x00\x1b\x7f"]
program_text = """
#include <fstream>
#include <iostream>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/text/files/load.hpp>
#include <preflearn/text/files/write_tokenizer_json.hpp>
#include "text/golden_gguf.hpp"
using namespace preflearn;
int main(int, char** arguments) {
    for (const auto& [name, content] : test::tokenizer_ggufs()) {
        const std::filesystem::path folder = std::filesystem::path(arguments[1]) / name;
        std::filesystem::create_directories(folder);
        std::ofstream(folder / "t.gguf", std::ios::binary) << content;
        const gguf_vocabulary words = read_gguf_vocabulary(read_gguf(folder / "t.gguf"));
        const std::string json = tokenizer_json(words, name).dump();
        std::ofstream(folder / "tokenizer.json") << json;
        std::ofstream(folder / "tokenizer_config.json") << tokenizer_config_json(words, 64, "");
        std::cout << name << ' ' << hash_of(json) << '\\n';
    }
}
"""

with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    (folder / "write.cpp").write_text(program_text)
    flags = [f"-I{HERE.parents[2] / 'include'}", f"-I{HERE.parents[1]}", f'-DPREFLEARN_TESTS="{HERE.parents[1]}"']
    subprocess.run([*compiler, *flags, folder / "write.cpp", "-o", folder / "write", "-lutf8proc"], check=True)
    lines = subprocess.run([folder / "write", folder], check=True, capture_output=True, text=True).stdout.splitlines()
    texts = [*TEXTS, *MORE]
    made = {"texts": texts, "tokenizers": {}}
    for line in lines:
        kind, digest = line.split()
        auto, plain = AutoTokenizer.from_pretrained(folder / kind), Tokenizer.from_file(str(folder / kind / "tokenizer.json"))
        ids = [auto.encode(text, add_special_tokens=False) for text in texts]
        assert ids == [plain.encode(text, add_special_tokens=False).ids for text in texts], kind
        begun = auto("a b")["input_ids"]
        assert begun == plain.encode("a b").ids, kind
        made["tokenizers"][kind] = {"hash": digest, "ids": ids, "begun": begun, "bos": auto.bos_token, "eos": auto.eos_token}
        print(kind, type(auto).__name__, len(ids), "texts")
    (HERE / "written.json").write_text(json.dumps(made, ensure_ascii=True, separators=(",", ":")) + "\n")
