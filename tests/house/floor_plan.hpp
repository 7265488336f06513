// The rooms and sub-rooms as README's table plans them, the includes as the headers have them, and what is wrong
// between the two. A row `loss/pairs` is a sub-room: it lists the sub-rooms of its room that it may include (by the
// room's own name those headers that lie in no sub-room), and may include all that the row `loss` lists of other rooms.
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

/// "core" of core and of core/numbers.
inline std::string room_of(std::string_view folder) { return std::string(folder.substr(0, folder.find('/'))); }

/// The folder that a header of the library stands for: "loss/pairs" of preflearn/loss/pairs/walk.hpp and of the
/// umbrella header preflearn/loss/pairs.hpp; nothing for preflearn.hpp and other libraries. \param folders all that
/// hold headers
inline std::string folder_of(std::string_view path, const std::set<std::string>& folders) {
    constexpr std::string_view start = "preflearn/";
    if (!path.starts_with(start)) return {};
    path.remove_prefix(start.size());
    const std::string stem(path.substr(0, path.rfind('.')));
    return folders.contains(stem) ? stem : stem.substr(0, std::min(stem.rfind('/'), stem.size()));
}

/// The folders below preflearn/ that hold headers.
inline std::set<std::string> folders_of(const std::vector<header>& headers) {
    std::set<std::string> folders;
    for (const header& h : headers) {
        std::string folder = folder_of(h.path, {});
        while (folders.insert(folder).second && folder.find('/') != std::string::npos) folder.resize(folder.rfind('/'));
    }
    folders.erase(""); // of preflearn.hpp
    return folders;
}

/// The component whose packages a header from outside belongs to: "core", "files", "onednn", "cuda", or nothing for a
/// stranger.
inline std::string component_of(std::string_view include) {
    constexpr auto is = [](std::string_view text, auto... starts) { return (text.starts_with(starts) || ...); };
    if (is(include, "oneapi/dnnl/")) return "onednn";
    if (is(include, "cuda_runtime", "cublasLt.h")) return "cuda";
    if (is(include, "nlohmann/", "fmt/", "zlib.h", "utf8proc.h")) return "files";
    if (is(include, "Eigen/", "xtensor/", "xtl/", "omp.h", "unistd.h", "fcntl.h", "dlfcn.h", "poll.h", "signal.h",
           "sys/"))
        return "core";
    return include.find('/') == std::string_view::npos && include.find('.') == std::string_view::npos ? "core" : "";
}

/// The house as a graph: each folder that has a row of its own is a floor.
class floor_plan {
  public:
    floor_plan(const std::vector<room>& table, const std::vector<header>& headers)
        : table_(table), headers_(headers), folders_(folders_of(headers)) {
        for (const room& r : table) rows_.emplace(r.name, r);
        for (const header& h : headers) by_path_.emplace(h.path, h);
    }

    /// Sentences about everything that is wrong; empty when the headers keep to the table.
    [[nodiscard]] std::vector<std::string> faults() {
        check_rows();
        check_cycles();
        check_includes();
        check_circles();
        check_components();
        return std::move(found_);
    }

    /// The row that a header of the library belongs to; nothing for other libraries.
    [[nodiscard]] std::string row_of(std::string_view path) const {
        std::string folder = folder_of(path, folders_);
        while (!rows_.contains(folder) && folder.find('/') != std::string::npos) folder.resize(folder.rfind('/'));
        return folder;
    }

  private:
    const std::vector<room>& table_;
    const std::vector<header>& headers_;
    std::set<std::string> folders_;
    std::map<std::string, room> rows_;
    std::map<std::string, header> by_path_;
    std::vector<std::string> found_;

    void say(std::string sentence) {
        if (std::ranges::find(found_, sentence) == found_.end()) found_.push_back(std::move(sentence));
    }
    [[nodiscard]] const header* find(const std::string& path) const {
        const auto found = by_path_.find(path);
        return found == by_path_.end() ? nullptr : &found->second;
    }
    [[nodiscard]] std::vector<std::string> arrows_of(const std::string& name) const {
        const auto found = rows_.find(name);
        return found == rows_.end() ? std::vector<std::string>{} : found->second.may_include;
    }
    [[nodiscard]] bool has_sub_rooms(const std::string& room) const {
        return std::ranges::any_of(table_, [&](const test::room& r) { return r.name.starts_with(room + '/'); });
    }
    /// An umbrella header is no floor by itself: it includes the folder of its name.
    [[nodiscard]] bool is_umbrella(const header& h) const {
        return folders_.contains(h.path.substr(0, h.path.rfind('.')).substr(std::string_view("preflearn/").size()));
    }

