#include <doctest/doctest.h>

#include <memory>
#include <span>
#include <vector>

#include <preflearn/backend/cpu.hpp>
#include <preflearn/policy/any_backend.hpp>
#include <preflearn/policy/decoder/initialise.hpp>
#include <preflearn/policy/sampling/decoder_calls.hpp>

#include "../models.hpp"

using namespace preflearn;

TEST_CASE("a decoder behind one type has the logits of its own") {
    any_transformer<float> any = any_backend_of<float, cpu_backend>().make(test::grouped(), {});
    initialise(any, generator(3, "weights"));
    const transformer<float> own(test::grouped(), generator(3, "weights"));
    const std::vector<std::vector<token_id>> prompts = {{1, 2}, {1, 2}, {7}};
    const std::vector<token_span> views(prompts.begin(), prompts.end());
    const std::unique_ptr<decoder_calls<float>> held = any.decoder(views, 3);
    cached_decoder<transformer<float>> decoder(own, views, 3);
    const auto same = [&] {
        CHECK(std::ranges::equal(held->live(), decoder.live()));
        const auto a = held->logits(), b = decoder.logits();
        REQUIRE(a.rows == b.rows);
        for (std::size_t i = 0; i < a.rows; ++i) CHECK(std::equal(a.row(i), a.row(i) + a.columns, b.row(i)));
    };
    same();
    held->advance(std::vector<token_id>{3, 4, 5});
    decoder.advance(std::vector<token_id>{3, 4, 5});
    same();
    held->branch(std::vector<std::size_t>{1, 1});
    decoder.branch(std::vector<std::size_t>{1, 1});
    held->advance(std::vector<token_id>{6, 7});
    decoder.advance(std::vector<token_id>{6, 7});
    same();
    held->keep(std::vector<std::size_t>{1});
    CHECK(held->live().size() == 1);
    CHECK(held->has_room(0));
    CHECK(any.room_for_sampling().sequences == sampling_at_once<float, cpu_backend>(own.config()).sequences);
}
