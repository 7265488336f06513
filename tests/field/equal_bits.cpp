// Field report: pairs whose two responses are the same text had different log-probs, 60 of 60, depending on the batch.
#include <doctest/doctest.h>

#include <cstddef>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/policy/files/load.hpp>
#include <preflearn/text/files/load.hpp>

#include "field_file.hpp"

using namespace preflearn;

TEST_CASE("identical responses have equal bits in any batch") {
    const std::string model_files = test::field_file("tiny_llama"),
                      pairs = test::field_file("identical_responses.jsonl");
    if (model_files.empty() || pairs.empty()) return;
    const auto model = load_transformer<float>(model_files);
    const auto words = load_tokenizer(model_files);
    std::vector<std::vector<token_id>> prompts, chosen, rejected;
    std::ifstream lines(pairs);
    for (std::string line; std::getline(lines, line);) {
        const auto pair = nlohmann::json::parse(line);
        prompts.push_back(words.encode(pair.at("prompt").get<std::string>()));
        chosen.push_back(words.encode(pair.at("chosen").get<std::string>()));
        rejected.push_back(words.encode(pair.at("rejected").get<std::string>()));
    }
    REQUIRE(prompts.size() == 60);
    // prompts shared by neighbours; or all chosen, then all rejected the other way round
    std::vector<token_completion> together, apart;
    for (std::size_t i = 0; i < 60; ++i) {
        together.push_back({prompts[i], chosen[i]});
        together.push_back({prompts[i], rejected[i]});
        apart.push_back({prompts[i], chosen[i]});
    }
    for (std::size_t i = 60; i-- > 0;) apart.push_back({prompts[i], rejected[i]});
    const std::vector<double> a = model.log_probs(together), b = model.log_probs(apart);
    std::size_t equal = 0;
    for (std::size_t i = 0; i < 60; ++i)
        if (a[2 * i] == a[2 * i + 1] && a[2 * i] == b[i] && a[2 * i] == b[119 - i]) ++equal;
    CHECK(equal == 60);
    for (std::size_t i = 0; i < 3; ++i) CHECK(model.log_prob(prompts[i], chosen[i]) == a[2 * i]);
}
