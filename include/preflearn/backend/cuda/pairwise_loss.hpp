/// \file
/// Value and gradient of a preference loss of pairs whose columns lie on a CUDA device, in one launch. Declared here
/// for the host's compiler; losses.cuh defines it for the library's losses by name and is compiled once in a program.
/// For a loss of one's own include kernels/pairwise_loss.cuh where device code is compiled; its parts' functions are
/// constexpr (nvcc: --expt-relaxed-constexpr) or marked for both sides.
///
/// What runs on a device is a pure function of one pair: a composition of parts. Losses that couple a batch or keep
/// running statistics stay on the processor, and so do scores chosen at run time.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <cuda_runtime_api.h>

#include <preflearn/backend/cuda/sum_room.hpp>
#include <preflearn/core/scores.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>
#include <preflearn/loss/pairs/fault_place.hpp>
#include <preflearn/loss/pairs/pairwise.hpp>
#include <preflearn/loss/pairs/rewards_scaled.hpp>
#include <preflearn/loss/parts/check_parameter.hpp>

namespace preflearn::cuda {

namespace detail {

template <class... Parts> pairwise<Parts...> composition(const pairwise<Parts...>& loss) { return loss; }
template <class... Parts> pairwise<Parts...> composition(const rewards_scaled<pairwise<Parts...>>& loss) {
    check_positive("beta", loss.beta);
    return loss.loss;
}

/// By which a composition's log-ratios are multiplied to be the rewards that the loss reports.
template <class... Parts> double reward_scale(const pairwise<Parts...>& loss) { return loss.beta; }
template <class... Parts> double reward_scale(const rewards_scaled<pairwise<Parts...>>& loss) {
    return loss.beta * loss.loss.beta;
}

/// What a loss is made of: by parts(), or itself.
template <class Loss> auto made_of(const Loss& loss) {
    if constexpr (requires { loss.parts(); })
        return loss.parts();
    else
        return loss;
}

/// Whether a score is one of several, chosen at run time.
template <class Score>
concept VisitedScore = requires(const Score& score) {
    score.visit([](const auto& /*one*/) {});
};

} // namespace detail

/// A loss that runs in device code: a `pairwise`, or a loss that gives one by parts(), of parts that are plain values.
template <class L>
concept DevicePairwiseLoss = requires(const L& loss) {
    detail::composition(detail::made_of(loss));
}
&&std::is_trivially_copyable_v<decltype(detail::composition(detail::made_of(std::declval<const L&>())))> &&
    !detail::VisitedScore<decltype(detail::composition(detail::made_of(std::declval<const L&>())).score)>;

/// The parts of a loss, as kernels take them. \throws argument_error for parameters that the loss refuses
template <class Loss> auto device_parts(const Loss& loss) {
    static_assert(DevicePairwiseLoss<Loss>,
                  "a loss that runs in device code is a pairwise composition of trivially copyable parts, or gives one "
                  "by parts(); losses that couple a batch or keep running statistics, and scores chosen at run time, "
                  "stay on the processor");
    const auto parts = detail::composition(detail::made_of(loss));
    check_positive("beta", parts.beta);
    return parts;
}
template <class Loss> using device_parts_t = decltype(device_parts(std::declval<const Loss&>()));

/// As `pair_scores`, on the device; null stands for an empty column.
template <std::floating_point Real> struct device_pairs {
    std::size_t size = 0;
    const Real *chosen = nullptr, *rejected = nullptr, *reference_chosen = nullptr, *reference_rejected = nullptr;
    const std::uint32_t *chosen_tokens = nullptr, *rejected_tokens = nullptr;
    const Real *weight = nullptr, *target = nullptr, *margin = nullptr;
};

/// As `pair_gradients`, on the device; null: not wanted. Derivatives are of Σ weight · loss times `factor`, values are
/// weight · loss.
template <std::floating_point Real> struct device_pair_gradients {
    Real *chosen = nullptr, *rejected = nullptr, *values = nullptr;
    double factor = 1; ///< 1/n for the mean over n pairs
};

/// What is added up of the pairs, in this order; the last is the lowest number of a pair at fault, ∞ for none.
enum class pair_sum { loss, weight, chosen_ratios, rejected_ratios, chosen, rejected, correct, ties, first_fault };
inline constexpr std::size_t pair_sums = 9;
using pair_sum_room = sum_room<pair_sums>;

/// The columns that a composition reads. \throws argument_error when one is missing, or given to a loss that takes none
template <class Parts, class Real> device_pairs<Real> columns_read_on_device(device_pairs<Real> pairs) {
    constexpr lengths_read lengths = loss_lengths_at_most<Parts>;
    require(pairs.size == 0 || (pairs.chosen && pairs.rejected), "chosen and rejected must be given");
    require(!pairs.reference_chosen == !pairs.reference_rejected,
            "reference_chosen and reference_rejected must both be given or both be empty");
    require(Parts::uses_margin || !pairs.margin,
            "this loss is no function of a score difference and takes no margin column");
    if constexpr (!loss_uses_reference<Parts>) pairs.reference_chosen = pairs.reference_rejected = nullptr;
    if constexpr (!loss_uses_target<Parts>) pairs.target = nullptr;
    if constexpr (lengths == lengths_read::none) pairs.chosen_tokens = nullptr;
    const bool rejected = reads_rejected_lengths(lengths, pairs.target != nullptr);
    if (!rejected) pairs.rejected_tokens = nullptr;
    require(pairs.size == 0 ||
                ((lengths == lengths_read::none || pairs.chosen_tokens) && (!rejected || pairs.rejected_tokens)),
            "this loss needs the responses' lengths: chosen_tokens ", rejected ? "and rejected_tokens " : "",
            "must be given");
    return pairs;
}

/// Starts the launch; of columns that the composition reads. Defined in kernels/pairwise_loss.cuh.
template <class Parts, std::floating_point Real>
void start_pairwise_loss(const Parts& parts, const device_pairs<Real>& pairs, const device_pair_gradients<Real>& out,
                         double* sums, unsigned* done, cudaStream_t stream);

/// Writes what is wanted of each pair and adds up in `room` what read_pair_sums() reads. Pairs that a loss refuses on
/// the processor have numbers that mean nothing until that call says so. \throws argument_error as the loss does on the
/// processor for its parameters and for columns that are missing
template <class Loss, std::floating_point Real>
void pairwise_loss(const Loss& loss, const device_pairs<Real>& pairs, const device_pair_gradients<Real>& out,
                   const pair_sum_room& room, cudaStream_t stream) {
    const auto parts = device_parts(loss);
    start_pairwise_loss<device_parts_t<Loss>, Real>(parts, columns_read_on_device<device_parts_t<Loss>>(pairs), out,
                                                    room.sums(), room.done(), stream);
}

namespace detail {

/// Pair i, from the device.
template <class Real, class Loss>
void refuse_on_processor(const Loss& loss, const device_pairs<Real>& pairs, std::size_t i) {
    const auto entry = [i]<class T>(const T* column, T& room) -> column_view<const T> {
        if (!column) return {};
        check(cudaMemcpy(&room, column + i, sizeof(T), cudaMemcpyDeviceToHost), "cudaMemcpy");
        return std::span<const T>(&room, 1);
    };
    Real numbers[7];
    std::uint32_t lengths[2];
    const pair_scores<Real> one{entry(pairs.chosen, numbers[0]),
                                entry(pairs.rejected, numbers[1]),
                                entry(pairs.reference_chosen, numbers[2]),
                                entry(pairs.reference_rejected, numbers[3]),
                                entry(pairs.chosen_tokens, lengths[0]),
                                entry(pairs.rejected_tokens, lengths[1]),
                                entry(pairs.weight, numbers[4]),
                                entry(pairs.target, numbers[5]),
                                entry(pairs.margin, numbers[6])};
    with_renamed_places(
        "pair", 1, [i](std::size_t) { return message("pair ", i); }, [&] { loss(one, pair_gradients<Real>{}); });
    throw numeric_error(message("pair ", i, ": the loss is not a number on the device, though it is on the processor"));
}

} // namespace detail

/// What the last launch with this room has added up, of the same loss and pairs. Waits for it.
/// \throws argument_error and numeric_error as the loss does on the processor, naming the first pair at fault
template <class Loss, std::floating_point Real>
loss_sums read_pair_sums(const Loss& loss, const device_pairs<Real>& pairs, const pair_sum_room& room,
                         cudaStream_t stream) {
    if (pairs.size == 0) return {};
    const auto sums = room.read(stream);
    const auto of = [&](pair_sum field) { return sums[static_cast<std::size_t>(field)]; };
    if (const double fault = of(pair_sum::first_fault); fault < static_cast<double>(pairs.size))
        detail::refuse_on_processor(loss, pairs, static_cast<std::size_t>(fault));
    const double scale = detail::reward_scale(detail::made_of(loss));
    return {.loss = of(pair_sum::loss),
            .weight = of(pair_sum::weight),
            .pairs = pairs.size,
            .chosen_rewards = scale * of(pair_sum::chosen_ratios),
            .rejected_rewards = scale * of(pair_sum::rejected_ratios),
            .chosen_log_probs = of(pair_sum::chosen),
            .rejected_log_probs = of(pair_sum::rejected),
            .correct = static_cast<std::size_t>(of(pair_sum::correct)),
            .ties = static_cast<std::size_t>(of(pair_sum::ties))};
}

} // namespace preflearn::cuda
