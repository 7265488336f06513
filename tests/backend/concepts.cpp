#include <doctest/doctest.h>

#include <preflearn/backend/concepts.hpp>
#include <preflearn/backend/cpu.hpp>

using namespace preflearn;

namespace {

struct no_backend {};
/// The processor without its attention.
struct without_attention : cpu_backend {
    template <class T> struct attention {};
};

} // namespace

static_assert(ScoringBackend<cpu_backend, float> && ScoringBackend<cpu_backend, double>);
static_assert(LearningBackend<cpu_backend, float> && LearningBackend<cpu_backend, double>);
static_assert(OwnsArrays<cpu_backend, float> && !OwnsArrays<no_backend, float>);
static_assert(OwnsArrays<without_attention, float> && !ScoringBackend<without_attention, float>);

TEST_CASE("a backend is known by name") { CHECK(cpu_backend::name == "cpu"); }
