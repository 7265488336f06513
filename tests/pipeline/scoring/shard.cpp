#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

#include <preflearn/pipeline/scoring/shard.hpp>

using namespace preflearn;

TEST_CASE("parts, one behind the other, are the whole, cut between blocks, and as large as each other") {
    for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 100U, 161U}) {
        std::vector<int> all(size);
        std::iota(all.begin(), all.end(), 0);
        for (const std::size_t count : {1U, 2U, 3U, 7U, 20U}) {
            CAPTURE(size);
            CAPTURE(count);
            std::vector<int> joined;
            std::size_t most = 0, least = size + 1;
            for (std::size_t index = 1; index <= count; ++index) {
                const std::span<int> part = shard{index, count}.of(std::span(all), 16);
                CHECK((part.empty() || part.front() % 16 == 0));
                joined.insert(joined.end(), part.begin(), part.end());
                most = std::max(most, part.size());
                least = std::min(least, part.size());
            }
            CHECK(joined == all);
            CHECK(most - least <= 16 + 15);
        }
    }
}

TEST_CASE("parts cover a file without overlap, in nearly equal sizes") {
    for (const std::size_t size : {0U, 1U, 7U, 100U, 101U}) {
        for (const std::size_t count : {1U, 2U, 3U, 8U, 200U}) {
            std::size_t at = 0;
            for (std::size_t i = 1; i <= count; ++i) {
                const shard part{i, count};
                CHECK(part.begin(size) == at);
                at = part.end(size);
                CHECK(at - part.begin(size) <= size / count + 1);
            }
            CHECK(at == size);
        }
    }
}

TEST_CASE("a part is named by its place among how many") {
    CHECK(shard_named("2/4") == shard{2, 4});
    CHECK(shard_named("1/1").whole());
    for (const char* const wrong : {"", "2", "2/", "/4", "0/4", "5/4", "2/4 ", "-1/4", "2/4/8", "1.5/2", "1/0"})
        CHECK_THROWS_WITH_AS(shard_named(wrong), doctest::Contains("a part is named I/N, 1 <= I <= N, as 2/4; found"),
                             argument_error);
}
