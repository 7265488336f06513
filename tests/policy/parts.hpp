/// \file
/// What tests of this room share with those of the backend.
// SPDX-License-Identifier: MIT
#pragma once

#include "../parts.hpp" // IWYU pragma: export
