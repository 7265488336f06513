// Losses of field reports, on the files of log-probs that the program reads, and a training that becomes certain.
#include <cmath>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/data/preferences/preference_reader.hpp>
#include <preflearn/loss/named/dpo.hpp>
#include <preflearn/loss/named/reference_free.hpp>
#include <preflearn/loss_values/pairs.hpp>
#include <preflearn/policy/files/load_text_policy.hpp>
#include <preflearn/policy/text/text_policy.hpp>
#include <preflearn/training/kinds/pairs.hpp>

#include "../files.hpp"
#include "field_file.hpp"

using namespace preflearn;

namespace {

/// The numbers of the first pair in what the program prints.
template <class Loss> std::vector<double> first_line(const Loss& loss, const std::filesystem::path& file) {
    std::string all;
    write_loss_values(loss, csv_file(file), [&](const std::string& lines) { all += lines; });
    std::istringstream text(all.substr(all.find('\n') + 1));
    std::vector<double> numbers;
    for (std::string field; std::getline(text, field, ',');) numbers.push_back(std::stod(field));
    return numbers;
}

} // namespace

TEST_CASE("ORPO where the chosen response is certain: loss 0 and its finite gradient") {
    const std::filesystem::path file = test::field_file("orpo_chosen_certain.csv");
    if (file.empty()) return;
    const std::vector<double> values = first_line(orpo{.beta = 0.1}, file);
    REQUIRE(values.size() == 3);
    CHECK(values[0] == 0);
    CHECK(values[1] == doctest::Approx(-0.5 * (1 + 0.1 * std::exp(-2.0) / (1 - std::exp(-2.0)))).epsilon(1e-15));
    CHECK(values[1] == doctest::Approx(-0.5078).epsilon(1e-4));
    CHECK(values[2] == 0);
}

TEST_CASE("a positive log-prob is called that, by the file's line") {
    const std::filesystem::path file = test::field_file("orpo_positive_logp.csv");
    if (file.empty()) return;
    CHECK(test::error_of([&] { (void)first_line(orpo{}, file); }) ==
          file.string() + ":2: chosen is 3: a log-probability is positive, at most 0 was expected");
}

TEST_CASE("0 tokens are of no account to a loss that reads no lengths, and named by one that does") {
    const std::filesystem::path file = test::field_file("sigmoid_empty_chosen.csv");
    if (file.empty()) return;
    CHECK(first_line(dpo{}, file)[0] == doctest::Approx(std::log(2.0)).epsilon(1e-15));
    CHECK(test::contains(test::error_of([&] { (void)first_line(simpo{}, file); }),
                         ":2: column 'chosen_tokens' holds '0'"));
}

TEST_CASE("training with ORPO goes on when a response becomes certain") {
    const std::filesystem::path model = test::field_file("tiny_llama"),
                                data = test::field_file("one_word_answers.jsonl");
    if (model.empty() || data.empty()) return;
    text_policy<transformer<float>> policy = load_text_policy<float>(model);
    const preference_data read = read_preferences(data);
    const auto all = read.comparisons();
    const std::vector<text_comparison> pairs(all.begin(), all.begin() + 4);
    const training_history history =
        train_preferences(policy, pairs, read.labels(), {}, orpo{}, adamw{.rate = 0.1, .weight_decay = 0},
                          {.epochs = 40, .batch_size = 4, .clip_norm = 0});
    CHECK(history.steps.size() == 40); // none of them was the last
    CHECK(history.steps.back().logps_chosen > -1e-5);
    CHECK(history.steps.back().loss < 1e-5);
    CHECK(std::isfinite(history.steps.back().grad_norm));
}
