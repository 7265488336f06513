#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <preflearn/core/concepts.hpp>
#include <preflearn/policy/transformer.hpp>

#include "../parts.hpp"
#include "models.hpp"

using namespace preflearn;
using decoder_model = transformer<double>;

static_assert(Trainable<decoder_model, std::span<const token_completion>>);
static_assert(TokenTrainable<decoder_model, std::span<const token_completion>>);
static_assert(KnowsDivergence<decoder_model, std::span<const token_completion>>);
static_assert(KnowsSumSquares<decoder_model, std::span<const token_completion>>);
static_assert(Trainable<transformer<float>, batch_of<token_comparison>>);
static_assert(Policy<decoder_model, token_comparison> &&
              GenerativePolicy<decoder_model, comparison<token_span, std::vector<token_id>>>);

TEST_CASE("the gradient of a weighted sum of log-probabilities is the finite difference, for every tensor") {
    for (const transformer_config& config : {test::grouped(), test::multi_query()}) {
        decoder_model m(config, generator(1, "weights"));
        const auto c = test::mixed();
        const std::vector<double> weights = test::normals(c.prompts.size(), 4);
        auto pass = m.forward(c.views());
        CHECK(pass.scores()[2] == 0);
        CHECK(pass.scores()[4] == 0);
        m.backward(std::move(pass), weights);
        const auto value = [&] { return test::dot(m.log_probs(c.views()), weights); };
        for (const auto& tensor : tensors(m)) {
            CAPTURE(tensor.name);
            const auto offset = static_cast<std::size_t>(tensor.values.data() - m.parameters().data());
            CHECK(test::gradient_error(tensor.values, m.gradients().subspan(offset, tensor.values.size()), value,
                                       1 + tensor.values.size() / 12) < 1e-6);
        }
    }
}

TEST_CASE("hidden states of last tokens have the finite differences as their gradient") {
    decoder_model m(test::multi_query(), generator(2, "weights"));
    const auto c = test::mixed();
    auto pass = m.forward_hidden(c.views());
    const std::size_t rows = c.prompts.size(), n = m.config().hidden_size;
    CHECK(pass.hidden().rows == rows);
    const auto scored = m.last_hidden(c.views());
    for (std::size_t i = 0; i < rows * n; ++i)
        CHECK(pass.hidden().data[i] == doctest::Approx(scored.view().data[i]).epsilon(1e-12));
    const std::vector<double> d = test::normals(rows * n, 6);
    m.backward_hidden(std::move(pass), {d.data(), rows, n});
    const auto value = [&] {
        const auto hidden = m.last_hidden(c.views());
        return test::dot({hidden.view().data, rows * n}, d);
    };
    CHECK(test::gradient_error(m.parameters(), m.gradients(), value, 23) < 1e-6);
    CHECK_THROWS_AS(m.backward_hidden(m.forward_hidden(c.views()), {d.data(), 1, n}), argument_error);
}

TEST_CASE("scores do not depend on the company: shared prompts, alone, in training and in scoring") {
    const decoder_model m(test::grouped(), generator(3, "weights"));
    const auto c = test::mixed();
    const auto together = m.log_probs(c.views());
    const auto pass = m.forward(c.views());
    const auto tokens = m.token_log_probs(c.views());
    for (std::size_t i = 0; i < together.size(); ++i) {
        CHECK(m.log_prob(c.prompts[i], c.responses[i]) == doctest::Approx(together[i]).epsilon(1e-12));
        CHECK(pass.scores()[i] == doctest::Approx(together[i]).epsilon(1e-12));
        CHECK(tokens[i].size() == c.responses[i].size());
        for (std::size_t j = 0; j < tokens[i].size(); ++j)
            CHECK(pass.token_scores(i)[j] == doctest::Approx(tokens[i][j]).epsilon(1e-12));
    }
    // the chain rule of probability: log π(ab | x) = log π(a | x) + log π(b | xa)
    CHECK(m.log_prob(std::vector<token_id>{1, 2}, std::vector<token_id>{3, 4}) ==
          doctest::Approx(m.log_prob(std::vector<token_id>{1, 2}, std::vector<token_id>{3}) +
                          m.log_prob(std::vector<token_id>{1, 2, 3}, std::vector<token_id>{4})));
    double total = 0;
    for (token_id t = 0; t < 19; ++t)
        total += std::exp(m.log_prob(std::vector<token_id>{5, 6}, std::vector<token_id>{t}));
    CHECK(total == doctest::Approx(1).epsilon(1e-12));
}

