/// \file
/// The kind `judge`: a language model that is asked, by a template, which of two responses is better or how good one
/// is.
///   pairwise  P(first ≻ second) = P(A) / (P(A) + P(B)), the mean of both orders of the responses, in which a liking
///             for a position cancels (Lee et al. 2023, RLAIF, arXiv:2309.00267); n responses: the mean log-odds of
///             each against all
///   score     Σ s P(s) / Σ P(s) over the answers 1 to 10; where the tokens of 1 begin those of 10, what goes on to 10
///             is taken from 1
/// With {reason} in the template the model first writes a reason, drawn from (seed, question), for each order.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
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
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/sampling.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/pipeline/teacher_folder/folder_parts.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_kinds/judge_description.hpp>
#include <preflearn/pipeline/teacher_kinds/judge_prompt.hpp>
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

/// Of the log-probs of A and B with the first response shown as A, and with the second one: the log-odds of the mean
/// of both probabilities that the first is better.
inline double margin_of_both_orders(double a_is_first, double b_is_second, double a_is_second, double b_is_first) {
    const double one = a_is_first - b_is_second, other = b_is_first - a_is_second;
    return log_add_exp(log_sigmoid(one), log_sigmoid(other)) - log_add_exp(log_sigmoid(-one), log_sigmoid(-other));
}

/// Σ s P(s) / Σ P(s), s from 1 to the number of answers. \param one_begins_ten what `judge` above says of prefixes
inline double expected_score(std::span<const double> log_probs, bool one_begins_ten) {
    std::vector<double> logs(log_probs.begin(), log_probs.end());
    if (one_begins_ten && logs.size() >= 10) // P(1) less P(10), which rounding does not make negative
        logs[0] += log1m_exp(std::min(0.0, logs[9] - logs[0]));
    const double total = log_sum_exp(std::span<const double>(logs));
    double mean = 0;
    for (std::size_t s = 0; s < logs.size(); ++s) mean += static_cast<double>(s + 1) * std::exp(logs[s] - total);
    return mean;
}

namespace detail {

/// One question and its answers, whose log-probs are wanted.
struct judge_question {
    std::size_t record = 0;
    std::vector<token_id> tokens{};
};

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
    }

    [[nodiscard]] judged_block judge(std::span<const shown_texts> block) const {
        judged_block judged{.all = std::vector<judgement>(block.size())};
        std::deque<judge_question> questions; // whose tokens stay where they are
        for (std::size_t i = 0; i < block.size(); ++i) ask(i, block[i], questions, judged);
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
            asked_.form == judge_form::score ? rate(judged.all[record], own)
                                             : compare(judged.all[record], block[record].responses.size(), own);
            q = end;
        }
        return judged;
    }

  private:
    /// The questions about one record: of every response, or of every two in both orders; none where one is too long.
    void ask(std::size_t record, const shown_texts& shown, std::deque<judge_question>& to, judged_block& judged) const {
        const std::size_t before = to.size();
        const auto add = [&](const judge_texts& texts) {
            if (judged.all[record].unfit) return;
            judge_question question{.record = record};
            judged.all[record].unfit = tokens_of(question.tokens, texts, judged.tokens);
            to.push_back(std::move(question));
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
        if (judged.all[record].unfit) to.resize(before);
    }

    /// \return why the question does not fit, where it does not
    std::optional<left_out_pair> tokens_of(std::vector<token_id>& tokens, judge_texts texts,
                                           std::size_t& computed) const {
        tokens = encoder_.question(asked_, texts, true);
        const std::size_t room = longest_ + how_.reason_tokens;
        if (auto unfit = too_long(tokens.size() + room)) return unfit;
        if (how_.reason_tokens == 0) return std::nullopt;
        const std::string reason = reason_for(tokens, texts, computed);
        texts.reason = reason;
        tokens = encoder_.question(asked_, texts, false);
        return too_long(tokens.size() + longest_); // the reason is encoded anew, and something may follow it
    }

    [[nodiscard]] std::optional<left_out_pair> too_long(std::size_t tokens) const {
        if (tokens <= most_) return std::nullopt;
        return left_out_pair{.reason = model_limits_ ? left_out_reason::longer_than_model : left_out_reason::too_long,
                             .message = message("the question takes ", tokens, " tokens, of at most ", most_)};
    }

    [[nodiscard]] std::string reason_for(token_span tokens, const judge_texts& texts, std::size_t& computed) const {
        generator random(how_.seed, "judge's reason", hash_of(judge_encoder::written(asked_, texts, true)));
        const std::vector<token_id> drawn =
            model_.sample(tokens, {.temperature = how_.temperature, .max_tokens = how_.reason_tokens}, random);
        computed += tokens.size() + drawn.size();
        std::string reason = encoder_.words().decode(drawn, special_text::skip, text_position::continuation);
        // one that goes on to answer by itself is cut there
        const auto place = std::ranges::find(asked_.parts, judge_slot::reason, &judge_part::slot);
        const auto behind = place + 1;
        if (behind != asked_.parts.end() && behind->slot == judge_slot::text) {
            const std::string_view cue = without_outer_space(behind->text);
            if (!cue.empty()) reason.resize(std::min(reason.find(cue), reason.size()));
        }
        return reason;
    }

    static void rate(judgement& said, std::span<const double> log_probs, bool one_begins_ten) {
        for (std::size_t at = 0; at < log_probs.size(); at += 10)
            said.scores.push_back(expected_score(log_probs.subspan(at, 10), one_begins_ten));
    }
    void rate(judgement& said, std::span<const double> log_probs) const {
        const auto &one = answers_.front(), &ten = answers_.back();
        rate(said, log_probs, ten.size() > one.size() && std::equal(one.begin(), one.end(), ten.begin()));
    }

    /// Four log-probs for every two responses: A and B with the earlier one shown first, then the later one.
    static void compare(judgement& said, std::size_t responses, std::span<const double> log_probs) {
        std::vector<double> sums(responses, 0);
        std::size_t at = 0;
        for (std::size_t i = 0; i < responses; ++i) {
            for (std::size_t j = i + 1; j < responses; ++j, at += 4) {
                const double margin =
                    margin_of_both_orders(log_probs[at], log_probs[at + 1], log_probs[at + 2], log_probs[at + 3]);
                sums[i] += margin;
                sums[j] -= margin;
                if (responses != 2) continue;
                said.verdict = preference::from_margin(margin);
                said.orders = {sigmoid(log_probs[0] - log_probs[1]), sigmoid(log_probs[3] - log_probs[2])};
            }
        }
        if (responses == 2) return;
        for (const double sum : sums) said.scores.push_back(sum / static_cast<double>(responses));
    }

    scored_transformer model_;
    judge_encoder encoder_;
    judge_template asked_;
    judge_description how_;
    std::size_t most_;
    bool model_limits_;
    std::vector<std::vector<token_id>> answers_;
    std::size_t longest_ = 0;
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
