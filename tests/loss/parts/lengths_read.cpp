#include <doctest/doctest.h>

#include <preflearn/loss/named/dpo.hpp>
#include <preflearn/loss/named/reference_free.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>
#include <preflearn/loss/parts/lengths_read.hpp>

using namespace preflearn;

TEST_CASE("the rejected response's length is read where the loss reads both, or where a target may prefer it") {
    for (const bool targets : {false, true}) {
        CHECK(!reads_rejected_lengths(lengths_read::none, targets));
        CHECK(!reads_rejected_lengths(lengths_read::chosen, targets));
        CHECK(reads_rejected_lengths(lengths_read::preferred, targets) == targets);
        CHECK(reads_rejected_lengths(lengths_read::both, targets));
    }
}

TEST_CASE("a loss says which lengths it reads") {
    CHECK(lengths_read_by(dpo{}) == lengths_read::none);
    CHECK(lengths_read_by(simpo{}) == lengths_read::both);
}
