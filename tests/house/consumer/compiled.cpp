// A loss by name from the compiled twin: this file holds none of its code.
#include <cstdio>
#include <vector>

#include <preflearn/compiled/losses.hpp>

int main() {
    const std::vector<double> chosen{1}, rejected{0};
    const auto loss = preflearn::loss_named("bradley_terry", {});
    std::printf("%.4f\n", loss({.chosen = chosen, .rejected = rejected}, {}).loss);
}
