/// \file
/// Token ids of prompts and responses, each encoded once: a training run asks for the same texts in every epoch, and
/// views of ids that stay in place are what a language model takes. A response goes on where its prompt ends, as one
/// text: decoding the prompt's ids and the response's together gives what decoding prompt + response encoded as one
/// gives.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/policy/text/known_tokens.hpp>
#include <preflearn/text/characters/unicode.hpp>
#include <preflearn/text/chat/end_of_turn.hpp>
#include <preflearn/text/steps/position.hpp>
#include <preflearn/text/tokenizer.hpp>

namespace preflearn {

/// Where the tokens of a prompt end and those of a response begin.
enum class token_boundary : std::uint8_t {
    /// Each is encoded for itself, the response as the continuation of the prompt's text, so that neither's tokens
    /// depend on the other and pairs share their prompt. Where that would spell another text (a normaliser or an added
    /// token acts across the boundary), both are encoded as one and cut where the prompt's ids stop being the same.
    separate,
    /// Both are encoded as one text and cut after as many ids as the prompt alone has, as TRL does; a token may then
    /// hold the end of the prompt and the start of the response.
    joint,
};

/// What stands after a response's text when it is scored or learned. `end_token` is for training a model that is to
/// stop by itself; `nothing` is how log-probs of bare responses are compared.
enum class response_end : std::uint8_t { nothing, end_token };

/// Keeps every text that was asked for, until it is destroyed; views of ids stay valid as long. Safe from several
/// threads. The begin token stands once where the tokenizer's file asks for one, also where the text spells it; the
/// end token stands once where the tokenizer has one, and not where the text already ends a turn.
class encoded_texts {
  public:
    explicit encoded_texts(tokenizer words, special_tokens found = special_tokens::parse,
                           token_boundary boundary = token_boundary::separate, std::shared_ptr<known_tokens> known = {})
        : words_(std::move(words)), found_(found), boundary_(boundary), known_(std::move(known)) {}
    encoded_texts(const encoded_texts&) = delete;
    encoded_texts& operator=(const encoded_texts&) = delete;

    /// The tokens of a text alone.
    [[nodiscard]] token_span plain(std::string_view text) {
        const prompt_ids& known = prompt(text);
        return token_span(known.ids).subspan(known.begins);
    }
    /// A prompt's: after the begin token, or tokens.
    [[nodiscard]] token_span begun(std::string_view text) { return prompt(text).ids; }
    /// Those of a response that goes on behind any text: before the end token.
    [[nodiscard]] token_span ended(std::string_view text) {
        return response(text, text_position::continuation).until(response_end::end_token);
    }
    /// The same without the end token.
    [[nodiscard]] token_span continued(std::string_view text) {
        return response(text, text_position::continuation).until(response_end::nothing);
    }
    /// What a model reads of a prompt and of a response to it.
    [[nodiscard]] token_completion pair(std::string_view prompt_text, std::string_view response_text,
                                        response_end after = response_end::nothing) {
        return pair(prompt(prompt_text), prompt_text, response_text, after);
    }
    /// The same of many; neighbours with equal prompts look theirs up once.
    template <class Prompt, class Response>
    [[nodiscard]] std::vector<token_completion> pairs(std::span<const completion<Prompt, Response>> completions,
                                                      response_end after = response_end::nothing) {
        std::vector<token_completion> all;
        all.reserve(completions.size());
        const prompt_ids* before = nullptr;
        std::string_view known;
        for (const auto& c : completions) {
            const std::string_view prompt_text = c.prompt;
            if (before == nullptr || prompt_text != known) before = &prompt(known = prompt_text);
            all.push_back(pair(*before, prompt_text, c.response, after));
        }
        return all;
    }
    /// Whether a response made the ids of its prompt other ones than the prompt has alone.
    [[nodiscard]] bool changes_prompt(std::string_view prompt_text, std::string_view response_text) {
        return !std::ranges::equal(pair(prompt_text, response_text).prompt, begun(prompt_text));
    }
    /// The text of tokens that were drawn behind a prompt, to be put there as it is.
    [[nodiscard]] std::string text_behind(std::string_view prompt_text, token_span drawn) {
        return words_.decode(drawn, special_text::skip, prompt(prompt_text).next);
    }

    [[nodiscard]] const tokenizer& words() const { return words_; }
    [[nodiscard]] special_tokens found() const { return found_; }
    [[nodiscard]] token_boundary boundary() const { return boundary_; }

  private:
    struct prompt_ids {
        std::vector<token_id> ids;
        std::size_t begins = 0;                    ///< how many begin tokens were put in front
        text_position next = text_position::start; ///< where a response begins
        bool strips = false;                       ///< the last token takes the white space behind it
    };
    struct response_ids {
        std::vector<token_id> ids;
        std::size_t ends = 0; ///< how many end tokens were put behind
        [[nodiscard]] token_span until(response_end after) const {
            return token_span(ids).first(ids.size() - (after == response_end::nothing ? ends : 0));
        }
    };
    struct joined_ids {
        bool stands = false; ///< it is used instead of the two parts
        std::vector<token_id> prompt{};
        response_ids response{};
    };
    struct hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    template <class Value> using by_text = std::unordered_map<std::string, Value, hash, std::equal_to<>>;