    [[nodiscard]] bool may_include(const std::string& from, const std::string& to) const {
        const auto lists = [&](const std::string& row, const std::string& name) {
            const std::vector<std::string> arrows = arrows_of(row);
            return std::ranges::find(arrows, name) != arrows.end();
        };
        if (from == to || lists(from, to)) return true;
        if (room_of(from) == room_of(to)) return false;
        return lists(from, room_of(to)) || lists(room_of(from), to) || lists(room_of(from), room_of(to));
    }

    void check_rows() {
        std::set<std::string> names;
        for (const room& r : table_) {
            if (!names.insert(r.name).second) say("room " + r.name + " stands in the table twice");
            if (r.component != "core" && r.component != "files" && r.component != "onednn" && r.component != "cuda")
                say("room " + r.name + ": component `core`, `files`, `onednn` or `cuda` was expected, found `" +
                    r.component + "`");
            if (!folders_.contains(r.name)) say("room " + r.name + " of the table has no headers");
            for (const std::string& other : r.may_include)
                if (!rows_.contains(other))
                    say("room " + r.name + " may include " + other + ", which is not in the table");
        }
        for (const std::string& folder : folders_) // sub-rooms all have rows, or none
            if (!rows_.contains(folder) && (folder == room_of(folder) || has_sub_rooms(room_of(folder))))
                say("room " + folder + " is missing from the table");
    }

    /// Going along the arrows never comes back; an arrow to another room is one to each of its sub-rooms.
    void check_cycles() {
        std::set<std::string> done, way;
        const std::function<void(const std::string&)> visit = [&](const std::string& name) {
            if (way.contains(name)) say("room " + name + " reaches itself along the arrows of the table");
            if (done.contains(name) || !rows_.contains(name) || !way.insert(name).second) return;
            std::vector<std::string> next = arrows_of(name);
            for (const std::string& other : arrows_of(room_of(name)))
                if (room_of(other) != room_of(name)) next.push_back(other);
            for (const std::string& other : next) {
                visit(other);
                if (other == room_of(name) || other.find('/') != std::string::npos) continue;
                for (const room& r : table_)
                    if (r.name.starts_with(other + '/')) visit(r.name);
            }
            way.erase(name);
            done.insert(name);
        };
        for (const room& r : table_) visit(r.name);
    }

    void check_includes() {
        std::map<std::string, std::set<std::string>> arrows; // as the headers have them
        std::set<std::string> wrong;
        for (const header& h : headers_) {
            const std::string from = row_of(h.path);
            if (!rows_.contains(from)) continue;
            for (const std::string& include : h.includes) {
                const std::string to = row_of(include);
                if (include == "preflearn.hpp") say(h.path + " includes the whole library");
                if (to.empty() && component_of(include).empty())
                    say(h.path + " includes " + include + " of a package that no component has");
                if (to.empty() || to == from || (is_umbrella(h) && to.starts_with(from + '/'))) continue;
                arrows[from].insert(room_of(to) == room_of(from) ? to : room_of(to));
                if (may_include(from, to)) continue;
                wrong.insert(from);
                say(h.path + " includes " + include + ", but " + from + " may not include " + to);
            }
        }
        for (const std::string& row : wrong) {
            std::string list;
            for (const std::string& to : arrows[row]) list += (list.empty() ? "`" : ", `") + to + '`';
            say("the headers of " + row + " include " + list);
        }
    }

    /// No header includes itself through others.
    void check_circles() {
        std::set<std::string> done, way;
        const std::function<void(const std::string&)> visit = [&](const std::string& path) {
            if (done.contains(path) || find(path) == nullptr) return;
            way.insert(path);
            for (const std::string& next : find(path)->includes) {
                if (way.contains(next))
                    say(path + " includes " + next + ", which includes it");
                else
                    visit(next);
            }
            way.erase(path);
            done.insert(path);
        };
        for (const header& h : headers_) visit(h.path);
    }

    /// A room of the component core reaches no package of another component, one of files none of onednn or cuda, these
    /// two none of each other. (An umbrella header needs what its sub-rooms need.)
    void check_components() {
        for (const room& r : table_) {
            std::set<std::string> reached;
            const std::function<void(const std::string&)> reach = [&](const std::string& path) {
                if (find(path) == nullptr || !reached.insert(path).second) return;
                for (const std::string& include : find(path)->includes) {
                    reach(include);
                    const std::string of = component_of(include);
                    const bool needed =
                        of.empty() || of == "core" || of == r.component || (of == "files" && r.component != "core");
                    if (row_of(include).empty() && !needed)
                        say("room " + r.name + " of the component " + r.component + " reaches " + include +
                            " through " + path);
                }
            };
            for (const header& h : headers_)
                if (row_of(h.path) == r.name && !is_umbrella(h)) reach(h.path);
        }
    }
};

} // namespace test
