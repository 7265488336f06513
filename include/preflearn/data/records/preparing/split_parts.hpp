/// \file
/// Deals items out to the parts of a split, all of one prompt to the same part, so that no prompt stands on both sides.
/// Who goes where depends on the seed and the prompts, not on the order of the lines.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include <preflearn/core/numbers/finite_number.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// A share of all items below 1, a number of them, or what the other parts leave.
struct split_part {
    std::string name{};
    std::optional<double> size{};
};

/// "labelled=0.1,test=500,unlabelled=rest"; a share ρ alone is "labelled=ρ,unlabelled=rest", the setting of Tao & Li.
/// \throws argument_error naming the part that is wrong.
inline std::vector<split_part> split_parts_of(std::string_view text) {
    if (const auto share = finite_number(text)) {
        require(*share > 0 && *share < 1, "a split in two has a share between 0 and 1, found ", excerpt{text});
        return {{"labelled", *share}, {"unlabelled", std::nullopt}};
    }
    std::vector<split_part> parts;
    std::size_t rests = 0;
    double shares = 0;
    for (bool more = true; more;) {
        const std::size_t comma = text.find(',');
        const std::string_view one = text.substr(0, comma);
        more = comma != std::string_view::npos;
        if (more) text.remove_prefix(comma + 1);
        const std::size_t equals = one.find('=');
        require(equals != std::string_view::npos && equals > 0,
                "a part of a split is NAME=SHARE, NAME=NUMBER or "
                "NAME=rest, found ",
                excerpt{one});
        const std::string_view name = one.substr(0, equals), size = one.substr(equals + 1);
        const auto simple = [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
        };
        require(std::ranges::all_of(name, simple), "the part ", excerpt{name},
                " names a file: letters, digits, - and _ were expected");
        require(std::ranges::find(parts, name, &split_part::name) == parts.end(), "two parts are named ",
                excerpt{name});
        const auto number = finite_number(size);
        require(size == "rest" || (number && *number > 0 && (*number < 1 || *number == std::floor(*number))),
                "the part ", excerpt{name}, ": a share below 1, a number of pairs or rest was expected, found ",
                excerpt{size});
        rests += size == "rest";
        shares += number && *number < 1 ? *number : 0;
        parts.push_back({std::string(name), size == "rest" ? std::nullopt : number});
    }
    require(rests <= 1, "only one part can be the rest");
    require(shares <= 1 + 1e-9, "the shares sum to ", shares, ", at most 1 was expected");
    return parts;
}

/// The part of each item; nothing where no part has room. Groups of equal prompts have a random order, in which each
/// goes, whole, to the first part that has room for it, the rest last. Shares that sum to 1 leave nobody out: the last
/// of them takes what groups do not fill.
/// \param prompts a key of each item's prompt \throws argument_error when more are asked for than there are.
inline std::vector<std::optional<std::size_t>> deal(std::span<const std::uint64_t> prompts,
                                                    const std::vector<split_part>& parts, std::uint64_t seed) {
    const auto all = static_cast<double>(prompts.size());
    std::vector<double> room;
    double shares = 0, asked = 0;
    std::size_t last = parts.size();
    for (std::size_t p = 0; p < parts.size(); ++p) {
        const double size = parts[p].size.value_or(all);
        room.push_back(size < 1 ? std::floor(size * all + 1e-9) : size);
        if (!parts[p].size) last = p;
        asked += parts[p].size ? room.back() : 0;
        shares += parts[p].size && size < 1 ? size : 0;
    }
    require(asked <= all, "a split into parts of ", asked, " needs more than the ", prompts.size(), " there are");
    if (last == parts.size() && shares > 1 - 1e-9) last = parts.size() - 1, room.back() = all;
    std::unordered_map<std::uint64_t, std::size_t> counts;
    for (const std::uint64_t key : prompts) ++counts[key];
    std::vector<std::tuple<std::uint64_t, std::uint64_t, std::size_t>> groups;
    for (const auto& [key, count] : counts) groups.emplace_back(generator(seed, "split", key)(), key, count);
    std::ranges::sort(groups);
    std::unordered_map<std::uint64_t, std::optional<std::size_t>> homes;
    for (const auto& [rank, key, count] : groups) {
        std::optional<std::size_t> home;
        const auto size = static_cast<double>(count);
        for (std::size_t p = 0; p < parts.size() && !home; ++p)
            if (p != last && room[p] >= size) home = p;
        if (!home && last < parts.size()) home = last;
        if (home) room[*home] -= size;
        homes.emplace(key, home);
    }
    std::vector<std::optional<std::size_t>> dealt;
    for (const std::uint64_t key : prompts) dealt.push_back(homes.at(key));
    return dealt;
}

/// "pairs.jsonl.gz" and "test" are "pairs.test.jsonl.gz".
inline std::filesystem::path part_path(const std::filesystem::path& out, const std::string& part) {
    if (part.empty()) return out;
    std::filesystem::path name = out.filename();
    std::string ending;
    if (name.extension() == ".gz") ending = ".gz", name.replace_extension();
    ending = name.extension().string() + ending;
    return out.parent_path() / (name.stem().string() + "." + part + ending);
}

} // namespace preflearn
