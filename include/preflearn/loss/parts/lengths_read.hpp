/// \file
/// Which responses' lengths a loss, or a part of one, reads.
// SPDX-License-Identifier: MIT
#pragma once

namespace preflearn {

/// None, that of the chosen response, that of the responses that the label prefers (the rejected one's only where there
/// are targets), or both.
enum class lengths_read { none, chosen, preferred, both };

constexpr bool reads_rejected_lengths(lengths_read lengths, bool targets) {
    return lengths == lengths_read::both || (lengths == lengths_read::preferred && targets);
}

} // namespace preflearn
