#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include <preflearn/data/records/preparing/record_keys.hpp>

#include "../parsed.hpp"

using namespace preflearn;

namespace {

std::vector<std::optional<left_out_reason>> reasons_of(const std::vector<std::string>& lines,
                                                       const repeat_rules& rules = {}) {
    std::vector<record_note> notes;
    for (const std::string& line : lines) notes.push_back(note_of(test::parsed(line)));
    return repeats_of(notes, rules);
}
std::string pair_json(const std::string& chosen, const std::string& rejected, const std::string& more = "") {
    return R"({"prompt": "p", "chosen": ")" + chosen + R"(", "rejected": ")" + rejected + "\"" + more + "}";
}

} // namespace

TEST_CASE("equal prompts and responses have equal keys, in whatever form they are written") {
    const auto hh =
        test::parsed(R"({"chosen": "\n\nHuman: q\n\nAssistant: a", "rejected": "\n\nHuman: q\n\nAssistant: b"})");
    const auto turns = test::parsed(
        R"({"prompt": [{"role": "user", "content": "q"}], "chosen": [{"role": "assistant", "content": "a"}], "rejected": [{"role": "assistant", "content": "b"}]})");
    const auto plain = test::parsed(R"({"prompt": "q", "chosen": "a", "rejected": "b"})");
    for (const auto* other : {&turns, &plain}) {
        CHECK(prompt_key(hh) == prompt_key(*other));
        CHECK(note_of(hh).texts == note_of(*other).texts);
        CHECK(note_of(hh).verdict == note_of(*other).verdict);
    }
    CHECK(prompt_key(test::parsed(R"({"prompt": "q ", "chosen": "a", "rejected": "b"})")) != prompt_key(plain));
    // the order of the responses says nothing, their verdict does
    const auto listed = test::parsed(R"({"prompt": "q", "responses": ["b", "a"], "label": 0})");
    CHECK(note_of(listed).texts == note_of(plain).texts);
    CHECK(note_of(listed).verdict == note_of(plain).verdict);
}

TEST_CASE("exact duplicates fall out after the first, contradictions altogether") {
    using reason = left_out_reason;
    const auto found = reasons_of({pair_json("a", "b"), pair_json("a", "c"), pair_json("a", "b"), pair_json("c", "a"),
                                   pair_json("a", "d"), pair_json("a", "b")});
    CHECK(found == std::vector<std::optional<reason>>{std::nullopt, reason::contradiction, reason::duplicate,
                                                      reason::contradiction, std::nullopt, reason::duplicate});
    const auto kept = reasons_of({pair_json("a", "b"), pair_json("b", "a"), pair_json("a", "b")}, {true, false});
    CHECK(kept == std::vector<std::optional<reason>>{std::nullopt, std::nullopt, reason::duplicate});
    CHECK(!reasons_of({pair_json("a", "b"), pair_json("a", "b")}, {false, true})[1]);
}

TEST_CASE("two that prefer the same response with other probabilities or margins both stay") {
    CHECK(!reasons_of({pair_json("a", "b", R"(, "label": 0.7)"), pair_json("a", "b", R"(, "label": 0.8)")})[1]);
    CHECK(!reasons_of({pair_json("a", "b", R"(, "margin": 1)"), pair_json("a", "b", R"(, "margin": 2)")})[1]);
    CHECK(reasons_of({pair_json("a", "b", R"(, "margin": 1)"), pair_json("a", "b", R"(, "margin": 1)")})[1]);
    const std::string tie = R"({"prompt": "p", "responses": ["a", "b"], "label": "tie"})";
    CHECK(reasons_of({pair_json("a", "b"), tie})[0] == left_out_reason::contradiction);
    const std::string open = R"({"prompt": "p", "responses": ["b", "a"]})"; // no verdict contradicts nobody
    CHECK(reasons_of({pair_json("a", "b"), open, open}) ==
          std::vector<std::optional<left_out_reason>>{std::nullopt, std::nullopt, left_out_reason::duplicate});
    const std::string liked = R"({"prompt": "p", "completion": "a", "label": true})",
                      not_liked = R"({"prompt": "p", "completion": "a", "label": false})";
    CHECK(reasons_of({liked, not_liked, liked})[1] == left_out_reason::contradiction);
}
