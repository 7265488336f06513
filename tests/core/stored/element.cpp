#include <doctest/doctest.h>

#include <set>
#include <string_view>

#include <preflearn/core/stored/element.hpp>

using namespace preflearn;

TEST_CASE("every element type has a name of its own and the block layout of its specification") {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(element_type::q6_k); ++i) names.insert(name_of(static_cast<element_type>(i)));
    CHECK(names.size() == static_cast<std::size_t>(element_type::q6_k) + 1);
    static_assert(name_of(element_type::bf16) == "BF16");
    static_assert(block_bytes(element_type::f64) == 8 && block_bytes(element_type::bf16) == 2);
    static_assert(block_elements(element_type::q4_1) == 32 && block_bytes(element_type::q4_1) == 20); // 5 bits a weight
    static_assert(block_elements(element_type::q6_k) == 256 && block_bytes(element_type::q6_k) == 210);
    CHECK_THROWS_AS((void)name_of(static_cast<element_type>(200)), argument_error);
}
