/// \file
/// What a user's type lacks, said in one sentence: algorithms call these checks first, so that the
/// sentence stands at the top of the compiler's message instead of a tree of failed constraints.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

#include <preflearn/core/concepts.hpp>

namespace preflearn {

template <class C> consteval void check_comparison() {
    static_assert(Comparison<C>, "a Comparison has an integer member `id` and members `prompt`, `first` and `second`, "
                                 "the last two of one type");
}

template <class T, class C> consteval void check_teacher() {
    static_assert(Teacher<T, C>,
                  "a Teacher is called with a comparison, const, and returns preflearn::preference or a "
                  "probability that the first response is preferred; several threads call it at once, so "
                  "one that changes itself (a mutable lambda) is none");
}

template <class R, class C> consteval void check_reward_model() {
    static_assert(RewardModel<R, C>,
                  "a RewardModel is called with (prompt, response), const, and returns a real number");
}

template <class P, class C> consteval void check_policy() {
    static_assert(Policy<P, C>, "a Policy has a const member log_prob(prompt, response) that returns log π(y | x) in "
                                "nats as a floating-point number");
}

template <class P, class C> consteval void check_generative_policy() {
    check_policy<P, C>();
    static_assert(GenerativePolicy<P, C>, "a GenerativePolicy has a const member sample(prompt, sampling_options, "
                                          "generator&) that returns a response");
}

template <class M, class Batch> consteval void check_is_trainable() {
    static_assert(
        Trainable<M, Batch>,
        "a Trainable has types `real` and `pass`, const forward(batch) that returns a pass with scores(), "
        "backward(pass&&, derivatives), and flat parameters() and gradients() of one floating-point type: batch "
        "is a std::span<const preflearn::completion<Prompt, Response>> of the data's own types (those that a language "
        "model of tokens takes are both preflearn::token_span), scores() converts to a "
        "std::span<const real> with one number a completion, derivatives is a std::span<const real>, and "
        "parameters() and gradients() return spans, vectors or Eigen vectors");
}

/// A type that knows why it is no Trainable says so in a consteval `check_trainable()` of its own, which is asked
/// first.
template <class M, class Batch> consteval void check_trainable() {
    if constexpr (requires { M::check_trainable(); }) M::check_trainable();
    check_is_trainable<M, Batch>();
}

template <class M, class Batch> consteval void check_token_trainable() {
    check_trainable<M, Batch>();
    static_assert(TokenTrainable<M, Batch>,
                  "a TokenTrainable is a Trainable whose pass has token_scores(completion), log π of each token, and "
                  "which has backward_tokens(pass&&, derivatives of every token)");
}

template <class L, class Real> consteval void check_preference_loss() {
    static_assert(PreferenceLoss<L, Real>, "a PreferenceLoss is called with (pair_scores<Real>, pair_gradients<Real>), "
                                           "const, and returns preflearn::loss_sums");
}

template <class Read, class Written> consteval void check_written_as_read() {
    static_assert(std::same_as<Read, Written>, "gradients and values are written in the type of number in which the "
                                               "scores are given: pair_gradients<float> goes with pair_scores<float>");
}

template <class B, class T> consteval void check_backend() {
    static_assert(Backend<B, T>, "a Backend has a `name`, an owning `matrix<T>(rows, columns)` with view(), and "
                                 "multiply(transpose, a, transpose, b, c, store)");
}

} // namespace preflearn
