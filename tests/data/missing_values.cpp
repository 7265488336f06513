#include <doctest/doctest.h>

#include <preflearn/data/missing_values.hpp>

using namespace preflearn;

TEST_CASE("what programs and people write for nothing is missing, words that may be categories are not") {
    const missing_words usual;
    for (const char* word : {"", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "None", "null", "NULL", "-", "."})
        CHECK(usual.contains(word));
    for (const char* word : {"none", "no", "0", "nana", "--", "N", "n.a"}) CHECK_FALSE(usual.contains(word));
    CHECK(missing_words{.words = {}}.contains(""));
    CHECK_FALSE(missing_words{.words = {}}.contains("NA"));
    missing_counts counts;
    for (const char* word : {"NA", "", "NA"}) counts.add(word);
    CHECK(counts.total() == 3);
    CHECK(counts.words.front().second == 2);
}
