// The least that models each concept: what an algorithm asks beyond it does not compile with these. A near miss lacks
// one thing only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/concepts.hpp>

namespace test {

/// A value without a default, an order, an equality or an assignment.
struct opaque {
    explicit opaque(int given) : value(given) {}
    opaque(const opaque&) = default;
    opaque& operator=(const opaque&) = delete;
    const int value;
};

struct least_comparison {
    struct number {
        std::uint64_t value;
        operator std::uint64_t() const { return value; }
    };
    number id;
    opaque prompt, first, second;
};

/// Neither copied nor moved, and const is all one has.
struct fixed {
    fixed() = default;
    fixed(const fixed&) = delete;
    fixed& operator=(const fixed&) = delete;
};

struct least_teacher : fixed {
    struct verdict {
        bool first;
        operator preflearn::preference() const { return first ? 0.75 : 0.125; }
    };
    verdict operator()(const least_comparison& c) const { return {c.first.value > c.second.value}; }
};
struct teacher_not_const {
    double operator()(const least_comparison&) { return 0.5; }
};
struct teacher_of_texts {
    const char* operator()(const least_comparison&) const { return "first"; }
};

struct least_reward : fixed {
    struct number {
        int value;
        operator double() const { return value; }
    };
    number operator()(const opaque& prompt, const opaque& response) const { return {prompt.value * response.value}; }
};
struct reward_of_pairs {
    double operator()(const least_comparison&) const { return 0; }
};

struct least_policy : fixed {
    long double log_prob(const opaque& prompt, const opaque& response) const {
        return -static_cast<long double>(prompt.value + response.value);
    }
};
struct policy_of_integers {
    int log_prob(const opaque&, const opaque&) const { return -1; }
};
struct policy_not_const {
    double log_prob(const opaque&, const opaque&) { return -1; }
};

struct least_generative_policy : least_policy {
    opaque sample(const opaque& prompt, const preflearn::sampling_options& options,
                  preflearn::generator& random) const {
        return opaque(prompt.value + static_cast<int>(random.below(options.max_tokens)));
    }
};
struct policy_that_cannot_score {
    opaque sample(const opaque& prompt, const preflearn::sampling_options&, preflearn::generator&) const {
        return prompt;
    }
};
struct policy_with_hidden_randomness : least_policy {
    opaque sample(const opaque& prompt, const preflearn::sampling_options&) const { return prompt; }
};

struct batch_of_nothing {};

/// The scores are wider than the parameters; the pass can only be moved.
struct least_trainable : fixed {
    using real = double;
    struct pass {
        pass() = default;
        pass(pass&&) = default;
        pass& operator=(pass&&) = delete;
        std::vector<double> scores() const { return {1}; }
    };
    pass forward(const batch_of_nothing&) const { return {}; }
    void backward(pass&&, std::span<const double>) {}
    std::span<float> parameters() { return weights; }
    std::span<float> gradients() { return slopes; }
    std::array<float, 2> weights{}, slopes{};
};
struct trainable_of_two_types : least_trainable {
    std::span<double> gradients() { return wide; }
    std::array<double, 2> wide{};
};
struct trainable_that_changes : least_trainable {
    pass forward(const batch_of_nothing&) { return {}; }
};
struct trainable_without_real : least_trainable {
  private:
    using real = double;
};

struct least_loss : fixed {
    preflearn::loss_sums operator()(const preflearn::pair_scores<double>&,
                                    const preflearn::pair_gradients<double>&) const {
        return {};
    }
};
struct loss_of_a_number {
    double operator()(const preflearn::pair_scores<double>&, const preflearn::pair_gradients<double>&) const {
        return 0;
    }
};
struct loss_without_gradient {
    preflearn::loss_sums operator()(const preflearn::pair_scores<double>&) const { return {}; }
};

struct least_backend {
    static constexpr std::string_view name = "least";
    template <class T> struct matrix : fixed {
        matrix(std::size_t, std::size_t) {}
        preflearn::matrix_view<T> view() { return {}; }
        preflearn::matrix_view<const T> view() const { return {}; }
    };
    static void multiply(preflearn::transpose, preflearn::matrix_view<const float>, preflearn::transpose,
                         preflearn::matrix_view<const float>, preflearn::matrix_view<float>, preflearn::store) {}
};
struct backend_without_product {
    static constexpr std::string_view name = "no product";
    template <class T> using matrix = least_backend::matrix<T>;
};
struct backend_without_name {
    template <class T> using matrix = least_backend::matrix<T>;
    static void multiply(preflearn::transpose, preflearn::matrix_view<const float>, preflearn::transpose,
                         preflearn::matrix_view<const float>, preflearn::matrix_view<float>, preflearn::store) {}
};

} // namespace test
