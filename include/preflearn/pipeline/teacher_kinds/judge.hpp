/// \file
/// The kind `judge`: a language model that is asked, by a template, which of two responses is better or how good one
/// is (judge_answers.hpp).
/// With {reason} in the template the model first writes a reason, for each order (judge_reasons.hpp).
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/checkpoint/mapped_file.hpp>
#include <preflearn/core/chat_message.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/pipeline/teacher_folder/folder_parts.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_kinds/judge_answers.hpp>
#include <preflearn/pipeline/teacher_kinds/judge_description.hpp>
#include <preflearn/pipeline/teacher_kinds/judge_prompt.hpp>
#include <preflearn/pipeline/teacher_kinds/judge_reasons.hpp>
#include <preflearn/pipeline/teacher_kinds/judge_template.hpp>
#include <preflearn/pipeline/teacher_kinds/language_models.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/policy/any_transformer.hpp>
#include <preflearn/text/chat/chat_template.hpp>

namespace preflearn {

/// The template as the model reads it: up to {reason} the user's turn of a conversation in the chat format, what
/// follows the beginning of the answer. \param render of the format; empty: the template as it stands
inline std::string wrapped_template(std::string_view text,
                                    const std::function<std::string(std::span<const chat_message>)>& render) {
    if (!render) return std::string(text);
    std::size_t reason = text.find("{reason}");
    while (reason != std::string_view::npos && reason > 0 && text[reason - 1] == '{') // {{reason}} is text
        reason = text.find("{reason}", reason + 1);
    reason = std::min(reason, text.size());
    const std::array<chat_message, 1> asked{{{.role = "user", .content = text.substr(0, reason)}}};
    return render(asked) + std::string(text.substr(reason));
}

namespace detail {

class judge_teacher {
  public:
    judge_teacher(scored_transformer model, tokenizer words, judge_template asked, judge_description how,
                  std::size_t maximum_tokens)
        : model_(std::move(model)), encoder_(std::move(words), model_.config().end_tokens), asked_(std::move(asked)),
          how_(std::move(how)), most_(std::min(maximum_tokens, model_.config().maximum_length)),
          model_limits_(model_.config().maximum_length <= maximum_tokens) {
        if (const auto end = encoder_.words().end_token();
            end && static_cast<std::size_t>(*end) < model_.config().vocabulary_size)
            model_.stop_at(*end);
        if (asked_.form == judge_form::pairwise) {
            for (const std::string_view name : {"A", "B"}) answers_.push_back(encoder_.answer(asked_, name));
            require<input_error>(answers_[0] != answers_[1], "the judge's tokenizer spells the answers A and B alike");
        } else {
            for (int score = 1; score <= 10; ++score)
                answers_.push_back(encoder_.answer(asked_, std::to_string(score)));
        }
        for (const std::vector<token_id>& answer : answers_) longest_ = std::max(longest_, answer.size());
        const auto &first = answers_.front(), &last = answers_.back();
        one_begins_ten_ = last.size() > first.size() && std::equal(first.begin(), first.end(), last.begin());
    }

    [[nodiscard]] judged_block judge(std::span<const shown_texts> block) const {
        judged_block judged{.all = std::vector<judgement>(block.size())};
        std::vector<judge_question> questions;
        for (std::size_t i = 0; i < block.size(); ++i) ask(i, block[i], questions, judged.all[i]);
        if (how_.reason_tokens > 0) give_reasons(block, questions, judged);
        std::vector<token_completion> completions;
        for (const judge_question& question : questions) {
            judged.tokens += question.tokens.size();
            for (const std::vector<token_id>& answer : answers_) {
                completions.push_back({question.tokens, answer});
                judged.tokens += answer.size();
            }
        }
        const std::vector<double> log_probs = model_.log_probs(completions);
        for (std::size_t c = 0; c < log_probs.size(); ++c)
            require<numeric_error>(std::isfinite(log_probs[c]), "pair ",
                                   block[questions[c / answers_.size()].record].id,
                                   ": the log-probability of an answer is ", log_probs[c]);
        for (std::size_t q = 0; q < questions.size();) {
            std::size_t end = q;
            while (end < questions.size() && questions[end].record == questions[q].record) ++end;
            const std::span<const double> own =
                std::span(log_probs).subspan(q * answers_.size(), (end - q) * answers_.size());
            const std::size_t record = questions[q].record;
            judged.all[record] = asked_.form == judge_form::score ? rated(own, one_begins_ten_)
                                                                  : compared(own, block[record].responses.size());
            q = end;
        }
        return judged;
    }

