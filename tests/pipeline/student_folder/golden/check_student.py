"""Whether the students that the library saves of a model load in transformers and llama.cpp, with its ids and its log-probs.

    python check_student.py MODEL [COMPILER AND FLAGS...]      (MODEL: a GGUF file or a Hugging Face folder)

The ids of texts from everywhere are compared with the library's own (AutoTokenizer, begin tokens too), log-probs of responses
with AutoModelForCausalLM's in float, tokens and logits of the GGUF file with llama-cpp-python's, where that is installed.
"""
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig
from transformers.utils import logging

logging.disable_progress_bar()
logging.set_verbosity_error()

here = pathlib.Path(__file__).parent
model = pathlib.Path(sys.argv[1]).absolute()
compiler = sys.argv[2:] or ["g++", "-std=c++20", "-O2", "-march=native", "-fopenmp", "-isystem", "/usr/include/eigen3"]

# MODEL OUT TEXTS.json: saves OUT/S and OUT/S.gguf; OUT/ours.json has ids and log-probs
program_text = """
#include <fstream>
#include <iostream>
#include <preflearn/backend/cpu.hpp>
#include <preflearn/pipeline/student_folder/save_student.hpp>
#include <preflearn/policy/any_backend.hpp>
#include <preflearn/policy/files/load.hpp>
using namespace preflearn;
int main(int, char** arguments) {
    const student_origin origin{.model = arguments[1]};
    const std::filesystem::path out = arguments[2];
    const auto model = load_any_transformer(any_backend_of<float, cpu_backend>(), origin.model, trained_tensors::none());
    save_student(model, origin, out / "S", {.method = "none"});
    try {
        save_student(model, origin, out / "S.gguf", {.method = "none"});
    } catch (const error& failure) {
        std::cout << "no GGUF: " << failure.what() << '\\n';
    }
    const tokenizer words = load_tokenizer(origin.model);
    nlohmann::json ours{{"ids", nlohmann::json::array()}, {"log_probs", nlohmann::json::array()}};
    ours["begin"] = std::vector<token_id>(words.begin_tokens().begin(), words.begin_tokens().end());
    const nlohmann::json texts = read_json_file(arguments[3]);
    for (const auto& text : texts["texts"]) ours["ids"].push_back(words.encode(text.get<std::string>()));
    for (const auto& pair : texts["pairs"]) {
        std::vector<token_id> prompt(words.begin_tokens().begin(), words.begin_tokens().end());
        for (const token_id id : words.encode(pair[0].get<std::string>())) prompt.push_back(id);
        const auto response = words.encode(pair[1].get<std::string>());
        ours["log_probs"].push_back({prompt, response, model.log_prob(prompt, response)});
    }
    std::ofstream(out / "ours.json") << ours;
}
"""
TEXTS = [
    "", " ", "  ", "   \n\t  \n", "Hello, world!", "hello  world   x", "\n\nHuman: Hi\n\nAssistant: Yes.", "1234567890 12 345 3.14159 ١٢٣ ⅷ ²",
    "naïve café résumé ÀÉÎ", "日本語のテキスト。漢字 中文，한국어", "Привет мир العربية עברית हिन्दी ไทย", "😀👍🏽👨‍👩‍👧‍👦 🇩🇪🇫🇷",
    "def f(x):\n\treturn x**2  # comment\n\n\n    if a != b: {}\n", "<|im_start|>user\nHi<|im_end|>\n", "<bos><start_of_turn>user\nx<end_of_turn>\n<eos>",
    "<s></s><unk><pad> <mask>", "\x00\x01\x1b\x7f", "\ufeffbom \u200b zero\u00a0nbsp\u3000wide", "e\u0301 combining a\u0308\u0323", "don't I'll WE'VE it's O'Neil 'S",
    "a" * 50, "ababababab" * 5, " " * 40 + "x", "\n" * 40, "\t" * 7, "▁▁ ▁x ▁▁▁", "<0x0A> <0xFF>", "x\r\ny\r\r\nz", "https://example.com/a?b=c&d=%20#e",
    "CamelCaseHTTPServerError_snake_case-kebab", "ＦＵＬＬ ｗｉｄｔｈ ﬁ ligature", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𓀀 \U0001f9ff", "<table><tr><td>x</td></tr></table>",
    "[multimodal] <unused5> <image_soft_token>", "<|endoftext|>text<|endoftext|>", "mixed<|im_end|>in<|im_start|>word  <|im_end|>  ",
]
PAIRS = [["Human: What is the capital of France?\n\nAssistant:", " The capital of France is Paris."], ["The number 12345 is", " odd, since it ends in 5."],
         ["def add(a, b):\n", "    return a + b\n"]]
