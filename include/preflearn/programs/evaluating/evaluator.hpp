/// \file
/// A teacher as evaluator: it scores each response, or, where it compares, is shown two in both orders, unless it asks
/// in both itself. Its judgements are kept line by line while they are made.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/programs/evaluating/evaluate_options.hpp>
#include <preflearn/programs/evaluating/shown_responses.hpp>
#include <preflearn/programs/evaluating/student_responses.hpp>
#include <preflearn/programs/evaluating/watched_teacher.hpp>
#include <preflearn/programs/labelling/judged_file.hpp>

namespace preflearn {

/// What is said of two texts as they are shown, and in the other order, there about the second one.
struct both_orders {
    preference shown = preference::abstention(), swapped = preference::abstention();
    /// Whether it is known what is said in each order; else they are one text, and tie, or a judge that asks in both
    /// orders itself did not say.
    bool asked = true;
    /// Of a judge that asks in both orders itself, so that `shown` and `swapped` are its mean of the two: what it said
    /// in each, about the one that was shown first.
    std::optional<std::array<preference, 2>> own{};

    /// What is said with the first one shown first, about it, and with the second one shown first, about that: in
    /// these a liking for positions shows.
    [[nodiscard]] std::array<preference, 2> by_order() const { return own ? *own : std::array{shown, swapped}; }
    /// The same of the second one against the first.
    [[nodiscard]] both_orders turned() const {
        both_orders made{swapped, shown, asked};
        if (own) made.own = std::array{(*own)[1], (*own)[0]};
        return made;
    }
};

/// What an evaluator said of all prompts.
struct evaluator_verdicts {
    std::string name{}, role{}, kind{}; ///< role: gold or judge
    evaluator_way way{};
    /// Whether margins, divided by the temperature, are log-odds.
    bool log_odds = true;
    double temperature = 1;
    /// rewards[prompt][student][response], of one that scores; nothing of a prompt that it cannot judge.
    std::vector<std::vector<std::vector<double>>> rewards{};
    /// Of one that compares, of the first responses: verdicts[prompt][pair], of the pair's first student over its
    /// second; nothing where it cannot judge.
    std::vector<std::vector<std::optional<both_orders>>> verdicts{};
    /// Prompts that it cannot judge by reason, and the first of each.
    std::map<std::string, std::pair<std::size_t, std::string>> left_out{};
    std::size_t judgements = 0, tokens = 0; ///< tokens and seconds of this run alone
    double operations_per_token = 0, seconds = 0;
    std::vector<std::string> notes{};

