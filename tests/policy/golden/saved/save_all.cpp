// save_all IN OUT: loads each model below IN, of its folder and of its GGUF file, and saves it below OUT.
#include <filesystem>
#include <iostream>
#include <string>

#include <preflearn/policy/files/load.hpp>

using namespace preflearn;

int main(int, char** arguments) {
    for (const auto& entry : std::filesystem::directory_iterator(arguments[1])) {
        if (!std::filesystem::exists(entry.path() / "golden.json")) continue;
        const std::filesystem::path out = std::filesystem::path(arguments[2]) / entry.path().filename();
        const std::filesystem::path gguf = entry.path() / "model.gguf";
        save_transformer(load_transformer<float>(entry.path()), out);
        if (!std::filesystem::exists(gguf)) continue;
        try {
            save_transformer(load_transformer<float>(gguf), out.string() + "_gguf");
        } catch (const argument_error& failure) { // llama3's divisors
            std::cout << entry.path().filename().string() << ", GGUF: " << failure.what() << '\n';
        }
    }
}
