/// \file
/// What a reward difference says: how a teacher makes a verdict of the margin r(x, first) − r(x, second), in natural
/// logits of a Bradley-Terry model. Hard, soft, drawn as by a human annotator, or none when the margin is small.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// Called, const, with (margin) or with (margin, id of the pair), returns a `preference` or P(first ≻ second). It
/// decides whether the verdict carries a margin.
///
/// Semantics: deterministic; the negated margin gives the mirrored verdict.
template <class R>
concept LabelRule = requires(const R& rule, double margin, std::uint64_t id) {
    { rule(margin, id) } -> std::convertible_to<preference>;
}
|| requires(const R& rule, double margin) {
    { rule(margin) } -> std::convertible_to<preference>;
};

/// The rule's verdict, whichever of the two forms it has.
template <LabelRule Rule> preference apply_rule(const Rule& rule, double margin, std::uint64_t id) {
    if constexpr (requires {
                      { rule(margin, id) } -> std::convertible_to<preference>;
                  }) {
        return rule(margin, id);
    } else {
        return rule(margin);
    }
}

/// The better response, with certainty; carries the margin. An exact tie is a tie, where step 2 of Tao & Li 2025
/// (arXiv:2409.08813) would take `second`: position says nothing.
struct hard_label {
    preference operator()(double margin) const {
        if (margin == 0) return preference::tied().with_margin(margin);
        return (margin > 0 ? preference::for_first() : preference::for_second()).with_margin(margin);
    }
};

/// σ(margin / T), the Bradley-Terry probability; carries margin / T, its logit. T above 1 for a reward that is too sure
/// of itself. \throws argument_error when called with a temperature that is not positive and finite.
struct soft_label {
    double temperature = 1;

    preference operator()(double margin) const {
        require(temperature > 0 && std::isfinite(temperature), "temperature is ", temperature,
                ", a positive number was expected");
        return preference::from_margin(margin / temperature);
    }
};

/// A simulated human annotator: one draw from Bernoulli(σ(margin / T)), so that close pairs are mislabelled often and
/// clear ones rarely: the better response loses with probability σ(−|margin| / T). The draw belongs to (seed, id) and
/// decides whether the annotator errs, not which position is named, so swapping the responses mirrors the verdict; an
/// exact tie is a tie. No margin is carried: an annotator tells a choice. Another annotator is another seed.
/// \throws argument_error as soft_label.
struct drawn_label {
    double temperature = 1;
    std::uint64_t seed = 0;

    preference operator()(double margin, std::uint64_t id) const {
        require(temperature > 0 && std::isfinite(temperature), "temperature is ", temperature,
                ", a positive number was expected");
        if (margin == 0) return preference::tied();
        const bool errs = generator(seed, "annotator", id).bernoulli(sigmoid(-std::abs(margin) / temperature));
        return (margin > 0) != errs ? preference::for_first() : preference::for_second();
    }
};

/// Abstains when |margin| < threshold, else leaves the verdict to another rule. The abstention carries the margin.
/// For "less sure than c" the threshold is T logit(c). \throws argument_error when called with a negative threshold.
template <class Rule = hard_label> struct abstaining {
    double threshold = 0;
    Rule rule{};

    preference operator()(double margin, std::uint64_t id) const {
        require(threshold >= 0, "threshold is ", threshold, ", a number that is not negative was expected");
        if (std::abs(margin) < threshold) return preference::abstention().with_margin(margin);
        return apply_rule(rule, margin, id);
    }
};

} // namespace preflearn