    /// Whether it judges this prompt; of one that compares, all pairs.
    [[nodiscard]] bool judges(std::size_t prompt) const {
        if (way.scores) return !rewards[prompt].empty();
        return std::ranges::all_of(verdicts[prompt], [](const auto& said) { return said.has_value(); });
    }
};

namespace detail {

/// Whether a teacher scores or compares: tried on prompts with two different responses first. One that says of two who
/// wins compares, but the mean of an ensemble's members is a score where three are shown. Where nothing can be judged
/// everything will be left out.
inline evaluator_way way_of(watched_teacher& teacher, std::span<const prompt_texts> prompts, std::uint64_t seed,
                            const teacher_description& told) {
    std::vector<std::size_t> order(prompts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t p) {
        const std::size_t texts = prompts[p].distinct.size();
        return std::tuple(texts < 2, texts, p);
    });
    const auto scores = [&](const shown_texts& shown) {
        try {
            const judgement said = teacher.judge({&shown, 1}).all.at(0);
            return !said.unfit && said.scores.size() == shown.responses.size();
        } catch (const error&) { // it takes two, no more and no less
            return false;
        }
    };
    for (const std::size_t p : order) {
        const prompt_texts& texts = prompts[p];
        if (texts.distinct.size() < 2) {
            if (scores(all_shown(texts, seed))) return {.scores = true, .least = 1};
            if (scores(all_shown(texts, seed, 3))) return {.scores = true, .least = 3};
            continue;
        }
        const shown_texts two = two_shown(texts, 0, 1);
        const judgement said = teacher.judge({&two, 1}).all.at(0);
        if (said.unfit) {
            if (texts.distinct.size() > 2 && scores(all_shown(texts, seed))) return {.scores = true, .least = 1};
            continue;
        }
        if (said.scores.size() == 2) return {.scores = true, .least = 1};
        const bool mean = told.kind == "ensemble" && told.combination == "mean";
        if (mean && scores(all_shown(texts, seed, 3))) return {.scores = true, .least = 3};
        if (said.verdict) return {.scores = false, .least = 2, .asks_both_orders = said.orders.has_value()};
    }
    return {};
}

inline void leave_out(evaluator_verdicts& verdicts, const evaluated_prompt& prompt, const judgement& said,
                      bool strict) {
    const std::string why = said.unfit ? std::string(name_of(said.unfit->reason)) : "no_verdict";
    const std::string told =
        message("prompt ", prompt.name, said.unfit ? ": " + said.unfit->message : ": no verdict was given");
    require<input_error>(!strict, verdicts.name, " cannot judge ", told, ", which strict refuses");
    auto& [count, first] = verdicts.left_out[why];
    if (count++ == 0) first = told;
}

inline void take_scores(evaluator_verdicts& verdicts, const evaluated_students& students,
                        std::span<const prompt_texts> prompts, std::span<const judgement> all,
                        const evaluate_options& options) {
    verdicts.rewards.resize(prompts.size());
    for (std::size_t p = 0; p < prompts.size(); ++p) {
        const std::vector<std::size_t> places = all_shown(prompts[p], options.seed, verdicts.way.least).places;
        if (all[p].unfit || all[p].scores.size() != places.size()) {
            leave_out(verdicts, students.prompts[p], all[p], options.strict);
            continue;
        }
        std::vector<double> score(prompts[p].distinct.size());
        for (std::size_t k = places.size(); k-- > 0;) score[places[k]] = all[p].scores[k];
        for (const double one : score)
            require<numeric_error>(std::isfinite(one), verdicts.name, ": a reward of a response to prompt ",
                                   students.prompts[p].name, " is ", one);
        for (const std::vector<std::size_t>& own : prompts[p].of) {
            std::vector<double>& rewards = verdicts.rewards[p].emplace_back();
            for (const std::size_t text : own) rewards.push_back(score[text]);
        }
    }
}

/// Whether the second of two texts is shown first at first.
inline bool turned(const prompt_texts& texts, std::uint64_t seed) {
    return generator(seed, "order of two", texts.id).bernoulli(0.5);
}

/// A verdict of two shown texts: its own, or that of its scores.
inline std::optional<preference> verdict_of(const judgement& said) {
    if (said.unfit) return std::nullopt;
    if (said.verdict) return said.verdict;
    const std::optional<double> margin = said.margin();
    return margin ? std::optional(preference::from_margin(*margin)) : std::nullopt;
}

/// Of a judge that asks in both orders itself, shown the first of two texts first.
inline std::optional<both_orders> averaged_verdict(const judgement& said) {
    const std::optional<preference> verdict = verdict_of(said);
    if (!verdict) return std::nullopt;
    both_orders both{*verdict, verdict->mirrored(), said.orders.has_value()};
    if (said.orders) both.own = std::array{preference((*said.orders)[0]), preference(1 - (*said.orders)[1])};
    return both;
}

inline void take_verdicts(evaluator_verdicts& verdicts, const evaluated_students& students,
                          std::span<const prompt_texts> prompts, std::span<const std::array<std::size_t, 2>> pairs,
                          std::span<const text_pair> asked, std::span<const judgement> all,
                          const evaluate_options& options) {
    std::map<text_pair, std::optional<both_orders>> known;
    std::unordered_set<std::size_t> told;
    for (std::size_t i = 0; i < asked.size(); ++i) {
        if (verdicts.way.asks_both_orders) {
            if (const auto said = averaged_verdict(all[i]))
                known[asked[i]] = said;
            else if (told.insert(asked[i].prompt).second)
                leave_out(verdicts, students.prompts[asked[i].prompt], all[i], options.strict);
            continue;
        }
        std::array said{verdict_of(all[i]), verdict_of(all[asked.size() + i])};
        if (turned(prompts[asked[i].prompt], options.seed)) std::swap(said[0], said[1]);
        if (said[0] && said[1]) {
            known[asked[i]] = both_orders{*said[0], *said[1]};
        } else if (told.insert(asked[i].prompt).second) {
            const judgement& why = verdict_of(all[i]) ? all[asked.size() + i] : all[i];
            leave_out(verdicts, students.prompts[asked[i].prompt], why, options.strict);
        }
    }
    verdicts.verdicts.resize(prompts.size());
    for (std::size_t p = 0; p < prompts.size(); ++p) {
        for (const auto& [a, b] : pairs) {
            const std::size_t ours = prompts[p].of[a].front(), theirs = prompts[p].of[b].front();
            std::optional<both_orders>& said = verdicts.verdicts[p].emplace_back();
            if (ours == theirs) {
                said = both_orders{preference::tied(), preference::tied(), false};
            } else if (ours < theirs) {
                said = known[{p, ours, theirs}];
            } else if (const auto& turned = known[{p, theirs, ours}]) {
                said = turned->turned();
            }
        }
    }
}

} // namespace detail