    /// The value for a key, made outside the lock where it is not yet known.
    template <class Map, class Key, class Make> const auto& known_or_made(Map& known, const Key& key, Make&& make) {
        {
            const std::scoped_lock lock(guard_);
            if (const auto found = known.find(key); found != known.end()) return found->second;
        }
        auto made = make();
        const std::scoped_lock lock(guard_);
        return known.try_emplace(typename Map::key_type(key), std::move(made)).first->second;
    }

    const prompt_ids& prompt(std::string_view text) {
        return known_or_made(prompts_, text, [&] { return begun_ids(encoded(text), text); });
    }
    const response_ids& response(std::string_view text, text_position position) {
        return known_or_made(responses_[static_cast<std::size_t>(position)], text,
                             [&] { return ended_ids(encoded(text, position), text); });
    }
    token_completion pair(const prompt_ids& before, std::string_view prompt_text, std::string_view response_text,
                          response_end after) {
        if (before.strips) response_text = without_space_at_start(response_text);
        const response_ids& behind = response(response_text, before.next);
        const joined_ids& joined = joined_of(before, behind, prompt_text, response_text);
        if (!joined.stands) return {before.ids, behind.until(after)};
        return {joined.prompt, joined.response.until(after)};
    }
    const joined_ids& joined_of(const prompt_ids& before, const response_ids& behind, std::string_view prompt_text,
                                std::string_view response_text) {
        return known_or_made(joined_, std::pair(&before, &behind),
                             [&] { return join(before, behind, prompt_text, response_text); });
    }

    /// As the tokenizer encodes the text, or did before.
    [[nodiscard]] std::vector<token_id> encoded(std::string_view text,
                                                text_position position = text_position::start) const {
        if (known_ == nullptr) return words_.encode(text, found_, position);
        if (auto ids = known_->find(text, position)) return std::move(*ids);
        std::vector<token_id> ids = words_.encode(text, found_, position);
        known_->add(text, position, ids);
        return ids;
    }
    [[nodiscard]] prompt_ids begun_ids(std::vector<token_id> ids, std::string_view text) const {
        prompt_ids made;
        const token_span begin = words_.begin_tokens();
        if (!ids.empty()) {
            const added_token* const last = words_.added(ids.back());
            const bool parsed = last && (found_ == special_tokens::parse || !last->special);
            const std::string_view end = parsed && last->strips_right ? without_space_at_end(text) : text;
            const bool after_added = parsed && end.ends_with(last->text);
            made.next = after_added ? text_position::after_added : text_position::continuation;
            // one that is searched in the normalised text takes what is white space there: `join` sees what that was
            made.strips = after_added && last->strips_right && !last->normalised;
        } else if (!text.empty()) {
            made.next = text_position::continuation;
        }
        const bool has_begin = ids.size() >= begin.size() && std::equal(begin.begin(), begin.end(), ids.begin());
        if (!has_begin) {
            made.begins = begin.size();
            ids.insert(ids.begin(), begin.begin(), begin.end());
        }
        made.ids = std::move(ids);
        return made;
    }
    [[nodiscard]] response_ids ended_ids(std::vector<token_id> ids, std::string_view text) const {
        response_ids made{std::move(ids)};
        const auto end = words_.end_token();
        if (end && !ends_in_end_of_turn(words_, text, found_)) {
            made.ids.push_back(*end);
            made.ends = 1;
        }
        return made;
    }
    [[nodiscard]] joined_ids join(const prompt_ids& before, const response_ids& behind, std::string_view prompt_text,
                                  std::string_view response_text) const {
        std::vector<token_id> whole = encoded(std::string(prompt_text).append(response_text));
        const token_span own = token_span(before.ids).subspan(before.begins);
        const token_span rest = behind.until(response_end::nothing);
        std::size_t cut = std::min(own.size(), whole.size());
        if (boundary_ == token_boundary::separate) {
            std::vector<token_id> parts(own.begin(), own.end());
            parts.insert(parts.end(), rest.begin(), rest.end());
            if (parts == whole || words_.decode(parts) == words_.decode(whole)) return {};
            const auto same = std::ranges::mismatch(own, whole).in1 - own.begin();
            // a prompt of text keeps a token where the model would have none before the response
            const std::size_t least = before.begins == 0 ? std::min<std::size_t>(cut, 1) : 0;
            cut = std::max(static_cast<std::size_t>(same), least);
        }
        const auto at = whole.begin() + static_cast<std::ptrdiff_t>(cut);
        joined_ids made{.stands = true};
        made.prompt.assign(before.ids.begin(), before.ids.begin() + static_cast<std::ptrdiff_t>(before.begins));
        made.prompt.insert(made.prompt.end(), whole.begin(), at);
        made.response = ended_ids({at, whole.end()}, response_text);
        return made;
    }

    tokenizer words_;
    special_tokens found_;
    token_boundary boundary_;
    std::shared_ptr<known_tokens> known_;
    std::mutex guard_;
    by_text<prompt_ids> prompts_;
    by_text<response_ids> responses_[3]; ///< by position
    std::map<std::pair<const prompt_ids*, const response_ids*>, joined_ids> joined_;
};

} // namespace preflearn
