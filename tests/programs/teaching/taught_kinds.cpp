#include <doctest/doctest.h>

#include <preflearn/programs/teaching/taught_kinds.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("every kind that can be loaded can be made, by the same name") {
    CHECK(taught_kinds.size() == teacher_kinds.size());
    for (const teacher_kind& kind : teacher_kinds) CHECK(taught_kind_named(kind.name).name == kind.name);
    CHECK(test::contains(test::error_of([] { (void)taught_kind_named("Longer"); }),
                         "is not known; there are " + teacher_kind_names()));
}
