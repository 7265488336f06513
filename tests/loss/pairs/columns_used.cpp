#include <doctest/doctest.h>

#include <preflearn/loss/named.hpp>
#include <preflearn/loss/pairs/columns_used.hpp>

using namespace preflearn;

namespace {

struct silent_loss {};
struct made_of_parts {
    [[nodiscard]] simpo parts() const { return {}; } // which is itself made of parts
};

} // namespace

TEST_CASE("losses say which columns they read, through everything that is made of them") {
    CHECK(loss_lengths<dpo> == lengths_read::none);
    CHECK(loss_lengths<simpo> == lengths_read::both);
    CHECK(loss_lengths<rpo> == lengths_read::chosen);
    CHECK(loss_lengths<mpo> == lengths_read::preferred);
    CHECK(loss_lengths<ipo_mean> == lengths_read::both);
    CHECK(!loss_uses_margin<nca>);
    CHECK(!loss_uses_margin<sppo_hard>);
    CHECK(loss_uses_margin<dpo>);
    CHECK(loss_uses_target<confidence_weighted_dpo>);
    CHECK(loss_lengths<made_of_parts> == lengths_read::both);
    CHECK((!loss_uses_reference<made_of_parts> && loss_uses_reference<dpo>));
    CHECK(!reads_rejected_lengths(lengths_read::preferred, false));
    CHECK(reads_rejected_lengths(lengths_read::preferred, true));
}

TEST_CASE("a loss that says nothing may read everything") {
    static_assert(loss_uses_reference<silent_loss> && loss_uses_weight<silent_loss> && loss_uses_target<silent_loss> &&
                  loss_uses_margin<silent_loss> && !loss_uses_tokens<silent_loss>);
    CHECK(lengths_read_by(silent_loss{}) == lengths_read::both);
    CHECK(loss_lengths<silent_loss> == lengths_read::none);
    CHECK(lengths_read_by(dpo{}) == lengths_read::none);
    CHECK(lengths_read_by(made_of_parts{}) == lengths_read::both);
}
