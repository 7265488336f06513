// What GCC 12 gets wrong for AVX-512 unless the library's target tells it to leave out a pass: a short list of doubles.
#include <cstdio>
#include <vector>

[[gnu::noipa]] std::vector<double> twice_two() { return {2, 2, 0, 0}; }

int main() {
    const std::vector<double> list = twice_two();
    std::printf("%g %g %g %g\n", list[0], list[1], list[2], list[3]);
}
