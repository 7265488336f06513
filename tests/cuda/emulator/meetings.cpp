// Barriers, warp operations, atomics and shared arrays: what threads of a block have with each other.
#include <algorithm>
#include <cstring>
#include <sstream>

#include "checker.hpp"
#include "emulator.hpp"
#include "scheduler.hpp"

namespace emulator {
namespace {

bool same_place(const code_place& a, const code_place& b) {
    return a.line.line == b.line.line && std::strcmp(a.line.file, b.line.file) == 0;
}

std::string at_text(meeting kind, const code_place& at) { return std::string(name_of(kind)) + " at " + place_text(at); }

/// Whether a thread that comes to a barrier lets others down who wait in its warp.
void check_barrier(device_block& block, device_thread& t, meeting kind, const code_place& at) {
    for (const device_thread& other : block.threads) {
        if (other.state == thread_state::returned)
            fail_thread("waits in " + at_text(kind, at) + " for all threads of the block, but " + waits_text(other),
                        {});
        if (other.state == thread_state::at_barrier && (other.kind != kind || !same_place(other.at, at)))
            fail_thread("waits in " + at_text(kind, at) + " for all threads of the block, but " + waits_text(other),
                        {});
        if (block.at_barrier != 0) break; // the first who waits has seen to the others
    }
    for (const warp_group& g : block.waiting[t.warp()])
        if ((g.mask >> t.lane() & 1U) != 0)
            for (const device_thread& other : block.threads)
                if (other.warp() == t.warp() && (g.arrived >> other.lane() & 1U) != 0)
                    fail_thread("waits in " + at_text(kind, at) + ", but " + waits_text(other) + " for lanes " +
                                    mask_text(g.mask),
                                {});
}

/// The lane from which this one receives, or itself.
int source_lane(const device_thread& t) {
    const int lane = static_cast<int>(t.lane()), first = lane & ~(t.width - 1), last = first + t.width - 1;
    switch (t.kind) {
    case meeting::shuffle:
        return first + (t.argument & (t.width - 1));
    case meeting::shuffle_up:
        return lane - t.argument < first ? lane : lane - t.argument;
    case meeting::shuffle_down:
        return lane + t.argument > last ? lane : lane + t.argument;
    default:
        return (lane ^ t.argument) > last ? lane : lane ^ t.argument;
    }
}

/// All have come: what each of them receives.
void complete(device_block& block, device_thread& last, const warp_group& group) {
    device_thread* const lanes = block.threads.data() + std::size_t{last.warp()} * 32;
    const auto count = static_cast<int>(std::min<std::size_t>(32, block.threads.size() - last.warp() * 32));
    if (group.kind == meeting::product) multiply(lanes);
    if (group.kind == meeting::syncwarp && checked()) check().sync_lanes(last.warp(), group.mask);
    if (group.mask == 0xffffffffU && measured().on) measured().together(last.warp());
    std::uint64_t ballot = 0;
    for (int l = 0; l < count; ++l)
        if ((group.mask >> l & 1U) != 0 && lanes[l].given != 0) ballot |= std::uint64_t{1} << l;
    for (int l = 0; l < count; ++l) {
        if ((group.mask >> l & 1U) == 0) continue;
        device_thread& t = lanes[l];
        if (group.kind == meeting::ballot) t.result = ballot;
        if (group.kind >= meeting::shuffle && group.kind <= meeting::shuffle_xor) {
            const int from = source_lane(t);
            if (from >= count || (group.mask >> from & 1U) == 0) {
                std::ostringstream out;
                out << "in " << at_text(group.kind, t.at) << " receives from lane " << from
                    << (from >= count ? ", which the block does not have" : ", which is not in the mask ")
                    << (from >= count ? "" : mask_text(group.mask));
                report(t, out.str(), {});
                give_way();
            }
            t.result = lanes[from].given;
        }
        if (&t != &last) make_ready(t);
    }
    last.state = thread_state::runnable;
}

/// Whether a lane of the same warp waits for this one.
bool waits_for(const std::vector<warp_group>& groups, const device_thread& other, const device_thread& t) {
    return std::ranges::any_of(groups, [&](const warp_group& g) {
        return (g.arrived >> other.lane() & 1U) != 0 && (g.mask >> t.lane() & 1U) != 0;
    });
}

/// The group that waits for this thread at this operation, or a new one; others that could never be are faults.
warp_group& join(device_block& block, device_thread& t, const warp_group& mine) {
    std::vector<warp_group>& groups = block.waiting[t.warp()];
    const auto known = std::ranges::find_if(groups, [&](const warp_group& g) {
        return g.kind == mine.kind && g.mask == mine.mask && g.bytes == mine.bytes && same_place(g.at, mine.at);
    });
    if (known != groups.end()) return *known;
    for (std::size_t i = std::size_t{t.warp()} * 32;
         i < std::min(block.threads.size(), (t.warp() + 1) * std::size_t{32}); ++i) {
        const device_thread& other = block.threads[i];
        if (&other == &t || (mine.mask >> other.lane() & 1U) == 0 || other.state == thread_state::runnable) continue;
        // A part of the warp may be busy with itself and come later.
        if (other.state == thread_state::at_warp && !waits_for(groups, other, t)) continue;
        fail_thread("waits in " + at_text(mine.kind, mine.at) + " for lanes " + mask_text(mine.mask) + ", but " +
                        waits_text(other) +
                        (other.state == thread_state::at_warp ? " with another mask, or at another place" : ""),
                    {});
    }
    return groups.emplace_back(mine);
}

std::uint64_t wait_warp(device_thread& t, meeting kind, unsigned mask, unsigned bytes, const code_place& at) {
    device_block& block = *present;
    if ((mask >> t.lane() & 1U) == 0)
        fail_thread("calls " + at_text(kind, at) + " with the mask " + mask_text(mask) +
                        ", which does not name its lane " + std::to_string(t.lane()),
                    {});
    t.kind = kind;
    t.at = at;
    warp_group& group = join(block, t, {kind, mask, 0, bytes, at});
    group.arrived |= 1U << t.lane();
    const std::size_t in_warp = block.threads.size() - t.warp() * std::size_t{32};
    const unsigned there = in_warp >= 32 ? 0xffffffffU : (1U << in_warp) - 1;
    if (group.arrived == (mask & there)) {
        const warp_group all = group;
        std::vector<warp_group>& groups = block.waiting[t.warp()];
        groups.erase(groups.begin() + (&group - groups.data()));
        complete(block, t, all);
        return t.result;
    }
    t.state = thread_state::at_warp;
    give_way();
    return t.result;
}

} // namespace

int meet_block(meeting kind, int value, place line) {
    const outside_kernel here;
    device_block& block = *present;
    device_thread& t = *block.running;
    const code_place at{line, __builtin_return_address(0)};
    check_barrier(block, t, kind, at);
    t.kind = kind;
    t.at = at;
    t.state = thread_state::at_barrier;
    if (block.at_barrier == 0) block.counted = 0;
    block.counted += value != 0;
    if (++block.at_barrier == block.threads.size()) {
        block.at_barrier = 0;
        if (checked()) check().barrier();
        if (measured().on) measured().all_together();
        for (device_thread& other : block.threads) {
            other.result = static_cast<std::uint64_t>(block.counted);
            make_ready(other);
        }
    }
    give_way();
    return static_cast<int>(t.result);
}

std::uint64_t meet_warp(meeting kind, unsigned mask, std::uint64_t value, unsigned bytes, int argument, int width,
                        place line) {
    const outside_kernel here;
    device_thread& t = *present->running;
    const code_place at{line, __builtin_return_address(0)};
    t.given = value;
    t.argument = argument;
    t.width = width;
    return wait_warp(t, kind, mask, bytes, at);
}

void multiply_warp(bool bfloat, const std::uint32_t (&a)[4], const std::uint32_t (&b)[2], float (&c)[4], place line) {
    const outside_kernel here;
    device_thread& t = *present->running;
    const code_place at{line, __builtin_return_address(0)};
    if (present->threads.size() % 32 != 0)
        fail_thread("calls " + at_text(meeting::product, at) + " in a block of " +
                        std::to_string(present->threads.size()) + " threads, which are not whole warps",
                    {});
    t.factors = {a, b, c, bfloat};
    wait_warp(t, meeting::product, 0xffffffffU, bfloat ? 1 : 2, at);
}

void fence() {
    const outside_kernel here;
    if (checked()) check().fence(*present->running);
}

template <class T> T change(atomic kind, T* address, T value, T compare, place) {
    const outside_kernel here;
    device_thread& t = *present->running;
    if (checked()) {
        check().acquire(t, address);
        check().look(
            {reinterpret_cast<const char*>(address), sizeof(T), true, true, true, __builtin_return_address(0)});
        check().release(t, address);
    }
    T old;
    std::memcpy(&old, address, sizeof old);
    T changed = value;
    switch (kind) {
    case atomic::add:
        changed = old + value;
        break;
    case atomic::maximum:
        changed = std::max(old, value);
        break;
    case atomic::minimum:
        changed = std::min(old, value);
        break;
    case atomic::exchange:
        break;
    case atomic::compare:
        changed = old == compare ? value : old;
        break;
    case atomic::bit_and:
        if constexpr (std::is_integral_v<T>) changed = old & value;
        break;
    case atomic::bit_or:
        if constexpr (std::is_integral_v<T>) changed = old | value;
        break;
    }
    std::memcpy(address, &changed, sizeof changed);
    make_ready(t); // others may come between this access and the next
    give_way();
    return old;
}
template int change(atomic, int*, int, int, place);
template unsigned change(atomic, unsigned*, unsigned, unsigned, place);
template unsigned long long change(atomic, unsigned long long*, unsigned long long, unsigned long long, place);
template float change(atomic, float*, float, float, place);
template double change(atomic, double*, double, double, place);

void* shared_bytes(const void* key, std::size_t bytes, std::size_t alignment) {
    const outside_kernel here;
    device_block& block = *present;
    const shared_memory::array& found = block.shared.get(key, bytes, alignment);
    if (block.shared.fixed_bytes() > 48UL << 10)
        fail_thread("has shared arrays of " + std::to_string(block.shared.fixed_bytes()) +
                        " bytes, which the compiler of a device would refuse (48 KiB)",
                    {});
    return found.begin;
}

std::size_t dynamic_size() { return present->config->dynamicSmemBytes; }

void* dynamic_bytes(std::size_t first, std::size_t bytes, std::size_t alignment) {
    const outside_kernel here;
    device_block& block = *present;
    std::ostringstream what;
    what << "takes bytes " << first << " to " << first + bytes << " of dynamic shared memory";
    if (first + bytes > dynamic_size()) {
        what << ", which has " << dynamic_size();
        fail_thread(what.str(), {});
    }
    if (first % alignment != 0) {
        what << ", which are not aligned for it";
        fail_thread(what.str(), {});
    }
    const shared_memory::array* found = block.shared.part(first, bytes);
    if (found == nullptr) {
        what << ", which overlap another array";
        fail_thread(what.str(), {});
    }
    return found->begin;
}

} // namespace emulator
