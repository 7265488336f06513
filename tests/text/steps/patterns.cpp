#include <string_view>

#include <doctest/doctest.h>

#include <preflearn/text/expressions/expression_syntax.hpp>
#include <preflearn/text/steps/patterns.hpp>

using namespace preflearn;

TEST_CASE("every pattern is an expression that is understood") {
    using namespace patterns;
    for (const std::string_view pattern : {gpt2,
                                           llama3,
                                           qwen2,
                                           qwen35,
                                           o200k,
                                           tekken,
                                           kimi,
                                           number,
                                           numbers_by_three,
                                           numbers,
                                           punctuation,
                                           falcon_punctuation,
                                           default_punctuation,
                                           three_digits,
                                           line_end,
                                           deepseek_words,
                                           deepseek_punctuation,
                                           deepseek_end_of_spaces,
                                           deepseek_east_asian,
                                           deepseek3_east_asian,
                                           deepseek3,
                                           bloom,
                                           bailing,
                                           seed_coder,
                                           exaone_moe,
                                           jais2,
                                           minicpm5,
                                           chameleon_sentinel,
                                           chameleon_image,
                                           chameleon_space,
                                           chameleon_punctuation})
        CHECK_NOTHROW(parse_expression(pattern));
}
