"""Whether llama.cpp reads what save_gguf writes as we do. The GGUF files of ../policy/golden, and MODEL.gguf where one
is named, are written again as F32, F16, BF16 and Q8_0; llama.cpp loads each, finds the log-probabilities that the
library finds of the same file, and takes the library's greedy tokens; and each tensor's bytes are those that
llama.cpp's own quantiser makes of the F32 file. llama.cpp rounds activations to the type of the weights, the library
does not, so that only F32 can be equal to rounding errors of float.

    python check_llama_cpp.py [--model MODEL.gguf PAIRS.jsonl [TEXTS.json]] [--program COMPILER AND FLAGS...]

PAIRS have prompt_ids, chosen_ids and rejected_ids; TEXTS are [{"text", "ids"}...], which llama.cpp must find with the
written file's tokenizer. (Passed with llama_cpp_python 0.3.36, gguf 0.19.0.)
"""
import argparse
import ctypes
import json
import pathlib
import subprocess
import tempfile

import gguf
import llama_cpp as lib
import numpy

here = pathlib.Path(__file__).parent
parser = argparse.ArgumentParser()
parser.add_argument("--model", nargs="+", default=[])
parser.add_argument("--pairs", type=int, default=3, help="how many of PAIRS")
parser.add_argument("--program", nargs=argparse.REMAINDER)
options = parser.parse_args()
compiler = options.program or ["g++", "-std=c++20", "-O2", "-march=native", "-isystem", "/usr/include/eigen3"]

# of a log-probability: what the rounding of activations to 24, 11, 8 bits and to 8 bits a block leaves; llama.cpp takes
# GELU from a table of half precision, which is all the difference in F32 (SiLU: 1e-5)
BOUNDS = {"f32": 2e-3, "f16": 2e-2, "bf16": 0.25, "q8_0": 0.5}
FILE_TYPES = {"f16": 1, "bf16": 32, "q8_0": 7}

# IN COMPLETIONS OUT: writes OUT.<type>.gguf, and OUT.<type>.json with what it finds of that file
program_text = """
#include <fstream>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/policy/files/save_gguf.hpp>
using namespace preflearn;
int main(int, char** arguments) {
    const std::string in = arguments[1], out = arguments[3];
    const auto model = load_transformer<float>(in, trained_tensors::none());
    const auto given = read_json_file(arguments[2]);
    for (const auto& [name, type] : {std::pair{"f32", element_type::f32}, std::pair{"f16", element_type::f16},
                                     std::pair{"bf16", element_type::bf16}, std::pair{"q8_0", element_type::q8_0}}) {
        const std::string path = out + "." + name;
        save_gguf(model, in, path + ".gguf", type);
        const auto again = load_transformer<float>(path + ".gguf", trained_tensors::none());
        nlohmann::json found{{"log_probs", nlohmann::json::array()}, {"greedy", nlohmann::json::array()}};
        for (const auto& each : given["completions"]) {
            const auto prompt = each["prompt"].get<std::vector<token_id>>(),
                       response = each["response"].get<std::vector<token_id>>();
            const token_completion one{prompt, response};
            const auto row = again.token_log_probs({&one, 1});
            found["log_probs"].push_back(std::vector<double>(row[0].begin(), row[0].end()));
            generator unused(1, "greedy");
            found["greedy"].push_back(again.sample(prompt, {.temperature = 0, .max_tokens = 12}, unused));
        }
        std::ofstream(path + ".json") << found;
    }
}
"""


class Model:
    """A file in llama.cpp on the processor, keys and values in float; settings are the file's own."""

    def __init__(self, path, length):
        self.model = lib.llama_model_load_from_file(str(path).encode(), lib.llama_model_default_params())
        if not self.model:
            raise OSError(next((line.strip() for line in log[::-1] if "error" in line), "no reason"))
        params = lib.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = length
        params.n_threads = params.n_threads_batch = 2
        params.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.type_k = params.type_v = 0
        self.context = lib.llama_init_from_model(self.model, params)
        assert self.context, f"llama.cpp does not run {path}: {''.join(log[-5:])}"
        self.vocabulary = lib.llama_model_get_vocab(self.model)
        self.batch = lib.llama_batch_init(length, 0, 1)

    def log_probs(self, prompt, response):
        """Of every token, after the prompt and each of the response's."""
        lib.llama_memory_clear(lib.llama_get_memory(self.context), True)
        self.batch.n_tokens = len(prompt) + len(response)
        for place, token in enumerate(prompt + response):
            self.batch.token[place], self.batch.pos[place] = token, place
            self.batch.n_seq_id[place], self.batch.seq_id[place][0] = 1, 0
            self.batch.logits[place] = place + 1 >= len(prompt)
        assert lib.llama_decode(self.context, self.batch) == 0
        size = lib.llama_vocab_n_tokens(self.vocabulary)
        rows = [numpy.ctypeslib.as_array(lib.llama_get_logits_ith(self.context, place), (size,)).astype(numpy.float64)
                for place in range(len(prompt) - 1, len(prompt) + len(response))]
        return [row - row.max() - numpy.log(numpy.exp(row - row.max()).sum()) for row in rows]

    def ids(self, text):
        raw = text.encode()
        room = (ctypes.c_int32 * (len(raw) + 16))()
        count = lib.llama_tokenize(self.vocabulary, raw, len(raw), room, len(room), False, True)
        return list(room[:count])

    def close(self):
        lib.llama_batch_free(self.batch)
        lib.llama_free(self.context)
        lib.llama_model_free(self.model)


