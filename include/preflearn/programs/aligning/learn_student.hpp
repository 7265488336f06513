/// \file
/// Preference training of a student by a loss of any kind: one objective for each kind of examples, held against
/// held-out ones while it learns, against the model as it was before or against another one.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <preflearn/core/preference.hpp>
#include <preflearn/core/ragged.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/by_name/any_kind.hpp>
#include <preflearn/pipeline/align.hpp>
#include <preflearn/pipeline/learning/watched_training.hpp>
#include <preflearn/pipeline/output/work_progress.hpp>
#include <preflearn/pipeline/scoring/text_model.hpp>
#include <preflearn/pipeline/study/study_options.hpp>
#include <preflearn/programs/aligning/align_data.hpp>
#include <preflearn/programs/aligning/columns_taken.hpp>
#include <preflearn/training/files/reference_cache.hpp>
#include <preflearn/training/kinds/completions.hpp>
#include <preflearn/training/kinds/lists.hpp>
#include <preflearn/training/kinds/pairs.hpp>
#include <preflearn/training/kinds/tokens.hpp>
#include <preflearn/training/kinds/triples.hpp>
#include <preflearn/training/objective.hpp>
#include <preflearn/training/observers/held_out_pairs.hpp>
#include <preflearn/training/reference/learns_beside.hpp>
#include <preflearn/training/reference/token_reference.hpp>

namespace preflearn {

/// What a student's preference training is given.
struct student_lesson {
    const align_options& options;
    const study_options& run;
    const align_data& data;
    const kind_of_loss& loss;
    columns_taken taken{};
    /// Another model as reference; null: the student as it is.
    const text_model* reference = nullptr;
    /// Of WSPO; null: none.
    const text_model *weak_policy = nullptr, *weak_reference = nullptr;
    const speaker& say;
};

/// What came of it. `scores` has, of each held-out example whose responses are compared, 1 where the chosen one has the
/// larger reward, ½ for equal ones, 0 otherwise; of single completions their rewards.
struct student_learned {
    training_history history{};
    std::vector<double> scores{};
    std::optional<double> held_out_loss{};
};

namespace detail {

/// One of the two sets of examples, in the forms that batches view.
struct lesson_part {
    explicit lesson_part(const std::vector<align_example>& all, const student_lesson& lesson)
        : examples(all), columns(columns_of(all, lesson.taken)) {}
    const std::vector<align_example>& examples;
    align_columns columns;
    label_set labels{};
    std::vector<text_comparison> pairs{};
    std::vector<text_triple> triples{};
    std::vector<text_list> lists{};
    flagged_completions<text_completion> singles{};
    std::vector<double> references{};
    std::vector<std::uint32_t> ranked{};
    frozen_tokens tokens{};

    [[nodiscard]] pair_columns pair_numbers() const { return {.weight = columns.weights, .margin = columns.margins}; }
};

class student_training {
  public:
    student_training(text_model& policy, const student_lesson& lesson)
        : policy_(policy), lesson_(lesson), cache_(lesson.run.cache), learned_(lesson.data.learned, lesson),
          held_(lesson.data.held_out, lesson) {}

    student_learned run() {
        std::visit([&](const auto& loss) { learn(loss); }, lesson_.loss.loss);
        return std::move(result_);
    }

  private:
    void learn(const any_loss<double>& loss) {
        prepare([&](lesson_part& part, const std::string& title) {
            part.pairs = pairs_of(part.examples);
            part.references = of_pairs(part.pairs, title);
        });
        train_by(policy_, loss, [&](const lesson_part& part) {
            return pair_batch(policy_, std::span<const text_comparison>(part.pairs), part.labels, part.references,
                              part.pair_numbers(), loss.reads_lengths());
        });
    }
    void learn(const any_loss_of<triple_scores<double>>& loss) {
        prepare([&](lesson_part& part, const std::string& title) {
            part.triples = triples_of(part.examples);
            part.references = of_pairs(pairs_of(part.examples), title);
        });
        train_by(policy_, loss, [&](const lesson_part& part) {
            return triple_batch(policy_, std::span<const text_triple>(part.triples), part.labels, part.references,
                                part.pair_numbers(), loss.reads_lengths());
        });
    }
    template <bool SumSquares, bool Divergence> void learn(const any_token_loss<SumSquares, Divergence>& loss) {
        using own_loss = any_token_loss<SumSquares, Divergence>;
        prepare([&](lesson_part& part, const std::string& title) {
            part.pairs = pairs_of(part.examples);
            if (lesson_.loss.reads.reference) {
                begin_scoring(title, part.pairs.size());
                part.tokens.reference = reference_token_log_probs(reference(), part.pairs);
            }
            if (lesson_.loss.reads.weak_shift) {
                begin_scoring(title + ", weak policy", part.pairs.size());
                part.tokens.weak_shift = weak_token_shift(*lesson_.weak_policy, *lesson_.weak_reference, part.pairs);
            }
        });
        const auto train_model = [&](auto& model) {
            using model_type = std::remove_reference_t<decltype(model)>;
            train_by(model, loss, [&](const lesson_part& part) {
                return token_batch<model_type, text_comparison, token_extra_of<own_loss>>(
                    part.pairs, part.labels, part.tokens, part.pair_numbers(), lesson_.loss.reads.weak_shift);
            });
        };
        if constexpr (Divergence) {
            const text_model frozen = lesson_.reference != nullptr ? *lesson_.reference : policy_;
            learns_beside<text_model> beside{policy_, frozen, lesson_.loss.reads.extrapolation};
            train_model(beside);
        } else {
            train_model(policy_);
        }
    }
    void learn(const any_loss_of<completion_scores<double>>& loss) {
        using references = std::span<const double>;
        prepare([&](lesson_part& part, const std::string& title) {
            part.singles = singles_of(part.examples);
            if (!lesson_.loss.reads.reference) return;
            part.references = of_completions(part.singles.completions, title);
        });
        const references learned(learned_.references), held(held_.references);
        train_by(policy_, loss, [&](const lesson_part& part) {
            return completion_batch<text_model, text_completion, references, false>(
                part.singles.completions, part.singles.desirable, &part == &learned_ ? learned : held,
                part.columns.weights, has_baselines<double>(loss));
        });
    }
    void learn(const kto<>& loss) {
        prepare([&](lesson_part& part, const std::string&) { part.singles = singles_of(part.examples); });
        const text_model frozen = lesson_.reference != nullptr ? *lesson_.reference : policy_;
        begin_scoring("scoring: reference", learned_.examples.size() + held_.examples.size());
        train_by(policy_, loss, [&](const lesson_part& part) {
            return completion_batch<text_model, text_completion, text_model, true>(
                part.singles.completions, part.singles.desirable, frozen, part.columns.weights, true);
        });
    }
    void learn(const any_loss_of<ranked_scores<double>>& loss) {
        prepare([&](lesson_part& part, const std::string& title) {
            part.lists = lists_of(part.examples);
            for (const align_example& e : part.examples) part.ranked.push_back(e.ranked);
            std::vector<text_completion> all;
            for (const text_list& list : part.lists)
                for (const std::string_view response : list.responses) all.push_back({list.prompt, response});
            part.references = of_completions(all, title);
        });
        train_by(policy_, loss, [&](const lesson_part& part) {
            return list_batch<text_model, text_list>(part.lists, part.references,
                                                     {.ranked = part.ranked, .weight = part.columns.weights});
        });
    }

