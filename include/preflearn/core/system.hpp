/// \file
/// Everything of `core/system`: errors, threads, progress, files replaced at once.
// SPDX-License-Identifier: MIT
#pragma once

#include <preflearn/core/system/atomic_file.hpp>
#include <preflearn/core/system/child_process.hpp>
#include <preflearn/core/system/compiler.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/file_lock.hpp>
#include <preflearn/core/system/kept_blocks.hpp>
#include <preflearn/core/system/new_file.hpp>
#include <preflearn/core/system/one_thread.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/core/system/progress.hpp>
#include <preflearn/core/system/version.hpp>
#include <preflearn/core/system/whole_folder.hpp>
