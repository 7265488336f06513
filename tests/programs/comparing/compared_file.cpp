#include <doctest/doctest.h>

#include <preflearn/programs/comparing/compared_file.hpp>

#include "label_files.hpp"

using namespace preflearn;

TEST_CASE("a pair is the same whichever response is the chosen one, its verdict turned") {
    test::label_files f;
    f.add("x", test::labels_of("a"));
    f.add("y", test::labels_of("b"));
    const compared_file x = read_compared(f.options.sources[0], f.options),
                        y = read_compared(f.options.sources[1], f.options);
    CHECK(x.pairs[0].texts == y.pairs[0].texts);
    CHECK(x.pairs[0].said.decision() == y.pairs[0].said.mirrored().decision());
    CHECK(x.pairs[0].first_length == y.pairs[0].first_length);
    CHECK_FALSE(x.pairs[0].first_stands_first);
    CHECK(test::error_of([&] { read_compared({"e", f.at.write("e.jsonl", "")}, f.options); }) != "");
}
