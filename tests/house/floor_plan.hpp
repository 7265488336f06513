// The rooms as README's table plans them, the includes as the headers have them, and what is wrong between the two.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <istream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace test {

/// A row of the table.
struct room {
    std::string name;
    std::vector<std::string> may_include;
    std::string component;
};

/// A header of the library: its path below include/ and what it includes in angle brackets.
struct header {
    std::string path;
    std::vector<std::string> includes;
};

/// The words in `backticks` of a table's cell.
inline std::vector<std::string> in_backticks(std::string_view cell) {
    std::vector<std::string> words;
    for (std::size_t open = cell.find('`'); open != std::string_view::npos;) {
        const std::size_t close = cell.find('`', open + 1);
        if (close == std::string_view::npos) break;
        words.emplace_back(cell.substr(open + 1, close - open - 1));
        open = cell.find('`', close + 1);
    }
    return words;
}

/// The table that begins with "| room | lives there | may include | component |".
inline std::vector<room> read_table(std::istream& text) {
    std::vector<room> rooms;
    std::string line;
    while (std::getline(text, line) && !line.starts_with("| room | lives there | may include | component |")) {
    }
    std::getline(text, line); // |---|
    while (std::getline(text, line) && line.starts_with("|")) {
        std::vector<std::string> cells;
        for (std::size_t begin = 1, end = line.find('|', 1); end != std::string::npos; end = line.find('|', begin)) {
            cells.push_back(line.substr(begin, end - begin));
            begin = end + 1;
        }
        cells.resize(4);
        const std::vector<std::string> name = in_backticks(cells[0]), component = in_backticks(cells[3]);
        rooms.push_back({name.empty() ? "" : name[0], in_backticks(cells[2]), component.empty() ? "" : component[0]});
    }
    return rooms;
}

inline std::vector<std::string> lines_of(const std::filesystem::path& file) {
    std::ifstream stream(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

/// Every header below `include`, in the order of its path.
inline std::vector<header> read_headers(const std::filesystem::path& include) {
    std::vector<header> headers;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(include)) {
        if (entry.path().extension() != ".hpp") continue;
        header found{entry.path().lexically_relative(include).generic_string(), {}};
        for (const std::string& line : lines_of(entry.path())) {
            constexpr std::string_view start = "#include <";
            if (line.starts_with(start))
                found.includes.push_back(line.substr(start.size(), line.find('>') - start.size()));
        }
        headers.push_back(std::move(found));
    }
    std::ranges::sort(headers, {}, &header::path);
    return headers;
}

/// "core" of preflearn/core.hpp and of preflearn/core/error.hpp; nothing for preflearn.hpp and other libraries.
inline std::string room_of(std::string_view path) {
    constexpr std::string_view start = "preflearn/";
    if (!path.starts_with(start)) return {};
    path.remove_prefix(start.size());
    return std::string(path.substr(0, std::min(path.find('/'), path.find('.'))));
}

/// The component whose packages a header from outside belongs to: "core", "files", or nothing for a stranger.
inline std::string component_of(std::string_view include) {
    constexpr auto is = [](std::string_view text, auto... starts) { return (text.starts_with(starts) || ...); };
    if (is(include, "nlohmann/", "fmt/", "zlib.h", "utf8proc.h")) return "files";
    if (is(include, "Eigen/", "xtensor/", "xtl/", "omp.h", "unistd.h", "fcntl.h", "sys/")) return "core";
    return include.find('/') == std::string_view::npos && include.find('.') == std::string_view::npos ? "core" : "";
}

/// Sentences about everything that is wrong; empty when the headers keep to the table.
inline std::vector<std::string> faults(const std::vector<room>& table, const std::vector<header>& headers) {
    std::vector<std::string> found;
    std::map<std::string, room> rooms;
    for (const room& r : table) {
        if (!rooms.emplace(r.name, r).second) found.push_back("room " + r.name + " stands in the table twice");
        if (r.component != "core" && r.component != "files")
            found.push_back("room " + r.name + ": component `core` or `files` was expected, found `" + r.component +
                            "`");
        for (const std::string& other : r.may_include) {
            if (std::ranges::find(table, other, &room::name) == table.end())
                found.push_back("room " + r.name + " may include " + other + ", which is not in the table");
        }
    }

    // No cycle: going along the arrows never comes back.
    std::set<std::string> done, way;
    const std::function<void(const std::string&)> visit = [&](const std::string& name) {
        if (way.contains(name)) found.push_back("room " + name + " reaches itself along the arrows of the table");
        if (done.contains(name) || way.contains(name) || !rooms.contains(name)) return;
        way.insert(name);
        for (const std::string& other : rooms[name].may_include) visit(other);
        way.erase(name);
        done.insert(name);
    };
    for (const room& r : table) visit(r.name);

    std::map<std::string, header> by_path;
    std::set<std::string> built;
    for (const header& h : headers) {
        by_path[h.path] = h;
        const std::string from = room_of(h.path);
        if (from.empty()) continue;
        if (built.insert(from).second && !rooms.contains(from))
            found.push_back("room " + from + " is missing from the table");
        for (const std::string& include : h.includes) {
            const std::string to = room_of(include);
            const std::vector<std::string>& allowed = rooms[from].may_include;
            if (!to.empty() && to != from && std::ranges::find(allowed, to) == allowed.end())
                found.push_back(h.path + " includes " + include + ", but " + from + " may not include " + to);
            if (include == "preflearn.hpp") found.push_back(h.path + " includes the whole library");
            if (to.empty() && component_of(include).empty())
                found.push_back(h.path + " includes " + include + " of a package that no component has");
        }
    }
    for (const room& r : table) {
        if (!built.contains(r.name)) found.push_back("room " + r.name + " of the table has no headers");
    }

    // A room of the component core reaches no package of the component files.
    for (const room& r : table) {
        if (r.component != "core") continue;
        std::set<std::string> reached;
        const std::function<void(const std::string&)> reach = [&](const std::string& path) {
            if (!reached.insert(path).second) return;
            for (const std::string& include : by_path[path].includes) {
                if (!room_of(include).empty())
                    reach(include);
                else if (component_of(include) == "files")
                    found.push_back("room " + r.name + " of the component core reaches " + include + " through " +
                                    path);
            }
        };
        reach("preflearn/" + r.name + ".hpp");
    }
    return found;
}

} // namespace test
