#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

#include <preflearn/core/on_demand.hpp>

using namespace preflearn;

namespace {

template <int = on_demand> std::string on_demand_copies(std::string_view word, int most = 2) {
    return most > 0 ? std::string(word) + on_demand_copies(word, most - 1) : "";
}
template <int = on_demand> std::string on_demand_copies(const char* word, const char* other) {
    return on_demand_copies(word, 1) + on_demand_copies(std::string_view(other), 1);
}

} // namespace

TEST_CASE("a function on demand is called, overloaded and pointed to like any other") {
    CHECK(on_demand_copies("ab") == "abab");
    CHECK(on_demand_copies({"abc", 1}, 3) == "aaa");
    CHECK(on_demand_copies("a", "b") == "ab");
    std::string (*const typed)(std::string_view, int) = on_demand_copies;
    CHECK(typed("ab", 1) == "ab");
    const auto apply = [](auto&& function, auto&&... given) { return function(std::move(given)...); };
    CHECK(apply([](std::string_view word) { return on_demand_copies(word); }, "ab") == "abab");
}
