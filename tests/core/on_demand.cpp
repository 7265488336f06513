#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

#include <preflearn/core/on_demand.hpp>

using namespace preflearn;

namespace {

template <int = on_demand> std::string counted(std::string_view word, int most = 2) {
    return most > 0 ? std::string(word) + counted(word, most - 1) : "";
}
template <int = on_demand> std::string counted(const char* word, const char* other) {
    return counted(word, 1) + counted(std::string_view(other), 1);
}

} // namespace

TEST_CASE("a function on demand is called, overloaded and pointed to like any other") {
    CHECK(counted("ab") == "abab");
    CHECK(counted({"abc", 1}, 3) == "aaa");
    CHECK(counted("a", "b") == "ab");
    std::string (*const typed)(std::string_view, int) = counted;
    CHECK(typed("ab", 1) == "ab");
    const auto apply = [](auto&& function, auto&&... given) { return function(std::move(given)...); };
    CHECK(apply([](std::string_view word) { return counted(word); }, "ab") == "abab");
}