/// Judges all prompts. \param part where its judgements are kept, by which key, and how progress calls it
/// \throws input_error when they cannot be kept, and where strict when it cannot judge a prompt; numeric_error for a
/// reward that is not finite; and what the teacher throws.
inline evaluator_verdicts judge_students(const opened_teacher& opened, const text_teacher& teacher,
                                         std::string_view role, const evaluated_students& students,
                                         std::span<const std::array<std::size_t, 2>> pairs,
                                         const evaluate_options& options, const judged_part& part,
                                         const work_progress& seen) {
    preference_options reading;
    if (opened.chat.render) reading.render = opened.chat.render;
    const std::vector<prompt_texts> prompts = texts_of(students, reading);
    const teacher_description& told = opened.description;
    evaluator_verdicts verdicts{.name = opened.name,
                                .role = std::string(role),
                                .kind = told.kind,
                                .log_odds = teacher.gives_log_odds || told.calibrated,
                                .temperature = told.temperature,
                                .operations_per_token = teacher.operations_per_token,
                                .notes = teacher.notes};
    watched_teacher watched(teacher, part, seen);
    verdicts.way = watched.way([&] { return detail::way_of(watched, prompts, options.seed, told); });
    if (verdicts.way.scores) {
        const std::vector<judgement> all = watched.judge_all(
            prompts.size(), [&](std::size_t i) { return all_shown(prompts[i], options.seed, verdicts.way.least); });
        verdicts.judgements = all.size();
        detail::take_scores(verdicts, students, prompts, all, options);
    } else {
        const std::vector<text_pair> asked = text_pairs(prompts, pairs);
        const bool once = verdicts.way.asks_both_orders;
        const std::vector<judgement> all = watched.judge_all((once ? 1 : 2) * asked.size(), [&](std::size_t i) {
            const text_pair& two = asked[i % asked.size()];
            const prompt_texts& texts = prompts[two.prompt];
            const bool second_first = !once && detail::turned(texts, options.seed) == (i < asked.size());
            return second_first ? two_shown(texts, two.second, two.first) : two_shown(texts, two.first, two.second);
        });
        verdicts.judgements = all.size();
        detail::take_verdicts(verdicts, students, prompts, pairs, asked, all, options);
    }
    verdicts.tokens = watched.tokens();
    verdicts.seconds = watched.seconds();
    return verdicts;
}

} // namespace preflearn
