/// \file
/// Any teacher with noise: verdicts are mirrored at random, at one rate for all pairs or at a rate that depends on the
/// verdict (close calls go wrong more often).
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <utility>
#include <vector>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/concepts.hpp>
#include <preflearn/core/held.hpp>
#include <preflearn/core/many.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// A Teacher wherever the teacher inside is one. `rate` is the flip probability in [0, 1], a number or a callable that
/// takes the verdict: `noisy{teacher, 0.2, seed}`. Whether a pair flips is drawn from (seed, id) and does not depend
/// on its orientation, so swapping the responses mirrors the verdict if it does so inside (and a rate that is a
/// function treats both alike). A flipped verdict is mirrored as a whole, margin included; ties and abstentions
/// stay. The teacher is owned, a copy of what has a name; one in std::cref is referred to and must outlive this object.
template <class Inner, class Rate = double> class noisy {
  public:
    /// \throws argument_error when a rate that is a number is outside [0, 1].
    noisy(Inner teacher, Rate rate, std::uint64_t seed)
        : teacher_(std::forward<Inner>(teacher)), rate_(std::move(rate)), seed_(seed) {
        if constexpr (std::convertible_to<Rate, double>) check(static_cast<double>(rate_));
    }

    template <Comparison C>
        requires Teacher<Inner, C>
    [[nodiscard]] preference operator()(const C& c) const {
        return heard(teacher_(c), static_cast<std::uint64_t>(c.id));
    }

    /// The verdicts on many pairs, in one batch of the teacher inside where it has one.
    template <std::ranges::contiguous_range Comparisons>
    std::vector<preference> preferences(const Comparisons& range) const {
        const auto comparisons = view_of(range);
        std::vector<preference> all = preflearn::preferences(teacher_, comparisons);
        for (std::size_t i = 0; i < all.size(); ++i)
            all[i] = heard(all[i], static_cast<std::uint64_t>(comparisons[i].id));
        return all;
    }

  private:
    static double check(double rate) {
        require(rate >= 0 && rate <= 1, "the noise's rate is ", rate, ", a probability was expected");
        return rate;
    }

    [[nodiscard]] preference heard(const preference& said, std::uint64_t id) const {
        double rate;
        if constexpr (std::convertible_to<Rate, double>) {
            rate = static_cast<double>(rate_);
        } else {
            rate = check(static_cast<double>(rate_(said)));
        }
        return generator(seed_, "label noise", id).bernoulli(rate) ? said.mirrored() : said;
    }

    Inner teacher_;
    Rate rate_;
    std::uint64_t seed_;
};

template <class Inner, class Rate> noisy(Inner&&, Rate, std::uint64_t) -> noisy<owned<Inner>, Rate>;

} // namespace preflearn
