#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/core/comparison.hpp>
#include <preflearn/core/response_length.hpp>

using namespace preflearn;

namespace {

struct numbered_prompts {};

/// Its tokens are letters, of which a prompt takes the first of the response.
struct letters {
    struct both {
        std::string_view prompt, response;
    };
    [[nodiscard]] static std::string_view response_tokens(std::string_view response) { return response; }
    [[nodiscard]] static both tokens(std::string_view prompt, std::string_view response) {
        return {prompt, response.substr(1)};
    }
};

static_assert(knows_response_length<letters, std::string>);
static_assert(!knows_response_length<numbered_prompts, std::string>);
static_assert(knows_response_length<numbered_prompts, std::vector<int>>);

} // namespace

TEST_CASE("a response is as long as its range, one where it is none, and a text as the model counts it") {
    CHECK(response_length(numbered_prompts{}, std::vector<int>{1, 2, 3}) == 3);
    CHECK(response_length(numbered_prompts{}, 7) == 1);
    CHECK(response_length(numbered_prompts{}, no_prompt{}, std::vector<int>{1, 2}) == 2);
    CHECK(response_length(letters{}, std::string("word")) == 4);
    CHECK(response_length(letters{}, std::string("prompt"), std::string("word")) == 3);
}
