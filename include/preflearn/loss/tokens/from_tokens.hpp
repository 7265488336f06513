/// \file
/// Any sequence-level preference loss on tokens: sums the tokens of each response, counts them, weighs the pair, calls
/// the loss once on the whole batch, and spreads its gradient over the tokens. Everything in between is in double; for
/// n pairs it allocates a few columns of n numbers, and nothing per token.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/numbers/half.hpp>
#include <preflearn/core/requirements.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/loss/coupled/coupled_loss.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>
#include <preflearn/loss/pairs/faults.hpp>
#include <preflearn/loss/tokens/parts.hpp>
#include <preflearn/loss/tokens/rows.hpp>
#include <preflearn/loss/tokens/scores.hpp>

namespace preflearn {

namespace detail {

/// One response's tokens as a part sees them.
template <class Real, bool Divergence> struct token_reader {
    const Real *policy, *reference, *divergence;
    std::uint32_t length, other_length;
    bool chosen;

    token_reader(const token_columns<Real>& side, std::size_t own, std::size_t other, bool is_chosen)
        : policy(side.policy.data()), reference(side.reference.empty() ? nullptr : side.reference.data()),
          divergence(side.divergence.data()), length(static_cast<std::uint32_t>(own)),
          other_length(static_cast<std::uint32_t>(other)), chosen(is_chosen) {}

    template <bool Referenced> token_point at(std::size_t position, std::size_t number) const {
        token_point token{static_cast<double>(policy[position]),
                          0,
                          0,
                          static_cast<std::uint32_t>(number),
                          length,
                          other_length,
                          chosen};
        if constexpr (Referenced) token.reference = static_cast<double>(reference[position]);
        if constexpr (Divergence) token.divergence = static_cast<double>(divergence[position]);
        return token;
    }
};

} // namespace detail

/// A TokenLoss made of a PreferenceLoss for double, a TokenPart and a TokenWeight. `pair_scores` of the loss are the
/// sums of the part's shares, the numbers of tokens, and the pairs' columns; the weight column is multiplied by the
/// token weight, which the `loss_sums::weight` returned leaves out: it adds up the weights given. Sums of floats and
/// 16-bit numbers are taken in double, too.
///
/// An empty response has the log-prob 0, the length 0 and the mean 0 (a weight of 1); when the loss says that it reads
/// that length, it is an argument_error naming the pair.
/// \throws argument_error for layouts and columns that do not fit or are missing; numeric_error naming pair, column and
/// token for NaN and infinities, and what the loss throws, which names the pair.
template <class Loss, TokenPart Part = summed_tokens, TokenWeight Weight = no_token_weight> struct from_tokens {
    static constexpr bool uses_reference = loss_uses_reference<Loss>;
    static constexpr bool uses_target = loss_uses_target<Loss>, uses_margin = loss_uses_margin<Loss>;
    static constexpr bool uses_log_sum_squares = Weight::uses_log_sum_squares;
    static constexpr bool uses_divergence = Part::uses_divergence;
    static constexpr bool uses_weak_shift = false;
    /// Whether what one pair costs depends on the others of the call.
    static constexpr bool couples_batch = reduces_pairs<Loss, double>;

    Loss loss{};
    Part part{};
    Weight weight{};

    template <StoredReal Real>
    loss_sums operator()(const token_scores<Real>& scores, const token_gradients<Real>& gradients) const {
        return spread_of(scores, gradients, [&](const auto& pairs, const auto& out) { return loss(pairs, out); });
    }
    /// The two phases of a loss that couples the batch (see `CoupledLoss`).
    template <StoredReal Real>
    [[nodiscard]] auto reduce(const token_scores<Real>& scores) const requires couples_batch {
        check(scores, token_gradients<Real>{});
        return loss.reduce(summed(scores).scores());
    }
    template <StoredReal Real, class State>
    loss_sums map(const token_scores<Real>& scores, const State& state, const token_gradients<Real>& gradients,
                  std::size_t first = 0) const requires couples_batch {
        return spread_of(scores, gradients,
                         [&](const auto& pairs, const auto& out) { return map_shard(loss, pairs, state, out, first); });
    }

  private:
    static constexpr std::size_t pairs_per_block = 16;

    template <class Real> using reader = detail::token_reader<Real, Part::uses_divergence>;

    /// The sequence-level batch.
    struct columns {
        std::vector<double> chosen, rejected, reference_chosen, reference_rejected, weight, target, margin, d_chosen,
            d_rejected, values;
        std::vector<std::uint32_t> chosen_tokens, rejected_tokens;
        bool referenced;

        template <class Real>
        columns(std::size_t n, const token_scores<Real>& scores, bool weighted)
            : chosen(n), rejected(n), reference_chosen(n), reference_rejected(n),
              weight(scores.weight.begin(), scores.weight.end()), target(scores.target.begin(), scores.target.end()),
              margin(scores.margin.begin(), scores.margin.end()), chosen_tokens(n), rejected_tokens(n),
              referenced(!scores.chosen.reference.empty() || !scores.rejected.reference.empty()) {
            if (weighted && weight.empty()) weight.assign(n, 1);
        }
        [[nodiscard]] pair_scores<double> scores() const {
            pair_scores<double> all{.chosen = chosen,
                                    .rejected = rejected,
                                    .chosen_tokens = chosen_tokens,
                                    .rejected_tokens = rejected_tokens,
                                    .weight = weight,
                                    .target = target,
                                    .margin = margin};
            if (referenced) {
                all.reference_chosen = reference_chosen;
                all.reference_rejected = reference_rejected;
            }
            return all;
        }
        [[nodiscard]] pair_gradients<double> gradients(bool wanted, bool each) {
            d_chosen.resize(wanted ? chosen.size() : 0);
            d_rejected.resize(wanted ? chosen.size() : 0);
            values.resize(each ? chosen.size() : 0);
            return {d_chosen, d_rejected, values};
        }
    };

    /// Of one response; `likelihood` is the mean of log π − log Σ π².
    struct sums {
        double policy, reference, likelihood;
    };

    template <class Real> void check(const token_scores<Real>& scores, const token_gradients<Real>& gradients) const {
        check_preference_loss<Loss, double>();
        static_assert(!std::same_as<Part, clamped_log_ratios> || loss_uses_reference<Loss>,
                      "clamped log-ratios leave no log-prob of the policy by itself: they are for losses that use a "
                      "reference");
        check_token_scores(scores, gradients);
        for (const auto& [side, out, name] : {std::tuple(&scores.chosen, &gradients.chosen, "chosen"),
                                              {&scores.rejected, &gradients.rejected, "rejected"}}) {
            if (side->policy.empty()) continue;
            require(!uses_log_sum_squares || !side->log_sum_squares.empty(), name,
                    ": this loss weighs pairs by the policy and needs the column log_sum_squares");
            require(!uses_divergence || !side->divergence.empty(), name, ": this loss needs the column divergence");
            require(!uses_divergence || out->policy.empty() || !out->divergence.empty(), name,
                    ": a gradient flows through the column divergence and needs a place to go");
        }
        if constexpr (requires { part.check(); }) part.check();
    }

    /// The sequence-level batch of these tokens, which are checked.
    template <class Real> columns summed(const token_scores<Real>& scores) const {
        columns of(scores.size(), scores, uses_log_sum_squares);
        parallel_blocks(scores.size(), pairs_per_block, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                of.chosen_tokens[i] = static_cast<std::uint32_t>(scores.chosen.rows.tokens(i));
                of.rejected_tokens[i] = static_cast<std::uint32_t>(scores.rejected.rows.tokens(i));
                constexpr lengths_read divides_by = loss_lengths<Loss>;
                const bool rejected_matters = reads_rejected_lengths(divides_by, !scores.target.empty());
                require((divides_by == lengths_read::none || of.chosen_tokens[i] > 0) &&
                            (!rejected_matters || of.rejected_tokens[i] > 0),
                        "pair ", i, ": its ", of.chosen_tokens[i] > 0 ? "rejected" : "chosen",
                        " response is empty, but this loss divides by lengths");
                const reader<Real> chosen(scores.chosen, of.chosen_tokens[i], of.rejected_tokens[i], true);
                const reader<Real> rejected(scores.rejected, of.rejected_tokens[i], of.chosen_tokens[i], false);
                const sums c = sum(scores.chosen, chosen, of.referenced, i, "chosen");
                const sums r = sum(scores.rejected, rejected, of.referenced, i, "rejected");
                of.chosen[i] = c.policy;
                of.rejected[i] = r.policy;
                of.reference_chosen[i] = c.reference;
                of.reference_rejected[i] = r.reference;
                if constexpr (uses_log_sum_squares) {
                    const double factor = weight(c.likelihood, r.likelihood);
                    require<numeric_error>(std::isfinite(factor), "pair ", i, ": the weight of its tokens is ", factor,
                                           "; the means of their log π − log Σ π² are ", c.likelihood, " and ",
                                           r.likelihood);
                    of.weight[i] *= factor;
                }
            }
        });
        return of;
    }

    /// What `of_pairs(scores, gradients)` returns for the sequence-level batch; its gradients are spread over the
    /// tokens.
    template <class Real, class OfPairs>
    loss_sums spread_of(const token_scores<Real>& scores, const token_gradients<Real>& gradients,
                        const OfPairs& of_pairs) const {
        check(scores, gradients);
        const std::size_t n = scores.size();
        const bool wanted = !gradients.chosen.policy.empty() || !gradients.rejected.policy.empty();
        columns of = summed(scores);
        loss_sums total = of_pairs(of.scores(), of.gradients(wanted, !gradients.values.empty()));
        if constexpr (uses_log_sum_squares) {
            total.weight = scores.weight.empty() ? static_cast<double>(n) : 0;
            for (const Real given : scores.weight) total.weight += static_cast<double>(given);
        }
        for (std::size_t i = 0; i < gradients.values.size(); ++i) gradients.values[i] = stored<Real>(of.values[i]);
        if (wanted) {
            parallel_blocks(n, pairs_per_block, [&](std::size_t begin, std::size_t end) {
                for (std::size_t i = begin; i < end; ++i) {
                    const reader<Real> chosen(scores.chosen, of.chosen_tokens[i], of.rejected_tokens[i], true);
                    const reader<Real> rejected(scores.rejected, of.rejected_tokens[i], of.chosen_tokens[i], false);
                    spread(scores.chosen.rows, chosen, of.referenced, i, of.d_chosen[i], gradients.chosen);
                    spread(scores.rejected.rows, rejected, of.referenced, i, of.d_rejected[i], gradients.rejected);
                }
            });
        }
        return total;
    }

    template <class Real>
    sums sum(const token_columns<Real>& side, const reader<Real>& tokens, bool referenced, std::size_t pair,
             const char* name) const {
        constexpr std::size_t count_of_sums = uses_log_sum_squares ? 3 : 2;
        token_sums<count_of_sums> all;
        const auto add = [&]<bool Referenced>(std::bool_constant<Referenced>) {
            side.rows.for_each_run(pair, [&](std::size_t position, std::size_t number, std::size_t count) {
                // Copies whose addresses nobody knows: the sums' buffer is apart from them.
                all.add(count,
                        [squares = side.log_sum_squares.data(), tokens, local = part, position, number](std::size_t i) {
                            const token_point token = tokens.template at<Referenced>(position + i, number + i);
                            const token_share share = local(token);
                            std::array<double, count_of_sums> values{share.policy, share.reference};
                            if constexpr (uses_log_sum_squares)
                                values[2] = token.policy - static_cast<double>(squares[position + i]);
                            return values;
                        });
            });
        };
        if (referenced)
            add(std::true_type{});
        else
            add(std::false_type{});
        const std::array<double, count_of_sums> totals = all.values();
        sums result{totals[0], totals[1], 0};
        if constexpr (uses_log_sum_squares)
            if (tokens.length > 0) result.likelihood = totals[2] / tokens.length;
        if (!std::isfinite(result.policy + result.reference + result.likelihood)) throw_token_fault(side, pair, name);
        return result;
    }

    template <class Real>
    void spread(const token_rows& rows, const reader<Real>& tokens, bool referenced, std::size_t pair, double d,
                const token_derivatives<Real>& out) const {
        const auto zero = [&](std::span<Real> values, bool all) {
            if (values.empty() || (!all && !rows.offsets.empty())) return;
            for (std::size_t at = rows.begin(pair); at < rows.end(pair); ++at) values[at] = stored<Real>(0);
        };
        zero(out.policy, false);
        zero(out.divergence, !uses_divergence);
        const auto write = [&]<bool Referenced>(std::bool_constant<Referenced>) {
            rows.for_each_run(pair, [&](std::size_t position, std::size_t number, std::size_t count) {
                const detail::token_reader<Real, uses_divergence> local_tokens = tokens;
                const Part local = part;
                Real* const policy = out.policy.data();
                [[maybe_unused]] Real* const divergence = out.divergence.data();
                for (std::size_t i = 0; i < count; ++i) {
                    const token_share share = local(local_tokens.template at<Referenced>(position + i, number + i));
                    policy[position + i] = stored<Real>(d * share.d_policy);
                    if constexpr (uses_divergence) divergence[position + i] = stored<Real>(d * share.d_divergence);
                }
            });
        };
        if (referenced)
            write(std::true_type{});
        else
            write(std::false_type{});
    }
};

} // namespace preflearn
