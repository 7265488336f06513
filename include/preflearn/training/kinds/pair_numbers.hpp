/// \file
/// Labelled pairs as numbers, whatever is compared: their references and lengths, the columns of the micro-batch that
/// is in hand, which a loss reads, and its derivatives on the way back to the model.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/pairs/evaluate.hpp>
#include <preflearn/training/kinds/labelled_pairs.hpp>
#include <preflearn/training/loop/fingerprint.hpp>
#include <preflearn/training/loop/metrics.hpp>
#include <preflearn/training/loop/run_description.hpp>

namespace preflearn {

/// Lengths of the chosen and of the rejected responses of all labelled pairs, or nothing where they are not read.
struct response_lengths {
    std::vector<std::uint32_t> chosen{}, rejected{};
};

/// Owns all its numbers. A pair has `stride` completions: the chosen one, the rejected one, and any number of further
/// ones, which it leaves alone.
template <std::floating_point Real> class pair_numbers {
  public:
    /// \param references two per comparison, of `first` and of `second`, or empty: none
    /// \throws argument_error when the references do not fit; numeric_error naming the pair when one of its references
    /// is not finite.
    pair_numbers(labelled_pairs all, std::span<const double> references, response_lengths lengths,
                 std::size_t stride = 2)
        : all_(std::move(all)), lengths_(std::move(lengths)), stride_(stride), referenced_(!references.empty()) {
        const std::size_t comparisons = all_.pairs.size() + all_.abstained;
        require(!referenced_ || references.size() == 2 * comparisons, "reference_log_probs has ", references.size(),
                " entries, ", 2 * comparisons, " were expected for ", comparisons, " comparisons");
        if (!referenced_) return;
        references_.reserve(all_.pairs.size());
        for (const labelled_pair& p : all_.pairs) {
            const double first = references[2 * p.index], second = references[2 * p.index + 1];
            require<numeric_error>(std::isfinite(first) && std::isfinite(second), p.name(),
                                   ": its reference log-probs are ", first, " and ", second,
                                   ", finite numbers were expected");
            references_.push_back({first, second});
        }
    }

    /// The pairs with a verdict; everything below counts these.
    [[nodiscard]] std::size_t size() const { return all_.pairs.size(); }
    [[nodiscard]] std::size_t abstained() const { return all_.abstained; }
    [[nodiscard]] const labelled_pair& operator[](std::size_t i) const { return all_.pairs[i]; }

    /// Forgets the log-probs that `take` has added up.
    void begin() { chosen_log_probs_ = rejected_log_probs_ = 0; }

    /// Takes these pairs in hand.
    void gather(std::span<const std::size_t> pairs) {
        labels_.gather(all_, pairs);
        for (std::vector<Real>* column : {&reference_chosen_, &reference_rejected_}) column->clear();
        for (std::vector<std::uint32_t>* column : {&chosen_tokens_, &rejected_tokens_}) column->clear();
        for (const std::size_t i : pairs) {
            if (referenced_) {
                const bool swapped = all_.pairs[i].swapped;
                reference_chosen_.push_back(static_cast<Real>(references_[i][swapped ? 1 : 0]));
                reference_rejected_.push_back(static_cast<Real>(references_[i][swapped ? 0 : 1]));
            }
            if (!lengths_.chosen.empty()) chosen_tokens_.push_back(lengths_.chosen[i]);
            if (!lengths_.rejected.empty()) rejected_tokens_.push_back(lengths_.rejected[i]);
        }
        for (std::vector<Real>* column : {&chosen_, &rejected_, &d_chosen_, &d_rejected_}) column->resize(pairs.size());
    }

    /// The model's scores of the completions of these pairs, which are in hand.
    /// \throws argument_error when they are not as many; numeric_error naming the pair whose score is not finite.
    void take(std::span<const Real> scores, std::span<const std::size_t> pairs) {
        require(scores.size() == stride_ * pairs.size(), "the model gave ", scores.size(), " scores for ",
                stride_ * pairs.size(), " completions");
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            chosen_[i] = scores[i * stride_];
            rejected_[i] = scores[i * stride_ + 1];
            require<numeric_error>(std::isfinite(chosen_[i]) && std::isfinite(rejected_[i]),
                                   all_.pairs[pairs[i]].name(), ": the scores of its chosen and rejected response are ",
                                   chosen_[i], " and ", rejected_[i]);
            chosen_log_probs_ += static_cast<double>(chosen_[i]);
            rejected_log_probs_ += static_cast<double>(rejected_[i]);
        }
    }

    /// What the loss reads and where it writes.
    [[nodiscard]] pair_scores<Real> scores() const {
        return {.chosen = chosen_,
                .rejected = rejected_,
                .reference_chosen = reference_chosen_,
                .reference_rejected = reference_rejected_,
                .chosen_tokens = chosen_tokens_,
                .rejected_tokens = rejected_tokens_,
                .weight = labels_.weight(),
                .target = labels_.target(),
                .margin = labels_.margin()};
    }
    [[nodiscard]] pair_gradients<Real> gradients() { return {.chosen = d_chosen_, .rejected = d_rejected_}; }

    /// One number per completion: `factor` times what the loss wrote; those of further completions are left to write.
    [[nodiscard]] std::span<Real> derivatives(double factor) {
        derivatives_.resize(stride_ * chosen_.size());
        for (std::size_t i = 0; i < chosen_.size(); ++i) {
            derivatives_[i * stride_] = static_cast<Real>(factor) * d_chosen_[i];
            derivatives_[i * stride_ + 1] = static_cast<Real>(factor) * d_rejected_[i];
        }
        return derivatives_;
    }

    /// The metrics of the batch whose micro-batches gave these sums.
    void report(training_step& step, const loss_sums& sums) const {
        set_pair_metrics(step, sums, chosen_log_probs_, rejected_log_probs_);
    }

    /// \param data the fingerprint of all comparisons
    void describe(run_description& run, const std::string& data) const {
        all_.describe(run, data);
        fingerprint references;
        for (const auto& [first, second] : references_) { // in the order given, which the labels do not change
            references.add(first);
            references.add(second);
        }
        run.add("reference log-probs", referenced_ ? references.text() : "none");
    }

  private:
    labelled_pairs all_;
    std::vector<std::array<double, 2>> references_; // of each labelled pair, in the order given
    response_lengths lengths_;
    std::size_t stride_;
    bool referenced_;

    label_columns<Real> labels_;
    std::vector<Real> chosen_, rejected_, reference_chosen_, reference_rejected_, d_chosen_, d_rejected_, derivatives_;
    std::vector<std::uint32_t> chosen_tokens_, rejected_tokens_;
    double chosen_log_probs_ = 0, rejected_log_probs_ = 0;
};

} // namespace preflearn
