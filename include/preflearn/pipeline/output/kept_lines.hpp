/// \file
/// Results of an unfinished run, kept as lines while they are made: whoever is stopped goes on behind the last whole
/// line. The first line names the run.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/file_lock.hpp>

namespace preflearn {

namespace detail {

/// Of a header or a part of one, all but its last word, which names the run.
inline std::string_view kind_kept(std::string_view header) { return header.substr(0, header.rfind(' ') + 1); }

} // namespace detail

/// The file belongs to one object at a time, whichever process has it.
class kept_lines {
  public:
    /// Opens or begins the file; what is there is cut behind its last whole line.
    /// What a run of the same kind left that kept nothing is begun anew.
    /// \param header names what is kept and, in its last word, for which run, without a line break
    /// \throws input_error when the file has another header, cannot be read or written, or another process is at it.
    kept_lines(std::filesystem::path path, const std::string& header) : path_(std::move(path)) {
        stream_.open(path_, std::ios::binary | std::ios::app);
        require<input_error>(stream_.is_open(), path_.string(), ": cannot be written");
        lock_ = file_lock(path_);
        require<input_error>(!lock_.taken() && (!lock_.held() || lock_.is_at(path_)), path_.string(),
                             ": another process is making what is kept there");
        read(header);
        if (begun_) return;
        stream_ << header << '\n';
        flush();
    }

    /// Those that were there when it was opened.
    [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
    /// The same from the line `first` on, each read.
    /// \param read makes a value of a line, or throws \throws input_error naming the line then
    template <class Read> [[nodiscard]] auto read_lines(const Read& read, std::size_t first = 0) const {
        std::vector<decltype(read(std::string_view()))> values;
        for (std::size_t i = first; i < lines_.size(); ++i) {
            try {
                values.push_back(read(std::string_view(lines_[i])));
            } catch (const std::exception&) {
                throw input_error(message(path_.string(), ": line ", i + 2, " was damaged; remove the file"));
            }
        }
        return values;
    }
    /// Adds lines, which have no line break in them, and hands them to the system.
    /// \throws input_error when they cannot be written.
    void append(std::span<const std::string> lines) {
        for (const std::string& line : lines) stream_ << line << '\n';
        flush();
    }

  private:
    void read(const std::string& header) {
        std::ifstream stream(path_, std::ios::binary);
        require<input_error>(stream.is_open(), path_.string(), ": cannot be read");
        std::uint64_t whole = 0;
        const std::string_view kind = detail::kind_kept(header);
        bool others = false, is_of_a_kind = false;
        std::string line;
        for (; std::getline(stream, line) && !stream.eof(); whole += line.size() + 1) {
            if (begun_) lines_.push_back(line);
            if (!begun_) others = line != header;
            if (!begun_) is_of_a_kind = kind.size() > 1 && detail::kind_kept(line) == kind;
            begun_ = true;
        }
        if (!begun_) { // empty, or a run was stopped in the middle of its header
            is_of_a_kind = header.starts_with(line) || (kind.size() > 1 && detail::kind_kept(line) == kind);
            others = !is_of_a_kind;
        }
        require<input_error>(!others || (lines_.empty() && is_of_a_kind), path_.string(),
                             ": belongs to a run with other inputs, options or seed; remove it or give another output "
                             "file");
        if (others) { // a run that kept nothing: there is nothing to lose
            begun_ = false;
            whole = 0;
        }
        std::error_code failure;
        std::filesystem::resize_file(path_, whole, failure);
        require<input_error>(!failure, path_.string(), ": cannot be cut: ", failure.message());
    }
    void flush() {
        require<input_error>(static_cast<bool>(stream_.flush()), path_.string(),
                             ": writing failed (is the disk full?)");
    }

    std::filesystem::path path_;
    std::vector<std::string> lines_;
    std::ofstream stream_;
    file_lock lock_;
    bool begun_ = false;
};

/// Removes what runs kept, once what they make is there: what one left that was stopped between the two. A file that is
/// none of kept lines stays.
inline void remove_kept(std::initializer_list<std::filesystem::path> kept) {
    constexpr std::string_view mark = "# preflearn ";
    for (const std::filesystem::path& path : kept) {
        std::string begin(mark.size(), '\0');
        std::ifstream stream(path, std::ios::binary);
        if (!stream.is_open()) continue;
        stream.read(begin.data(), static_cast<std::streamsize>(mark.size()));
        begin.resize(static_cast<std::size_t>(stream.gcount()));
        std::error_code ignored;
        if (mark.starts_with(begin)) std::filesystem::remove(path, ignored);
    }
}

} // namespace preflearn
