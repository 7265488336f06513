#include <doctest/doctest.h>

#include <preflearn/data/files/missing_values.hpp>

using namespace preflearn;

TEST_CASE("what programs and people write for nothing is missing, words that may be categories are not") {
    const missing_words usual;
    for (const char* word : {"", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "None", "null", "NULL", "-", "."})
        CHECK(usual.contains(word));
    for (const char* word : {"none", "no", "0", "nana", "--", "N", "n.a"}) CHECK_FALSE(usual.contains(word));
    CHECK(missing_words{.words = {}}.contains(""));
    CHECK_FALSE(missing_words{.words = {}}.contains("NA"));
    const missing_words codes{.words = {"99", "-1"}};
    for (const char* word : {"99", "99.0", "+99", "099", "-1.", "-1e0"}) CHECK(codes.contains(word));
    for (const char* word : {"9", "1", "999", "99x", "NA"}) CHECK_FALSE(codes.contains(word));
    missing_counts counts;
    for (const char* word : {"NA", "", "NA"}) counts.add(word);
    CHECK(counts.total() == 3);
    CHECK(counts.words.front().second == 2);
}
