/// \file
/// The labelled pairs of an objective, with their reference, and the micro-batch of them that is in hand: completions
/// for the model, columns of numbers for the loss, and on the way back the derivatives of every completion.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/pairs/evaluate.hpp>
#include <preflearn/loss/pairs/fault_place.hpp>
#include <preflearn/training/kinds/labelled_pairs.hpp>
#include <preflearn/training/kinds/supervised.hpp>
#include <preflearn/training/loop/culprit.hpp>
#include <preflearn/training/loop/fingerprint.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/run_description.hpp>

namespace preflearn {

/// Views the comparisons; owns the oriented labels and references.
template <class Model, Comparison C> class pair_batch {
  public:
    using real = typename Model::real;
    using example = completion_of<C>;

    /// \param references two per comparison, of `first` and of `second`, or empty: none
    /// \throws argument_error as `orient`, or when the references do not fit; numeric_error naming the pair when one of
    /// its references is not finite.
    pair_batch(std::span<const C> comparisons, const label_set& labels, std::span<const double> references,
               const pair_columns& columns)
        : comparisons_(comparisons), labelled_(orient(comparisons, labels, columns)), referenced_(!references.empty()) {
        require(!referenced_ || references.size() == 2 * comparisons.size(), "reference_log_probs has ",
                references.size(), " entries, ", 2 * comparisons.size(), " were expected for ", comparisons.size(),
                " comparisons");
        references_.reserve(labelled_.pairs.size());
        for (const labelled_pair& p : labelled_.pairs) {
            reference r;
            if (referenced_) {
                const double first = references[2 * p.index], second = references[2 * p.index + 1];
                require<numeric_error>(std::isfinite(first) && std::isfinite(second), "pair ", comparisons[p.index].id,
                                       ": its reference log-probs are ", first, " and ", second,
                                       ", finite numbers were expected");
                r = p.swapped ? reference{second, first} : reference{first, second};
            }
            references_.push_back(r);
        }
    }

    /// The pairs with a verdict; everything below counts these.
    [[nodiscard]] std::size_t size() const { return labelled_.pairs.size(); }
    [[nodiscard]] std::size_t abstained() const { return comparisons_.size() - labelled_.pairs.size(); }
    [[nodiscard]] double weight(std::size_t i) const { return labelled_.pairs[i].weight; }
    [[nodiscard]] const C& comparison(std::size_t i) const { return comparisons_[labelled_.pairs[i].index]; }

    /// Forgets the log-probs that `take` has added up.
    void begin() { chosen_log_probs_ = rejected_log_probs_ = 0; }

    /// Takes these pairs in hand: the completions are chosen and rejected in turn, each pair's followed by those that
    /// `add_more(i, completions)` appends, as many for every pair.
    template <class AddMore>
    void gather([[maybe_unused]] const Model& model, std::span<const std::size_t> pairs, const AddMore& add_more) {
        const std::size_t n = pairs.size();
        completions_.clear();
        for (std::vector<real>* column : {&chosen_, &rejected_, &reference_chosen_, &reference_rejected_, &weight_,
                                          &target_, &margin_, &d_chosen_, &d_rejected_})
            column->resize(n);
        if constexpr (knows_tokens<Model, response_of<C>>) {
            chosen_tokens_.resize(n);
            rejected_tokens_.resize(n);
        }
        for (std::size_t i = 0; i < n; ++i) {
            const labelled_pair& p = labelled_.pairs[pairs[i]];
            const C& c = comparisons_[p.index];
            const auto& better = p.swapped ? c.second : c.first;
            const auto& worse = p.swapped ? c.first : c.second;
            completions_.push_back({c.prompt, better});
            completions_.push_back({c.prompt, worse});
            add_more(pairs[i], completions_);
            if constexpr (knows_tokens<Model, response_of<C>>) {
                chosen_tokens_[i] = static_cast<std::uint32_t>(tokens_of(model, c.prompt, better));
                rejected_tokens_[i] = static_cast<std::uint32_t>(tokens_of(model, c.prompt, worse));
            }
            reference_chosen_[i] = static_cast<real>(references_[pairs[i]].chosen);
            reference_rejected_[i] = static_cast<real>(references_[pairs[i]].rejected);
            weight_[i] = static_cast<real>(p.weight);
            target_[i] = static_cast<real>(p.target);
            margin_[i] = static_cast<real>(p.margin);
        }
    }
    void gather(const Model& model, std::span<const std::size_t> pairs) {
        gather(model, pairs, [](std::size_t, const std::vector<example>&) {});
    }

    [[nodiscard]] std::span<const example> completions() const { return completions_; }

    /// The model's pass over the completions of these pairs, which are in hand; what it throws names the pair.
    [[nodiscard]] typename Model::pass forward(const Model& model, std::span<const std::size_t> pairs) const {
        return naming_the_culprit(
            [&] { return model.forward(completions()); }, pairs.size(),
            [&](std::size_t i) { (void)model.forward(completions().subspan(i * stride_of(pairs), stride_of(pairs))); },
            [&](std::size_t i) { return message("pair ", comparison(pairs[i]).id); });
    }

    /// The model's scores of the completions of these pairs, which are in hand.
    /// \throws argument_error when they are not as many; numeric_error naming the pair whose score is not finite.
    void take(std::span<const real> scores, std::span<const std::size_t> pairs) {
        require(scores.size() == completions_.size(), "the model gave ", scores.size(), " scores for ",
                completions_.size(), " completions");
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            chosen_[i] = scores[i * stride()];
            rejected_[i] = scores[i * stride() + 1];
            require<numeric_error>(std::isfinite(chosen_[i]) && std::isfinite(rejected_[i]), "pair ",
                                   comparison(pairs[i]).id, ": the scores of its chosen and rejected response are ",
                                   chosen_[i], " and ", rejected_[i]);
            chosen_log_probs_ += static_cast<double>(chosen_[i]);
            rejected_log_probs_ += static_cast<double>(rejected_[i]);
        }
    }

