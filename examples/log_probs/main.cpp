// Scores preference pairs with a language model: the log-probabilities of the chosen and the rejected response; or
// writes their tokens alone.
// SPDX-License-Identifier: MIT
#include <exception>
#include <string>

#include <preflearn/report/run/manifest.hpp>
#include <preflearn/text/chat/formats.hpp>

#include "../command_line/command_line.hpp"
#include "../models/models.hpp"
#include "score.hpp"

namespace {

struct arguments {
    preflearn::score_file_options options;
    std::string boundary = "separate";
    std::string shard;
    model_choice on;
    bool end_token = false, double_precision = false;
};

void add_options(command_line& line, arguments& given) {
    preflearn::score_file_options& to = given.options;
    line.add("--model", to.model, "GGUF file or Hugging Face folder; with --tokens-only a tokenizer is enough")
        .required()
        .existing_path();
    line.add("--data", to.data, "labelled pairs, JSONL or JSONL.gz").required().existing_file();
    line.add("--out", to.out, "the JSONL file to write").required();
    const option tokens =
        line.flag("--tokens-only", to.tokens_only, "write prompt_ids, chosen_ids and rejected_ids; no model is run");
    line.add("--adapter", to.adapter, "folder of a LoRA adapter of the model, as PEFT writes it")
        .existing_path()
        .excludes(tokens);
    line.flag("--per-token", to.per_token, "add chosen_token_logps and rejected_token_logps").excludes(tokens);
    line.flag("--end-token", given.end_token, "score the end token too, where the text does not end in one");
    line.add("--boundary", given.boundary,
             "separate: the response is encoded as the prompt's continuation; joint: both as one text, cut after "
             "as many tokens as the prompt alone has")
        .one_of({"separate", "joint"})
        .shows_default();
    line.add("--chat-format", to.chat_format,
             "how conversations become text: auto (what the model's chat template is) or one of " +
                 preflearn::chat_format_names());
    line.add("--pretokenizer", to.tokenizer.pretokenizer,
             "how a GGUF file's tokenizer splits text, instead of what the file names");
    line.add("--max-tokens", to.maximum_tokens,
             "longest prompt and response together, in tokens; longer pairs are left out")
        .positive();
    line.flag("--strict", to.strict, "stop where a pair would be left out");
    line.add("--id-field", to.reading.id_field, "the field that holds a pair's id").shows_default();
    const option backend =
        line.add("--backend", given.on.backend, "what computes: cpu, onednn (the default where it is built in) or cuda")
            .one_of(backend_names())
            .excludes(tokens);
    line.add("--device", given.on.device, "of --backend cuda: which of the GPUs, from 0 on")
        .non_negative()
        .needs(backend);
    line.add("--shard", given.shard,
             "I/N: scores the Ith of N parts of the pairs alone; the parts' files one behind the other are the whole's")
        .some_name();
    const option type =
        line.add("--dtype", given.on.type,
                 "numbers that are multiplied: float32, bfloat16 or, by cuda, float16 (with sums in float32), or "
                 "double, the reference")
            .one_of({"float32", "bfloat16", "float16", "double"})
            .shows_default()
            .excludes(tokens);
    line.flag("--double", given.double_precision, "the same as --dtype double").excludes(tokens).excludes(type);
    line.flag("--skip-malformed", to.reading.skip_malformed, "leave malformed lines out instead of stopping");
}

} // namespace

int main(int argc, char** argv) {
    arguments given;
    command_line line{
        "Writes log pi(chosen | prompt) and log pi(rejected | prompt) of every pair, one JSON line a pair.\n"
        "Pairs that do not fit are left out: OUT.left-out.jsonl lists them, OUT.manifest.json says what the\n"
        "run was. When it is stopped, the same command goes on where it was."};
    add_options(line, given);
    using preflearn::response_end, preflearn::token_boundary;
    const auto work = [&] {
        given.options.after_response = given.end_token ? response_end::end_token : response_end::nothing;
        given.options.boundary = given.boundary == "joint" ? token_boundary::joint : token_boundary::separate;
        given.options.command_line = preflearn::command_line_of(argc, argv);
        score(given.options, given.on);
        return 0;
    };
    return line.run(argc, argv, work, [&] { // so that a wrong name is a usage error
        if (!given.options.chat_format.empty() && given.options.chat_format != "auto")
            preflearn::chat_format_named(given.options.chat_format);
        if (given.double_precision) given.on.type = "double";
        check(given.on);
        if (!given.shard.empty()) given.options.shard = preflearn::shard_named(given.shard);
    });
}
