/// \file
/// The families that loading knows, found by what a file says that it is.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include <preflearn/core/system/error.hpp>
#include <preflearn/policy/family/decoder_family.hpp>
#include <preflearn/policy/family/gemma.hpp>
#include <preflearn/policy/family/gemma2.hpp>
#include <preflearn/policy/family/gemma3.hpp>
#include <preflearn/policy/family/gpt2.hpp>
#include <preflearn/policy/family/gpt_neox.hpp>
#include <preflearn/policy/family/llama.hpp>
#include <preflearn/policy/family/mistral.hpp>
#include <preflearn/policy/family/opt.hpp>
#include <preflearn/policy/family/qwen2.hpp>
#include <preflearn/policy/family/qwen3.hpp>
#include <preflearn/policy/family/smollm3.hpp>

namespace preflearn {

namespace families {
/// A name that several share belongs to the first.
inline constexpr std::array all{
    llama, mistral, smollm3, qwen2, qwen3, gemma, gemma2, gemma3, gpt2, gpt_neox, opt,
};
} // namespace families

/// The family of which `name`, a member of decoder_family, is `found`.
/// \throws input_error: `what`, the names that were expected, and what was found.
inline const decoder_family& family_named(std::span<const decoder_family> known, std::string_view decoder_family::*name,
                                          std::string_view found, std::string_view what) {
    std::string expected;
    for (const decoder_family& family : known) {
        if (family.*name == found && !found.empty()) return family;
        const std::string quoted = message('"', family.*name, '"');
        if (!(family.*name).empty() && expected.find(quoted) == std::string::npos)
            expected += message(expected.empty() ? "\"" : " or \"", family.*name, '"');
    }
    throw input_error(message(what, ": ", expected, " was expected, found \"", found, '"'));
}

} // namespace preflearn