def without_tokenizer(source, path):
    """llama.cpp wants to be told that a file has no tokenizer, and how many tokens there are."""
    read = gguf.GGUFReader(source)
    keys = {field.name: field for field in read.fields.values() if not field.name.startswith("GGUF.")}
    architecture = keys["general.architecture"].contents()
    written = gguf.GGUFWriter(path, architecture)
    for name, field in keys.items():
        if name != "general.architecture":
            sub = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
            written.add_key_value(name, field.contents(), field.types[0], sub)
    written.add_tokenizer_model("no_vocab")
    written.add_vocab_size(int(next(t for t in read.tensors if t.name == "token_embd.weight").shape[1]))
    for tensor in read.tensors:
        written.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    written.write_header_to_file()
    written.write_kv_data_to_file()
    written.write_tensors_to_file()
    written.close()


def other_tensors(path, plain, name):
    """Tensors of `path` that are not as llama.cpp's quantiser writes them; of rows that do not fill blocks it has none."""
    params = lib.llama_model_quantize_default_params()
    params.ftype, params.nthread = FILE_TYPES[name], 2
    theirs = path.with_suffix(".theirs")
    if lib.llama_model_quantize(str(plain).encode(), str(theirs).encode(), ctypes.byref(params)) != 0:
        return None
    ours, expected = ({t.name: t for t in gguf.GGUFReader(p).tensors} for p in (path, theirs))
    assert ours.keys() == expected.keys()
    other = [n for n, t in ours.items() if (t.tensor_type, t.data.tobytes()) !=
             (expected[n].tensor_type, expected[n].data.tobytes())]
    theirs.unlink()
    return other


def check(name, source, completions, texts):
    length = max(len(c["prompt"]) + max(len(c["response"]), 12) for c in completions)
    (folder / "completions.json").write_text(json.dumps({"completions": completions}))
    subprocess.run([program, source, folder / "completions.json", folder / name], check=True)
    failures = []
    try:
        Model(source, 32).close()
    except OSError as reason:
        print(f"{name}: llama.cpp does not read what was read, either: {reason}")
        return failures
    for kind, bound in BOUNDS.items():
        path = folder / f"{name}.{kind}.gguf"
        found = json.loads(path.with_suffix(".json").read_text())
        model = Model(path, max(length, 32))
        worst = behind = count = equal = 0
        for c, expected, greedy in zip(completions, found["log_probs"], found["greedy"]):
            rows = model.log_probs(c["prompt"], c["response"])
            worst = max([worst] + [abs(row[t] - e) for row, t, e in zip(rows, c["response"], expected)])
            for row, token in zip(model.log_probs(c["prompt"], greedy), greedy):
                behind, count, equal = max(behind, row.max() - row[token]), count + 1, equal + (row.argmax() == token)
        wrong = [text["text"][:40] for text in texts if model.ids(text["text"]) != text["ids"]]
        model.close()
        other = other_tensors(path, folder / f"{name}.f32.gguf", kind) if kind in FILE_TYPES else []
        bytes_text = "no file of its quantiser" if other is None else f"{len(other)} tensors with other bytes"
        print(f"{name} {kind}: log-probs differ by {worst:.1e} at most, {equal} of {count} greedy tokens are its own (the "
              f"others {behind:.1e} behind at most), {bytes_text}" + (f", {len(wrong)} texts with other ids" if texts else ""),
              flush=True)
        if max(worst, behind) > bound or other or wrong:
            failures.append((name, kind, worst, behind, (other or [])[:3], wrong[:3]))
    for path in folder.glob(f"{name}.*"):
        path.unlink()
    return failures


log = []
keep = lib.llama_log_callback(lambda level, text, data: log.append(text.decode(errors="replace")))
lib.llama_log_set(keep, ctypes.c_void_p(0))
lib.llama_backend_init()
with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    program = folder / "write_all"
    (folder / "write_all.cpp").write_text(program_text)
    subprocess.run([*compiler, f"-I{here.parents[1] / 'include'}", folder / "write_all.cpp", "-o", program], check=True)
    failures = []
    for source in sorted((here.parent / "policy" / "golden").glob("*/model.gguf")):
        golden = json.loads((source.parent / "golden.json").read_text())
        without_tokenizer(source, folder / "source")
        failures += check(source.parent.name, folder / "source", golden["completions"], [])
    if options.model:
        lines = open(options.model[1]).readlines()[:options.pairs]
        completions = [{"prompt": p["prompt_ids"], "response": p[part + "_ids"]} for p in map(json.loads, lines)
                       for part in ("chosen", "rejected")]
        texts = json.load(open(options.model[2])) if len(options.model) > 2 else []
        failures += check(pathlib.Path(options.model[0]).stem, options.model[0], completions, texts)
assert not failures, failures
print("llama.cpp reads all of them as the library does")
