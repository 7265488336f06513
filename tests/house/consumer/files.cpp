// A call of each package that the component files links.
#include <cstdio>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json_fwd.hpp>
#include <zlib.h>

#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/text/steps/normalise.hpp>

int main() {
    std::string text = "e\u0301";
    preflearn::normalise(text, {preflearn::unicode_form_step{}});
    const bool composed = text == "\u00e9" && zlibVersion()[0] == ZLIB_VERSION[0];
    std::printf("%s\n",
                fmt::format("{} {:.4f}", composed ? "composed" : "not composed", preflearn::sigmoid(0.0)).c_str());
}
