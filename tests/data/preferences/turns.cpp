#include <doctest/doctest.h>

#include <string>

#include <preflearn/data/preferences/parse_record.hpp>
#include <preflearn/data/preferences/turns.hpp>

#include "../../files.hpp"

using namespace preflearn;

namespace {

/// The error of a record whose chosen turn has these members more.
std::string error_with(const std::string& members, const preference_options& options = {}) {
    const std::string turn = R"({"role": "assistant", "content": "x")" + members + "}";
    return test::error_of([&] {
        parse_record(R"({"prompt": [{"role": "user", "content": "q"}], "chosen": [)" + turn +
                         R"(], "rejected": [{"role": "assistant", "content": "y"}]})",
                     options, 0);
    });
}

} // namespace

TEST_CASE("what a model would have read is refused by its field, wherever the turn stands") {
    for (const char* const member :
         {R"("tool_calls": [{"function": {"name": "f"}}])", R"("function_call": {"name": "f", "arguments": ""})",
          R"("tool_call_id": "7")", R"("reasoning_content": "hm")", R"("thinking": "hm")", R"("images": ["x.png"])",
          R"("refusal": "no")", R"("unknown": 0)", R"("unknown": true)", R"("unknown": [[null], [""], [1]])"}) {
        CAPTURE(member);
        const std::string name = std::string(member).substr(1, std::string(member).find(':') - 2);
        CHECK(test::contains(error_with(std::string(", ") + member),
                             "field 'chosen[0]." + name + "': has content that is no part of the text"));
    }
    CHECK(test::contains(
        test::error_of([] {
            parse_record(
                R"({"prompt": {"role": "user", "content": "q", "tool_calls": [1]}, "chosen": "a", "rejected": "b"})",
                {}, 0);
        }),
        "field 'prompt.tool_calls'"));
    CHECK(test::contains(test::error_of([] {
                             parse_record(R"({"chosen": [{"role": "assistant", "content": null, "tool_calls": [1]}],
                                              "rejected": []})",
                                          {}, 0);
                         }),
                         "field 'chosen[0].tool_calls'")); // named before the content that is missing
}

TEST_CASE("empty members are nothing, and those that say nothing to a model may hold anything") {
    for (const char* const member : {R"("tool_calls": null)", R"("tool_calls": [])", R"("function_call": {})",
                                     R"("function_call": {"name": null, "arguments": ""})", R"("refusal": "")",
                                     R"("redacted": false)", R"("tool_calls": [null, [], {"x": [false]}])",
                                     R"("name": "Ann")", R"("weight": 0.5)", R"("train": true)", R"("id": {"a": 1})"}) {
        CAPTURE(member);
        CHECK(error_with(std::string(", ") + member).empty());
    }
    preference_options options;
    CHECK(!error_with(R"(, "toxic": true)", options).empty());
    options.ignored_members.emplace_back("toxic");
    CHECK(error_with(R"(, "toxic": true)", options).empty());
}
