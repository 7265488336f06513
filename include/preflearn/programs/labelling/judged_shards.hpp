/// \file
/// Judgements of a file's shards, kept as files of their own and put together again: what looks at all labels (the
/// surest share, flips by margin or length, debiasing by length) is done once every shard is judged, by a run that
/// judges nothing. The labels are those of one run over the whole file, byte by byte.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <ranges>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/pipeline/scoring/shard.hpp>
#include <preflearn/pipeline/teacher_kinds/text_teacher.hpp>
#include <preflearn/programs/labelling/judged_file.hpp>

namespace preflearn {

namespace detail {

/// Which shard a file says that it is, and its judgements.
inline std::pair<std::size_t, std::vector<judgement>> read_judged_shard(const std::filesystem::path& path,
                                                                        std::span<const std::string> headers) {
    std::ifstream stream(path, std::ios::binary);
    require<input_error>(stream.is_open(), path.string(), ": cannot be read");
    std::string line;
    std::getline(stream, line);
    const auto found = std::ranges::find(headers, line);
    require<input_error>(found != headers.end(), path.string(), ": is none of ", headers.size(),
                         " files of judgements that together are those of this teacher about this data, by this seed "
                         "(label --judge-only --shard I/",
                         headers.size(), ")");
    std::vector<judgement> said;
    while (std::getline(stream, line)) {
        try {
            said.push_back(read_judgement(line));
        } catch (const std::exception&) {
            throw input_error(message(path.string(), ": line ", said.size() + 2, " was damaged"));
        }
    }
    return {static_cast<std::size_t>(found - headers.begin()), std::move(said)};
}

} // namespace detail

/// The judgements of all records. \param paths of the shards, in any order \param key_of the key of a shard's
/// judgements \throws input_error for a file that is no shard of these, comes twice or is not finished.
inline std::vector<judgement> merged_judgements(std::span<const std::filesystem::path> paths, std::size_t records,
                                                const std::function<std::string(const shard&)>& key_of) {
    std::vector<std::string> headers;
    for (std::size_t i = 1; i <= paths.size(); ++i) headers.push_back(judgements_header(key_of({i, paths.size()})));
    std::vector<std::filesystem::path> read(paths.size());
    std::vector<std::vector<judgement>> parts(paths.size());
    for (const std::filesystem::path& path : paths) {
        auto [place, said] = detail::read_judged_shard(path, headers);
        const shard part{place + 1, paths.size()};
        require<input_error>(read[place].empty(), path.string(), ": is shard ", part, ", as ", read[place].string());
        const std::size_t wanted = part.end(records) - part.begin(records);
        require<input_error>(said.size() == wanted, path.string(), ": has judgements of ", said.size(),
                             " records, and shard ", part, " has ", wanted, ": is its run not finished?");
        read[place] = path;
        parts[place] = std::move(said);
    }
    std::vector<judgement> all;
    for (std::vector<judgement>& part : parts) std::ranges::move(part, std::back_inserter(all));
    return all;
}

} // namespace preflearn
