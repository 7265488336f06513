#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/policy/reward_head.hpp>
#include <preflearn/policy/transformer.hpp>
#include <preflearn/reward.hpp>
#include <preflearn/teacher/from_reward.hpp>

#include "domains.hpp"

using namespace preflearn;
using test::forum_pair;
using test::item_pair;

namespace {

double politeness(const std::string& /*prompt*/, const std::string& response) {
    return response.empty() ? -1 : static_cast<double>(response.size() % 3);
}

const auto squares = [](no_prompt, int item) { return item * item; };

/// Remembers what it was asked for in a batch.
struct batched {
    std::vector<std::string>* asked;
    double operator()(const std::string&, const std::string& response) const {
        return static_cast<double>(response.size());
    }
    [[nodiscard]] std::vector<double> rewards(std::span<const completion<std::string>> completions) const {
        std::vector<double> all;
        for (const auto& c : completions) {
            asked->push_back(c.prompt + c.response);
            all.push_back((*this)(c.prompt, c.response));
        }
        return all;
    }
};

using on_text = decltype(reward_teacher{politeness});
using on_items = decltype(reward_teacher{squares, soft_label{}});
using weak_teacher = reward_teacher<implicit_reward<transformer<float>>, soft_label>;
static_assert(Teacher<on_text, forum_pair> && Teacher<on_items, item_pair>);
static_assert(Teacher<weak_teacher, token_comparison> && Teacher<weak_teacher, comparison<std::vector<token_id>>>);
static_assert(Teacher<reward_teacher<scalar_head<>>, token_comparison>);
static_assert(Teacher<reward_teacher<linear_reward<>>, comparison<no_prompt, std::span<const float>>>);
static_assert(Teacher<reward_teacher<strength_table<>>, item_pair>);
static_assert(!Teacher<on_text, item_pair> && !Teacher<weak_teacher, item_pair>);

} // namespace

TEST_CASE("a function and a lambda become teachers, on a user's own struct and on items") {
    const auto polite = reward_teacher{politeness};
    const forum_pair c{7, "?", "aa", "bbb", ""};
    CHECK(polite(c) == preference::for_first().with_margin(2));
    const auto by_square = reward_teacher{squares, soft_label{}};
    CHECK(by_square(item_pair{1, {}, 1, 2}) == preference::from_margin(-3));
    CHECK(label_all(std::span<const forum_pair>(&c, 1), polite).at(7).decision() == choice::first);
}

TEST_CASE("a rule of the user's own, with and without the id, returning a probability or a verdict") {
    const item_pair c{4, {}, 3, 1};
    CHECK(reward_teacher{squares, [](double margin) { return margin > 100 ? 1.0 : 0.5; }}(c) == preference{0.5});
    CHECK(reward_teacher{squares, [](double margin, std::uint64_t id) {
                             return preference{static_cast<double>(id) / 10}.with_margin(margin);
                         }}(c) == preference{0.4}.with_margin(8));
}

TEST_CASE("swapping the responses mirrors the verdict under every rule") {
    const auto items = test::item_pairs(300);
    const auto texts = test::forum_pairs(300);
    CHECK(test::mirror_faults(reward_teacher{squares}, items) == 0);
    CHECK(test::mirror_faults(reward_teacher{squares, soft_label{3}}, items) == 0);
    CHECK(test::mirror_faults(reward_teacher{squares, drawn_label{.temperature = 9, .seed = 2}}, items) == 0);
    CHECK(test::mirror_faults(reward_teacher{politeness, abstaining{.threshold = 1.5}}, texts) == 0);
    CHECK(test::batch_agrees(reward_teacher{squares, drawn_label{}}, items));
    CHECK(test::batch_agrees(reward_teacher{politeness, soft_label{}}, texts));
}

