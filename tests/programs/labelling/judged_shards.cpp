#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include <preflearn/programs/labelling/judged_shards.hpp>

#include "../../files.hpp"

using namespace preflearn;

TEST_CASE("judgements of shards are put in the order of the file, whatever the order of their files") {
    const test::folder f;
    const auto key = [](const shard& one) { return message("key ", one); };
    const auto first = f.write("b", "# preflearn judgements key 1/2\n{\"s\":[1.0,2.0]}\n{\"s\":[3.0,4.0]}\n"),
               second = f.write("a", "# preflearn judgements key 2/2\n{\"s\":[5.0,6.0]}\n");
    const std::vector<judgement> all = merged_judgements(std::vector{second, first}, 3, key);
    REQUIRE(all.size() == 3);
    CHECK(all[0].scores == std::vector<double>{1, 2});
    CHECK(all[2].scores == std::vector<double>{5, 6});
    const auto fault = [&](const std::vector<std::filesystem::path>& paths, std::size_t records) {
        return test::error_of([&] { (void)merged_judgements(paths, records, key); });
    };
    CHECK(test::contains(fault({first, second}, 5), "and shard 1/2 has 3"));
    CHECK(test::contains(fault({first, f / "none"}, 3), "none: cannot be read"));
    CHECK(test::contains(fault({first, f.write("c", "# preflearn judgements key 2/2\n{\"s\":\n")}, 3),
                         "line 2 was damaged"));
}
