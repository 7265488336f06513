#include "places.hpp"

#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <mutex>
#include <sstream>
#include <vector>

namespace emulator {
namespace {

/// What binutils' addr2line says: name and line of each inlined function, innermost first.
std::vector<std::string> ask(std::uintptr_t address) {
    static std::map<std::uintptr_t, std::vector<std::string>> known;
    static std::mutex lock;
    const std::lock_guard held(lock);
    const auto [at, fresh] = known.try_emplace(address);
    if (!fresh) return at->second;
    Dl_info info{};
    if (dladdr(reinterpret_cast<void*>(address), &info) == 0) return {};
    const auto base = reinterpret_cast<std::uintptr_t>(info.dli_fbase);
    // A program at a fixed address knows it as it is.
    const bool moved = reinterpret_cast<const ElfW(Ehdr)*>(base)->e_type == ET_DYN;
    char self[4096];
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0) return {};
    std::ostringstream command;
    command << "addr2line -f -i -C -s -e '" << std::string(self, static_cast<std::size_t>(length)) << "' 0x" << std::hex
            << (moved ? address - base : address) << " 2>/dev/null";
    std::FILE* answer = popen(command.str().c_str(), "r");
    if (answer == nullptr) return {};
    std::string text;
    for (int c; (c = std::fgetc(answer)) != EOF;) text += static_cast<char>(c);
    pclose(answer);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        at->second.push_back(line.substr(0, line.find(" (discriminator")));
    return at->second;
}

} // namespace

std::string line_of(const void* address) {
    const std::vector<std::string> told = ask(reinterpret_cast<std::uintptr_t>(address) - 1);
    std::string outer, inner;
    for (std::size_t i = 1; i < told.size(); i += 2) {
        if (told[i].starts_with("??") || told[i].starts_with("cuda_runtime.h")) continue;
        if (inner.empty()) inner = told[i];
        outer = told[i];
    }
    if (outer.empty() || outer == inner) return outer;
    return outer + " (" + inner + ")";
}

std::string function_of(const void* address) {
    const std::vector<std::string> told = ask(reinterpret_cast<std::uintptr_t>(address));
    if (told.size() < 2 || told[told.size() - 2].starts_with("??")) return {};
    return told[told.size() - 2];
}

} // namespace emulator
