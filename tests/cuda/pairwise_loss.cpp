#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <preflearn/backend/cuda/pairwise_loss.hpp>
#include <preflearn/loss/by_name/any_divergence.hpp>
#include <preflearn/loss/by_name/any_loss.hpp>
#include <preflearn/loss/by_name/list.hpp>

#include "../loss/pairs.hpp"
#include "../numbers.hpp"
#include "device_array.hpp"
#include "emulator/emulator.hpp"
#include "traffic.hpp"

using namespace preflearn;
using test::device_array;

namespace {

/// Pairs on the device, and what a launch makes of them.
template <class Real> struct pairs_on_device {
    device_array<Real> chosen, rejected, reference_chosen, reference_rejected, weight, target, margin, d_chosen,
        d_rejected, values;
    device_array<std::uint32_t> chosen_tokens, rejected_tokens;
    cuda::device_pairs<Real> columns;

    explicit pairs_on_device(const pairs<Real>& p)
        : chosen(p.chosen), rejected(p.rejected), reference_chosen(p.reference_chosen),
          reference_rejected(p.reference_rejected), weight(p.weight), target(p.target), margin(p.margin),
          d_chosen(p.chosen), d_rejected(p.chosen), values(p.chosen), chosen_tokens(p.chosen_tokens),
          rejected_tokens(p.rejected_tokens), columns{p.chosen.size(),
                                                      chosen.data(),
                                                      rejected.data(),
                                                      reference_chosen.data(),
                                                      reference_rejected.data(),
                                                      chosen_tokens.data(),
                                                      rejected_tokens.data(),
                                                      weight.data(),
                                                      target.data(),
                                                      margin.data()} {}
    [[nodiscard]] cuda::device_pair_gradients<Real> results(double factor = 1) const {
        return {d_chosen.data(), d_rejected.data(), values.data(), factor};
    }
};

template <class Real>
bool near_column(const std::vector<Real>& found, const std::vector<Real>& wanted, Real factor = 1) {
    const double tolerance = 256 * static_cast<double>(std::numeric_limits<Real>::epsilon());
    return std::ranges::equal(found, wanted, [&](Real f, Real w) {
        const double away = std::abs(static_cast<double>(f) - static_cast<double>(factor * w));
        return f == factor * w || away <= tolerance * std::max(1.0, std::abs(static_cast<double>(factor * w)));
    });
}

/// Value, gradient and sums on the device are the processor's.
template <class Real, class Loss> void check_loss(const Loss& loss, std::size_t n, double factor = 1) {
    pairs<Real> p = random_pairs<Real>(n);
    pairs_on_device<Real> on_device(p);
    pair_scores<Real> scores = p.scores();
    if constexpr (!loss_uses_margin<Loss>) {
        scores.margin = {};
        on_device.columns.margin = nullptr;
    }
    std::vector<Real> values(n);
    pair_gradients<Real> gradients = p.gradients();
    gradients.values = values;
    const loss_sums wanted = loss(scores, gradients);

    const cuda::pair_sum_room room;
    cuda::pairwise_loss(loss, on_device.columns, on_device.results(factor), room, nullptr);
    const loss_sums found = cuda::read_pair_sums(loss, on_device.columns, room, nullptr);
    CHECK(near_column(on_device.values.values(), values));
    CHECK(near_column(on_device.d_chosen.values(), p.d_chosen, static_cast<Real>(factor)));
    CHECK(near_column(on_device.d_rejected.values(), p.d_rejected, static_cast<Real>(factor)));
    const double tolerance = std::is_same_v<Real, double> ? 1e-12 : 1e-5;
    CHECK(found.loss == doctest::Approx(wanted.loss).epsilon(tolerance));
    CHECK(found.weight == doctest::Approx(wanted.weight).epsilon(1e-14));
    CHECK(found.pairs == wanted.pairs);
    CHECK(found.chosen_rewards == doctest::Approx(wanted.chosen_rewards).epsilon(1e-12));
    CHECK(found.rejected_rewards == doctest::Approx(wanted.rejected_rewards).epsilon(1e-12));
    CHECK(found.chosen_log_probs == doctest::Approx(wanted.chosen_log_probs).epsilon(1e-14));
    CHECK(found.rejected_log_probs == doctest::Approx(wanted.rejected_log_probs).epsilon(1e-14));
    CHECK(found.correct == wanted.correct);
    CHECK(found.ties == wanted.ties);
}

/// The message of what reading the sums throws.
template <class Error, class Loss, class Real>
std::string launch_refusal(const Loss& loss, const pairs<Real>& p, cuda::device_pairs<Real> columns) {
    const cuda::pair_sum_room room;
    try {
        cuda::pairwise_loss(loss, columns, cuda::device_pair_gradients<Real>{}, room, nullptr);
        (void)cuda::read_pair_sums(loss, columns, room, nullptr);
    } catch (const Error& failure) {
        return failure.what();
    }
    return message("no error for ", p.chosen.size(), " pairs");
}

} // namespace

