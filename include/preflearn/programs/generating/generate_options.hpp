/// \file
/// What responses are drawn, of which model and to which prompts.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <preflearn/core/sampling.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/data/records/reading/record_columns.hpp>
#include <preflearn/pipeline/scoring/shard.hpp>
#include <preflearn/pipeline/teacher_folder/external_command.hpp>
#include <preflearn/policy/sampling/draw_token.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

/// Weak-to-strong search (Zhou et al. 2024, arXiv:2405.19262): `width` beams grow by `chunk` tokens in `successors`
/// ways each; of all, the `width` that a teacher scores best go on. One beam with one successor is plain sampling, one
/// beam with many and an endless chunk the best of them.
struct search_options {
    std::size_t width = 4, successors = 4, chunk = 10;
};

struct generate_options {
    /// GGUF file or Hugging Face folder.
    std::filesystem::path model{};
    /// A folder with an adapter of the model, as PEFT writes it; empty: none.
    std::filesystem::path adapter{};
    /// Prompts, alone or with anything that a file of pairs has beside them; JSONL or JSONL.gz.
    std::filesystem::path data{};
    /// The JSONL file to be written.
    std::filesystem::path out{};
    /// Responses to each prompt.
    std::size_t count = 1;
    sampling_options sampling{};
    /// Texts that end a response before them.
    std::vector<std::string> stop_strings{};
    /// Tokens that end a response, as the vocabulary or a text spells them, or by id: beside the model's own.
    std::vector<std::string> stop_tokens{};
    std::vector<token_id> stop_ids{};
    /// Whether the model's own end tokens, and its chat format's end of a turn, end nothing.
    bool ignore_ends = false;

    /// Judges responses; empty: nobody does.
    std::filesystem::path teacher{};
    /// Where the teacher's base model is, and its reference; empty: the folder says it.
    std::filesystem::path teacher_model{}, teacher_reference{};
    /// The program that a teacher of the kind external asks.
    std::optional<external_command> external{};
    /// Of so many drawn, the `count` that the teacher scores best are kept, the best first; 0: all that are drawn.
    std::size_t best_of = 0;
    std::optional<search_options> search{};

    std::uint64_t seed = 0;
    preflearn::shard shard{}; ///< of the prompts that are answered
    /// So many sequences grow together; what is kept of an unfinished run are whole ones of them.
    std::size_t batch = 64;
    /// Whether a prompt that stands in the file again is answered again.
    bool repeats_prompts = false;
    /// Longer prompts are left out, as are those that leave the model no room.
    std::size_t maximum_prompt_tokens = std::numeric_limits<std::size_t>::max();
    record_columns columns{};
    bool skip_malformed = false;
    /// Whether leaving any prompt out, but for repeated ones, is an error.
    bool strict = false;
    /// How conversations become text: a format's name, or "auto", what the model's template is; empty: that where the
    /// model has one, else HH transcripts.
    std::string chat_format{};
    tokenizer_options tokenizer{};
    std::vector<std::string> command_line{};

    /// How many responses to a prompt are drawn, and how many sequences grow for that.
    [[nodiscard]] std::size_t drawn() const { return best_of == 0 ? count : best_of; }
    [[nodiscard]] std::size_t sequences() const {
        return drawn() * (search ? search->width * search->successors : std::size_t{1});
    }
};

/// \throws argument_error naming the option.
inline void check(const generate_options& options) {
    check(options.sampling);
    require(options.count > 0, "at least one response to a prompt is drawn");
    require(options.sampling.max_tokens > 0, "a response has at least one token");
    require(options.batch > 0, "at least one sequence grows at a time");
    for (const std::string& stop : options.stop_strings) require(!stop.empty(), "a stop string is not empty");
    require(options.best_of == 0 || options.count <= options.best_of, "the ", options.count, " best of ",
            options.best_of, " responses cannot be kept");
    require(options.teacher.empty() == (options.best_of == 0 && !options.search),
            options.teacher.empty() ? "the best of several and a search need a teacher"
                                    : "a teacher chooses the best of several, or leads a search");
    require(options.best_of == 0 || !options.search, "a search chooses already; give it more successors");
    if (!options.search) return;
    const search_options& search = *options.search;
    require(search.width > 0 && search.successors > 0 && search.chunk > 0,
            "width, successors and chunk of a search are at least 1");
}

} // namespace preflearn
