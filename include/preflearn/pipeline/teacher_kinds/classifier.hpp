/// \file
/// The kind `classifier`: a model reads a prompt and both responses in one text, and a scalar head at its last token is
/// the log-odds that the one shown first is better. Both orders are read: margin = (logit(a, b) − logit(b, a)) / 2, so
/// that the place of a response says nothing. Responses are encoded without special tokens: one that spells an end of
/// turn does not end anything.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/data/selection/fitting.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_folder/teacher_fields.hpp>
#include <preflearn/pipeline/teacher_kinds/head.hpp>
#include <preflearn/pipeline/teacher_kinds/language_models.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/policy/any_scalar_head.hpp>
#include <preflearn/policy/text/encoded_texts.hpp>
#include <preflearn/text/steps/position.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

/// What stands behind a prompt, with {first} and {second} for the responses, once each and in this order.
inline constexpr std::string_view default_pair_template =
    "\n\n[Response A]\n{first}\n\n[Response B]\n{second}\n\n[The better response]";

/// Such a text, taken apart. \throws argument_error where a response has no place, or two.
class pair_template {
  public:
    explicit pair_template(std::string_view text) {
        const std::size_t first = text.find(first_), second = text.find(second_);
        require(first != text.npos && second != text.npos && first < second &&
                    text.find(first_, first + 1) == text.npos && text.find(second_, second + 1) == text.npos,
                "a template of two responses has {first} and then {second}, once each, found ", excerpt{text});
        before_ = text.substr(0, first);
        between_ = text.substr(first + first_.size(), second - first - first_.size());
        after_ = text.substr(second + second_.size());
    }
    [[nodiscard]] std::string operator()(std::string_view first, std::string_view second) const {
        return std::string(before_).append(first).append(between_).append(second).append(after_);
    }

  private:
    static constexpr std::string_view first_ = "{first}", second_ = "{second}";
    std::string before_, between_, after_;
};

/// A prompt, whose special tokens count, and what stands behind it, whose do not, in tokens. Keeps what it encoded.
class pair_reading {
  public:
    explicit pair_reading(tokenizer words) : prompts_(std::make_unique<encoded_texts>(std::move(words))) {}

    /// Views live as long as this.
    [[nodiscard]] token_completion operator()(std::string_view prompt, std::string_view behind) {
        const auto known = behind_.find(behind);
        if (known != behind_.end()) return {prompts_->begun(prompt), known->second};
        const text_position position = prompt.empty() ? text_position::start : text_position::continuation;
        std::vector<token_id> ids = prompts_->words().encode(behind, special_tokens::plain, position);
        return {prompts_->begun(prompt), behind_.emplace(std::string(behind), std::move(ids)).first->second};
    }

  private:
    std::unique_ptr<encoded_texts> prompts_;
    std::map<std::string, std::vector<token_id>, std::less<>> behind_;
};

namespace detail {

struct classifier_teacher {
    any_scalar_head<float> head;
    text_reading reading;
    pair_template shown;

    [[nodiscard]] judged_block judge(std::span<const shown_texts> block) const {
        judged_block judged{.all = std::vector<judgement>(block.size())};
        pair_reading read(reading.words);
        std::vector<token_completion> all;
        std::vector<std::size_t> begins;
        for (std::size_t i = 0; i < block.size(); ++i) {
            begins.push_back(all.size());
            try {
                judged.all[i].unfit = add(read, block[i], all);
            } catch (const error& failure) { // a token that the model has no place for
                throw input_error(message("pair ", block[i].id, ": ", failure.what()));
            }
            if (judged.all[i].unfit) all.resize(begins.back());
            if (all.size() > begins.back()) judged.tokens += all.back().prompt.size();
        }
        for (const token_completion& one : all) judged.tokens += one.response.size();
        const std::vector<double> logits = head.rewards(all);
        for (std::size_t i = 0; i < block.size(); ++i)
            if (!judged.all[i].unfit)
                judged.all[i].scores = scores(std::span(logits).subspan(begins[i]), block[i].responses.size());
        return judged;
    }

  private:
    /// Every two responses in both orders: (0, 1), (1, 0), (0, 2) …
    std::optional<left_out_pair> add(pair_reading& read, const shown_texts& texts,
                                     std::vector<token_completion>& all) const {
        const pair_reader reader{.name = reading.model, .maximum_length = reading.maximum_length};
        const std::vector<std::string_view>& responses = texts.responses;
        for (std::size_t a = 0; a < responses.size(); ++a) {
            for (std::size_t b = a + 1; b < responses.size(); ++b) {
                const token_completion one = read(texts.prompt, shown(responses[a], responses[b])),
                                       other = read(texts.prompt, shown(responses[b], responses[a]));
                const pair_lengths lengths{.prompt = checked_length(one.prompt, reading.vocabulary, "prompt"),
                                           .first = checked_length(one.response, reading.vocabulary, "pair"),
                                           .second = checked_length(other.response, reading.vocabulary, "pair")};
                if (auto unfit = unreadable({&reader, 1}, {&lengths, 1}, {.maximum_tokens = reading.maximum_tokens}))
                    return unfit;
                all.push_back(one);
                all.push_back(other);
            }
        }
        return std::nullopt;
    }
    /// Of n responses the mean margin over all, which is 0 over itself: of two their difference is the margin, and of
    /// margins that are differences of rewards, the differences are the margins.
    static std::vector<double> scores(std::span<const double> logits, std::size_t count) {
        std::vector<double> sums(count);
        std::size_t at = 0;
        for (std::size_t a = 0; a < count; ++a) {
            for (std::size_t b = a + 1; b < count; ++b, at += 2) {
                const double margin = (logits[at] - logits[at + 1]) / 2;
                sums[a] += margin / static_cast<double>(count);
                sums[b] -= margin / static_cast<double>(count);
            }
        }
        return sums;
    }
};

} // namespace detail

/// \throws as `load_teacher_head`.
inline text_teacher load_classifier_teacher(const opened_teacher& opened, const any_backend<float>& on) {
    const nlohmann::json settings = opened.description.settings;
    const teacher_fields in(settings, (opened.folder / "teacher.json").string() + ": 'settings'");
    return load_teacher_by_head(opened, on, [&](any_scalar_head<float> head, text_reading reading) {
        return detail::classifier_teacher{.head = std::move(head),
                                          .reading = std::move(reading),
                                          .shown =
                                              pair_template(in.text("template", std::string(default_pair_template)))};
    });
}

} // namespace preflearn
