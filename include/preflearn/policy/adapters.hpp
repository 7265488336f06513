/// \file
/// Everything of `policy/adapters`: low-rank adapters (LoRA), made, merged, and read and written as PEFT does.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/policy/adapters/adapter_config.hpp>
#include <preflearn/policy/adapters/adapter_files.hpp>
#include <preflearn/policy/adapters/adapter_options.hpp>
#include <preflearn/policy/adapters/merged.hpp>
#include <preflearn/policy/adapters/with_adapter.hpp>
