/// \file
/// One draw of a token from a row of logits: softmax(z / temperature), cut to the k likeliest, cut to the smallest
/// set of likeliest tokens that holds top_p of what is left (Holtzman et al. 2020, arXiv:1904.09751), cut to those that
/// are min_p times as likely as the likeliest (Nguyen et al. 2024, arXiv:2407.01082), renormalised: transformers'
/// order. Equal logits are ordered by id, so that every cut is exact and the same everywhere.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/sampling.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/core/tokens.hpp>

namespace preflearn {

/// \throws argument_error naming the option that is out of range.
inline void check(const sampling_options& options) {
    require(std::isfinite(options.temperature) && options.temperature >= 0,
            "sampling_options.temperature: a finite number of at least 0 was expected, found ", options.temperature);
    require(options.top_p > 0 && options.top_p <= 1, "sampling_options.top_p: a number in (0, 1] was expected, found ",
            options.top_p);
    require(options.min_p >= 0 && options.min_p <= 1, "sampling_options.min_p: a number in [0, 1] was expected, found ",
            options.min_p);
}

/// Draws tokens; keeps its working memory between draws.
class token_drawer {
  public:
    /// \throws numeric_error when a logit is NaN or +∞, or all are −∞.
    template <class T>
    token_id operator()(std::span<const T> logits, const sampling_options& options, generator& random) {
        const std::size_t likeliest = first_maximum(logits);
        if (options.temperature == 0 || options.top_k == 1) return static_cast<token_id>(likeliest);
        const double high = static_cast<double>(logits[likeliest]);
        weights_.resize(logits.size());
        parallel_blocks(logits.size(), 8192, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i)
                weights_[i] = std::exp((static_cast<double>(logits[i]) - high) / options.temperature);
        });
        const bool cut_k = options.top_k != 0 && options.top_k < logits.size(), cut_p = options.top_p < 1;
        if (!cut_k && !cut_p && options.min_p == 0) {
            double total = 0;
            for (const double w : weights_) total += w;
            return pick(total, random.uniform(), weights_.size(), [](std::size_t i) { return i; });
        }
        order_.resize(logits.size());
        for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = i;
        if (cut_k) {
            std::nth_element(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(options.top_k), order_.end(),
                             [&](std::size_t a, std::size_t b) { return likelier(a, b); });
            order_.resize(options.top_k);
        }
        // the likeliest weighs 1; what top_p keeps is counted with those that min_p takes away after it
        if (!cut_p) std::erase_if(order_, [&](std::size_t i) { return weights_[i] < options.min_p; });
        double total = 0;
        for (const std::size_t i : order_) total += weights_[i];
        if (!cut_p) {
            std::sort(order_.begin(), order_.end()); // so that the draw does not depend on nth_element's order
            return pick(total, random.uniform(), order_.size(), [&](std::size_t i) { return order_[i]; });
        }
        return draw_of_likeliest(options.top_p * total, options.min_p, random.uniform());
    }

  private:
    [[nodiscard]] bool likelier(std::size_t a, std::size_t b) const {
        return weights_[a] != weights_[b] ? weights_[a] > weights_[b] : a < b;
    }

    /// Among the likeliest of order_ that together reach `wanted`. Nearly always a few tokens do, so these are looked
    /// for first, then those that are a thousandth as likely; a heap gives the likeliest of them without sorting all.
    token_id draw_of_likeliest(double wanted, double min_p, double uniform) {
        const auto last = [&](std::size_t a, std::size_t b) { return likelier(b, a); };
        double kept = 0;
        auto end = order_.end(); // from here on: those taken, the likeliest at the very end
        for (double least = 1e-3; end != order_.begin() && kept < wanted; least = least < 1e-300 ? 0 : least * 1e-3) {
            const auto few = std::partition(order_.begin(), end, [&](std::size_t i) { return weights_[i] < least; });
            std::make_heap(few, end, last);
            while (end != few && kept < wanted) {
                std::pop_heap(few, end--, last);
                kept += weights_[*end];
            }
        }
        if (end != order_.end() && weights_[*end] < min_p) {
            end = std::partition_point(end, order_.end(), [&](std::size_t i) { return weights_[i] < min_p; });
            kept = 0;
            for (auto at = order_.end(); at != end;) kept += weights_[*--at];
        }
        const auto count = static_cast<std::size_t>(order_.end() - end);
        return pick(kept, uniform, count, [&](std::size_t i) { return order_[order_.size() - 1 - i]; });
    }

    template <class T> static std::size_t first_maximum(std::span<const T> logits) {
        std::size_t best = 0;
        for (std::size_t i = 0; i < logits.size(); ++i) {
            require<numeric_error>(!std::isnan(logits[i]), "the logit of token ", i, " is NaN");
            if (logits[i] > logits[best]) best = i;
        }
        require<numeric_error>(!logits.empty() && std::isfinite(logits[best]), "no finite largest logit to draw from");
        return best;
    }

    template <class At> token_id pick(double total, double uniform, std::size_t count, At&& at) const {
        double left = uniform * total;
        std::size_t last = at(0);
        for (std::size_t i = 0; i < count; ++i) {
            const double w = weights_[at(i)];
            if (w == 0) continue;
            last = at(i);
            if (left < w) break;
            left -= w;
        }
        return static_cast<token_id>(last);
    }

    std::vector<double> weights_;
    std::vector<std::size_t> order_;
};

} // namespace preflearn
