// The product m16n8k16 of a warp, from the table of PTX's manual: of lane l, with g = l / 4 and t = l % 4, element i of
// A has row g + 8 (i / 2 mod 2) and column 2 t + i mod 2 + 8 (i / 4); element i of B has row 2 t + i mod 2 + 8 (i / 2)
// and column g; element i of C has row g + 8 (i / 2) and column 2 t + i mod 2.
#include <preflearn/core/numbers/half.hpp>

#include "scheduler.hpp"

namespace emulator {
namespace {

float element(const std::uint32_t* registers, unsigned i, bool bfloat) {
    const auto bits = static_cast<std::uint16_t>(registers[i / 2] >> (16 * (i % 2)));
    return bfloat ? preflearn::float_of_bf16(bits) : preflearn::float_of_f16(bits);
}

} // namespace

void multiply(device_thread* lanes) {
    float a[16][16], b[16][8];
    for (unsigned l = 0; l < 32; ++l) {
        const unsigned g = l / 4, t = l % 4;
        const warp_factors& f = lanes[l].factors;
        for (unsigned i = 0; i < 8; ++i)
            a[g + 8 * (i / 2 % 2)][2 * t + i % 2 + 8 * (i / 4)] = element(f.a, i, f.bfloat);
        for (unsigned i = 0; i < 4; ++i) b[2 * t + i % 2 + 8 * (i / 2)][g] = element(f.b, i, f.bfloat);
    }
    for (unsigned l = 0; l < 32; ++l)
        for (unsigned i = 0; i < 4; ++i) {
            const unsigned row = l / 4 + 8 * (i / 2), column = 2 * (l % 4) + i % 2;
            double sum = lanes[l].factors.c[i];
            for (unsigned k = 0; k < 16; ++k) sum += double{a[row][k]} * double{b[k][column]};
            lanes[l].factors.c[i] = static_cast<float>(sum);
        }
}

} // namespace emulator
