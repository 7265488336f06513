#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <preflearn/loss/parts/about.hpp>

using namespace preflearn;

namespace {

struct part_with_threshold {
    double threshold = 3;
    static constexpr loss_parameter<part_with_threshold> parameters[]{{"threshold", &part_with_threshold::threshold}};
};
struct described_loss {
    static constexpr loss_about about{"described", "z", "nobody", "a b"};
    double beta = 1, gamma = 2;
    static constexpr loss_parameter<described_loss> parameters[]{{"gamma", &described_loss::gamma},
                                                                 {"beta", &described_loss::beta}};
};
struct loss_around {
    described_loss loss{};
    part_with_threshold part{};
};
struct loss_without_words {};

} // namespace

template <> inline constexpr loss_about preflearn::description_of<loss_around>{"around", "y", "nobody either"};

TEST_CASE("a loss is described by itself or beside itself, or not at all") {
    CHECK(description_of<described_loss>.aliases == "a b");
    CHECK(description_of<loss_around>.name == "around");
    CHECK(description_of<loss_without_words>.name.empty());
}

TEST_CASE("parameters come in their order, with those of what stands in a loss, and are places in it") {
    loss_around loss;
    std::string names;
    for (const parameter_place& place : parameters_of(loss)) names += std::string(place.name) + " ";
    CHECK(names == "gamma beta threshold ");
    *parameters_of(loss)[1].value = 0.5;
    CHECK(loss.loss.beta == 0.5);
    *parameters_of(loss)[2].value = 7;
    CHECK(loss.part.threshold == 7);
    loss_without_words none;
    CHECK(parameters_of(none).empty());
}