    /// What the loss reads and where it writes.
    [[nodiscard]] pair_scores<real> scores() const {
        const auto given = [](bool there, const std::vector<real>& values) {
            return there ? std::span<const real>(values) : std::span<const real>();
        };
        return {.chosen = chosen_,
                .rejected = rejected_,
                .reference_chosen = given(referenced_, reference_chosen_),
                .reference_rejected = given(referenced_, reference_rejected_),
                .chosen_tokens = chosen_tokens_,
                .rejected_tokens = rejected_tokens_,
                .weight = given(labelled_.weighted, weight_),
                .target = given(labelled_.soft, target_),
                .margin = given(labelled_.margins, margin_)};
    }
    /// What `evaluate` returns of these pairs, which are in hand; errors of a loss name a pair by its id.
    template <class Evaluate> decltype(auto) by_id(std::span<const std::size_t> pairs, const Evaluate& evaluate) const {
        return with_renamed_places(
            "pair", pairs.size(), [&](std::size_t i) { return message("pair ", comparison(pairs[i]).id); }, evaluate);
    }
    [[nodiscard]] pair_gradients<real> gradients() { return {.chosen = d_chosen_, .rejected = d_rejected_}; }

    /// One number per completion: `factor` times what the loss wrote; those of further completions are left to write.
    [[nodiscard]] std::span<real> derivatives(double factor) {
        derivatives_.resize(completions_.size());
        for (std::size_t i = 0; i < chosen_.size(); ++i) {
            derivatives_[i * stride()] = static_cast<real>(factor) * d_chosen_[i];
            derivatives_[i * stride() + 1] = static_cast<real>(factor) * d_rejected_[i];
        }
        return derivatives_;
    }

    /// The metrics of the batch whose micro-batches gave these sums.
    void set_metrics(training_step& step, const loss_sums& sums) const {
        set_pair_metrics(step, sums, chosen_log_probs_, rejected_log_probs_);
    }

    void describe(run_description& run) const {
        fingerprint labels, references;
        for (std::size_t i = 0; i < labelled_.pairs.size(); ++i) {
            const labelled_pair& p = labelled_.pairs[i];
            p.add_to(labels);
            references.add(p.swapped ? references_[i].rejected : references_[i].chosen); // in the order given, which
            references.add(p.swapped ? references_[i].chosen : references_[i].rejected); // the labels do not change
        }
        run.add("pairs", labelled_.pairs.size());
        run.add("data", fingerprint_of(comparisons_));
        run.add("labels", labels.text());
        run.add("reference log-probs", referenced_ ? references.text() : "none");
    }

  private:
    struct reference {
        double chosen = 0, rejected = 0;
    };

    [[nodiscard]] std::size_t stride_of(std::span<const std::size_t> pairs) const {
        return completions_.size() / pairs.size();
    }
    /// Completions of a pair.
    [[nodiscard]] std::size_t stride() const { return completions_.size() / chosen_.size(); }

    std::span<const C> comparisons_;
    labelled_pairs labelled_;
    std::vector<reference> references_; // of each labelled pair
    bool referenced_;

    std::vector<example> completions_;
    std::vector<real> chosen_, rejected_, reference_chosen_, reference_rejected_, weight_, target_, margin_;
    std::vector<real> d_chosen_, d_rejected_, derivatives_;
    std::vector<std::uint32_t> chosen_tokens_, rejected_tokens_;
    double chosen_log_probs_ = 0, rejected_log_probs_ = 0;
};

} // namespace preflearn