TEST_CASE("Every named loss has the processor's values, gradients and sums on a device") {
    for_each_named_loss([](const auto& loss) {
        CAPTURE(std::string(loss.about.name));
        check_loss<float>(loss, 37);
        check_loss<double>(loss, 37);
    });
}

TEST_CASE("So have DPO's divergences") {
    check_loss<float>(basic_dpo<forward_kl>{}, 50);
    check_loss<double>(basic_dpo<js_divergence>{}, 50);
    check_loss<double>(basic_dpo<chi_squared_kl>{}, 50);
    check_loss<float>(basic_dpo<alpha_divergence>{}, 50);
}

TEST_CASE("Any number of pairs is one launch, with the same bits under every schedule") {
    for (const std::size_t n : {1UL, 31UL, 32UL, 33UL, 127UL, 128UL, 129UL, 700UL}) {
        CAPTURE(n);
        const pairs<float> p = random_pairs<float>(n);
        std::vector<float> values, d_chosen;
        double loss = 0;
        emulator::for_schedules(10, [&](std::uint64_t seed) {
            check_loss<float>(dpo{}, n, 1 / static_cast<double>(n));
            const pairs_on_device<float> on_device(p);
            const cuda::pair_sum_room room;
            const std::size_t before = emulator::launches();
            cuda::pairwise_loss(dpo{}, on_device.columns, on_device.results(), room, nullptr);
            CHECK(emulator::launches() == before + 1);
            const double sum = cuda::read_pair_sums(dpo{}, on_device.columns, room, nullptr).loss;
            if (seed == 0) {
                values = on_device.values.values();
                d_chosen = on_device.d_chosen.values();
                loss = sum;
            }
            CHECK(on_device.values.values() == values);
            CHECK(on_device.d_chosen.values() == d_chosen);
            CHECK(sum == loss);
        });
    }
}

TEST_CASE("More pairs than a launch has threads are taken several a thread, and a room serves again") {
    const std::size_t n = std::size_t{cuda::sum_threads} * cuda::sum_blocks + 77;
    pairs<float> p = random_pairs<float>(n);
    const pairs_on_device<float> on_device(p);
    pair_gradients<float> gradients = p.gradients();
    const loss_sums wanted = dpo{}(p.scores(), gradients);
    const cuda::pair_sum_room room;
    for (int again = 0; again < 2; ++again) {
        cuda::pairwise_loss(dpo{}, on_device.columns, on_device.results(), room, nullptr);
        const loss_sums found = cuda::read_pair_sums(dpo{}, on_device.columns, room, nullptr);
        CHECK(found.loss == doctest::Approx(wanted.loss).epsilon(1e-6));
        CHECK(found.correct == wanted.correct);
    }
    CHECK(near_column(on_device.d_chosen.values(), p.d_chosen));
}

TEST_CASE("Columns that are not given have their defaults, and results that are not wanted are not written") {
    pairs<double> p = random_pairs<double>(40);
    const pairs_on_device<double> on_device(p);
    const cuda::device_pairs<double> columns{
        .size = 40, .chosen = on_device.chosen.data(), .rejected = on_device.rejected.data()};
    pair_gradients<double> gradients = p.gradients();
    const loss_sums wanted = dpo{}(pair_scores<double>{.chosen = p.chosen, .rejected = p.rejected}, gradients);
    const cuda::pair_sum_room room;
    cuda::pairwise_loss(dpo{}, columns, {.rejected = on_device.d_rejected.data()}, room, nullptr);
    CHECK(cuda::read_pair_sums(dpo{}, columns, room, nullptr).loss == doctest::Approx(wanted.loss).epsilon(1e-13));
    CHECK(near_column(on_device.d_rejected.values(), p.d_rejected));
    CHECK(on_device.d_chosen.values() == p.chosen);
    CHECK(on_device.values.values() == p.chosen);

    const std::size_t before = emulator::launches();
    cuda::pairwise_loss(dpo{}, cuda::device_pairs<double>{}, {}, room, nullptr);
    CHECK(cuda::read_pair_sums(dpo{}, cuda::device_pairs<double>{}, room, nullptr).pairs == 0);
    CHECK(emulator::launches() == before);
}

