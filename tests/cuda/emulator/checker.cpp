#include "checker.hpp"

#include <algorithm>
#include <sstream>

#include "device_memory.hpp"
#include "emulator.hpp"

extern "C" {
extern char __executable_start, end; // of the program, by the linker
}

namespace emulator {
namespace {

std::string doing(const access& a) {
    std::ostringstream out;
    out << (a.atomic ? "changes atomically " : a.write ? "writes " : "reads ") << a.bytes << " bytes";
    return out.str();
}

std::string where_text(const watched_bytes& where, const void* pointer) {
    return &where == &device_bytes() ? memory().describe(pointer) : present->shared.describe(pointer);
}

[[noreturn]] void wrong(const access& a, const std::string& what) { fail_thread(what, {{nullptr, 0}, a.code}); }

} // namespace

checker& check() {
    static checker one;
    return one;
}

void checker::begin_launch() {
    launch_began = block_number + 1;
    met.clear();
}

void checker::begin_block(std::size_t threads) {
    ++block_number;
    clock.assign(threads, 1);
    after_barrier.assign(threads, 0);
    fenced.assign(threads, 0);
    seen.assign(threads, {});
    fences = fenced_since_barrier = false;
    known.clear();
    known_to_thread.clear();
    unwritten_text.clear();
}

void checker::barrier() {
    for (std::size_t t = 0; t < clock.size(); ++t) after_barrier[t] = ++clock[t];
    for (std::size_t t = 0; t < clock.size(); ++t)
        for (std::size_t l = t / 32 * 32, n = std::min(l + 32, clock.size()); l < n; ++l)
            seen[t][l % 32] = after_barrier[l];
    for (auto& [thread, learnt] : known_to_thread) known.insert(learnt.begin(), learnt.end());
    known_to_thread.clear();
    fenced_since_barrier = false;
}

void checker::sync_lanes(unsigned warp, unsigned mask) {
    const std::size_t first = std::size_t{warp} * 32, count = std::min<std::size_t>(32, clock.size() - first);
    std::array<std::uint32_t, 32> joined{};
    for (std::size_t l = 0; l < count; ++l) {
        if ((mask >> l & 1U) == 0) continue;
        seen[first + l][l] = ++clock[first + l];
        for (std::size_t i = 0; i < count; ++i) joined[i] = std::max(joined[i], seen[first + l][i]);
    }
    for (std::size_t l = 0; l < count; ++l)
        if ((mask >> l & 1U) != 0) seen[first + l] = joined;
}

void checker::fence(const device_thread& t) {
    fences = true;
    fenced[t.number] = ++clock[t.number];
    if (fenced_since_barrier) return; // what was before the barrier is fenced, too, whoever did it
    fenced_since_barrier = true;
    for (std::size_t u = 0; u < clock.size(); ++u) fenced[u] = std::max(fenced[u], after_barrier[u]);
}

void checker::acquire(const device_thread& t, const void* pointer) {
    if (const auto here = met.find(pointer); here != met.end()) known_to_thread.emplace_back(t.number, here->second);
}

void checker::release(const device_thread& t, const void* pointer) {
    if (!fences) return;
    auto mine = std::make_shared<times>(clock.size());
    for (std::size_t u = 0; u < clock.size(); ++u) {
        const std::uint32_t view = u / 32 == t.warp() ? seen[t.number][u % 32] : after_barrier[u];
        (*mine)[u] = std::min(fenced[u], view);
    }
    (*mine)[t.number] = ++clock[t.number];
    met[pointer][block_number] = std::move(mine);
}

bool checker::ordered(const cell& earlier, const device_thread& now, bool shared) const {
    // Launches follow each other; what another block had in its shared memory is gone, and its cells with it.
    if (earlier.block < launch_began || (shared && earlier.block != block_number)) return true;
    const auto thread = static_cast<std::uint32_t>(earlier.thread), time = static_cast<std::uint32_t>(earlier.time);
    if (earlier.block == block_number) {
        if (thread == now.number) return true;
        return time < (thread / 32 == now.warp() ? seen[now.number][thread % 32] : after_barrier[thread]);
    }
    const auto block = static_cast<std::uint32_t>(earlier.block);
    if (const auto at = known.find(block); at != known.end() && time < (*at->second)[thread]) return true;
    for (const auto& [knower, learnt] : known_to_thread)
        if (knower == now.number)
            if (const auto at = learnt.find(block); at != learnt.end() && time < (*at->second)[thread]) return true;
    return false;
}

void checker::race(const cell& earlier, bool earlier_writes, const access& a, const std::string& where) {
    std::ostringstream out;
    out << doing(a) << ", " << where << ", at " << place_text({{nullptr, 0}, a.code}) << ": a race with ";
    if (earlier.block == block_number)
        out << thread_text(present->threads[static_cast<std::size_t>(earlier.thread)]);
    else
        out << "a thread of another block";
    out << ", which "
        << (earlier.atomic   ? "changes"
            : earlier_writes ? "writes"
                             : "reads")
        << " it at " << place_text({{nullptr, 0}, earlier.code});
    out << (earlier.block == block_number ? ", and no barrier between them" : ", and nothing orders blocks");
    unwritten_text.clear();
    fail_thread(out.str(), {});
}

void checker::look_at_cells(const watched_bytes& where, const device_thread& t, const access& a) {
    const bool shared = &where == &shared_bytes_watched();
    cell now{};
    now.block = block_number & 0x1fffffffU;
    now.atomic = a.atomic;
    now.thread = t.number & 0x3ffU;
    now.time = clock[t.number] & 0x3fffffU;
    now.code = a.code;
    const char* const last = a.pointer + a.bytes;
    for (const char* p = a.pointer - reinterpret_cast<std::uintptr_t>(a.pointer) % 2; p < last; p += 2) {
        now.bytes = p < a.pointer ? 2 : p + 1 < last ? 3 : 1;
        cell& writer = where.written_by(p);
        cell* const readers = where.read_by(p);
        if ((writer.bytes & now.bytes) != 0 && !(writer.atomic && a.atomic) && !ordered(writer, t, shared))
            race(writer, true, a, where_text(where, a.pointer));
        if (!a.write) {
            remember(readers[0], readers[1], now, t, shared);
            continue;
        }
        for (int r = 0; r < 2; ++r)
            if ((readers[r].bytes & now.bytes) != 0 && !ordered(readers[r], t, shared))
                race(readers[r], false, a, where_text(where, a.pointer));
        writer = now;
        readers[0].bytes = readers[1].bytes = 0; // what comes after this write comes after them
    }
}

/// Of the readers that nothing orders two are kept, of different warps if there are such: a later write by anybody is
/// then unordered with one of them.
void checker::remember(cell& a, cell& b, const cell& now, const device_thread& t, bool shared) const {
    const auto gone = [&](const cell& c) { return c.bytes == 0 || ordered(c, t, shared); };
    const auto together = [](const cell& c, const cell& d) {
        return c.block == d.block && c.thread / 32 == d.thread / 32;
    };
    if (gone(a))
        a = now;
    else if (gone(b) || (together(a, b) && !together(a, now)))
        b = now;
}

void checker::look_elsewhere(const access& a) {
    const auto within = [&](const void* begin, std::size_t bytes) {
        return static_cast<std::size_t>(a.pointer - static_cast<const char*>(begin)) < bytes;
    };
    const kernel_call& call = *present->call;
    const bool fixed = a.pointer >= &__executable_start && a.pointer < &end;
    if (!a.write && (fixed || within(call.arguments.get(), call.bytes))) return;
    for (const device_thread& other : present->threads)
        if (within(other.stack, stack_bytes)) wrong(a, doing(a) + " of the local variables of " + thread_text(other));
    wrong(a, doing(a) + " of the host's memory");
}

void checker::look(const access& a) {
    const device_thread& t = *present->running;
    const bool device = memory().holds(a.pointer);
    if (!device && !present->shared.holds(a.pointer)) return look_elsewhere(a);
    watched_bytes& where = device ? device_bytes() : shared_bytes_watched();
    if (!where.all(where.there, a.pointer, a.bytes)) {
        const char* outside = a.pointer;
        while (where.all(where.there, outside, 1)) ++outside;
        wrong(a, doing(a) + " out of bounds, " + where_text(where, outside));
    }
    if (a.aligned && reinterpret_cast<std::uintptr_t>(a.pointer) % a.bytes != 0)
        wrong(a, doing(a) + " that are misaligned, " + where_text(where, a.pointer));
    if ((!a.write || a.atomic) && !where.all(where.written, a.pointer, a.bytes)) {
        const char* unwritten = a.pointer;
        while (where.all(where.written, unwritten, 1)) ++unwritten;
        // Perhaps it will be written too late, which is a race, and worth more words.
        if (unwritten_text.empty())
            unwritten_text = thread_text(t) + " " + doing(a) + " before anything was written there, " +
                             where_text(where, unwritten) + " at " + place_text({{nullptr, 0}, a.code});
    }
    look_at_cells(where, t, a);
    if (a.write) where.mark(where.written, a.pointer, a.bytes, true);
    if (measured().on) measured().take(t, a, !device);
}

} // namespace emulator
