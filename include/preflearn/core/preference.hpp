/// \file
/// A verdict about a pair: P(first ≻ second | prompt), a tie, or an abstention.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Which response a verdict names.
enum class choice : std::uint8_t { first, second, tie, abstained };

/// P(first ≻ second), P(tie) and, by difference, P(second ≻ first); or no opinion at all.
/// A plain probability converts to it, so a teacher may return a double.
class preference {
  public:
    /// \param probability_of_first P(first ≻ second) in [0, 1]; no tie. \throws argument_error outside, NaN included.
    preference(double probability_of_first) : preference(probability_of_first, 0) {}

    /// P(first ≻ second) and P(tie), both in [0, 1] with a sum of at most one (rounding forgiven).
    preference(double probability_of_first, double probability_of_tie)
        : first_(probability_of_first), tie_(probability_of_tie) {
        require(first_ >= 0 && tie_ >= 0 && first_ + tie_ <= 1 + 1e-12,
                "a preference needs probabilities in [0, 1], found P(first) = ", first_, ", P(tie) = ", tie_);
    }

    static preference for_first() { return {1.0}; }
    static preference for_second() { return {0.0}; }
    static preference tied() { return {0.0, 1.0}; }
    static preference abstention() {
        preference p{0.5};
        p.abstained_ = true;
        return p;
    }
    /// The soft verdict σ(margin) of a reward difference in natural logits; the margin is kept.
    static preference from_margin(double margin) { return preference{sigmoid(margin)}.with_margin(margin); }

    [[nodiscard]] double first() const { return first_; }
    [[nodiscard]] double tie() const { return tie_; }
    /// P(second ≻ first).
    [[nodiscard]] double second() const { return std::max(0.0, 1 - first_ - tie_); }
    /// P(first ≻ second) with a tie counted as half a win.
    [[nodiscard]] double half_win() const { return first_ + tie_ / 2; }
    [[nodiscard]] bool abstained() const { return abstained_; }
    /// The evidence behind the verdict in natural logits, where the teacher has one: it still ranks
    /// confidence where the probability is already 1, and under hard labels.
    [[nodiscard]] std::optional<double> margin() const {
        return std::isnan(margin_) ? std::nullopt : std::optional(margin_);
    }
    /// The same verdict carrying this margin (first minus second). \throws argument_error for NaN.
    [[nodiscard]] preference with_margin(double margin) const {
        require(!std::isnan(margin), "a preference's margin is NaN");
        preference p = *this;
        p.margin_ = margin;
        return p;
    }

    /// The likelier response; `tie` when neither is likelier than the other.
    [[nodiscard]] choice decision() const {
        if (abstained_) return choice::abstained;
        const double other = second();
        if (first_ > other) return choice::first;
        return first_ < other ? choice::second : choice::tie;
    }

    /// The verdict about the pair with its responses swapped.
    [[nodiscard]] preference mirrored() const {
        preference p = *this;
        p.first_ = second();
        p.margin_ = -margin_;
        return p;
    }

    friend bool operator==(const preference& a, const preference& b) {
        return a.first_ == b.first_ && a.tie_ == b.tie_ && a.abstained_ == b.abstained_ && a.margin() == b.margin();
    }

  private:
    double first_;
    double tie_;
    double margin_ = std::numeric_limits<double>::quiet_NaN();
    bool abstained_ = false;
};

/// A verdict about the pair named `id`.
struct label {
    std::uint64_t id = 0;
    preference verdict = preference::abstention();

    friend bool operator==(const label&, const label&) = default;
};

/// Labels of many pairs, in the order given, found by id. This is what flows between a teacher and a
/// student, whatever their tokenizers.
class label_set {
  public:
    label_set() = default;
    explicit label_set(std::vector<label> labels) {
        labels_.reserve(labels.size());
        for (const label& l : labels) add(l);
    }

    /// \throws argument_error when the id has a label already.
    void add(const label& l) {
        const bool added = position_.try_emplace(l.id, labels_.size()).second;
        require(added, "pair ", l.id, " is labelled twice");
        labels_.push_back(l);
    }

    [[nodiscard]] std::optional<preference> find(std::uint64_t id) const {
        const auto at = position_.find(id);
        return at == position_.end() ? std::nullopt : std::optional(labels_[at->second].verdict);
    }
    /// The label of a pair that must have one. \throws argument_error naming the id.
    [[nodiscard]] preference at(std::uint64_t id) const {
        const auto at = position_.find(id);
        require(at != position_.end(), "pair ", id, " has no label among the ", labels_.size(), " given");
        return labels_[at->second].verdict;
    }

    [[nodiscard]] std::size_t size() const { return labels_.size(); }
    [[nodiscard]] bool empty() const { return labels_.empty(); }
    [[nodiscard]] auto begin() const { return labels_.begin(); }
    [[nodiscard]] auto end() const { return labels_.end(); }

    /// The same labels in the same order.
    friend bool operator==(const label_set& a, const label_set& b) { return a.labels_ == b.labels_; }

  private:
    std::vector<label> labels_;
    std::unordered_map<std::uint64_t, std::size_t> position_;
};

} // namespace preflearn