TEST_CASE("a reward with a batch is asked once, both responses of a pair in turn") {
    std::vector<std::string> asked;
    const reward_teacher teacher{batched{&asked}};
    const std::vector<comparison<std::string>> pairs{{1, "x", "a", "bb"}, {2, "y", "cc", "d"}, {3, "z", "", ""}};
    const auto verdicts = preferences(teacher, std::span<const comparison<std::string>>(pairs));
    CHECK(asked == std::vector<std::string>{"xa", "xbb", "ycc", "yd", "z", "z"});
    CHECK(verdicts[0] == preference::for_second().with_margin(-1));
    CHECK(verdicts[1] == preference::for_first().with_margin(1));
    CHECK(verdicts[2].decision() == choice::tie);
    CHECK(test::batch_agrees(teacher, pairs));
}

TEST_CASE("the paper's second step: a weak language model's implicit reward labels token pairs") {
    const transformer_config tiny{
        .vocabulary_size = 11, .hidden_size = 8, .intermediate_size = 8, .layers = 1, .heads = 2, .key_value_heads = 1};
    const transformer<double> sft(tiny, generator(1, "sft")), weak(tiny, generator(2, "weak"));
    const std::vector<token_id> prompt{1, 2, 3}, a{4, 5}, b{6};
    const std::vector<token_comparison> pairs{{10, prompt, a, b}, {11, prompt, b, a}, {12, prompt, a, a}};
    const reward_teacher teacher{implicit_reward{weak, sft, 0.1}, soft_label{}};
    const auto labels = label_all(std::span<const token_comparison>(pairs), teacher);
    const double margin =
        0.1 * (weak.log_prob(prompt, a) - sft.log_prob(prompt, a) - weak.log_prob(prompt, b) + sft.log_prob(prompt, b));
    CHECK(labels.at(10).margin().value_or(0) == doctest::Approx(margin));
    CHECK(labels.at(10).first() == doctest::Approx(sigmoid(margin)));
    CHECK(test::same(labels.at(11), labels.at(10).mirrored()));
    // One response twice: equal up to rounding, which depends on where a row stands in its batch.
    CHECK(std::abs(labels.at(12).margin().value_or(1)) < 1e-12);
}

TEST_CASE("a teacher owns its reward and may outlive the scope that made it; one in std::cref is referred to") {
    const auto made = [] {
        strength_table<> local(2);
        local.parameters()[0] = 1;
        return reward_teacher{local, soft_label{}};
    }();
    CHECK(made(item_pair{1, {}, 0, 1}) == preference::from_margin(1));

    strength_table<> table(2);
    const reward_teacher teacher{std::cref(table)};
    static_assert(std::is_same_v<decltype(teacher), const reward_teacher<const strength_table<>&, hard_label>>);
    const item_pair c{1, {}, 0, 1};
    CHECK(teacher(c).decision() == choice::tie);
    table.parameters()[1] = 2;
    CHECK(teacher(c).decision() == choice::second);

    std::optional<strength_table<>> gone(table);
    const reward_teacher owner{std::move(*gone), soft_label{}};
    gone.reset();
    CHECK(owner(c) == preference::from_margin(-2));
}

TEST_CASE("rewards that are not finite are reported by pair, alone and in a batch") {
    const auto broken = [](no_prompt, int item) { return item == 3 ? std::nan("") : 1.0; };
    const std::vector<item_pair> pairs{{8, {}, 1, 2}, {9, {}, 1, 3}};
    CHECK_THROWS_WITH_AS(preferences(reward_teacher{broken}, std::span<const item_pair>(pairs)),
                         doctest::Contains("pair 9: the rewards of its first and second response are 1 and nan"),
                         numeric_error);
    struct short_of_one {
        double operator()(no_prompt, int) const { return 0; }
        [[nodiscard]] std::vector<double> rewards(std::span<const completion<no_prompt, int>>) const { return {1}; }
    };
    CHECK_THROWS_WITH_AS(preferences(reward_teacher{short_of_one{}}, std::span<const item_pair>(pairs)),
                         "the reward model gave 1 rewards for 4 completions", argument_error);
}
