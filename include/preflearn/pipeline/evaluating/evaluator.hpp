/// \file
/// A teacher as evaluator: it scores each response, or, where it compares, is shown two in both orders. Its judgements
/// are kept line by line while they are made.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iterator>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/data/selection/left_out.hpp>
#include <preflearn/pipeline/evaluating/evaluate_options.hpp>
#include <preflearn/pipeline/evaluating/shown_responses.hpp>
#include <preflearn/pipeline/evaluating/student_responses.hpp>
#include <preflearn/pipeline/labelling/judged_file.hpp>
#include <preflearn/pipeline/output/kept_lines.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>

namespace preflearn {

/// How an evaluator judges.
struct evaluator_way {
    bool scores = true;
    /// Of a scoring one: the least number of responses that it gives scores to (an ensemble compares two).
    std::size_t least = 1;
};

/// What is said of two texts as they are shown, and in the other order, there about the second one.
struct both_orders {
    preference shown = preference::abstention(), swapped = preference::abstention();
    bool asked = true; ///< else they are one text, and tie
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

/// Shows blocks to a teacher, keeps what it says, and measures its time.
class watched_teacher {
  public:
    watched_teacher(const text_teacher& teacher, const judged_part& part, const work_progress& seen)
        : teacher_(teacher), part_(part), seen_(seen), kept_(part.path, message("# preflearn evaluation ", part.key)) {}

    /// How it judges: kept in the first line, else tried. \param attempt tries it
    template <class Try> evaluator_way way(const Try& attempt) {
        if (!kept_.lines().empty()) {
            const auto line = nlohmann::json::parse(kept_.lines().front(), nullptr, false);
            require<input_error>(line.is_object() && line.contains("scores") && line.contains("least"),
                                 part_.path.string(), ": line 2 was damaged; remove the file");
            return {line["scores"].get<bool>(), line["least"].get<std::size_t>()};
        }
        const evaluator_way found = attempt();
        const std::string line = nlohmann::json{{"scores", found.scores}, {"least", found.least}}.dump();
        kept_.append({&line, 1});
        return found;
    }
    judged_block judge(std::span<const shown_texts> block) {
        const auto start = std::chrono::steady_clock::now();
        judged_block judged = teacher_.judge(block);
        seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        tokens_ += judged.tokens;
        return judged;
    }
    /// The judgements of `count` shown texts, those that are kept first. No block shows one id twice.
    template <class Shown> std::vector<judgement> judge_all(std::size_t count, const Shown& shown) {
        std::vector<judgement> all;
        for (std::size_t i = 1; i < kept_.lines().size(); ++i) {
            try {
                all.push_back(read_judgement(kept_.lines()[i]));
            } catch (const std::exception&) {
                throw input_error(message(part_.path.string(), ": line ", i + 2, " was damaged; remove the file"));
            }
        }
        require<input_error>(all.size() <= count, part_.path.string(), ": has more judgements than are asked for");
        if (all.size() < count) seen_(part_.title, all.size(), count, 0, 0);
        while (all.size() < count) {
            constexpr std::size_t most = 16, enough = 32; // records, and responses
            std::vector<shown_texts> block;
            std::unordered_set<std::uint64_t> ids;
            for (std::size_t i = all.size(), responses = 0; i < count && block.size() < most && responses < enough;
                 ++i) {
                block.push_back(shown(i));
                responses += block.back().responses.size();
                if (ids.insert(block.back().id).second) continue;
                block.pop_back();
                break;
            }
            judged_block judged = judge(block);
            std::vector<std::string> lines;
            for (const judgement& said : judged.all)
                lines.push_back(judgement_line(said).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
            kept_.append(lines);
            std::ranges::move(judged.all, std::back_inserter(all));
            seen_(part_.title, all.size(), count, static_cast<double>(judged.tokens), teacher_.operations_per_token);
        }
        return all;
    }
    [[nodiscard]] std::size_t tokens() const { return tokens_; }
    [[nodiscard]] double seconds() const { return seconds_; }

  private:
    const text_teacher& teacher_;
    const judged_part& part_;
    const work_progress& seen_;
    kept_lines kept_;
    std::size_t tokens_ = 0;
    double seconds_ = 0;
};

/// Tries on prompts with few responses first, whether the teacher scores or compares.
inline evaluator_way way_of(watched_teacher& teacher, std::span<const prompt_texts> prompts, std::uint64_t seed,
                            const std::string& name) {
    std::vector<std::size_t> order(prompts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t p) { return std::pair(prompts[p].distinct.size(), p); });
    std::string reason = "there is no prompt";
    for (const std::size_t p : order) {
        const prompt_texts& texts = prompts[p];
        const auto said = [&](const shown_texts& shown) {
            judgement one;
            try {
                one = teacher.judge({&shown, 1}).all.at(0);
            } catch (const error& failure) {
                if (shown.responses.size() == 2) throw; // two are what every teacher takes
                one.unfit = left_out_pair{.message = failure.what()};
            }
            if (one.unfit) reason = one.unfit->message;
            return one;
        };
        const judgement own = said(all_shown(texts, seed));
        if (!own.unfit && own.scores.size() == texts.distinct.size()) return {.scores = true, .least = 1};
        if (texts.distinct.size() < 3) {
            const judgement three = said(all_shown(texts, seed, 3));
            if (!three.unfit && three.scores.size() == 3) return {.scores = true, .least = 3};
        }
        if (texts.distinct.size() < 2) continue;
        const judgement two = said(two_shown(texts, 0, 1));
        if (!two.unfit && (two.verdict || two.margin())) return {.scores = false, .least = 2};
    }
    throw input_error(message(name, ": cannot judge any of the ", prompts.size(), " prompts: ", reason));
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

inline void take_verdicts(evaluator_verdicts& verdicts, const evaluated_students& students,
                          std::span<const prompt_texts> prompts, std::span<const std::array<std::size_t, 2>> pairs,
                          std::span<const text_pair> asked, std::span<const judgement> all,
                          const evaluate_options& options) {
    std::map<text_pair, std::optional<both_orders>> known;
    std::unordered_set<std::size_t> told;
    for (std::size_t i = 0; i < asked.size(); ++i) {
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
                said = both_orders{turned->swapped, turned->shown};
            }
        }
    }
}

} // namespace detail

/// Judges all prompts. \param part where its judgements are kept, by which key, and how progress calls it
/// \throws input_error when they cannot be kept, where it can judge no prompt, and where strict when it cannot judge
/// one; numeric_error for a reward that is not finite; and what the teacher throws.
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
    detail::watched_teacher watched(teacher, part, seen);
    verdicts.way = watched.way([&] { return detail::way_of(watched, prompts, options.seed, opened.name); });
    if (verdicts.way.scores) {
        const std::vector<judgement> all = watched.judge_all(
            prompts.size(), [&](std::size_t i) { return all_shown(prompts[i], options.seed, verdicts.way.least); });
        verdicts.judgements = all.size();
        detail::take_scores(verdicts, students, prompts, all, options);
    } else {
        const std::vector<text_pair> asked = text_pairs(prompts, pairs);
        const std::vector<judgement> all = watched.judge_all(2 * asked.size(), [&](std::size_t i) {
            const text_pair& two = asked[i % asked.size()];
            const prompt_texts& texts = prompts[two.prompt];
            const bool second_first = detail::turned(texts, options.seed) == (i < asked.size());
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
