#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include <preflearn/data/records/reading/parse_responses.hpp>
#include <preflearn/programs/generating/response_lines.hpp>

using namespace preflearn;

namespace {

written_prompt asked_prompt_of(pair_names& names, nlohmann::json written) {
    written_prompt prompt{.written = std::move(written), .given = {.form = id_form::text, .text = "a"}, .line = 1};
    prompt.id = names.add(prompt.given, 0, 1);
    return prompt;
}

} // namespace

TEST_CASE("a line of responses is a record that other programs read, scores included") {
    pair_names names("prompts.jsonl");
    const written_prompt prompt = asked_prompt_of(names, nlohmann::json::parse(R"([{"role":"user","content":"p"}])"));
    const std::vector<drawn_response> responses{{"one", 3, true}, {"two", 8, false}, {"one", 3, true}};
    const std::vector<std::optional<double>> scores{1.5, std::nullopt, -1};
    const auto line = response_line(prompt, names, responses, "m:1", scores, "t:2");
    CHECK(
        line.dump() ==
        R"({"id":"a","prompt":[{"role":"user","content":"p"}],"responses":["one","two","one"],)"
        R"("finish":["stop","length","stop"],"tokens":[3,8,3],"model":"m:1","scores":[1.5,null,-1.0],"teacher":"t:2"})");
    const response_record read = parse_responses(nlohmann::json::parse(line.dump()), {});
    CHECK(read.responses.size() == 3);
    CHECK(read.scores[0] == 1.5);
    CHECK(std::isnan(read.scores[1]));
    CHECK(read.given.text == "a");

    response_counts counts;
    counts.add(nlohmann::json(line));
    CHECK(counts.responses == 3);
    CHECK(counts.tokens == 14);
    CHECK(counts.ended == 2);
    CHECK(counts.distinct == 2);
    CHECK(counts.share(counts.distinct) == doctest::Approx(2.0 / 3));
}

TEST_CASE("what the teacher could not judge is remembered until the run is whole") {
    const left_out_pair why{.reason = left_out_reason::too_long, .message = "so long"};
    const auto read = unjudged_in(nlohmann::json(unjudged_line(why)));
    REQUIRE(read);
    CHECK(read->reason == left_out_reason::too_long);
    CHECK(read->message == "so long");
    pair_names names;
    const auto line = response_line(asked_prompt_of(names, "p"), names, {}, "m");
    CHECK(!unjudged_in(nlohmann::json(line)));
    CHECK(!line.contains("scores"));
}
