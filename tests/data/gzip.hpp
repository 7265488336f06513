/// \file
/// A text as one gzip member, made in memory.
// SPDX-License-Identifier: MIT
#pragma once

#include <sstream>
#include <string>
#include <string_view>

#include <preflearn/data/files/text_writer.hpp>

namespace test {

inline std::string gzipped(std::string_view text) {
    std::ostringstream out;
    preflearn::detail::gzip_writer gzip(out);
    gzip.write(text);
    gzip.finish();
    return out.str();
}

} // namespace test
