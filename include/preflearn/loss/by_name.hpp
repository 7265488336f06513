/// \file
/// Everything of `loss/by_name`: losses chosen at run time.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/loss/by_name/any_divergence.hpp>
#include <preflearn/loss/by_name/any_kind.hpp>
#include <preflearn/loss/by_name/any_loss.hpp>
#include <preflearn/loss/by_name/identity.hpp>
#include <preflearn/loss/by_name/kind_named.hpp>
#include <preflearn/loss/by_name/list.hpp>
#include <preflearn/loss/by_name/loss_named.hpp>
#include <preflearn/loss/by_name/names.hpp>
#include <preflearn/loss/by_name/pair_list.hpp>