draw = random.Random(5)
for _ in range(300):
    TEXTS.append("".join(draw.choice("abc de\n\t  123.,!?'▁é日😀<>|_-\u00a0") for _ in range(draw.randint(1, 60))))
for _ in range(300):
    ranges = [(32, 126), (0xA0, 0x2FF), (0x400, 0x4FF), (0x3040, 0x30FF), (0x4E00, 0x9FFF), (0x1F300, 0x1F6FF), (0, 31)]
    TEXTS.append("".join(chr(draw.randint(*draw.choice(ranges))) for _ in range(draw.randint(1, 40))))


def score(logits, prompt, response):
    rows = torch.log_softmax(logits.double(), -1)[len(prompt) - 1: len(prompt) - 1 + len(response)]
    return float(rows[range(len(response)), response].sum())


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    (folder / "save.cpp").write_text(program_text)
    (folder / "texts.json").write_text(json.dumps({"texts": TEXTS, "pairs": PAIRS}))
    subprocess.run([*compiler, f"-I{here.parents[3] / 'include'}", folder / "save.cpp", "-o", folder / "save", "-DFMT_HEADER_ONLY=1", "-lz", "-lutf8proc"], check=True)
    subprocess.run([folder / "save", model, folder, folder / "texts.json"], check=True)
    ours = json.loads((folder / "ours.json").read_text())
    print((folder / "S" / "README.md").read_text())
    words = AutoTokenizer.from_pretrained(folder / "S")
    for text, ids in zip(TEXTS, ours["ids"]):
        assert words.encode(text, add_special_tokens=False) == ids, (text, ids, words.encode(text, add_special_tokens=False))
        assert words.encode(text) == ours["begin"] + ids, (text, ids)
    print(f"{type(words).__name__}: {len(TEXTS)} texts have the same ids; begins with {ours['begin']}; {words.special_tokens_map}")
    saved, told = AutoModelForCausalLM.from_pretrained(folder / "S", dtype=torch.float32, output_loading_info=True)
    for key in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs"):
        assert not told.get(key), (key, told[key])
    ends = GenerationConfig.from_pretrained(folder / "S").eos_token_id
    for prompt, response, expected in ours["log_probs"]:
        with torch.no_grad():
            found = score(saved(torch.tensor([prompt + response])).logits[0], prompt, response)
        print(f"{type(saved).__name__}: log-prob {found:.5f}, here {expected:.5f}")
        assert abs(found - expected) < 1e-3 * max(1, abs(expected))
    print(f"stops at {ends}, config {saved.config.eos_token_id}")
    if not (folder / "S.gguf").exists():
        sys.exit()
    try:
        from llama_cpp import Llama
    except ImportError:
        sys.exit("llama-cpp-python is not installed; the GGUF file is not looked at")
    loaded = Llama(str(folder / "S.gguf"), n_ctx=512, logits_all=True, verbose=False)
    other = sum(loaded.tokenize(t.encode(), add_bos=False, special=True) != i for t, i in zip(TEXTS, ours["ids"]) if "\x00" not in t)
    print(f"llama.cpp: {other} of {len(TEXTS)} texts have other ids")
    for prompt, response, expected in ours["log_probs"]:
        loaded.reset()
        loaded.eval(prompt + response)
        found = score(torch.tensor(loaded.scores[: len(prompt + response)]), prompt, response)
        print(f"llama.cpp: log-prob {found:.5f}, here {expected:.5f}")
        assert abs(found - expected) < 2e-2 * max(1, abs(expected))
    loaded.close()
