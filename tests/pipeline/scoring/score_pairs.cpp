#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/pipeline/scoring/score_pairs.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

/// A policy over text: a letter is a token of probability e^{-1/8}. `budget`: completions scored before it fails.
struct letter_policy {
    mutable std::size_t budget = 1000;
    [[nodiscard]] std::vector<double> log_probs(std::span<const completion<std::string_view>> completions) const {
        std::vector<double> all;
        for (const auto& c : completions) {
            if (budget-- == 0) throw std::runtime_error("stopped");
            all.push_back(-0.125 * static_cast<double>(c.response.size()));
        }
        return all;
    }
    [[nodiscard]] ragged<double> token_log_probs(std::span<const completion<std::string_view>> completions) const {
        ragged<double> all;
        for (const auto& c : completions) all.push_back(std::vector<double>(c.response.size(), -0.125));
        return all;
    }
    [[nodiscard]] completion<std::string_view> tokens(std::string_view prompt, std::string_view response) const {
        return {prompt, response};
    }
};

struct output {
    test::folder folder;
    std::filesystem::path path = folder / "scores.jsonl";
    [[nodiscard]] std::string content() const { return test::read(path); }
};

std::vector<text_comparison> forty_pairs() {
    static constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
    std::vector<text_comparison> pairs;
    for (std::size_t i = 0; i < 40; ++i) pairs.push_back({7 * i, "xyz", letters.substr(0, i), letters.substr(0, 3)});
    return pairs;
}

const auto nobody = [](std::size_t) {};

} // namespace

TEST_CASE("a line holds the pair's id, its lengths and the log-probs of both responses") {
    const output out;
    score_pairs(letter_policy{}, forty_pairs(), out.path, "key", nobody);
    std::ifstream lines(out.path);
    std::string line;
    std::size_t count = 0;
    while (std::getline(lines, line)) {
        const auto json = nlohmann::json::parse(line);
        CHECK(json["index"] == 7 * count);
        CHECK(json["prompt_tokens"] == 3);
        CHECK(json["chosen_tokens"] == count);
        CHECK(json["rejected_tokens"] == 3);
        CHECK(json["chosen_logp"] == -0.125 * static_cast<double>(count));
        CHECK(json["rejected_logp"] == -0.375);
        ++count;
    }
    CHECK(count == 40);
    CHECK_FALSE(std::filesystem::exists(out.path.string() + ".part"));
}

TEST_CASE("scoring that was stopped goes on behind the last whole line, and the result appears only when complete") {
    const output out;
    score_pairs(letter_policy{}, forty_pairs(), out.path, "key", nobody);
    const std::string whole = out.content();
    std::filesystem::remove(out.path);

    letter_policy weak{.budget = 50};
    CHECK_THROWS_WITH(score_pairs(weak, forty_pairs(), out.path, "key", nobody), "stopped");
    CHECK_FALSE(std::filesystem::exists(out.path));
    {
        std::ofstream torn(out.path.string() + ".part", std::ios::app);
        torn << "{\"index\":11"; // killed within a line
    }
    letter_policy counted;
    score_pairs(counted, forty_pairs(), out.path, "key", nobody);
    CHECK(out.content() == whole);
    CHECK(1000 - counted.budget == 48); // 16 pairs were there
}

TEST_CASE("an unfinished file of another model is not continued") {
    const output out;
    letter_policy weak{.budget = 50};
    CHECK_THROWS(score_pairs(weak, forty_pairs(), out.path, "key", nobody));
    CHECK_THROWS_WITH_AS(score_pairs(letter_policy{}, forty_pairs(), out.path, "other", nobody),
                         doctest::Contains("belongs to another model"), input_error);
}

TEST_CASE("no pairs give an empty file") {
    const output out;
    score_pairs(letter_policy{}, {}, out.path, "key", nobody);
    CHECK(std::filesystem::exists(out.path));
    CHECK(out.content().empty());
}

TEST_CASE("the chosen response comes first, and a pair without a decision is refused by its id") {
    const std::vector<text_comparison> pairs{{1, "p", "a", "b"}, {2, "p", "c", "d"}};
    const auto turned = oriented(pairs, label_set({{1, 1.0}, {2, 0.0}}));
    CHECK(turned[0].first == "a");
    CHECK(turned[1].first == "d");
    CHECK_THROWS_WITH_AS(oriented(pairs, label_set({{1, 1.0}})), doctest::Contains("pair 2"), argument_error);
    CHECK_THROWS_AS(oriented(pairs, label_set({{1, 1.0}, {2, preference::tied()}})), argument_error);
}
