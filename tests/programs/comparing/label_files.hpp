/// \file
/// Small files of labels that tests compare: pairs 0 to n - 1, two of each prompt, of the responses "a<i>" and a longer
/// "b<i>"; who prefers b is said by letters.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <preflearn/programs/comparing/compare_options.hpp>

#include "../../files.hpp"

namespace test {

/// A letter a pair: 'a' or 'b' is chosen, '-' the pair is not there, '=' a tie. \param human letters of the column
/// human, or none \param ids whether records have one
inline std::string labels_of(std::string_view said, std::string_view human = "", bool ids = true) {
    std::string lines;
    for (std::size_t i = 0; i < said.size(); ++i) {
        if (said[i] == '-') continue;
        const std::string number = std::to_string(i), a = "a" + number, b = "longer b" + number;
        nlohmann::ordered_json line;
        if (ids) line["id"] = i;
        line["prompt"] = "prompt " + std::to_string(i / 2);
        const bool is_b = said[i] == 'b';
        line["chosen"] = is_b ? b : a;
        line["rejected"] = is_b ? a : b;
        line["probability"] = said[i] == '=' ? 0.5 : 1.0;
        if (said[i] != '=') line["margin"] = 0.5 * static_cast<double>(i % 4 + 1);
        if (!human.empty() && human[i] != '-') line["human"] = human[i] == said[i] ? 1.0 : 0.0;
        lines += line.dump() + "\n";
    }
    return lines;
}

/// A truth with margins and categories, whose two responses stand in the order a, b.
inline std::string gold_of(std::string_view said) {
    std::string lines;
    for (std::size_t i = 0; i < said.size(); ++i) {
        const std::string number = std::to_string(i);
        const double margin = 1 + static_cast<double>(i % 3);
        const nlohmann::ordered_json line{{"id", i},
                                          {"prompt", "prompt " + std::to_string(i / 2)},
                                          {"responses", {"a" + number, "longer b" + number}},
                                          {"label", said[i] == 'a' ? "first" : "second"},
                                          {"margin", said[i] == 'a' ? margin : -margin},
                                          {"kind", i % 2 == 0 ? "even" : "odd"}};
        lines += line.dump() + "\n";
    }
    return lines;
}

/// Files in a folder and options that compare them.
struct label_files {
    folder at;
    preflearn::compare_options options;

    void add(const std::string& name, const std::string& content, const std::string& file = "") {
        const std::string written = file.empty() ? name + ".jsonl" : file;
        options.sources.push_back({name, at.write(written, content)});
    }
    void gold(const std::string& content) { options.gold = at.write("gold.jsonl", content).string(); }
};

} // namespace test
