/// \file
/// The bytes of a stream, block by block; gzip (RFC 1952) is recognised by its magic bytes, never by a name, and
/// decompressed on the way, members that follow one another included (`cat a.gz b.gz`, bgzip).
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <istream>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <zlib.h>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

class byte_reader {
  public:
    /// \throws input_error naming the path when it is not a file that can be opened.
    explicit byte_reader(const std::filesystem::path& path)
        : file_(opened(path)), stream_(file_.get()), name_(path.string()), input_(block_size) {}
    /// The stream must outlive the reader; `name` is what messages call it.
    byte_reader(std::istream& stream, std::string name)
        : stream_(&stream), name_(std::move(name)), input_(block_size) {}

    /// The next bytes, valid until the next call; empty at the end.
    /// \throws input_error naming the stream when it cannot be read, or its gzip data are damaged or cut short.
    std::span<const char> next() {
        if (!started_) start();
        if (!inflater_) {
            if (left_.empty()) refill();
            return std::exchange(left_, {});
        }
        for (;;) {
            if (left_.empty() && !refill()) {
                require<input_error>(!inside_member_, name_, ": the gzip data end early; the file is cut short");
                return {};
            }
            if (!inside_member_) {
                while (!left_.empty() && left_.front() == '\0') left_ = left_.subspan(1); // padding of block devices
                if (left_.empty()) continue;
                inside_member_ = true;
            }
            const auto made = decompress();
            if (!made.empty()) return made;
        }
    }

    [[nodiscard]] const std::string& name() const { return name_; }

  private:
    static constexpr std::size_t block_size = std::size_t{1} << 16;

    struct end_inflate {
        void operator()(z_stream* state) const {
            inflateEnd(state);
            delete state;
        }
    };

    static std::unique_ptr<std::ifstream> opened(const std::filesystem::path& path) {
        std::error_code ignored;
        require<input_error>(!std::filesystem::is_directory(path, ignored), path.string(),
                             ": is a folder, a file was expected");
        auto file = std::make_unique<std::ifstream>(path, std::ios::binary);
        require<input_error>(file->is_open(), path.string(), ": cannot be opened");
        return file;
    }

    void start() {
        started_ = true;
        refill();
        if (left_.size() < 2 || left_[0] != '\x1F' || left_[1] != '\x8B') return;
        inflater_.reset(new z_stream{});
        constexpr int gzip_only = 16;
        require<input_error>(inflateInit2(inflater_.get(), MAX_WBITS + gzip_only) == Z_OK, name_,
                             ": zlib cannot start");
        output_.resize(block_size);
    }

    bool refill() {
        stream_->read(input_.data(), static_cast<std::streamsize>(input_.size()));
        require<input_error>(!stream_->bad(), name_, ": reading failed");
        left_ = std::span(input_).first(static_cast<std::size_t>(stream_->gcount()));
        return !left_.empty();
    }

    std::span<const char> decompress() {
        z_stream& state = *inflater_;
        state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(left_.data()));
        state.avail_in = static_cast<uInt>(left_.size());
        state.next_out = reinterpret_cast<Bytef*>(output_.data());
        state.avail_out = static_cast<uInt>(output_.size());
        const int result = inflate(&state, Z_NO_FLUSH);
        require<input_error>(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR, name_,
                             ": the gzip data are damaged: ", state.msg == nullptr ? "unknown reason" : state.msg);
        left_ = left_.last(state.avail_in);
        if (result == Z_STREAM_END) {
            inside_member_ = false;
            inflateReset(&state);
        }
        return std::span(output_).first(output_.size() - state.avail_out);
    }

    std::unique_ptr<std::ifstream> file_;
    std::istream* stream_;
    std::string name_;
    std::vector<char> input_, output_;
    std::span<const char> left_; // of input_, not yet used
    std::unique_ptr<z_stream, end_inflate> inflater_;
    bool started_ = false;
    bool inside_member_ = false;
};

} // namespace preflearn
