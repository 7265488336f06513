/// \file
/// Defines the losses of pairwise_loss.hpp, for every named loss of the library and DPO with every divergence, in float
/// and in double, and those of bradley_terry.hpp: device code, compiled once in a program, by nvcc or, on the emulator
/// of the tests, by any compiler. Apart from operations.cuh, for programs that only score models.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <tuple>

#include <preflearn/backend/cuda/kernels/bradley_terry.cuh>
#include <preflearn/backend/cuda/kernels/pairwise_loss.cuh>
#include <preflearn/loss/by_name/pair_list.hpp>
#include <preflearn/loss/parts/divergence.hpp>

namespace preflearn::cuda {

/// Where the losses of a list start: whoever takes their places makes the compiler leave them there.
template <class List> struct compiled_pairwise_losses;
template <class... Losses> struct compiled_pairwise_losses<std::tuple<Losses...>> {
    using place = void (*)();
    static std::array<place, 2 * sizeof...(Losses)> places() {
        return {reinterpret_cast<place>(&start_pairwise_loss<device_parts_t<Losses>, float>)...,
                reinterpret_cast<place>(&start_pairwise_loss<device_parts_t<Losses>, double>)...};
    }
};

template struct compiled_pairwise_losses<named_losses>;
template struct compiled_pairwise_losses<std::tuple<basic_dpo<forward_kl>, basic_dpo<js_divergence>,
                                                    basic_dpo<chi_squared_kl>, basic_dpo<alpha_divergence>>>;

} // namespace preflearn::cuda
