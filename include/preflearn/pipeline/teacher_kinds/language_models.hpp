/// \file
/// The language models of a teacher's folder, and blocks of texts in their tokens: encoded once for all models that
/// read alike, and dropped with the block, so that memory does not grow with the file.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/data/selection/fitting.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/pipeline/scoring/text_reader.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_description.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/policy/adapters/adapter_files.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/policy/decoder/trained_tensors.hpp>
#include <preflearn/policy/files/load.hpp>
#include <preflearn/policy/sampling/decoder_calls.hpp>
#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/text/files/load.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

using scored_transformer = any_transformer<float>;

/// Policy, and reference where the teacher has one, read where they lie.
struct teacher_models {
    std::optional<scored_transformer> base{};
    std::optional<scored_transformer> policy{}, reference{};
};

namespace detail {

/// Scores completions that go on from those of the call before. Copies are one; refers to the model.
class continued_model {
  public:
    explicit continued_model(const scored_transformer& model) : scores_(model.continued()) {}
    [[nodiscard]] std::vector<double> operator()(std::span<const token_completion> completions) const {
        return scores_->log_probs(completions);
    }
    [[nodiscard]] std::size_t computed() const { return scores_->computed(); }

  private:
    std::shared_ptr<continued_calls> scores_;
};

inline scored_transformer load_weights(const any_backend<float>& on, const opened_teacher& teacher,
                                       const teacher_weights& weights, teacher_models& models) {
    const auto outside = [&](const std::filesystem::path& place, const std::string& content) {
        if (teacher.bases)
            if (const auto found = teacher.bases->find(content); found != teacher.bases->end()) return found->second;
        scored_transformer model = load_any_transformer(on, place, trained_tensors::none());
        if (teacher.bases) teacher.bases->try_emplace(content, model); // copies share the weights
        return model;
    };
    const auto base = [&]() -> const scored_transformer& {
        if (!models.base) models.base = outside(teacher.base, teacher.description.base->identity.weights);
        return *models.base;
    };
    switch (weights.from) {
    case weights_from::adapter:
        return load_adapter(base(), part_of_folder(teacher.folder, weights.path));
    case weights_from::model:
        return load_any_transformer(on, part_of_folder(teacher.folder, weights.path), trained_tensors::none());
    case weights_from::outside:
        return outside(teacher.reference, weights.outside.identity.weights);
    case weights_from::base:
        break;
    }
    return base();
}

} // namespace detail

/// \throws input_error for files that cannot be read, or where the description lacks what the kind needs.
inline teacher_models load_models(const any_backend<float>& on, const opened_teacher& teacher, bool with_reference) {
    const teacher_description& told = teacher.description;
    require<input_error>(told.base && told.policy && (told.reference || !with_reference),
                         (teacher.folder / "teacher.json").string(), ": a teacher of the kind ", told.kind,
                         " has a base_model", with_reference ? ", a policy and a reference" : " and a policy");
    teacher_models models;
    models.policy = detail::load_weights(on, teacher, *told.policy, models);
    if (with_reference) models.reference = detail::load_weights(on, teacher, *told.reference, models);
    return models;
}

/// How texts become a model's tokens.
struct text_reading {
    tokenizer words;
    response_end after_response = response_end::nothing;
    token_boundary boundary = token_boundary::separate;
    std::size_t maximum_tokens = unlimited_length;
    std::size_t maximum_length = unlimited_length; ///< the model's own
    std::size_t vocabulary = 0;
    std::string model{}; ///< how messages call it
};

/// That of a teacher for a model of its own: the base model's tokenizer, or that of a reference outside.
inline text_reading reading_of(const opened_teacher& teacher, const scored_transformer& model,
                               const std::filesystem::path& words) {
    const teacher_description& told = teacher.description;
    text_reading reading{.words = load_tokenizer(words, {.pretokenizer = told.pretokenizer}),
                         .after_response = told.end_token ? response_end::end_token : response_end::nothing,
                         .boundary = told.boundary == "joint" ? token_boundary::joint : token_boundary::separate,
                         .maximum_tokens = told.maximum_tokens,
                         .maximum_length = model.config().maximum_length,
                         .vocabulary = model.config().vocabulary_size,
                         .model = words.string()};
    require<input_error>(!told.end_token || reading.words.end_token(), words.string(),
                         ": the teacher scores an end token, and the tokenizer names none");
    return reading;
}

/// The texts of a block in a model's tokens. Completions lie one behind the other, those of a record together.
class tokens_of_block {
  public:
    /// Texts that `said` says are unfit already are passed over; those that this model cannot take become so.
    tokens_of_block(const text_reading& reading, std::span<const shown_texts> block, std::vector<judgement>& said)
        : texts_(std::make_unique<encoded_texts>(reading.words, special_tokens::parse, reading.boundary)) {
        const pair_reader reader{.name = reading.model, .maximum_length = reading.maximum_length};
        for (std::size_t i = 0; i < block.size(); ++i) {
            first_.push_back(completions_.size());
            if (said[i].unfit) continue;
            try {
                for (std::size_t r = 0; r < block[i].responses.size() && !said[i].unfit; ++r) {
                    const bool open = !block[i].open.empty() && block[i].open[r];
                    said[i].unfit = add(reading, reader, block[i].prompt, block[i].responses[r],
                                        open ? response_end::nothing : reading.after_response);
                }
            } catch (const error& failure) { // a token that the model has no place for
                throw input_error(message("pair ", block[i].id, ": ", failure.what()));
            }
            if (said[i].unfit) completions_.resize(first_.back());
            if (completions_.size() > first_.back()) tokens_ += completions_[first_.back()].prompt.size();
        }
        first_.push_back(completions_.size());
        for (const token_completion& one : completions_) tokens_ += one.response.size();
    }

    [[nodiscard]] std::span<const token_completion> all() const { return completions_; }
    /// The completions of record i: none where it is unfit.
    [[nodiscard]] std::size_t begin_of(std::size_t i) const { return first_[i]; }
    [[nodiscard]] std::size_t end_of(std::size_t i) const { return first_[i + 1]; }
    /// How many a model computes, prompts that are shared once.
    [[nodiscard]] std::size_t tokens() const { return tokens_; }

  private:
    /// Adds a completion, unless the model cannot take it: then why.
    std::optional<left_out_pair> add(const text_reading& reading, const pair_reader& reader, std::string_view prompt,
                                     std::string_view response, response_end after) {
        const token_completion both = texts_->pair(prompt, response, after);
        const pair_lengths lengths{.prompt = detail::checked_length(both.prompt, reading.vocabulary, "prompt"),
                                   .first = detail::checked_length(both.response, reading.vocabulary, "response"),
                                   .second = both.response.size()};
        auto unfit = detail::unreadable({&reader, 1}, {&lengths, 1}, {.maximum_tokens = reading.maximum_tokens});
        if (!unfit) completions_.push_back(both);
        return unfit;
    }

    std::unique_ptr<encoded_texts> texts_; // which the completions view
    std::vector<token_completion> completions_;
    std::vector<std::size_t> first_;
    std::size_t tokens_ = 0;
};

/// What a model and its tokenizer noticed.
inline void add_notes(std::vector<std::string>& notes, const text_reading& reading, const scored_transformer& model) {
    for (const std::string& note : reading.words.notes()) notes.push_back("tokenizer: " + note);
    for (const std::string& note : model.notes()) notes.push_back("model: " + note);
}

} // namespace preflearn
