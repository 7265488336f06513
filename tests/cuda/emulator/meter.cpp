// What a kernel moves. A warp's instruction is where its lanes are at the same code the same number of times since they
// were last together.
#include <algorithm>
#include <set>
#include <tuple>

#include "checker.hpp"
#include "device_memory.hpp"
#include "emulator.hpp"

namespace emulator {
namespace {

traffic_count counted;

/// How often the banks of shared memory are asked: 32 banks of 4 bytes, 128 bytes at a time.
std::size_t passes(const std::vector<std::pair<std::uint64_t, std::uint32_t>>& lanes) {
    std::array<std::set<std::uint64_t>, 32> words;
    for (const auto& [address, bytes] : lanes)
        for (std::uint64_t w = address / 4; w <= (address + bytes - 1) / 4; ++w) words[w % 32].insert(w);
    std::size_t most = 0;
    for (const auto& bank : words) most = std::max(most, bank.size());
    return most;
}

} // namespace

meter& measured() {
    static meter one;
    return one;
}

traffic_meter::traffic_meter() {
    counted = {};
    measured().on = true;
}
traffic_meter::~traffic_meter() { measured().on = false; }
traffic_count traffic_meter::count() const { return counted; }
traffic_count traffic() { return counted; }

void meter::begin_launch() {
    for (auto& warp : lanes)
        for (auto& lane : warp) lane.clear();
    const watched_bytes& d = device_bytes();
    d.mark(d.read_now, memory().start(), memory().extent(), false);
    d.mark(d.written_now, memory().start(), memory().extent(), false);
}

void meter::take(const device_thread& t, const access& a, bool shared) {
    if (!shared) {
        watched_bytes& d = device_bytes();
        if (!a.write || a.atomic) {
            counted.asked_read += a.bytes;
            counted.distinct_read += d.mark(d.read_now, a.pointer, a.bytes, true);
        }
        if (a.write) {
            counted.asked_written += a.bytes;
            counted.distinct_written += d.mark(d.written_now, a.pointer, a.bytes, true);
        }
    }
    std::uint64_t address = reinterpret_cast<std::uintptr_t>(a.pointer);
    if (shared) {
        const shared_memory::array* const in = present->shared.find(a.pointer, a.bytes);
        address = in->first + static_cast<std::uint64_t>(a.pointer - in->begin);
    }
    lanes[t.warp()][t.lane()].push_back({a.code, address, static_cast<std::uint32_t>(a.bytes), t.lane(), 0, shared});
}

void meter::count(std::vector<taken>& group) const {
    std::uint32_t bytes = 0;
    for (const taken& one : group) bytes = std::max(bytes, one.bytes);
    if (!group.front().shared) {
        std::set<std::uint64_t> sectors;
        for (const taken& one : group)
            for (std::uint64_t s = one.address / 32; s <= (one.address + one.bytes - 1) / 32; ++s) sectors.insert(s);
        counted.sector_bytes += sectors.size() * 32;
        return;
    }
    // 8 bytes a lane are asked for by half a warp at a time, 16 by a quarter.
    const std::uint32_t together = bytes <= 4 ? 32 : bytes <= 8 ? 16 : 8;
    for (std::uint32_t first = 0; first < 32; first += together) {
        std::vector<std::pair<std::uint64_t, std::uint32_t>> part;
        for (const taken& one : group)
            if (one.lane >= first && one.lane < first + together) part.emplace_back(one.address, one.bytes);
        if (part.empty()) continue;
        counted.shared_passes += passes(part);
        ++counted.shared_least;
    }
}

void meter::together(unsigned warp) {
    std::vector<taken> all;
    for (auto& lane : lanes[warp]) {
        std::vector<std::pair<const void*, std::uint32_t>> times;
        for (taken one : lane) {
            const auto known = std::ranges::find(times, one.code, [](const auto& p) { return p.first; });
            if (known == times.end())
                times.emplace_back(one.code, 0);
            else
                one.repeated = ++known->second;
            all.push_back(one);
        }
        lane.clear();
    }
    std::ranges::sort(all, {}, [](const taken& t) { return std::tuple(t.code, t.repeated, t.lane); });
    std::vector<taken> group;
    for (const taken& one : all) {
        if (!group.empty() && (group.front().code != one.code || group.front().repeated != one.repeated)) {
            count(group);
            group.clear();
        }
        group.push_back(one);
    }
    if (!group.empty()) count(group);
}

void meter::all_together() {
    for (unsigned warp = 0; warp < 32; ++warp) together(warp);
}

} // namespace emulator
