// Functions that hide each other: one of an inner namespace `detail` hides all of its name outside, for every
// unqualified call within any `detail`, wherever it stands: so a call means another function once another header is
// included. Headers are read as text; what is declared at the beginning of a line within namespaces alone is seen.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "floor_plan.hpp"

namespace test {

/// The function that a line declares or begins to declare; empty: none.
inline std::string function_declared(std::string_view line) {
    const auto is_letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    if (line.empty() || (!is_letter(line[0]) && line[0] != '[' && line[0] != ':')) return {};
    for (const std::string_view other : {"struct ", "class ", "enum ", "using ", "namespace ", "static_assert",
                                         "union ", "extern ", "return ", "if ", "for ", "case "})
        if (line.starts_with(other)) return {};
    int depth = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (c == '<') ++depth;
        if (c == '>' && line[i - 1] != '-') --depth;
        if (c == '=' && depth <= 0) return {}; // a variable, or an operator
        if (c != '(' || depth > 0) continue;
        std::size_t begin = i;
        while (begin > 0 && is_letter(line[begin - 1])) --begin;
        const std::string name(line.substr(begin, i - begin));
        const std::set<std::string> words{"",       "requires", "decltype", "noexcept", "alignas",
                                          "sizeof", "operator", "void",     "explicit"};
        return words.contains(name) ? std::string() : name;
    }
    return {};
}

/// Where functions are declared: by name and namespace the headers.
using declared_functions = std::map<std::string, std::map<std::string, std::set<std::string>>>;

inline void read_functions(const std::string& path, const std::vector<std::string>& lines,
                           declared_functions& functions) {
    std::vector<std::string> names;
    for (const std::string& line : lines) {
        const std::size_t word = line.find("namespace ");
        if (word == 0 || line.starts_with("inline namespace ")) {
            const std::size_t brace = line.find(" {");
            if (brace == line.npos || line.find('}') != line.npos) continue; // an alias, or a forward declaration
            names.push_back(line.substr(word + 10, brace - word - 10));
        } else if (line.starts_with("} // namespace")) {
            if (!names.empty()) names.pop_back();
        } else if (const std::string name = function_declared(line); !name.empty() && !names.empty()) {
            std::string all;
            for (const std::string& one : names) all += (all.empty() ? "" : "::") + one;
            functions[name][all].insert(path);
        }
    }
}

/// A sentence for every function of a `detail` that has the name of one outside it in another header.
inline std::vector<std::string> hidden_names(const declared_functions& functions) {
    constexpr std::string_view inner = "::detail";
    std::vector<std::string> faults;
    for (const auto& [name, spaces] : functions) {
        for (const auto& [space, headers] : spaces) {
            if (!space.ends_with(inner)) continue;
            for (std::string outer = space.substr(0, space.size() - inner.size()); !outer.empty();
                 outer.resize(outer.rfind("::") == outer.npos ? 0 : outer.rfind("::"))) {
                const auto found = spaces.find(outer);
                if (found == spaces.end()) continue;
                for (const std::string& header : headers)
                    for (const std::string& other : found->second)
                        if (header != other)
                            faults.push_back(space + "::" + name + " of " + header + " hides " + outer + "::" + name +
                                             " of " + other);
            }
        }
    }
    return faults;
}

} // namespace test
