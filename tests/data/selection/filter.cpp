#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include <preflearn/core/tokens.hpp>
#include <preflearn/data/preferences/preference_data.hpp>
#include <preflearn/data/selection/filter.hpp>

using namespace preflearn;

TEST_CASE("a pair is kept when its prompt fits with either response") {
    const std::vector<text_comparison> pairs{{1, "pppp", "123456", "1"},  {2, "pppp", "1", "1234567"},
                                             {3, "pppp", "1234567", "1"}, {4, "pppppppppp", "", ""},
                                             {5, "ppppppppppp", "", ""},  {6, "", "", ""}};
    const auto result = filter_by_length(
        std::span(pairs), [](std::string_view text) { return text.size(); }, 10);
    std::vector<std::uint64_t> ids;
    for (const auto& pair : result.kept) ids.push_back(pair.id);
    CHECK(ids == std::vector<std::uint64_t>{1, 4, 6});
    CHECK(result.dropped == 3);
}

TEST_CASE("the default is 512 tokens, and lengths near the largest number do not wrap") {
    const std::vector<std::int32_t> tokens(600, 7);
    const token_span all(tokens);
    const std::vector<token_comparison> pairs{{1, all.first(500), all.first(12), all.first(12)},
                                              {2, all.first(500), all.first(12), all.first(13)}};
    const auto size = [](token_span text) { return text.size(); };
    CHECK(filter_by_length(std::span(pairs), size).kept.size() == 1);
    const auto huge = [](token_span text) { return text.size() == 500 ? std::size_t{1} : ~std::size_t{0}; };
    CHECK(filter_by_length(std::span(pairs), huge).dropped == 2);
}

TEST_CASE("every text is measured once, in order, by a callable that may differ for prompts and responses") {
    struct prompt {
        int number;
    };
    const std::vector<comparison<prompt, std::string>> pairs{{1, {10}, "ab", "c"}, {2, {20}, "d", "e"}};
    std::string seen;
    struct measure {
        std::string& seen;
        int operator()(const prompt& p) const {
            seen += std::to_string(p.number) + " ";
            return p.number;
        }
        std::size_t operator()(const std::string& response) const {
            seen += response + " ";
            return response.size();
        }
    };
    const auto result = filter_by_length(std::span(pairs), measure{seen}, 12);
    CHECK(seen == "10 ab c 20 d e ");
    CHECK(result.kept.size() == 1);
    CHECK(filter_by_length(std::span(pairs).first(0), measure{seen}).dropped == 0);
}
