/// \file
/// From a model and a file of prompts to responses: drawn block by block, resumable and in shards, chosen among by a
/// teacher or searched by its scores. `R.jsonl` has the responses, `R.left-out.jsonl` the prompts that have none and
/// why, `R.manifest.json` what the run was.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/output/kept_lines.hpp>
#include <preflearn/pipeline/output/output_run.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/pipeline/scoring/text_model.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_kinds/kinds.hpp>
#include <preflearn/policy/adapters/adapter_files.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/decoder/trained_tensors.hpp>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/programs/generating/drawn_responses.hpp>
#include <preflearn/programs/generating/generate_options.hpp>
#include <preflearn/programs/generating/generated_file.hpp>
#include <preflearn/programs/generating/generation_setup.hpp>
#include <preflearn/programs/generating/judged_responses.hpp>
#include <preflearn/programs/generating/prompt_file.hpp>
#include <preflearn/programs/generating/response_lines.hpp>
#include <preflearn/programs/generating/searched_responses.hpp>
#include <preflearn/text/files/load.hpp>

namespace preflearn {

namespace detail {

/// What one block of prompts becomes.
struct response_maker {
    const generate_options& options;
    const responder& with;
    const prompt_file& file;
    const std::string& model;
    const response_judge* judge = nullptr;
    std::string teacher{};

    [[nodiscard]] std::vector<std::string> operator()(std::span<const written_prompt> prompts,
                                                      std::size_t& tokens) const {
        std::vector<asked_prompt> asked;
        for (const written_prompt& prompt : prompts) asked.push_back({prompt.text, prompt.stream});
        if (judge == nullptr) {
            const drawn_block drawn = draw_responses(with, asked, options.drawn());
            tokens = drawn.tokens;
            return plain(prompts, drawn);
        }
        response_judge judging = options.search ? judge->that_continues() : *judge;
        const std::size_t before = judging.tokens();
        drawn_block drawn =
            options.search ? searched(prompts, asked, judging) : draw_responses(with, asked, options.drawn());
        std::vector<std::string> lines = chosen(prompts, drawn, judging);
        tokens = drawn.tokens + judging.tokens() - before;
        return lines;
    }

