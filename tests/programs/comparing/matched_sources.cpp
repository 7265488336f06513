#include <doctest/doctest.h>

#include <preflearn/programs/comparing/matched_sources.hpp>

#include "label_files.hpp"

using namespace preflearn;

namespace {

matched_files matched_labels(const std::string& x, const std::string& y, pair_matching by = pair_matching::automatic) {
    test::label_files f;
    f.options.matching = by;
    f.add("x", x);
    f.add("y", y);
    std::vector<compared_file> files;
    for (const named_file& source : f.options.sources) files.push_back(read_compared(source, f.options));
    return match_files(files, by);
}

} // namespace

TEST_CASE("pairs are matched by id, and without ids by texts; what contradicts is refused") {
    CHECK(matched_labels(test::labels_of("aab"), test::labels_of("bba")).pairs.size() == 3);
    CHECK(matched_labels(test::labels_of("aab"), test::labels_of("b-ba", "", false)).pairs.size() == 4);
    std::string other = test::labels_of("a");
    other.replace(other.find("prompt 0"), 8, "prompt 9");
    CHECK(test::contains(test::error_of([&] { matched_labels(test::labels_of("a"), other); }), "another prompt"));
    CHECK(matched_labels(test::labels_of("a"), other, pair_matching::by_texts).pairs.size() == 2);
    std::string renamed = test::labels_of("a");
    renamed.replace(renamed.find("\"id\":0"), 6, "\"id\":7");
    CHECK(test::contains(test::error_of([&] { matched_labels(test::labels_of("a"), renamed); }), "has the texts"));
    CHECK(matched_labels(test::labels_of("a"), renamed, pair_matching::by_id).pairs.size() == 2);
}
