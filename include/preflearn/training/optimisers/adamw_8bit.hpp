/// \file
/// AdamW whose two moments take one byte a parameter each instead of a float (Dettmers et al. 2022, arXiv:2110.02861;
/// `AdamW8bit` of bitsandbytes). A block of 256 parameters is decoded (dynamic_code.hpp), makes AdamW's step in the
/// parameters' own type, by the moments before they are rounded, and is encoded again. Blocks do not depend on each
/// other, so threads change nothing.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/system/parallel.hpp>
#include <preflearn/training/optimisers/adamw.hpp>
#include <preflearn/training/optimisers/dynamic_code.hpp>
#include <preflearn/training/optimisers/optimiser.hpp>
#include <preflearn/training/optimisers/state.hpp>

namespace preflearn {

/// What it remembers between steps: 2 bytes a parameter and 8 bytes a block.
struct adamw_8bit_moments {
    /// Codes with a sign of the first moments, without one of the second.
    std::vector<std::uint8_t> first, second;
    /// A block's largest magnitude.
    std::vector<float> first_scale, second_scale;
    /// Steps taken, t.
    std::uint64_t steps = 0;

    adamw_8bit_moments() = default;
    explicit adamw_8bit_moments(std::size_t parameters)
        : first(parameters, dynamic_code::with_sign().nearest(0)), second(parameters),
          first_scale((parameters + dynamic_code::block - 1) / dynamic_code::block), second_scale(first_scale.size()) {}

    [[nodiscard]] std::vector<named_state> state() {
        return {{"first_moment", std::span(first)},
                {"first_scale", std::span(first_scale)},
                {"second_moment", std::span(second)},
                {"second_scale", std::span(second_scale)},
                {"steps", std::span(&steps, 1)}};
    }
};

/// The numbers of `adamw`.
struct adamw_8bit {
    /// The learning rate η at the top of the schedule, ≥ 0.
    double rate = 1e-3;
    /// The decay of the first and the second moment, in [0, 1).
    double beta1 = 0.9, beta2 = 0.999;
    double epsilon = 1e-8;
    /// λ, decoupled: the parameters shrink by η λ per step.
    double weight_decay = 0.01;

    static constexpr std::string_view name = "adamw_8bit";

    /// \throws argument_error naming the number that is out of its range.
    void check() const { check_adamw(*this); }
    template <class Add> void describe(Add&& add) const { describe_adamw(*this, std::forward<Add>(add)); }
    template <std::floating_point Scalar> [[nodiscard]] adamw_8bit_moments start(flat_range range) const {
        return adamw_8bit_moments(range.size());
    }

    /// One step with learning rate `step_rate` (a schedule's value, replacing `rate`) on `factor` · gradients; then the
    /// gradients are zero. \throws argument_error when the arrays differ in length.
    template <std::floating_point Scalar>
    void update(adamw_8bit_moments& moments, std::span<Scalar> parameters, std::span<Scalar> gradients,
                double step_rate, double factor = 1) const {
        require_fitting(name, parameters.size(), gradients.size(), moments.first.size());
        const adamw_step<Scalar> step(*this, ++moments.steps, step_rate, factor);
        constexpr std::size_t grain = std::size_t{1} << 16; // whole blocks
        parallel_blocks(parameters.size(), grain, [&](std::size_t begin, std::size_t end) {
            for (std::size_t at = begin; at < end; at += dynamic_code::block) {
                const std::size_t count = std::min(dynamic_code::block, end - at);
                update_block(moments, at, parameters.subspan(at, count), gradients.subspan(at, count), step);
            }
        });
    }

  private:
    template <class Scalar>
    static void update_block(adamw_8bit_moments& moments, std::size_t at, std::span<Scalar> p, std::span<Scalar> g,
                             const adamw_step<Scalar>& step) {
        const dynamic_code &with_sign = dynamic_code::with_sign(), &without_sign = dynamic_code::without_sign();
        std::uint8_t *const first = moments.first.data() + at, *const second = moments.second.data() + at;
        float &scale1 = moments.first_scale[at / dynamic_code::block],
              &scale2 = moments.second_scale[at / dynamic_code::block];
        std::array<Scalar, dynamic_code::block> m, v;
        for (std::size_t i = 0; i < p.size(); ++i) {
            m[i] = static_cast<Scalar>(scale1) * static_cast<Scalar>(with_sign.value(first[i]));
            v[i] = static_cast<Scalar>(scale2) * static_cast<Scalar>(without_sign.value(second[i]));
        }
        step(p.size(), p.data(), g.data(), m.data(), v.data());
        scale1 = with_sign.encode(std::span<const Scalar>(m.data(), p.size()), first);
        scale2 = without_sign.encode(std::span<const Scalar>(v.data(), p.size()), second);
    }
};

} // namespace preflearn