TEST_CASE("A fault is said by the lowest pair that has one, in the processor's words") {
    const auto said = [](auto change) {
        pairs<double> p = random_pairs<double>(300);
        change(p);
        const pairs_on_device<double> on_device(p);
        return launch_refusal<error>(dpo{}, p, on_device.columns);
    };
    CHECK(said([](pairs<double>& p) { p.chosen[299] = p.rejected[130] = test::not_a_number; }) ==
          "pair 130: rejected is nan, a finite number was expected");
    CHECK(said([](pairs<double>& p) { p.target[7] = 1.5; }) ==
          "pair 7: target is 1.5, a probability in [0, 1] was expected");
    CHECK(said([](pairs<double>& p) { p.weight[0] = -1; }) ==
          "pair 0: weight is -1, a number that is not negative was expected");
    pairs<double> certain = random_pairs<double>(9);
    certain.rejected[4] = 0;
    certain.target = std::vector<double>(9, 1.0);
    CHECK(launch_refusal<numeric_error>(orpo{}, certain, pairs_on_device<double>(certain).columns)
              .starts_with("pair 4: the rejected response is certain"));
}

TEST_CASE("Parameters and columns are refused before anything is started") {
    const pairs<float> p = random_pairs<float>(3);
    const pairs_on_device<float> on_device(p);
    const std::size_t before = emulator::launches();
    CHECK(launch_refusal<argument_error>(dpo{.beta = -1}, p, on_device.columns) ==
          "beta is -1, a positive number was expected");
    CHECK(launch_refusal<argument_error>(ipo_sum{.beta = 0}, p, on_device.columns).starts_with("beta is 0"));
    CHECK(launch_refusal<argument_error>(nca{}, p, on_device.columns).find("takes no margin column") !=
          std::string::npos);
    cuda::device_pairs<float> columns = on_device.columns;
    columns.rejected_tokens = nullptr;
    CHECK(launch_refusal<argument_error>(simpo{}, p, columns).find("needs the responses' lengths") !=
          std::string::npos);
    columns.reference_chosen = nullptr;
    CHECK(launch_refusal<argument_error>(dpo{}, p, columns).find("must both be given") != std::string::npos);
    CHECK(emulator::launches() == before);
}

TEST_CASE("What runs in device code is a composition of plain parts") {
    static_assert(cuda::DevicePairwiseLoss<dpo> && cuda::DevicePairwiseLoss<ipo_mean> &&
                  cuda::DevicePairwiseLoss<pairwise<per_token<forward_kl>, hinge_link>>);
    static_assert(!cuda::DevicePairwiseLoss<basic_dpo<any_divergence>>, "chosen at run time");
    static_assert(!cuda::DevicePairwiseLoss<any_loss<double>>);
    static_assert(!cuda::DevicePairwiseLoss<dr_dpo> && !cuda::DevicePairwiseLoss<aot>, "couple a batch");
    static_assert(!cuda::DevicePairwiseLoss<confident_dpo_quantile> && !cuda::DevicePairwiseLoss<kto<>>);
}

namespace {

/// Of n pairs with references, all results wanted: 7 columns, and of every block its 9 sums, written and read by the
/// last one, and the count of blocks, read and written.
template <class Real> test::moved_bytes pair_traffic(std::size_t n) {
    const std::size_t blocks = cuda::blocks_of_sums(n), sums = 8 * cuda::pair_sums,
                      moved = 7 * n * sizeof(Real) + 2 * blocks * sums + sums;
    return {moved + 8, moved + 8 * blocks + 4};
}

template <class Real> void check_pair_traffic(std::size_t n) {
    const pairs<Real> p = random_pairs<Real>(n);
    const pairs_on_device<Real> on_device(p);
    cuda::device_pairs<Real> columns = on_device.columns;
    columns.weight = columns.target = columns.margin = nullptr;
    const cuda::pair_sum_room room;
    test::check_traffic(message("pairwise loss, ", n, sizeof(Real) == 4 ? " pairs, float" : " pairs, double"),
                        pair_traffic<Real>(n),
                        [&] { cuda::pairwise_loss(dpo{}, columns, on_device.results(), room, nullptr); });
}

} // namespace

TEST_CASE("The kernel of preference losses moves what its formula says") {
    check_pair_traffic<float>(4096);
    check_pair_traffic<double>(4096);
}