TEST_CASE("gradients add up over passes, and derivatives per token generalise those per completion") {
    decoder_model whole(test::grouped(), generator(4, "weights")), parts = whole, tokens = whole;
    const auto c = test::mixed();
    const auto views = c.views();
    const std::vector<double> weights = test::normals(views.size(), 8);
    whole.backward(whole.forward(views), weights);
    for (std::size_t i = 0; i < views.size(); ++i)
        parts.backward(parts.forward(std::span(views).subspan(i, 1)), std::span(weights).subspan(i, 1));
    std::vector<double> each;
    for (std::size_t i = 0; i < views.size(); ++i) each.insert(each.end(), c.responses[i].size(), weights[i]);
    tokens.backward_tokens(tokens.forward(views), each);
    for (std::size_t i = 0; i < whole.parameters().size(); ++i) {
        CHECK(std::abs(whole.gradients()[i] - parts.gradients()[i]) < 1e-12);
        CHECK(whole.gradients()[i] == tokens.gradients()[i]);
    }
    CHECK_THROWS_AS(whole.backward(whole.forward(views), each), argument_error);
}

TEST_CASE("sums of squares over the vocabulary come with the same log-probabilities") {
    const decoder_model m(test::grouped(), generator(3, "weights"));
    const test::completions some = test::mixed();
    const std::vector<token_completion> views = some.views();
    const auto plain = m.forward(views), squares = m.forward_with_sum_squares(views);
    for (std::size_t c = 0; c < views.size(); ++c) {
        CHECK(plain.scores()[c] == squares.scores()[c]);
        const std::span<const double> found = squares.token_log_sum_squares(c);
        REQUIRE(found.size() == views[c].response.size());
        for (std::size_t t = 0; t < found.size(); ++t) {
            // the definition: every token of the vocabulary in this one's place
            test::completions ways;
            std::vector<token_id> prefix(views[c].prompt.begin(), views[c].prompt.end());
            prefix.insert(prefix.end(), views[c].response.begin(),
                          views[c].response.begin() + static_cast<std::ptrdiff_t>(t));
            for (token_id v = 0; v < 19; ++v) ways.add(prefix, {v});
            double sum = 0;
            for (const double log_p : m.log_probs(ways.views())) sum += std::exp(2 * log_p);
            CHECK(found[t] == doctest::Approx(std::log(sum)).epsilon(1e-12));
        }
    }
}

TEST_CASE("divergences from a reference are their definition, and so are their gradients") {
    transformer_config other = test::grouped();
    other.hidden_size = 8;
    other.layers = 1;
    const decoder_model reference(other, generator(5, "weights"));
    decoder_model m(test::grouped(), generator(3, "weights"));
    const test::completions some = test::mixed();
    const std::vector<token_completion> views = some.views();
    const auto pass = m.forward_with_divergence(views, reference);
    const auto plain = m.forward(views);
    for (std::size_t c = 0; c < views.size(); ++c) {
        CHECK(pass.scores()[c] == plain.scores()[c]);
        const std::span<const double> found = pass.token_divergences(c);
        REQUIRE(found.size() == views[c].response.size());
        for (std::size_t t = 0; t < found.size(); ++t) {
            test::completions ways;
            std::vector<token_id> prefix(views[c].prompt.begin(), views[c].prompt.end());
            prefix.insert(prefix.end(), views[c].response.begin(),
                          views[c].response.begin() + static_cast<std::ptrdiff_t>(t));
            for (token_id v = 0; v < 19; ++v) ways.add(prefix, {v});
            const std::vector<double> p = m.log_probs(ways.views()), q = reference.log_probs(ways.views());
            double sum = 0;
            for (std::size_t v = 0; v < 19; ++v) sum += std::exp(q[v]) * (q[v] - p[v]);
            CHECK(found[t] == doctest::Approx(sum).epsilon(1e-10));
        }
    }
    // Σ over tokens of 0.3 log π + (1 + t) KL, with parameters moved here and there
    const auto total = [&](const decoder_model& at) {
        const auto scored = at.forward_with_divergence(views, reference);
        double sum = 0;
        for (std::size_t c = 0; c < views.size(); ++c) {
            sum += 0.3 * scored.scores()[c];
            for (std::size_t t = 0; t < scored.token_divergences(c).size(); ++t)
                sum += static_cast<double>(1 + t) * scored.token_divergences(c)[t];
        }
        return sum;
    };
    std::vector<double> derivatives, of_divergences;
    for (const token_completion& c : views) {
        for (std::size_t t = 0; t < c.response.size(); ++t) {
            derivatives.push_back(0.3);
            of_divergences.push_back(static_cast<double>(1 + t));
        }
    }
    CHECK_THROWS_AS(m.backward_tokens(m.forward(views), derivatives, of_divergences), argument_error);
    m.backward_tokens(m.forward_with_divergence(views, reference), derivatives, of_divergences);
    const std::span<const double> gradient = m.gradients();
    generator random(1, "places");
    for (int k = 0; k < 150; ++k) {
        const std::size_t at = random.below(gradient.size());
        decoder_model up = m, down = m;
        up.parameters()[at] += 1e-5;
        down.parameters()[at] -= 1e-5;
        CHECK(std::abs((total(up) - total(down)) / 2e-5 - gradient[at]) < 1e-6 * (1 + std::abs(gradient[at])));
    }
    const decoder_model itself = m;
    const auto none = m.forward_with_divergence(views, itself);
    for (std::size_t c = 0; c < views.size(); ++c)
        for (const double kl : none.token_divergences(c)) CHECK(kl < 1e-12);
    other.vocabulary_size = 18;
    CHECK_THROWS_WITH_AS((void)m.forward_with_divergence(views, decoder_model(other, generator(5, "weights"))),
                         doctest::Contains("vocabulary of 18"), argument_error);
    CHECK(m.forward_with_divergence({}, reference).scores().empty());
}

