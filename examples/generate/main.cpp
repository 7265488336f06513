// Draws responses of a language model to prompts.
// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/programs/generating/generate_file.hpp>
#include <preflearn/report/run/manifest.hpp>
#include <preflearn/text/chat/formats.hpp>

#include "../command_line/command_line.hpp"
#include "../command_line/external_options.hpp"
#include "../command_line/sampling_options.hpp"
#include "../command_line/work_bar.hpp"
#include "../models/device_options.hpp"
#include "../models/loading.hpp"
#include "../models/models.hpp"

namespace {

using namespace preflearn;

struct arguments {
    generate_options options;
    external_choice external;
    model_choice on;
    std::string shard = "1/1";
    std::optional<std::size_t> best_of, keep, width, successors, chunk, prompt_tokens;
    std::vector<std::string> stop_id_texts;
    bool search = false;
};

/// What a shell cannot easily write: \n, \t and \\ in stop strings.
std::string unescaped(const std::string& text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
        const std::string_view known = "nt\\";
        if (const std::size_t at = known.find(next); next != '\0' && at != std::string_view::npos) {
            plain += "\n\t\\"[at];
            ++i;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

void apply(arguments& given, bool has_count) {
    generate_options& to = given.options;
    to.shard = shard_named(given.shard);
    for (std::string& stop : to.stop_strings) stop = unescaped(stop);
    for (const std::string& id : given.stop_id_texts) {
        const bool digits = !id.empty() && id.size() < 10 && id.find_first_not_of("0123456789") == std::string::npos;
        if (!digits) throw usage_error("--stop-id", "the number of a token was expected, found '" + id + "'");
        to.stop_ids.push_back(static_cast<token_id>(std::stol(id)));
    }
    if (given.best_of) {
        if (has_count) throw usage_error("--n", "--best-of says how many are drawn, --keep how many of them are kept");
        to.best_of = *given.best_of;
        to.count = given.keep.value_or(1);
        if (to.best_of == 0) throw usage_error("--best-of", "at least one response is drawn");
    }
    if (given.search) {
        search_options search;
        search.width = given.width.value_or(search.width);
        search.successors = given.successors.value_or(search.successors);
        search.chunk = given.chunk.value_or(search.chunk);
        to.search = search;
    }
    if (given.prompt_tokens) to.maximum_prompt_tokens = *given.prompt_tokens;
    if (!to.chat_format.empty() && to.chat_format != "auto") (void)chat_format_named(to.chat_format);
    to.external = chosen_external(given.external);
    check(to);
    check(given.on);
}

int work(const arguments& given) {
    const any_backend<float> on = models_of(given.on);
    const generated_file found = generate_file(on, given.options, say_to_user, work_bar(on.name));
    std::printf("%sresponses: %s\n", to_text(found).c_str(), given.options.out.c_str());
    return found.counts.responses > 0 ? 0 : 3;
}

void add_drawing(command_line& line, arguments& given) {
    generate_options& to = given.options;
    line.add("--max-tokens,--response-tokens", to.sampling.max_tokens,
             "of a response alone, its end token included (--response-tokens of rounds; --max-tokens of teach and "
             "align counts prompt and response together)")
        .positive()
        .shows_default();
    add_sampling_options(line, to.sampling);
    line.add("--stop", to.stop_strings, "a text before which a response ends; \\n and \\t may stand in it").repeats();
    line.add("--stop-token", to.stop_tokens, "a token, as text, that ends a response, beside the model's own")
        .repeats();
    line.add("--stop-id", given.stop_id_texts, "the same by its number").repeats();
    line.flag("--ignore-ends", to.ignore_ends,
              "neither the model's end tokens nor the end of a turn end a response, only its length and what is asked "
              "for");
    line.add("--seed", to.seed,
             "of all draws: response k to a prompt is drawn from (seed, the prompt's id or its text, k) and is the "
             "same in any company")
        .shows_default();
}

void add_teacher(command_line& line, arguments& given) {
    generate_options& to = given.options;
    const option teacher =
        line.add("--teacher", to.teacher, "the folder of a teacher, as teach makes it").existing_path();
    line.add("--teacher-model", to.teacher_model, "where its base model is, if not where it was")
        .existing_path()
        .needs(teacher);
    line.add("--teacher-reference", to.teacher_reference, "the same of a reference that is another model")
        .existing_path()
        .needs(teacher);
    add_external_options(line, given.external);
    const option best = line.add("--best-of", given.best_of,
                                 "draw so many responses to each prompt and keep the best by the teacher's scores; one "
                                 "that only compares two compares all, and the mean of what each wins is its score")
                            .needs(teacher);
    line.add("--keep", given.keep, "so many of the best, the best first; default: 1").needs(best);
    const option search =
        line.flag("--search", given.search,
                  "weak-to-strong search (arXiv:2405.19262): beams grow by chunks in several ways each, and those that "
                  "the teacher scores best go on")
            .needs(teacher)
            .excludes(best);
    line.add("--width", given.width, "beams; default: 4").needs(search);
    line.add("--successors", given.successors, "ways in which each beam grows; default: 4").needs(search);
    line.add("--chunk", given.chunk, "tokens that they grow by; default: 10").needs(search);
}

option add_options(command_line& line, arguments& given) {
    generate_options& to = given.options;
    line.add("--model", to.model, "a GGUF file or a Hugging Face folder").required().existing_path();
    line.add("--adapter", to.adapter, "a folder with a PEFT adapter of the model").existing_path();
    line.add("--data", to.data, "prompts: any file of pairs, or prompts alone; JSONL or JSONL.gz")
        .required()
        .existing_file();
    line.add("--out", to.out, "the JSONL file to write").required().some_name();
    const option count = line.add("--n", to.count, "responses to each prompt").positive().shows_default();
    add_drawing(line, given);
    add_teacher(line, given);
    line.add("--shard", given.shard, "I/N: the I-th of N parts of the prompts; one behind the other they are the whole")
        .shows_default();
    line.add("--batch", to.batch, "sequences that grow together").positive().shows_default();
    line.add("--chat-format", to.chat_format,
             "how conversations become text: auto (what the model's chat template is, the default where it has one) or "
             "one of " +
                 chat_format_names());
    line.add("--max-prompt-tokens", given.prompt_tokens,
             "longer prompts are left out, as are those that leave the "
             "model no room");
    line.flag("--repeats", to.repeats_prompts, "answer a prompt as often as it stands in the file, not once");
    line.add("--prompt-field", to.columns.prompt, "the field of the prompt, where it has an unusual name");
    line.add("--system-field", to.columns.system, "a field with a system text");
    line.add("--id-field", to.columns.id, "the field that holds a record's id").shows_default();
    line.flag("--skip-malformed", to.skip_malformed, "leave malformed records out instead of stopping");
    line.flag("--strict", to.strict, "a prompt that cannot be answered is an error");
    line.add("--pretokenizer", to.tokenizer.pretokenizer, "how text is cut before it is encoded, by llama.cpp's name");
    add_device_options(line, given.on);
    return count;
}

} // namespace

int main(int argc, char** argv) {
    arguments given;
    command_line line{
        "Draws responses of a model to prompts: JSON lines of id, prompt, responses, finish (stop or length), tokens\n"
        "and model, with a teacher scores, too, which `label` and `pairs` read. OUT.left-out.jsonl has the prompts "
        "that\n"
        "got none, and why, OUT.manifest.json what the run was. When it is stopped, the same command goes on where it\n"
        "was."};
    const option count = add_options(line, given);
    const auto run = [&] {
        given.options.command_line = command_line_of(argc, argv);
        return work(given);
    };
    line.argument_errors_are_usage();
    return line.run(argc, argv, run, [&] { apply(given, count.given()); }); // what does not fit is a usage error
}
