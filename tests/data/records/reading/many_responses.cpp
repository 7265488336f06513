#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <preflearn/data/records/reading/many_responses.hpp>

#include "../../../files.hpp"
#include "../parsed.hpp"

using namespace preflearn;

namespace {

response_record many_responses_of(const std::string& prompt, const std::string& responses) {
    return test::parsed("{\"prompt\": " + prompt + ", \"responses\": [" + responses + "]}");
}
std::string user_then(const std::string& user, const std::string& answer) {
    return R"([{"role": "user", "content": ")" + user + R"("}, {"role": "assistant", "content": ")" + answer + R"("}])";
}

} // namespace

TEST_CASE("a prompt in front of every response is taken off, in front of some it is theirs") {
    const std::string asked = R"([{"role": "user", "content": "q"}])";
    const auto repeated =
        many_responses_of(asked, user_then("q", "a") + "," + user_then("q", "b") + "," + user_then("q", "c"));
    CHECK(repeated.prompt.size() == 1);
    CHECK(repeated.responses[2].size() == 1);
    CHECK(repeated.responses[2][0].at("content") == "c");
    CHECK(test::contains(test::error_of([&] {
                             many_responses_of(asked, user_then("q", "a") + "," + user_then("other", "b") + "," +
                                                          user_then("q", "c"));
                         }),
                         "begins and ends with a turn of the role 'assistant'"));
    CHECK(many_responses_of("\"q\"", R"("a", "b", [{"role": "assistant", "content": "c"}])")
              .responses[0][0]
              .at("content") == "a");
}

TEST_CASE("whole conversations beside a text prompt share it, or are refused") {
    const auto shared =
        many_responses_of("\"q\"", user_then("q", "a") + "," + user_then("q", "b") + "," + user_then("q", "c"));
    CHECK(shared.prompt.dump() == R"([{"content":"q","role":"user"}])");
    CHECK(shared.responses[1][0].at("content") == "b");
    const auto refusal = [](const std::string& prompt, const std::string& last) {
        return test::error_of(
            [&] { many_responses_of(prompt, user_then("q", "a") + "," + user_then("q", "b") + "," + last); });
    };
    CHECK(test::contains(refusal("\"q\"", user_then("other", "c")), "share no turns"));
    CHECK(test::contains(refusal("\"p\"", user_then("q", "c")), "is not a user's turn that the responses share"));
    CHECK(test::contains(refusal("null", user_then("q", "c")), "the prompt of 3 responses"));
}
