#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

#include <preflearn/policy/decoder/named_tensors.hpp>
#include <preflearn/policy/transformer.hpp>

#include "../models.hpp"

using namespace preflearn;

TEST_CASE("named tensors are the whole flat vector, in order, with the shapes of Hugging Face files") {
    transformer<double> m(test::grouped(), generator(1, "weights"));
    const double* next = m.parameters().data();
    for (const auto& tensor : tensors(m)) {
        CHECK(tensor.values.data() == next);
        std::size_t size = 1;
        for (const std::size_t extent : tensor.shape) size *= extent;
        CHECK(size == tensor.values.size());
        next += size;
    }
    CHECK(next == m.parameters().data() + m.parameters().size());
    CHECK(tensors(m)[1].name == "model.layers.0.input_layernorm.weight");
    CHECK(tensors(m)[1].shape == std::vector<std::size_t>{12});
    CHECK(tensors(m).back().name == "lm_head.weight");
    CHECK(tensors(m).back().shape == std::vector<std::size_t>{19, 12});
    tensors(m)[0].values[0] = 5;
    CHECK(m.parameters()[0] == 5);
}

TEST_CASE("a frozen tensor is not among them") {
    const transformer<double> m(test::grouped(), {{0, stored_numbers(std::vector<double>(19 * 12), 19, 12)}});
    CHECK(tensors(m).size() == m.layout().tensors().size() - 1);
    CHECK(tensors(m)[0].name == "model.layers.0.input_layernorm.weight");
    CHECK(tensors(m)[0].values.data() == m.parameters().data());
}
