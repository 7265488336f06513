// Looks at files of preferences, and prepares them: other formats, filters, splits.
// SPDX-License-Identifier: MIT
#include <cstdio>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/new_file.hpp>
#include <preflearn/core/system/progress.hpp>
#include <preflearn/data/files/json_objects.hpp>
#include <preflearn/data/records/preparing/prepare_records.hpp>
#include <preflearn/programs/pairs/pairs_program.hpp>
#include <preflearn/report/run/write.hpp>

#include "../command_line/column_options.hpp"
#include "../command_line/command_line.hpp"

namespace {

constexpr int no_result = 3;

struct arguments {
    preflearn::prepare_options options;
    preflearn::pairs_choices choices;
    std::vector<std::string> inputs;
    std::string model, out, json;
    std::size_t seed = 0;
    bool keep_duplicates = false, keep_contradictions = false, keep_identical = false;
};

constexpr auto about =
    "Looks at files of preferences, and with --out prepares them: converts, filters, splits.\n"
    "IN is JSON lines or a JSON array, plain or gzipped, of HH transcripts (chosen, rejected), explicit prompts,\n"
    "conversations, lists of responses (responses, completions, answers, generations; with scores, ratings, ranks,\n"
    "a label or nothing), TL;DR (info, summaries, choice), or single completions (completion, label). Which it is, "
    "the\n"
    "fields say; a record that can be read in two ways is refused. Columns that are not read are kept.\n"
    "What is left out is counted, with its reason, and listed in OUT.left-out.jsonl.\n"
    "Nothing is written over: a file that is there already and holds something else is an error.\n"
    "Ends with 1 when a file is wrong, 2 when the options are, and 3 when nothing is left to write.";

void add_selection(command_line& line, arguments& given) {
    preflearn::record_rules& rules = given.options.rules;
    line.add("--length", given.choices.length,
             "what lengths are counted in: words, characters, bytes, or tokens (the default with --model)")
        .one_of({"words", "characters", "bytes", "tokens"});
    line.add("--model", given.model, "GGUF file, tokenizer.json or folder, in whose tokens lengths are counted")
        .existing_path();
    line.add("--max-prompt", rules.maximum_prompt, "leave out longer prompts").positive();
    line.add("--max-response", rules.maximum_response, "leave out longer responses").positive();
    line.add("--max-length", rules.maximum_length, "leave out prompts that are longer with a response").positive();
    line.add("--min-response", rules.minimum_response, "leave out shorter responses").positive();
    line.add("--min-margin", rules.minimum_margin, "leave out pairs with a smaller margin, or none").non_negative();
    line.flag("--drop-empty", rules.drop_empty, "leave out empty prompts and empty responses");
    line.flag("--keep-identical", given.keep_identical, "keep pairs of two identical responses");
    line.flag("--keep-duplicates", given.keep_duplicates, "keep what says the same of the same texts again");
    line.flag("--keep-contradictions", given.keep_contradictions,
              "keep what says different things of the same texts, all of which falls out otherwise");
    line.add("--split", given.choices.split,
             "parts, by prompt: NAME=SHARE, NAME=NUMBER or NAME=rest, with commas; a share alone is "
             "labelled=SHARE,unlabelled=rest. OUT.jsonl becomes OUT.NAME.jsonl");
    line.add("--seed", given.seed, "of splits and of what is drawn").no_minus().shows_default();
}

void add_options(command_line& line, arguments& given) {
    line.add("IN", given.inputs, "files of preferences").required();
    const option out = line.add("--out", given.out, "the file to write; gzipped where it ends in .gz").some_name();
    const option to =
        line.add("--to", given.choices.to, "what to write: " + preflearn::record_target_names()).some_name();
    out.needs(to);
    to.needs(out);
    line.add("--json", given.json, "also write what was found, or done, to this file").some_name();
    line.add("--from", given.choices.from, "what all records are, where they can be read in two ways")
        .one_of({"pairs", "responses", "singles", "tldr"});
    line.add("--labels", given.choices.labels,
             "what a number as label of two responses is: P(first is better), or the index of the better one")
        .one_of({"probability", "index"})
        .shows_default();
    line.add("--pairing", given.choices.pairing, "pairs of more than two scored responses")
        .one_of({"best-worst", "best-random", "all"})
        .shows_default();
    line.add("--threshold", given.options.items.threshold, "the least score of a good completion, for kto");
    line.add("--chat-format", given.choices.chat_format,
             "how conversations become text: auto (the chat template of --model) or a name; else HH transcripts");
    line.flag("--ids-by-file", given.options.ids_by_file, "put the file's name in front of ids");
    line.flag("--skip-malformed", given.options.records.reading.skip_malformed,
              "leave malformed lines out instead of stopping");
    add_columns(line, given.options.records.columns);
    add_selection(line, given);
}

/// Draws the bar of the second reading; the first does not know how much there is.
preflearn::record_progress watched(std::optional<preflearn::progress>& bar) {
    return [&bar](std::size_t done, std::size_t total) {
        if (total < 2000) return; // which takes no time
        if (!bar) bar.emplace("writing", total);
        if (done % 64 == 0 || done == total) bar->update(done);
    };
}

int look_or_prepare(arguments& given) {
    for (const std::string& note : choose(given.options, given.choices)) std::fprintf(stderr, "%s\n", note.c_str());
    const auto write_json = [&](const auto& result) {
        if (given.json.empty()) return;
        const std::string text = preflearn::json_text(to_json(result));
        preflearn::write_new(given.json, [&](std::ostream& out) { out << text; });
    };
    if (given.out.empty()) {
        const preflearn::pair_summary summary = preflearn::look_at_pairs(given.options);
        std::printf("%s", to_text(summary).c_str());
        write_json(summary);
        return 0;
    }
    std::optional<preflearn::progress> bar;
    const auto prepared = preflearn::prepare_records(given.options, {}, watched(bar));
    bar.reset();
    std::printf("%s", told(prepared).c_str());
    write_json(prepared);
    return prepared.written > 0 ? 0 : no_result;
}

int work(arguments& given) {
    try {
        return look_or_prepare(given);
    } catch (const preflearn::json_object_error& failure) {
        throw preflearn::input_error(std::string(failure.what()) +
                                     " (--skip-malformed leaves such lines out and counts them)");
    }
}

} // namespace

int main(int argc, char** argv) {
    arguments given;
    command_line line{about};
    add_options(line, given);
    return line.run(
        argc, argv, [&] { return work(given); },
        [&] {
            preflearn::prepare_options& options = given.options;
            options.inputs.assign(given.inputs.begin(), given.inputs.end());
            options.out = given.out;
            options.items.seed = given.seed;
            options.rules.drop_identical = !given.keep_identical;
            options.repeats = {!given.keep_duplicates, !given.keep_contradictions};
            given.choices.model = given.model;
            if (!given.choices.to.empty()) preflearn::record_target_named(given.choices.to);
            if (!given.choices.split.empty()) options.parts = preflearn::split_parts_of(given.choices.split);
            preflearn::output_parts(options);
            if (!given.choices.split.empty() && given.out.empty()) throw usage_error("--split", "needs --out");
        });
}
