#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <preflearn/core/system/error.hpp>
#include <preflearn/data/records/reading/parse_responses.hpp>
#include <preflearn/programs/aligning/example_records.hpp>

using namespace preflearn;

namespace {

response_record example_source(const char* text) { return parse_responses(nlohmann::json::parse(text), {}); }

std::string example_texts(const example_record& example) {
    std::string all;
    for (const nlohmann::json& response : example.record.responses)
        all += (all.empty() ? "" : " ") + response.get<std::string>();
    return all;
}

} // namespace

TEST_CASE("scored responses are a list, best first; equal ones count once, the worst together") {
    const auto all = examples_of(
        example_source(
            R"({"prompt": "p", "responses": ["a", "b", "c", "d", "e", "f"], "scores": [1, 3, 2, 3, 1, null]})"),
        {.kind = loss_kind::lists});
    REQUIRE(all.size() == 1);
    CHECK(example_texts(all[0]) == "b c a e");
    CHECK(all[0].ranked == 2);
    CHECK(all[0].unranked == 2); // d is as good as b, f has no score
    const auto pair =
        examples_of(example_source(R"({"prompt": "p", "chosen": "a", "rejected": "b"})"), {.kind = loss_kind::lists});
    CHECK(example_texts(pair[0]) == "a b");
    CHECK(pair[0].ranked == 2);
    const auto human =
        examples_of(example_source(R"({"prompt": "p", "responses": ["a", "b"], "scores": [1, 2], "human": 1})"),
                    {.kind = loss_kind::lists});
    CHECK(example_texts(human[0]) == "b a");
    CHECK(human[0].record.human->decision() == choice::second); // of a, which is the second now
    const auto equal =
        examples_of(example_source(R"({"prompt": "p", "responses": ["a", "b", "c"], "scores": [1, 1, 1]})"),
                    {.kind = loss_kind::lists});
    CHECK(equal[0].unfit == left_out_reason::tied_label);
}

TEST_CASE("scored responses are the best and the worst as a pair, and as two completions") {
    const response_record four =
        example_source(R"({"prompt": "p", "responses": ["a", "b", "c", "d"], "scores": [1, 4, 2, 0]})");
    CHECK(example_texts(examples_of(four, {})[0]) == "b d");
    CHECK(examples_of(four, {})[0].record.margin == 4);
    CHECK(examples_of(four, {.pairing = pairing::all}).size() == 6);
    const auto singles = examples_of(four, {.kind = loss_kind::completions});
    REQUIRE(singles.size() == 2);
    CHECK((example_texts(singles[0]) == "b" && singles[0].desirable));
    CHECK((example_texts(singles[1]) == "d" && !singles[1].desirable));
    const auto all = examples_of(four, {.kind = loss_kind::completions, .threshold = 2});
    REQUIRE(all.size() == 4);
    CHECK((!all[0].desirable && all[1].desirable && all[2].desirable && !all[3].desirable));
}

TEST_CASE("a triple has the gold response of its column, or the best, the second and the worst") {
    const example_rules rules{.kind = loss_kind::triples};
    CHECK(example_texts(examples_of(example_source(R"({"prompt": "p", "chosen": "a", "rejected": "b", "gold": "g"})"),
                                    rules)[0]) == "a b g");
    CHECK(example_texts(examples_of(
              example_source(R"({"prompt": "p", "chosen": "a", "rejected": "b", "reference": "g"})"), rules)[0]) ==
          "a b g");
    const auto scored = examples_of(
        example_source(R"({"prompt": "p", "responses": ["a", "b", "c", "d"], "scores": [1, 4, 2, 0]})"), rules);
    CHECK(example_texts(scored[0]) == "c d b");
    CHECK(scored[0].record.margin == 2);
    CHECK(examples_of(example_source(R"({"prompt": "p", "chosen": "a", "rejected": "b"})"), rules)[0].unfit ==
          left_out_reason::no_triple);
    CHECK_THROWS_AS(examples_of(example_source(R"({"prompt": "p", "chosen": "a", "rejected": "b", "gold": 3})"), rules),
                    input_error);
}

TEST_CASE("a gold response is turns where the prompt is, without the prompt's") {
    const auto triple = examples_of(
        example_source(
            R"({"prompt": [{"role": "user", "content": "p"}], "chosen": [{"role": "assistant", "content": "a"}],
                           "rejected": [{"role": "assistant", "content": "b"}],
                           "gold": [{"role": "user", "content": "p"}, {"role": "assistant", "content": "g"}]})"),
        {.kind = loss_kind::triples});
    REQUIRE(triple[0].record.responses.size() == 3);
    CHECK(triple[0].record.responses[2] == nlohmann::json::parse(R"([{"role": "assistant", "content": "g"}])"));
}

TEST_CASE("a tie is learned from where a loss reads probabilities") {
    const response_record tie = example_source(R"({"prompt": "p", "responses": ["a", "b"], "label": 0.5})");
    CHECK(examples_of(tie, {})[0].unfit == left_out_reason::tied_label);
    const auto kept = examples_of(tie, {.ties = true});
    CHECK_FALSE(kept[0].unfit);
    CHECK(kept[0].verdict.half_win() == 0.5);
    const auto soft = examples_of(example_source(R"({"prompt": "p", "responses": ["a", "b"], "label": 0.3})"), {});
    CHECK(example_texts(soft[0]) == "b a");
    CHECK(soft[0].verdict.half_win() == doctest::Approx(0.7));
}
