/// \file
/// What peers take for the same work: `peer.py` beside a benchmark prints a name and seconds a line, and is run once
/// when PREFLEARN_PEERS names a Python that has the peers.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

/// Seconds per name; empty when no peers are named. \param benchmark __FILE__ of the benchmark
inline std::map<std::string, double> peer_seconds(const std::string& benchmark) {
    std::map<std::string, double> found;
    const char* python = std::getenv("PREFLEARN_PEERS");
    if (python == nullptr) return found;
    const std::string folder = benchmark.substr(0, benchmark.rfind('/'));
    const std::string command = "'" + std::string(python) + "' '" + folder + "/peer.py'";
    if (std::FILE* pipe = popen(command.c_str(), "r")) {
        char name[64];
        double value = 0;
        while (std::fscanf(pipe, "%63s %lf", name, &value) == 2) found[name] = value;
        pclose(pipe);
    }
    return found;
}