  private:
    /// The questions about one record, up to a reason: of every response, or of every two in both orders; none where
    /// one is too long.
    void ask(std::size_t record, const shown_texts& shown, std::vector<judge_question>& to, judgement& said) const {
        const std::size_t before = to.size();
        const auto add = [&](const judge_texts& texts) {
            if (said.unfit) return;
            to.push_back({.record = record, .texts = texts, .tokens = encoder_.question(asked_, texts, true)});
            said.unfit = too_long(to.back().tokens.size() + longest_ + how_.reason_tokens);
        };
        const std::size_t n = shown.responses.size();
        try {
            for (std::size_t i = 0; i < n; ++i) {
                if (asked_.form == judge_form::score) add({.prompt = shown.prompt, .response = shown.responses[i]});
                for (std::size_t j = i + 1; j < n && asked_.form == judge_form::pairwise; ++j) {
                    add({.prompt = shown.prompt, .first = shown.responses[i], .second = shown.responses[j]});
                    add({.prompt = shown.prompt, .first = shown.responses[j], .second = shown.responses[i]});
                }
            }
        } catch (const error& failure) {
            throw input_error(message("pair ", shown.id, ": ", failure.what()));
        }
        if (said.unfit) to.resize(before);
    }

    /// Draws the reasons and goes on behind them. A reason is encoded anew, and something may follow it, so that a
    /// question may become too long.
    void give_reasons(std::span<const shown_texts> block, std::vector<judge_question>& questions,
                      judged_block& judged) const {
        const std::vector<std::string> reasons = reasons_for(model_, encoder_, asked_, how_, questions, judged.tokens);
        for (std::size_t q = 0; q < questions.size(); ++q) {
            judge_question& question = questions[q];
            judgement& said = judged.all[question.record];
            if (said.unfit) continue;
            question.texts.reason = reasons[q];
            try {
                question.tokens = encoder_.question(asked_, question.texts, false);
            } catch (const error& failure) {
                throw input_error(message("pair ", block[question.record].id, ": ", failure.what()));
            }
            question.texts.reason = {}; // which ends here
            said.unfit = too_long(question.tokens.size() + longest_);
        }
        std::erase_if(questions, [&](const judge_question& q) { return judged.all[q.record].unfit.has_value(); });
    }

    [[nodiscard]] std::optional<left_out_pair> too_long(std::size_t tokens) const {
        if (tokens <= most_) return std::nullopt;
        return left_out_pair{.reason = model_limits_ ? left_out_reason::longer_than_model : left_out_reason::too_long,
                             .message = message("the question takes ", tokens, " tokens, of at most ", most_)};
    }

    scored_transformer model_;
    judge_encoder encoder_;
    judge_template asked_;
    judge_description how_;
    std::size_t most_;
    bool model_limits_;
    std::vector<std::vector<token_id>> answers_;
    std::size_t longest_ = 0;
    bool one_begins_ten_ = false;
};

} // namespace detail

/// The template of a judge, wrapped in its chat format. \throws input_error for one that does not fit what the
/// description says
inline judge_template template_of(const judge_description& how, std::string_view text, const std::string& place,
                                  const std::filesystem::path& model) {
    parse_judge_template(text, place); // so that messages are about the file
    std::string wrapped(text);
    if (!how.chat_format.empty()) {
        const chosen_chat_format chat = choose_chat_format(how.chat_format, model);
        require<input_error>(how.chat_layout.empty() || layout_of(chat.format).name == how.chat_layout, place,
                             ": the judge was made with the chat format ", how.chat_layout, ", and ", model.string(),
                             " has ", layout_of(chat.format).name);
        wrapped = wrapped_template(text, chat.render);
    }
    judge_template made = parse_judge_template(wrapped, place);
    require<input_error>(made.has(judge_slot::reason) == (how.reason_tokens > 0), place,
                         made.has(judge_slot::reason)
                             ? ": the template has {reason}, and no tokens are left for one (--reason-tokens)"
                             : ": a reason is to come first, and the template has no {reason}");
    return made;
}

/// \throws input_error for a template that is none, and as `load_models`.
inline text_teacher load_judge_teacher(const opened_teacher& opened, const any_backend<float>& on) {
    const teacher_description& told = opened.description;
    const judge_description how = read_judge(told, (opened.folder / "teacher.json").string());
    const std::filesystem::path place = part_of_folder(opened.folder, how.path);
    judge_template asked = template_of(how, mapped_file(place).text(), place.string(), opened.base);
    teacher_models models = load_models(on, opened, false);
    const text_reading reading = reading_of(opened, *models.policy, opened.base);
    text_teacher teacher{.gives_log_odds = asked.form == judge_form::pairwise || told.calibrated,
                         .operations_per_token = models.policy->operations_per_token(),
                         .parameters = models.policy->layout().size()};
    add_notes(teacher.notes, reading, *models.policy);
    const auto held = std::make_shared<const detail::judge_teacher>(*std::move(models.policy), reading.words,
                                                                    std::move(asked), how, told.maximum_tokens);
    teacher.judge = [held](std::span<const shown_texts> block) { return held->judge(block); };
    return teacher;
}

} // namespace preflearn
