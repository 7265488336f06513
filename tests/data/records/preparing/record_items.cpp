#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include <preflearn/data/records/preparing/record_items.hpp>

#include "../parsed.hpp"

using namespace preflearn;

namespace {

std::vector<record_item> items_from(const std::string& line, const item_options& options = {}) {
    return items_of(test::parsed(line), options);
}
const std::string five_rated =
    R"({"id": 7, "prompt": "p", "responses": ["a", "b", "c", "d", "e"], "scores": [2, 5, null, 5, 1]})";

} // namespace

TEST_CASE("the chosen response stands first, and what is about the pair turns with it") {
    const auto items = items_from(
        R"({"prompt": "p", "responses": ["a", "b"], "label": 0.25, "margin": -1.1, "human": 1, "scores": [1, 3]})");
    REQUIRE(items.size() == 1);
    const response_record& pair = items[0].record;
    CHECK(pair.responses[0] == "b");
    CHECK(pair.label->first() == 0.75);
    CHECK(*pair.margin == 1.1);
    CHECK(pair.human->decision() == choice::second);
    CHECK(pair.scores == std::vector<double>{3, 1});
    // scores alone decide, and their difference is the margin
    CHECK(*items_from(R"({"prompt": "p", "responses": ["a", "b"], "scores": [1, 3]})")[0].record.margin == 2);
}

TEST_CASE("what is no pair with a chosen response says why") {
    const auto reason = [](const std::string& members) {
        return items_from(R"({"prompt": "p", "responses": ["a", "b"])" + members + "}")[0].unfit;
    };
    CHECK(reason("") == left_out_reason::no_label);
    CHECK(reason(R"(, "label": "abstain")") == left_out_reason::no_label);
    CHECK(reason(R"(, "label": "tie")") == left_out_reason::tied_label);
    CHECK(reason(R"(, "scores": [2, 2])") == left_out_reason::tied_label);
    CHECK(reason(R"(, "scores": [2, null])") == left_out_reason::no_scores);
    CHECK(reason(R"(, "label": 1, "scores": [2, 3])") == left_out_reason::contradiction);
    CHECK(items_from(R"({"prompt": "p", "completion": "a", "label": true})")[0].unfit == left_out_reason::one_response);
}

TEST_CASE("rated responses become the best and the worst, the best and another, or all pairs") {
    const auto best = items_from(five_rated);
    REQUIRE(best.size() == 1);
    CHECK(best[0].record.responses == std::vector<nlohmann::json>{"b", "e"});
    CHECK(*best[0].record.margin == 4);
    const auto all = items_from(five_rated, {.pairing = pairing::all});
    REQUIRE(all.size() == 5); // of six pairs of rated ones one is a tie
    CHECK(all[0].suffix == "-1-0");
    std::set<std::string> drawn;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        const auto item = items_from(five_rated, {.pairing = pairing::best_random, .seed = seed})[0];
        CHECK(item.record.responses[0] == "b");
        drawn.insert(item.record.responses[1].get<std::string>());
        CHECK(items_from(five_rated, {.pairing = pairing::best_random, .seed = seed})[0].record.responses ==
              item.record.responses);
    }
    CHECK(drawn == std::set<std::string>{"a", "e"}); // never the other best, never the unrated one
    CHECK(items_from(R"({"prompt": "p", "responses": ["a", "b", "c"], "scores": [1, 1, 1]})")[0].unfit ==
          left_out_reason::tied_label);
    CHECK(items_from(R"({"prompt": "p", "responses": ["a", "b", "c"], "scores": [1, null, null]})")[0].unfit ==
          left_out_reason::no_scores);
}

TEST_CASE("pairs become a good and a bad completion; scores do with a threshold") {
    item_options kto{.target = record_target_named("kto")};
    const auto two =
        items_from(R"({"prompt": "p", "chosen": "a", "rejected": "b", "probability": 0.8, "margin": 1.4})", kto);
    REQUIRE(two.size() == 2);
    CHECK(two[0].record.scores[0] == 1);
    CHECK(two[1].record.responses[0] == "b");
    CHECK(two[1].record.scores[0] == 0);
    CHECK(two[1].record.others.at("probability") == 0.8);
    CHECK(items_from(five_rated, kto)[0].unfit == left_out_reason::no_label);
    kto.threshold = 2;
    const auto rated = items_from(five_rated, kto);
    REQUIRE(rated.size() == 4);
    CHECK(rated[0].record.scores[0] == 1);
    CHECK(rated[3].record.scores[0] == 0);
    CHECK(rated[2].suffix == "-3");
    CHECK(items_from(R"({"prompt": "p", "completion": "a", "score": 1.5})", kto)[0].record.scores[0] == 0);
}

TEST_CASE("without verdicts nothing tells the better response: neither its place nor a column") {
    const item_options options{.target = record_target_named("unlabelled"), .seed = 3};
    int first = 0;
    for (int id = 0; id < 400; ++id) {
        const auto item =
            items_from(R"({"id": )" + std::to_string(id) +
                           R"(, "prompt": "p", "chosen": "a", "rejected": "b", "probability": 0.8, "weight": 0.6,
                                      "margin": 1, "human": 1, "score_chosen": 2, "score_rejected": 1, "k": 1})",
                       options)[0];
        first += item.record.responses[0] == "a";
        CHECK((!item.record.label && !item.record.margin && !item.record.human && item.record.scores.empty()));
        CHECK(item.record.others.dump() == R"({"k":1})");
    }
    CHECK(first > 150); // 200 ± 10 expected
    CHECK(first < 250);
}

TEST_CASE("demonstrations are the chosen or the best responses, and good completions") {
    const item_options sft{.target = record_target_named("sft"), .pairing = pairing::all};
    CHECK(items_from(five_rated, sft)[0].record.responses == std::vector<nlohmann::json>{"b"});
    CHECK(items_from(R"({"prompt": "p", "completion": "a", "label": false})", sft)[0].unfit ==
          left_out_reason::no_label);
    CHECK(!items_from(R"({"prompt": "p", "completion": "a"})", sft)[0].unfit);
}
