/// \file
/// A judge's question in tokens. Control tokens are those that the template (or the chat format around it) spells; a
/// prompt or a response that spells one is text like any other, so that it cannot end the judge's turn or begin
/// another. Between control tokens all is encoded as one text, so that tokens go across the seams as they do in any
/// text.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/pipeline/teacher_kinds/judge_template.hpp>
#include <preflearn/text/chat/conversation.hpp>
#include <preflearn/text/encode/added_tokens.hpp>
#include <preflearn/text/steps/position.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

/// What stands in the places of a template.
struct judge_texts {
    std::string_view prompt{}, first{}, second{}, response{};
    std::string_view reason{};
};

namespace detail {

/// A stretch without control tokens, and which parts of it strangers wrote.
struct judge_stretch {
    std::string text{};
    std::vector<std::pair<std::size_t, std::size_t>> inserted{}; ///< begin and end
    std::optional<token_id> before{};                            ///< the control token in front of it

    [[nodiscard]] bool touches_inserted(std::size_t begin, std::size_t end) const {
        return std::ranges::any_of(inserted, [&](const auto& i) { return begin < i.second && i.first < end; });
    }
};

} // namespace detail

/// Immutable; calls are thread safe.
class judge_encoder {
  public:
    /// \param ends tokens that end the model's turn, beside the tokenizer's end token
    explicit judge_encoder(tokenizer words, std::span<const token_id> ends = {})
        : words_(std::move(words)), ends_(ends.begin(), ends.end()) {
        if (const auto end = words_.end_token()) ends_.push_back(*end);
        std::vector<added_token> control;
        for (std::size_t id = 0; id < words_.size(); ++id)
            if (words_.is_special(static_cast<token_id>(id)))
                if (const added_token* const token = words_.added(static_cast<token_id>(id))) control.push_back(*token);
        control_ = added_token_search(std::move(control));
    }

    [[nodiscard]] const tokenizer& words() const { return words_; }

    /// The question up to {reason} or to its end, or, behind that, all of it, begin token included.
    [[nodiscard]] std::vector<token_id> question(const judge_template& asked, const judge_texts& texts,
                                                 bool up_to_reason) const {
        std::vector<token_id> ids;
        const std::vector<detail::judge_stretch> all = stretches(asked, texts, up_to_reason);
        for (const detail::judge_stretch& stretch : all) {
            if (stretch.before) ids.push_back(*stretch.before);
            add(ids, stretch, 0, stretch.text.size(),
                stretch.before ? text_position::after_added
                : ids.empty()  ? text_position::start
                               : text_position::continuation);
        }
        const token_span begin = words_.begin_tokens();
        const bool begun = ids.size() >= begin.size() && std::equal(begin.begin(), begin.end(), ids.begin());
        if (!begun) ids.insert(ids.begin(), begin.begin(), begin.end());
        return ids;
    }

    /// The question as text, without regard to tokens.
    [[nodiscard]] static std::string written(const judge_template& asked, const judge_texts& texts, bool up_to_reason) {
        std::string all;
        for (const judge_part& part : asked.parts) {
            if (part.slot == judge_slot::reason && up_to_reason) break;
            all += part.slot == judge_slot::text ? std::string_view(part.text) : text_in(part.slot, texts);
        }
        return all;
    }

    /// An answer that goes on where the template ends: behind white space and behind a control token as it stands, else
    /// after a space. \throws input_error where the tokenizer cannot spell it
    [[nodiscard]] std::vector<token_id> answer(const judge_template& asked, std::string_view text) const {
        const judge_part& last = asked.parts.back();
        bool spaced = true;
        text_position position = text_position::continuation;
        if (last.slot == judge_slot::text) {
            const std::string_view end = last.text;
            bool control = false;
            control_.split(
                end, true, [&](std::string_view) { control = false; }, [&](const added_token&) { control = true; });
            spaced = !control &&
                     without_outer_space(end.substr(end.size() - std::min<std::size_t>(end.size(), 1))).size() == 1;
            if (control) position = text_position::after_added;
        }
        std::vector<token_id> ids =
            words_.encode((spaced ? " " : "") + std::string(text), special_tokens::plain, position);
        require<input_error>(!ids.empty(), "the judge's tokenizer has no token for the answer ", text);
        return ids;
    }

  private:
    [[nodiscard]] static std::string_view text_in(judge_slot slot, const judge_texts& texts) {
        switch (slot) {
        case judge_slot::prompt:
            return without_outer_space(texts.prompt);
        case judge_slot::first:
            return without_outer_space(texts.first);
        case judge_slot::second:
            return without_outer_space(texts.second);
        case judge_slot::response:
            return without_outer_space(texts.response);
        case judge_slot::reason:
            return texts.reason;
        case judge_slot::text:
            break;
        }
        return {};
    }

    [[nodiscard]] std::vector<detail::judge_stretch> stretches(const judge_template& asked, const judge_texts& texts,
                                                               bool up_to_reason) const {
        std::vector<detail::judge_stretch> all(1);
        for (const judge_part& part : asked.parts) {
            if (part.slot == judge_slot::reason && up_to_reason) break;
            if (part.slot != judge_slot::text) {
                const std::string_view given = text_in(part.slot, texts);
                const std::size_t begin = all.back().text.size();
                all.back().text += given;
                all.back().inserted.emplace_back(begin, all.back().text.size());
                continue;
            }
            control_.split(
                part.text, true, [&](std::string_view text) { all.back().text += text; },
                [&](const added_token& token) { all.push_back({.before = token.id}); });
        }
        return all;
    }

    /// Whether a token would end a turn or is another control token.
    [[nodiscard]] bool controls(token_id id) const {
        return words_.is_special(id) || std::ranges::find(ends_, id) != ends_.end();
    }

    /// Encodes [begin, end) of a stretch. Where a vocabulary makes a control token of a stranger's text all the same
    /// (by its merges, or because the file calls the end token an ordinary one) the text is cut within it.
    void add(std::vector<token_id>& to, const detail::judge_stretch& stretch, std::size_t begin, std::size_t end,
             text_position position) const {
        const std::string_view text = std::string_view(stretch.text).substr(begin, end - begin);
        if (text.empty()) return;
        const std::vector<token_id> ids = words_.encode(text, special_tokens::plain, position);
        for (const token_id id : ids) {
            if (!controls(id)) continue;
            const added_token* const token = words_.added(id);
            const std::string_view spelt = token ? std::string_view(token->text) : words_.token_text(id);
            for (std::size_t at = text.find(spelt); at != std::string_view::npos && !spelt.empty();
                 at = text.find(spelt, at + 1)) {
                if (!stretch.touches_inserted(begin + at, begin + at + spelt.size())) continue;
                const std::size_t cut = begin + at + character_at(spelt, 0).bytes;
                require<input_error>(cut < begin + at + spelt.size(), "a text spells the control token ",
                                     excerpt{spelt}, ", which the tokenizer has no other tokens for");
                add(to, stretch, begin, cut, position);
                add(to, stretch, cut, end, text_position::continuation);
                return;
            }
        }
        to.insert(to.end(), ids.begin(), ids.end());
    }

    tokenizer words_;
    std::vector<token_id> ends_;
    added_token_search control_;
};

} // namespace preflearn
