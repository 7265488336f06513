#include <array>
#include <string>
#include <tuple>

#include <doctest/doctest.h>

#include <preflearn/core/fields.hpp>

using namespace preflearn;

namespace {

struct nothing {};
struct pair_of_numbers {
    double a = 1, b = 2;
};
struct holder {
    double a = 3;
    nothing empty{};
    std::array<int, 3> three{};
    std::tuple<int, double> both{};
    bool flag = true;
};
struct with_array {
    double table[2]{};
};
struct derived : nothing {
    double a = 1;
};
class hidden {
  public:
    [[nodiscard]] double a() const { return a_; }

  private:
    double a_ = 1;
};
struct long_one {
    int a{}, b{}, c{}, d{}, e{}, f{}, g{}, h{}, i{};
};
struct around {
    pair_of_numbers inner{};
    double after = 1;
};
struct array_amid {
    around before{};
    int three[3]{};
    pair_of_numbers after{};
};

static_assert(SmallAggregate<nothing> && SmallAggregate<pair_of_numbers> && SmallAggregate<holder> &&
              SmallAggregate<around>);
static_assert(!SmallAggregate<with_array> && !SmallAggregate<array_amid> && !SmallAggregate<derived> &&
              !SmallAggregate<hidden> && !SmallAggregate<long_one> && !SmallAggregate<double>);

std::size_t count(const auto& whole) {
    std::size_t n = 0;
    for_each_field(whole, [&](const auto&) { ++n; });
    return n;
}

} // namespace

TEST_CASE("members come in their order, and none is left out") {
    std::string seen;
    for_each_field(pair_of_numbers{}, [&](double x) { seen += std::to_string(static_cast<int>(x)); });
    CHECK(seen == "12");
    CHECK(count(nothing{}) == 0);
    CHECK(count(holder{}) == 5);
    CHECK(count(around{}) == 2);
}
