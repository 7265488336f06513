/// \file
/// The concepts of the library: what scores, prefers, learns and measures. Teachers and reward models are
/// called, so a lambda is one; a policy is asked for log-probabilities; what learns is `Trainable`.
/// Nothing inherits from anything. `requirements.hpp` says in a sentence what a type lacks.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include <preflearn/core/column.hpp>
#include <preflearn/core/comparison.hpp>
#include <preflearn/core/loss_concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/sampling.hpp>
#include <preflearn/core/scores.hpp>

namespace preflearn {

/// Prefers one of two responses: called with a comparison, returns a `preference` or P(first ≻ second).
///
/// Semantics: deterministic; a random teacher draws from (its seed, c.id), so that order and threads
/// change nothing. Swapping the responses mirrors the verdict, unless the teacher is biased by order.
/// Const calls from several threads are safe.
template <class T, class C>
concept Teacher = Comparison<C> && requires(const T& teacher, const C& c) {
    { teacher(c) } -> std::convertible_to<preference>;
};

/// Scores a response: called with (prompt, response), returns a real number.
///
/// Semantics: finite; only differences between responses to the same prompt mean something, in natural
/// logits where the model is a Bradley-Terry model. Const calls from several threads are safe.
template <class R, class C>
concept RewardModel = Comparison<C> && requires(const R& reward, const C& c) {
    { reward(c.prompt, c.first) } -> std::convertible_to<double>;
};

/// A distribution over responses: `p.log_prob(prompt, response)` is log π(y | x) in nats, summed over the response.
///
/// Semantics: at most 0 for a distribution over discrete responses, -∞ for an impossible one, never NaN.
/// Const calls from several threads are safe.
template <class P, class C>
concept Policy = Comparison<C> && requires(const P& policy, const C& c) {
    { policy.log_prob(c.prompt, c.first) } -> std::floating_point;
};

/// A policy one can draw responses from: `p.sample(prompt, options, generator)`.
///
/// Semantics: the draw depends on the arguments alone (the generator's state included); what it returns
/// converts to, or can be viewed as, the response type of the comparison.
template <class P, class C>
concept GenerativePolicy = Policy<P, C> &&
    requires(const P& policy, const C& c, const sampling_options& options, generator& random) {
    { policy.sample(c.prompt, options, random) } -> std::convertible_to<response_of<C>>;
};

/// The elements of parameters or gradients: whatever lies in memory like a span, an Eigen vector included.
template <class Array> using element_of = column_element<std::remove_reference_t<Array>>;

/// Anything that learns from a batch: language model, reward head, table of item strengths.
///
/// `forward` scores a batch (one number per response: a log-prob or a reward) and keeps what backward
/// needs in a `pass`. `backward` consumes the pass, takes d loss / d score and *adds* to the gradients.
/// Parameters and gradients are flat spans of one length, so that optimisers, clipping, checkpoints and
/// hashes know nothing of the model. `M::real` is the type of scores, which may be wider than the parameters'.
///
/// Semantics: forward is const and depends on the parameters and the batch alone; backward of a sum of
/// losses is the sum of backwards.
template <class M, class Batch>
concept Trainable = requires(M& model, const M& constant, const Batch& batch, typename M::pass pass,
                             std::span<const typename M::real> derivatives) {
    { constant.forward(batch) } -> std::same_as<typename M::pass>;
    { pass.scores() } -> std::convertible_to<std::span<const typename M::real>>;
    model.backward(std::move(pass), derivatives);
    requires std::floating_point<element_of<decltype(model.parameters())>>;
    requires std::same_as<element_of<decltype(model.parameters())>, element_of<decltype(model.gradients())>>;
};

/// A Trainable whose scores are sums over the tokens of a response: its pass also gives `token_scores(c)`, log π of
/// each token of completion c in nats, and `backward_tokens` takes d loss / d log π of every token, completion after
/// completion, in place of `backward`.
///
/// Semantics: scores()[c] is the sum of token_scores(c); backward with derivatives d is backward_tokens with d[c] at
/// every token of completion c.
template <class M, class Batch>
concept TokenTrainable = Trainable<M, Batch> &&
    requires(M& model, typename M::pass pass, const typename M::pass& done, std::size_t completion,
             std::span<const typename M::real> derivatives) {
    { done.token_scores(completion) } -> std::convertible_to<std::span<const typename M::real>>;
    model.backward_tokens(std::move(pass), derivatives);
};

/// A TokenTrainable that gives log Σ_v π(v)² at every token as well: `forward_with_sum_squares(batch)` returns a pass
/// with `token_log_sum_squares(c)`, as long as token_scores(c).
template <class M, class Batch>
concept KnowsSumSquares = TokenTrainable<M, Batch> &&
    requires(const M& model, const Batch& batch, const typename M::pass& done, std::size_t completion) {
    { model.forward_with_sum_squares(batch) } -> std::same_as<typename M::pass>;
    { done.token_log_sum_squares(completion) } -> std::convertible_to<std::span<const typename M::real>>;
};

/// A TokenTrainable that gives KL(π_ref ‖ π) of the next token's distributions at every token and learns from it:
/// `forward_with_divergence(batch, reference)` returns a pass with `token_divergences(c)`, as long as token_scores(c),
/// and `backward_tokens` takes d loss / d divergence of every token, too. The reference is a model of the same kind.
template <class M, class Batch>
concept KnowsDivergence = TokenTrainable<M, Batch> &&
    requires(M& model, const M& constant, const Batch& batch, typename M::pass pass, const typename M::pass& done,
             std::size_t completion, std::span<const typename M::real> derivatives) {
    { constant.forward_with_divergence(batch, constant) } -> std::same_as<typename M::pass>;
    { done.token_divergences(completion) } -> std::convertible_to<std::span<const typename M::real>>;
    model.backward_tokens(std::move(pass), derivatives, derivatives);
};

/// A TokenTrainable that holds its reference: passes by `forward_with_divergence(batch)` know the divergence from it at
/// every token, as those of `learns_beside` do.
template <class M, class Batch>
concept KnowsItsDivergence = TokenTrainable<M, Batch> &&
    requires(M& model, const M& constant, const Batch& batch, typename M::pass pass, const typename M::pass& done,
             std::size_t completion, std::span<const typename M::real> derivatives) {
    { constant.forward_with_divergence(batch) } -> std::same_as<typename M::pass>;
    { done.token_divergences(completion) } -> std::convertible_to<std::span<const typename M::real>>;
    model.backward_tokens(std::move(pass), derivatives, derivatives);
};

/// The batch type of a training loop over comparisons of type C.
template <Comparison C> using batch_of = std::span<const completion_of<C>>;

/// A loss on pairs of scores: writes the derivatives with respect to the chosen and the rejected score of every pair,
/// and weight · loss itself where `values` asks for it. Errors name the pair.
template <class L, class Real = double>
concept PreferenceLoss = std::floating_point<Real> && Loss<L, pair_scores<Real>>;

/// How a factor enters a matrix product.
enum class transpose : bool { no, yes };
/// Whether a product replaces or is added to its destination.
enum class store : bool { replace, add };

/// Matrices that can be looked into and their product, with which losses over a vocabulary compute (what a device is to
/// a model is said in backend/concepts.hpp); a template argument. `B::matrix<T>` owns a row-major rows × columns array,
/// convertible to `matrix_view`; `B::multiply(op_a, a, op_b, b, c, store)` is c = op(a) · op(b), or c += op(a) · op(b).
///
/// Semantics: an element's bits depend on its row of op(a) and its column of op(b) alone, not on the number of rows,
/// columns or threads; all that is said of equal bits rests on it. \throws argument_error when shapes differ.
template <class B, class T = float>
concept Backend = requires(matrix_view<const T> a, matrix_view<const T> b, matrix_view<T> c,
                           typename B::template matrix<T> owned, std::size_t n) {
    { B::name } -> std::convertible_to<std::string_view>;
    typename B::template matrix<T>;
    requires std::constructible_from<typename B::template matrix<T>, std::size_t, std::size_t>;
    { owned.view() } -> std::same_as<matrix_view<T>>;
    { std::as_const(owned).view() } -> std::same_as<matrix_view<const T>>;
    B::multiply(transpose::no, a, transpose::yes, b, c, store::replace);
};

} // namespace preflearn
