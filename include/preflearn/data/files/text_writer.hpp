/// \file
/// Text on its way to a file: gzipped where the file's name ends in ".gz", else as it is.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <filesystem>
#include <ios>
#include <memory>
#include <optional>
#include <ostream>
#include <string_view>

#include <zlib.h>

#include <preflearn/core/system/error.hpp>

namespace preflearn {

namespace detail {

/// Passes text on to a stream, gzipped on the way; the same text gives the same bytes.
class gzip_writer {
  public:
    explicit gzip_writer(std::ostream& out) : out_(&out), state_(new z_stream{}) {
        constexpr int gzip_format = 16, memory = 8;
        require<input_error>(deflateInit2(state_.get(), Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + gzip_format,
                                          memory, Z_DEFAULT_STRATEGY) == Z_OK,
                             "zlib cannot start");
    }
    void write(std::string_view text) { deflate_all(text, Z_NO_FLUSH); }
    void finish() { deflate_all({}, Z_FINISH); }

  private:
    struct end_deflate {
        void operator()(z_stream* state) const {
            deflateEnd(state);
            delete state;
        }
    };

    void deflate_all(std::string_view text, int flush) {
        state_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
        state_->avail_in = static_cast<uInt>(text.size());
        do {
            state_->next_out = reinterpret_cast<Bytef*>(buffer_.data());
            state_->avail_out = static_cast<uInt>(buffer_.size());
            deflate(state_.get(), flush);
            out_->write(buffer_.data(), static_cast<std::streamsize>(buffer_.size() - state_->avail_out));
        } while (state_->avail_out == 0);
    }

    std::ostream* out_;
    std::unique_ptr<z_stream, end_deflate> state_;
    std::array<char, 1 << 14> buffer_{};
};

} // namespace detail

/// Writes into a stream that belongs to the file `name`, and must outlive the writer.
class text_writer {
  public:
    text_writer(std::ostream& out, const std::filesystem::path& name) : out_(&out) {
        if (name.extension() == ".gz") gzip_.emplace(out);
    }
    void write(std::string_view text) {
        if (gzip_)
            gzip_->write(text);
        else
            out_->write(text.data(), static_cast<std::streamsize>(text.size()));
    }
    /// Must be called once, behind the last text.
    void finish() {
        if (gzip_) gzip_->finish();
    }

  private:
    std::ostream* out_;
    std::optional<detail::gzip_writer> gzip_;
};

} // namespace preflearn
