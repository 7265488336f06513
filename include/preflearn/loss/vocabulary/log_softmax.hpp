/// \file
/// Log-probabilities of tokens from a matrix of logits, rows × vocabulary: log p_t = z_t − log Σ_j e^{z_j}, with
/// entropy and log Σ p² of a row where asked, and the gradient of weight · log p in place of the logits. A row is read
/// once from memory, turned while it lies in the cache, and written once: the time of a copy. Rows run in parallel;
/// each is computed by one thread, so results have the same bits for any number of threads.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/numbers/half.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/loss/vocabulary/logit_transform.hpp>
#include <preflearn/loss/vocabulary/softmax.hpp>

namespace preflearn {

/// Where the results of rows go, in nats: one entry a row, or empty where not wanted.
struct vocabulary_scores {
    std::span<double> log_probs{};       ///< log p of the row's target; −∞ when its logit is −∞
    std::span<double> normalisers{};     ///< log Σ e^z
    std::span<double> entropies{};       ///< −Σ p log p
    std::span<double> log_sum_squares{}; ///< log Σ p², what WPO's weights need (arXiv:2406.11827)

    [[nodiscard]] softmax_moments moments() const {
        return entropies.empty() && log_sum_squares.empty() ? softmax_moments::none : softmax_moments::all;
    }
    /// \throws argument_error naming the first column of another length.
    void check(std::size_t rows) const {
        const auto column = [rows](const char* name, std::span<double> values) {
            require(values.empty() || values.size() == rows, name, " has ", values.size(), " entries for ", rows,
                    " rows");
        };
        column("log_probs", log_probs);
        column("normalisers", normalisers);
        column("entropies", entropies);
        column("log_sum_squares", log_sum_squares);
    }
    /// Writes all but log_probs.
    void set(std::size_t row, const softmax_sums& sums) const {
        if (!normalisers.empty()) normalisers[row] = sums.normaliser();
        if (!entropies.empty()) entropies[row] = sums.entropy();
        if (!log_sum_squares.empty()) log_sum_squares[row] = sums.log_sum_squares();
    }
};

/// Replaces x of the tokens from `first` on by its part of the gradient of Σ_i weight_i · log p of targets i, as
/// through `transform`; `weight` is the sum of the weights, and raise(gradient, first) adds each to its target's entry.
template <std::floating_point Real, class Raise>
void log_softmax_gradient(std::span<Real> x, std::size_t first, const logit_transform<Real>& transform,
                          double normaliser, double weight, Raise&& raise) {
    std::array<Real, detail::logits_per_piece> slopes;
    for (std::size_t at = 0; at < x.size(); at += slopes.size()) {
        const std::span<Real> piece = x.subspan(at, std::min(slopes.size(), x.size() - at));
        if (transform.capped())
            transform.apply(piece, first + at, std::span(slopes).first(piece.size()));
        else if (!transform.is_identity())
            transform.apply(piece, first + at);
        log_softmax_gradient(piece, normaliser, weight);
        raise(piece, first + at);
        if (transform.capped())
            for (std::size_t i = 0; i < piece.size(); ++i) piece[i] *= slopes[i];
        else if (transform.temperature != 1)
            for (Real& value : piece) value *= static_cast<Real>(1 / transform.temperature);
    }
}

/// Logits x of the tokens from `first` on as the softmax sees them, in place where nothing changes, else in `room`.
template <StoredReal Logit>
std::span<const computed_t<Logit>> transformed(std::span<const Logit> x, std::size_t first,
                                               const logit_transform<computed_t<Logit>>& transform,
                                               std::span<computed_t<Logit>> room) {
    if constexpr (std::is_same_v<Logit, computed_t<Logit>>)
        if (transform.is_identity()) return x;
    std::copy(x.begin(), x.end(), room.begin());
    if (!transform.is_identity()) transform.apply(room.first(x.size()), first);
    return room.first(x.size());
}

/// The sums of a piece of a row, x of the tokens from `first` on, as the softmax sees them.
template <StoredReal Logit>
softmax_sums sums_of_logits(std::span<const Logit> x, std::size_t first,
                            const logit_transform<computed_t<Logit>>& transform, softmax_moments moments) {
    std::array<computed_t<Logit>, detail::logits_per_piece> room;
    softmax_sums sums;
    for (std::size_t at = 0; at < x.size(); at += room.size()) {
        const auto piece = x.subspan(at, std::min(room.size(), x.size() - at));
        sums.merge(sums_of_logits(transformed(piece, first + at, transform, std::span(room)), moments));
    }
    return sums;
}

namespace detail {

template <StoredReal Logit> class logit_row {
  public:
    using real = computed_t<Logit>;

    logit_row(matrix_view<const Logit> logits, std::size_t row, const logit_transform<real>& transform)
        : values_(logits.row(row)), size_(logits.columns), row_(row), transform_(transform) {}

    [[nodiscard]] softmax_sums sums(softmax_moments moments) const {
        const softmax_sums found = sums_of_logits(std::span<const Logit>(values_, size_), 0, transform_, moments);
        if (!found.is_sound()) throw_fault();
        return found;
    }

    /// As the softmax sees it.
    [[nodiscard]] double logit(std::size_t token) const {
        return static_cast<double>(transform_(static_cast<real>(values_[token]), token));
    }

    /// Says what is wrong with the row, whose entries from `first` on are still logits.
    [[noreturn]] void throw_fault(std::size_t first = 0) const {
        for (std::size_t column = first; column < size_; ++column) {
            const double z = logit(column);
            require<numeric_error>(z <= std::numeric_limits<double>::max(), "row ", row_, ", column ", column,
                                   ": the logit is ", z, ", a finite number or -inf was expected");
        }
        throw numeric_error(message("row ", row_, ": all ", size_, " logits are -inf, which leaves no distribution"));
    }

  private:
    const Logit* values_;
    std::size_t size_;
    std::size_t row_;
    const logit_transform<real>& transform_;
};

/// Turns rows of logits into gradients with one exponential an entry: e^{z − high of its piece} takes the logit's place
/// (a row of floats beside it for logits of 16 bits) and is scaled once the row's normaliser is known.
template <std::floating_point Real> class gradient_row {
  public:
    gradient_row(std::size_t columns, bool beside, const logit_transform<Real>& transform)
        : columns_(columns), transform_(transform), values_(beside ? columns : 0),
          slopes_(transform.capped() ? columns : 0) {}

    template <StoredReal Logit> softmax_sums exponentials(Logit* logits, softmax_moments moments) {
        highs_.clear();
        softmax_sums sums;
        for (std::size_t at = 0; at < columns_; at += logits_per_piece) {
            const std::span<Real> x = piece(logits, at);
            if constexpr (HalfReal<Logit>) std::copy(logits + at, logits + at + x.size(), x.begin());
            if (transform_.capped())
                transform_.apply(x, at, std::span(slopes_).subspan(at, x.size()));
            else if (!transform_.is_identity())
                transform_.apply(x, at);
            const softmax_sums found = exponentials_of_logits(x, moments);
            sums.merge(found);
            if (std::isnan(sums.high)) break;
            highs_.push_back(found.high);
        }
        return sums;
    }

    /// Entries that are logits no longer.
    [[nodiscard]] std::size_t done() const { return highs_.size() * logits_per_piece; }

    template <StoredReal Logit> void gradient(Logit* logits, double normaliser, std::size_t target, double weight) {
        if (!transform_.capped()) weight /= transform_.temperature;
        for (std::size_t at = 0; at < columns_; at += logits_per_piece) {
            const std::span<Real> x = piece(logits, at);
            const Real factor = static_cast<Real>(-weight * std::exp(highs_[at / logits_per_piece] - normaliser));
            for (Real& value : x) value *= factor;
            if (target >= at && target - at < x.size()) x[target - at] += static_cast<Real>(weight);
            if (transform_.capped())
                for (std::size_t i = 0; i < x.size(); ++i) x[i] *= slopes_[at + i];
            if constexpr (HalfReal<Logit>)
                std::transform(x.begin(), x.end(), logits + at, [](Real value) { return Logit(value); });
        }
    }

  private:
    template <StoredReal Logit> std::span<Real> piece(Logit* logits, std::size_t at) {
        const std::size_t size = std::min(logits_per_piece, columns_ - at);
        if constexpr (std::is_same_v<Logit, Real>)
            return {logits + at, size};
        else
            return std::span(values_).subspan(at, size);
    }

    std::size_t columns_;
    const logit_transform<Real>& transform_;
    std::vector<Real> values_, slopes_;
    std::vector<double> highs_; ///< of each piece
};

/// Rows per task: about 2^16 logits.
inline std::size_t rows_per_task(std::size_t columns) { return 1 + (std::size_t{1} << 16) / (columns + 1); }

inline void check_targets(std::span<const token_id> targets, std::size_t rows, std::size_t vocabulary) {
    require(targets.size() == rows, rows, " rows of logits need as many targets, found ", targets.size());
    for (std::size_t row = 0; row < rows; ++row)
        require(targets[row] >= 0 && static_cast<std::size_t>(targets[row]) < vocabulary, "row ", row, ": target is ",
                targets[row], ", expected 0 to ", static_cast<double>(vocabulary) - 1);
}

} // namespace detail

/// Writes what `scores` asks for of every row. Without log_probs the targets may be empty.
/// \throws argument_error when shapes differ or a target is outside the vocabulary; numeric_error naming row and column
/// for a NaN or +∞, and naming the row when all its logits are −∞. Some of −∞ are fine: their tokens have p = 0.
template <StoredReal Logit>
void log_softmax(matrix_view<const Logit> logits, std::span<const token_id> targets, const vocabulary_scores& scores,
                 const logit_transform<computed_t<Logit>>& transform = {}) {
    if (!targets.empty() || !scores.log_probs.empty()) detail::check_targets(targets, logits.rows, logits.columns);
    scores.check(logits.rows);
    transform.check(logits.columns);
    parallel_blocks(logits.rows, detail::rows_per_task(logits.columns), [&](std::size_t begin, std::size_t end) {
        for (std::size_t r = begin; r < end; ++r) {
            const detail::logit_row<Logit> row(logits, r, transform);
            const softmax_sums sums = row.sums(scores.moments());
            scores.set(r, sums);
            if (!scores.log_probs.empty())
                scores.log_probs[r] = row.logit(static_cast<std::size_t>(targets[r])) - sums.normaliser();
        }
    });
}

/// The same, and replaces every logit x_rj by ∂/∂x_rj Σ_r weights[r] · log p_r, rounded to the logits' type.
/// \throws as log_softmax, and numeric_error naming the row of a weight that is not finite. After a numeric_error the
/// logits may be replaced in part.
template <StoredReal Logit>
void log_softmax_and_gradient(matrix_view<Logit> logits, std::span<const token_id> targets,
                              std::span<const double> weights, const vocabulary_scores& scores = {},
                              const logit_transform<computed_t<Logit>>& transform = {}) {
    using real = computed_t<Logit>;
    detail::check_targets(targets, logits.rows, logits.columns);
    require(weights.size() == logits.rows, "weights has ", weights.size(), " entries for ", logits.rows, " rows");
    scores.check(logits.rows);
    transform.check(logits.columns);
    for (std::size_t r = 0; r < weights.size(); ++r)
        require<numeric_error>(std::isfinite(weights[r]), "row ", r, ": weight is ", weights[r],
                               ", a finite number was expected");
    parallel_blocks(logits.rows, detail::rows_per_task(logits.columns), [&](std::size_t begin, std::size_t end) {
        detail::gradient_row<real> work(logits.columns, !std::is_same_v<Logit, real>, transform);
        for (std::size_t r = begin; r < end; ++r) {
            const detail::logit_row<Logit> row(logits, r, transform);
            const auto target = static_cast<std::size_t>(targets[r]);
            const double z = row.logit(target);
            const softmax_sums sums = work.exponentials(logits.row(r), scores.moments());
            if (!sums.is_sound()) row.throw_fault(work.done());
            scores.set(r, sums);
            if (!scores.log_probs.empty()) scores.log_probs[r] = z - sums.normaliser();
            work.gradient(logits.row(r), sums.normaliser(), target, weights[r]);
        }
    });
}

} // namespace preflearn