  private:
    [[nodiscard]] drawn_block searched(std::span<const written_prompt> prompts, std::span<const asked_prompt> asked,
                                       response_judge& judging) const {
        return search_responses(with, asked, options.count, *options.search,
                                [&](std::span<const searched_candidates> sets) {
                                    std::vector<candidate_responses> all;
                                    for (const searched_candidates& set : sets) {
                                        all.push_back(set.all);
                                        all.back().prompt = &prompts[set.prompt].written;
                                        all.back().id = prompts[set.prompt].id;
                                    }
                                    return judging(all);
                                });
    }
    [[nodiscard]] std::vector<std::string> plain(std::span<const written_prompt> prompts,
                                                 const drawn_block& drawn) const {
        std::vector<std::string> lines;
        for (std::size_t i = 0; i < prompts.size(); ++i)
            lines.push_back(dumped(response_line(prompts[i], file.names, drawn.of[i], model)));
        return lines;
    }
    /// With the teacher's scores, which are those that it gives whoever labels the line; the best first where they are
    /// the best of several.
    [[nodiscard]] std::vector<std::string> chosen(std::span<const written_prompt> prompts, const drawn_block& drawn,
                                                  response_judge& judging) const {
        std::vector<candidate_responses> sets;
        for (std::size_t i = 0; i < prompts.size(); ++i) {
            sets.push_back({.prompt = &prompts[i].written, .id = prompts[i].id});
            for (const drawn_response& response : drawn.of[i]) sets.back().texts.push_back(response.text);
        }
        const std::vector<candidate_scores> scores = judging(sets);
        std::vector<std::string> lines;
        for (std::size_t i = 0; i < prompts.size(); ++i) {
            if (scores[i].of.empty()) {
                lines.push_back(dumped(unjudged_line(*scores[i].unfit)));
                continue;
            }
            std::vector<std::size_t> order(drawn.of[i].size());
            std::iota(order.begin(), order.end(), std::size_t{0});
            if (!options.search) order = best_first(scores[i].of);
            order.resize(std::min(order.size(), options.count));
            std::vector<drawn_response> responses;
            std::vector<std::optional<double>> kept;
            for (const std::size_t k : order) {
                responses.push_back(drawn.of[i][k]);
                kept.push_back(scores[i].of[k]);
            }
            lines.push_back(dumped(response_line(prompts[i], file.names, responses, model, kept, teacher)));
        }
        return lines;
    }
};

inline void say_prompts(const generate_options& options, const prompt_file& file, const responder& with,
                        const speaker& say) {
    std::map<std::string_view, std::size_t> reasons;
    for (const left_out_prompt& one : file.left_out) ++reasons[words_of(one.why.reason)];
    for (const auto& [reason, count] : reasons) say(message("prompts left out: ", count, " ", reason));
    for (const left_out_prompt& one : file.left_out)
        require<input_error>(!options.strict || one.why.reason == left_out_reason::duplicate, options.data.string(),
                             ": a prompt is left out, which strict refuses: line ", one.why.name.line, ": ",
                             one.why.message);
    std::size_t short_of_room = 0, transcripts = 0;
    for (const written_prompt& prompt : file.prompts) {
        short_of_room += with.limit(with.texts.begun(prompt.text)) < options.sampling.max_tokens;
        transcripts += &with.ends_of(prompt.text) == &with.transcript_ends;
    }
    if (short_of_room > 0)
        say(message(short_of_room, " prompts leave the model, which reads ", with.model.config().maximum_length,
                    " tokens, less than ", options.sampling.max_tokens, " for a response"));
    if (options.drawn() > 1 && (options.sampling.temperature == 0 || options.sampling.top_k == 1))
        say(message("the likeliest token is always taken: the ", options.drawn(), " responses to a prompt are one"));
    if (transcripts > 0 && !options.ignore_ends)
        say(message(transcripts, " prompts are HH transcripts, whose responses end before \"\\n\\nHuman:\""));
}

} // namespace detail

/// Does it all. \param say takes each sentence for the user
/// \throws input_error for files that cannot be read or written, a teacher's folder that is refused, when responses of
/// another run are at `out`, and where strict when a prompt is left out; argument_error for options that do not fit.
inline generated_file generate_file(const any_backend<float>& on, const generate_options& options, const speaker& say,
                                    const work_progress& seen = {}) {
    check(options);
    require(options.out.extension() != ".gz", options.out.string(), ": responses are written as plain JSONL");
    tokenizer words = load_tokenizer(options.model, options.tokenizer); // first, since it is quicker to fail
    const std::string model_is = detail::model_name(options);
    output_run run = detail::generation_run(options, on.name, model_is);
    generated_file found;
    found.was_there = made_before(options.out, run.key);
    std::filesystem::path part = options.out;
    part += ".part";
    if (found.was_there) {
        remove_kept({part});
        found.counts.responses = count_told(options.out, "responses");
        return found;
    }
    require_own_beside(options.out, "generate", {".left-out.jsonl"});

    preference_options reading{.skip_malformed = options.skip_malformed, .id_field = options.columns.id};
    prompt_file file = read_prompts(options.data, {.columns = options.columns, .reading = reading});
    const chosen_chat_format chat = detail::chat_of_prompts(options, file, say);
    if (chat.render) reading.render = chat.render;
    render_prompts(file, reading, options.repeats_prompts);
    for (const std::string& note : words.notes()) say("tokenizer: " + note);

    any_transformer<float> model = load_any_transformer(on, options.model, trained_tensors::none());
    if (!options.adapter.empty()) model = load_adapter(model, options.adapter);
    for (const std::string& note : model.notes()) say("model: " + note);
    const response_ends ends = detail::ends_of(options, words, model, chat);
    encoded_texts texts(std::move(words));
    responder with{.model = model,
                   .texts = texts,
                   .sampling = options.sampling,
                   .ends = ends,
                   .transcript_ends = ends,
                   .seed = options.seed};
    if (!options.ignore_ends) with.transcript_ends.strings.emplace_back("\n\nHuman:");
    detail::leave_out_unfit(file, texts, model.config(), options);
    detail::say_prompts(options, file, with, say);
    require<input_error>(!file.prompts.empty(), options.data.string(), ": no prompt is left to answer");

    std::optional<response_judge> judge;
    detail::response_maker make{.options = options, .with = with, .file = file, .model = model_is};
    if (!options.teacher.empty()) {
        const opened_teacher opened = open_teacher(
            options.teacher,
            {.model = options.teacher_model, .reference = options.teacher_reference, .external = options.external});
        judge.emplace(load_teacher(opened, on), opened.chat, options.seed);
        for (const std::string& note : judge->teacher().notes) say("teacher: " + note);
        make.judge = &*judge;
        make.teacher = opened.name;
    }
    const std::size_t block = std::max<std::size_t>(1, options.batch / options.sequences());
    const std::size_t begin = options.shard.begin(file.prompts.size(), block),
                      end = options.shard.end(file.prompts.size(), block);
    {
        kept_lines kept(part, message("# preflearn responses ", run.key));
        std::vector<std::string> lines = kept.lines();
        require<input_error>(lines.size() <= end - begin, part.string(), ": has more lines than there are prompts");
        const work_progress watched = with_first_estimate(seen, say);
        const auto responses = [&](std::size_t prompts) { return prompts * options.count; };
        watched("generating", responses(lines.size()), responses(end - begin), 0, 0);
        while (lines.size() < end - begin) {
            // whole blocks, so that whoever goes on computes what the whole run would have computed together
            const std::size_t first = begin + lines.size() / block * block, last = std::min(end, first + block);
            std::size_t tokens = 0;
            const std::vector<std::string> made = detail::with_names(
                file.names, [&] { return make(std::span(file.prompts).subspan(first, last - first), tokens); });
            const auto missing = std::span(made).subspan(begin + lines.size() - first);
            kept.append(missing);
            lines.insert(lines.end(), missing.begin(), missing.end());
            watched("generating", responses(lines.size()), responses(end - begin), static_cast<double>(tokens),
                    model.operations_per_token());
        }
        detail::write_responses(options, file, begin, end, lines, run, found);
    }
    remove_kept({part});
    return found;
}

} // namespace preflearn
