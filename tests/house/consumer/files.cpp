// A call of each package that the component files links.
#include <cstdio>
#include <string>
#include <vector>

#include <preflearn/core.hpp>
#include <preflearn/text.hpp>

int main() {
    std::string text = "e\u0301";
    preflearn::normalise(text, {preflearn::unicode_form_step{}});
    std::printf("%s %.4f\n", text == "\u00e9" ? "composed" : "not composed", preflearn::sigmoid(0.0));
}
