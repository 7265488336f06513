// A user's own short structs, of no base class, plug in as a pair, a teacher, a reward model and a policy.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/agreement/labels/accuracy.hpp>
#include <preflearn/core.hpp>
#include <preflearn/reward/implicit.hpp>
#include <preflearn/teacher/from_reward.hpp>

namespace {

struct my_pair {
    std::uint64_t id;
    std::string prompt, first, second;
};

/// Prefers the response that repeats less of the prompt.
struct my_teacher {
    double doubt = 0.1;

    preflearn::preference operator()(const my_pair& pair) const {
        const bool first = pair.first.find(pair.prompt) != std::string::npos;
        const bool second = pair.second.find(pair.prompt) != std::string::npos;
        if (first == second) return preflearn::preference::tied();
        return first ? doubt : 1 - doubt;
    }
};

/// Likes politeness.
struct my_reward {
    double operator()(const std::string&, const std::string& response) const {
        double sum = 0;
        for (const char* word : {"please", "thank", "sorry"}) sum += response.find(word) != std::string::npos ? 1 : 0;
        return sum;
    }
};

/// A distribution over texts: letters are drawn independently, the length is geometric.
struct my_policy {
    std::map<char, double> probability;
    double end = 0.1;

    double log_prob(const std::string&, const std::string& response) const {
        double sum = std::log(end);
        for (const char c : response) sum += std::log((1 - end) * probability.at(c));
        return sum;
    }
};

const std::vector<my_pair> pairs{{1, "hi", "hi hi hi", "thank you, friend"},
                                 {2, "no", "please", "sorry, no"},
                                 {3, "ok", "sorry, please wait", "wait"}};

} // namespace

TEST_CASE("a user's teacher labels a user's pairs, beside a lambda") {
    const preflearn::label_set labels = preflearn::label_all(std::span(pairs), my_teacher{.doubt = 0.25});
    CHECK(labels.at(1).first() == 0.25);
    CHECK(labels.at(2).first() == 0.75);
    CHECK(labels.at(3).decision() == preflearn::choice::tie);

    const auto shorter = [](const my_pair& p) { return p.first.size() < p.second.size() ? 1.0 : 0.0; };
    const preflearn::label_set others = preflearn::label_all(std::span(pairs), shorter);
    CHECK(preflearn::label_accuracy(labels, others).rate.value == doctest::Approx(0.5)); // wrong, right, tied
}

TEST_CASE("a user's reward model becomes a teacher") {
    const preflearn::reward_teacher teacher{my_reward{}, preflearn::soft_label{}};
    const preflearn::label_set labels = preflearn::label_all(std::span(pairs), teacher);
    CHECK(labels.at(1).first() == doctest::Approx(preflearn::sigmoid(-1.0)));
    CHECK(labels.at(2).decision() == preflearn::choice::tie);
    CHECK(labels.at(3).first() == doctest::Approx(preflearn::sigmoid(2.0)));
}

TEST_CASE("two of a user's policies make an implicit reward, and that a teacher") {
    const my_policy reference{{{'a', 0.5}, {'b', 0.5}}}, policy{{{'a', 0.8}, {'b', 0.2}}};
    const std::vector<my_pair> words{{7, "", "aab", "abb"}};
    const double beta = 0.5;
    const preflearn::reward_teacher teacher{preflearn::implicit_reward{policy, reference, beta},
                                            preflearn::soft_label{}};
    const preflearn::label_set labels = preflearn::label_all(std::span(words), teacher);
    // They differ by one letter: β log(0.8 / 0.2).
    CHECK(*labels.at(7).margin() == doctest::Approx(beta * std::log(4.0)));
    CHECK(labels.at(7).first() == doctest::Approx(2.0 / 3));
}