    /// Puts both parts into the form of a kind, with what the reference says of them, before anything is learned.
    template <class Fill> void prepare(const Fill& fill) {
        for (lesson_part* const part : {&learned_, &held_}) {
            if (part->examples.empty()) continue;
            part->labels = labels_of(part->examples, lesson_.taken.probabilities);
            fill(*part, part == &learned_ ? std::string("scoring: reference")
                                          : std::string("scoring: reference, held-out examples"));
        }
        for (const std::string& note : cache_.notes()) lesson_.say(note);
    }

    [[nodiscard]] const text_model& reference() const {
        return lesson_.reference != nullptr ? *lesson_.reference : policy_;
    }
    std::function<void(std::size_t)> begin_scoring(const std::string& title, std::size_t count) const {
        return lesson_.run.scoring ? lesson_.run.scoring(title, count) : std::function<void(std::size_t)>();
    }
    std::vector<double> of_pairs(const std::vector<text_comparison>& pairs, const std::string& title) {
        if (!lesson_.loss.reads.reference) return {};
        return cache_.log_probs(reference(), pairs, begin_scoring(title, pairs.size()));
    }
    std::vector<double> of_completions(const std::vector<text_completion>& all, const std::string& title) const {
        constexpr std::size_t piece = 64;
        const auto scored = begin_scoring(title, all.size());
        std::vector<double> log_probs;
        for (std::size_t at = 0; at < all.size(); at += piece) {
            const auto some = std::span<const text_completion>(all).subspan(at, std::min(piece, all.size() - at));
            const std::vector<double> found = reference().log_probs(some);
            log_probs.insert(log_probs.end(), found.begin(), found.end());
            if (scored) scored(log_probs.size());
        }
        return log_probs;
    }

    /// \param batch_of makes the batch of a part
    template <class Model, class Loss, class BatchOf>
    void train_by(Model& model, const Loss& loss, const BatchOf& batch_of) {
        const auto objective_of = [&](const lesson_part& part) {
            return loss_objective(batch_of(part), loss, lesson_.taken.mean);
        };
        training_options training = lesson_.options.training;
        prepare_training(training, lesson_.run, "preferences");
        if (!held_.examples.empty())
            watch(training, lesson_.options.watched, learned_.examples.size(),
                  held_out_loss(std::as_const(model), objective_of(held_)), lesson_.say);
        training.observers.emplace_back([told = with_first_estimate({}, lesson_.say)](const training_step& step) {
            told("training", step.step, step.steps, 0, 0);
        });
        auto objective = objective_of(learned_);
        result_.history = train(model, objective, optimiser_of(lesson_.options.optimiser, lesson_.run), training);
        policy_.release_gradients();
        if (!held_.examples.empty()) judge(std::as_const(model), objective_of(held_));
    }
    /// The held-out examples, one by one, by the model that was kept.
    template <class Model, class Objective> void judge(const Model& model, Objective objective) {
        result_.held_out_loss = objective.evaluate(model, 8).loss;
        const bool single = lesson_.loss.kind() == loss_kind::completions;
        for (std::size_t i = 0; i < held_.examples.size(); ++i) {
            const training_step one = objective.evaluate(model, std::span<const std::size_t>(&i, 1), 1);
            result_.scores.push_back(!single                       ? one.rewards_accuracies + one.rewards_ties / 2
                                     : held_.examples[i].desirable ? one.rewards_chosen
                                                                   : one.rewards_rejected);
        }
    }

    text_model& policy_;
    const student_lesson& lesson_;
    reference_cache cache_;
    lesson_part learned_, held_;
    student_learned result_;
};

} // namespace detail

/// Trains the student in place. \throws what training throws, calling examples what their file calls them
inline student_learned learn_student(text_model& policy, const student_lesson& lesson) {
    return detail::with_names(lesson.data.file.names, [&] { return detail::student_training(policy, lesson).run(); });
}

} // namespace preflearn