#if defined(_OPENMP)
TEST_CASE("scores and gradients have the same bits for any number of threads") {
    transformer_config config{.vocabulary_size = 300,
                              .hidden_size = 96,
                              .intermediate_size = 200,
                              .layers = 2,
                              .heads = 6,
                              .key_value_heads = 3,
                              .maximum_length = 512};
    transformer<float> m(config, generator(5, "weights"));
    test::completions c;
    for (std::uint64_t i = 0; i < 4; ++i) {
        c.add(test::random_tokens(60 + 40 * i, 300, i), test::random_tokens(30, 300, 10 + i));
        c.add(c.prompts.back(), test::random_tokens(45, 300, 20 + i));
    }
    const std::vector<double> weights = test::normals(8, 9);
    std::vector<double> scores;
    std::vector<float> gradients;
    for (const int threads : {1, 2, 5}) {
        omp_set_num_threads(threads);
        transformer<float> copy = m;
        auto pass = copy.forward(c.views());
        const std::vector<double> found(pass.scores().begin(), pass.scores().end());
        copy.backward(std::move(pass), weights);
        if (scores.empty()) {
            scores = found;
            gradients.assign(copy.gradients().begin(), copy.gradients().end());
        }
        CHECK(std::memcmp(found.data(), scores.data(), scores.size() * sizeof(double)) == 0);
        CHECK(std::memcmp(copy.gradients().data(), gradients.data(), gradients.size() * sizeof(float)) == 0);
    }
    omp_set_num_threads(omp_get_num_procs());
}
#endif

TEST_CASE("the initial weights depend on the seed alone, and copies are independent") {
    decoder_model a(test::grouped(), generator(1, "weights"));
    const decoder_model b(test::grouped(), generator(1, "weights")), c(test::grouped(), generator(2, "weights"));
    CHECK(std::memcmp(a.parameters().data(), b.parameters().data(), a.parameters().size_bytes()) == 0);
    CHECK(std::memcmp(a.parameters().data(), c.parameters().data(), a.parameters().size_bytes()) != 0);
    decoder_model copy = a;
    copy.parameters()[0] += 1;
    CHECK(a.parameters()[0] == b.parameters()[0]);
}

TEST_CASE("a model whose numbers are part of a larger vector computes what it did, and its copies leave that vector") {
    const decoder_model a(test::grouped(), generator(1, "weights"));
    const std::size_t size = a.parameters().size();
    trained_numbers<double, cpu_backend> all(size + 5);
    decoder_model guest(a, all.part(3, size));
    const auto c = test::mixed();
    CHECK(guest.log_probs(c.views()) == a.log_probs(c.views()));
    CHECK(guest.parameters().data() == all.host_values().data() + 3);
    guest.backward(guest.forward(c.views()), std::vector<double>(c.prompts.size(), 1.0));
    CHECK(all.host_gradients()[2] == 0);
    CHECK(all.host_gradients()[size + 3] == 0);
    CHECK(guest.gradients().data() == all.host_gradients().data() + 3);
    const decoder_model copy = guest;
    all.host_values()[3] += 1;
    CHECK(guest.parameters()[0] == a.parameters()[0] + 1);
    CHECK(copy.parameters()[0] == a.parameters()[0]);
    CHECK_THROWS_AS(decoder_model(a, all), argument_error);
}

TEST_CASE("an empty batch is no work and an empty response has log-probability 0") {
    decoder_model m(test::grouped(), generator(1, "weights"));
    CHECK(m.log_probs({}).empty());
    CHECK(m.forward_with_sum_squares({}).scores().empty());
    auto pass = m.forward({});
    CHECK(pass.scores().empty());
    m.backward(std::move(pass), {});
    CHECK(m.log_prob(std::vector<token_id>{1}, {}) == 0);
    const token_completion silent{};
    CHECK_THROWS_AS((void)m.log_probs({&silent, 1}), argument_error);
}

TEST_CASE("parameters that are not numbers are an error that names the completion, not a NaN") {
    decoder_model m(test::grouped(), generator(1, "weights"));
    m.parameters()[5 * m.config().hidden_size] = std::numeric_limits<double>::quiet_NaN(); // the embedding of token 5
    CHECK(std::isfinite(m.log_prob(std::vector<token_id>{4}, std::vector<token_id>{10})));
    CHECK_THROWS_WITH_AS((void)m.log_probs(test::mixed().views()), doctest::Contains("completion 0"), numeric_error);
}
