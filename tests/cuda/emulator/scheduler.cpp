#include "scheduler.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <numeric>
#include <sstream>
#include <utility>

#include "checker.hpp"
#include "device_memory.hpp"
#include "emulator.hpp"
#include "places.hpp"
#include "sanitizers.hpp"

constinit thread_local uint3 threadIdx{}, blockIdx{};
constinit thread_local dim3 blockDim{}, gridDim{};

namespace emulator {

constinit thread_local device_block* present = nullptr;
constinit thread_local bool in_kernel = false;

namespace {

namespace fibre = boost::context::detail;

constexpr std::size_t stack_step = stack_bytes + 4096; ///< and a page that nobody may touch

/// Of the processor's thread, while fibres run on it.
struct home {
    fibre::fcontext_t context = nullptr;
    void* kept = nullptr;
    const void* stack = nullptr;
    std::size_t bytes = 0;
};
constinit thread_local home origin{};

/// Stacks for the threads of a block.
class stacks {
  public:
    char* get(std::size_t number) {
        while (all.size() <= number) {
            void* mapped = mmap(nullptr, stack_step, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
            if (mapped == MAP_FAILED || mprotect(mapped, 4096, PROT_NONE) != 0) throw std::bad_alloc();
            all.push_back(static_cast<char*>(mapped) + 4096);
        }
        return all[number];
    }
    /// After threads that never returned.
    void clean() const {
        for (const char* stack : all) allow(stack, stack_bytes);
    }

  private:
    std::vector<char*> all;
};

/// Which thread or block is next: seed 0 in order, 1 in reverse, others by chance.
class order {
  public:
    explicit order(std::uint64_t chosen) : seed(chosen), state(chosen * 0x9e3779b97f4a7c15U + 1) {}

    std::uint64_t below(std::uint64_t n) { // SplitMix64
        std::uint64_t z = state += 0x9e3779b97f4a7c15U;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return (z ^ (z >> 31)) % n;
    }
    template <class T> void arrange(std::vector<T>& list) {
        if (seed == 1) std::ranges::reverse(list);
        if (seed > 1)
            for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[below(i)]);
    }
    /// Takes one of the threads that could go on: the first who could, the last, or any, so that warps keep together in
    /// some schedules and run far ahead of each other in others.
    unsigned take(std::vector<unsigned>& ready) {
        std::size_t chosen = ready.size() - 1;
        if (seed == 0 || seed % 3 == 0)
            chosen = 0;
        else if (seed % 3 == 1 && seed > 1)
            chosen = below(ready.size());
        const unsigned found = ready[chosen];
        ready.erase(ready.begin() + static_cast<std::ptrdiff_t>(chosen));
        return found;
    }

  private:
    std::uint64_t seed, state;
};

} // namespace

const char* name_of(meeting kind) {
    constexpr const char* names[] = {"__syncthreads",   "__syncthreads_count", "__syncwarp",
                                     "__shfl_sync",     "__shfl_up_sync",      "__shfl_down_sync",
                                     "__shfl_xor_sync", "__ballot_sync",       "a product of a warp"};
    return names[static_cast<int>(kind)];
}

std::string mask_text(unsigned mask) {
    std::ostringstream out;
    out << "0x" << std::hex << mask;
    return out.str();
}

/// Back to the loop of the block; returns when this thread's turn has come again.
void give_way() {
    device_thread& t = *present->running;
    const home& to = origin;
    leave(&t.kept, to.stack, to.bytes);
    const fibre::transfer_t back = fibre::jump_fcontext(origin.context, nullptr);
    origin.context = back.fctx;
    arrive(t.kept, &origin.stack, &origin.bytes);
}

void make_ready(device_thread& t) {
    t.state = thread_state::runnable;
    present->ready.push_back(t.number);
}

namespace {

void enter(fibre::transfer_t from) {
    origin.context = from.fctx;
    arrive(nullptr, &origin.stack, &origin.bytes);
    device_block& block = *present;
    try {
        void* const arguments = block.call->arguments.get();
        in_kernel = true;
        block.call->run(arguments);
        in_kernel = false;
    } catch (const std::exception& error) {
        in_kernel = false;
        report(*block.running, std::string("throws ") + error.what(), {});
    }
    device_thread& t = *block.running;
    t.state = thread_state::returned;
    leave(nullptr, origin.stack, origin.bytes);
    fibre::jump_fcontext(origin.context, nullptr);
}

} // namespace

std::string waits_text(const device_thread& t) {
    return thread_text(t) + (t.state == thread_state::returned
                                 ? " has returned"
                                 : std::string(" waits in ") + name_of(t.kind) + " at " + place_text(t.at));
}

void report(const device_thread& t, const std::string& what, code_place at) {
    present->fault = thread_text(t) + " " + what;
    if (at.line.file != nullptr || at.code != nullptr) present->fault += " at " + place_text(at);
    if (checked() && !check().unwritten().empty()) present->fault = check().unwritten();
}

namespace {

/// A thread has returned: nobody may wait for it.
void check_returned(device_block& block, device_thread& t) {
    ++block.returned;
    for (const device_thread& other : block.threads)
        if (other.state == thread_state::at_barrier)
            return report(t, "has returned, but " + waits_text(other) + " for all threads of the block", {});
    for (const warp_group& g : block.waiting[t.warp()])
        if ((g.mask >> t.lane() & 1U) != 0)
            for (const device_thread& other : block.threads)
                if (other.warp() == t.warp() && (g.arrived >> other.lane() & 1U) != 0)
                    return report(t, "has returned, but " + waits_text(other) + " for lanes " + mask_text(g.mask), {});
}

/// Runs the block to its end, or to its first fault.
void run_block(device_block& block, stacks& all, order& schedule) {
    const dim3 shape = block.config->blockDim;
    const unsigned count = shape.x * shape.y * shape.z;
    block.threads.assign(count, {});
    block.waiting.assign((count + 31) / 32, {});
    block.at_barrier = block.returned = 0;
    block.counted = 0;
    block.shared.clear();
    if (checked()) check().begin_block(count);
    block.ready.resize(count);
    std::iota(block.ready.begin(), block.ready.end(), 0U);
    schedule.arrange(block.ready);
    for (unsigned i = 0; i < count; ++i) {
        device_thread& t = block.threads[i];
        t.number = i;
        t.index = {i % shape.x, i / shape.x % shape.y, i / (shape.x * shape.y)};
        t.stack = all.get(i);
        t.context = fibre::make_fcontext(t.stack + stack_bytes, stack_bytes, enter);
    }
    blockIdx = block.index;
    while (!block.ready.empty() && block.fault.empty()) {
        device_thread& t = block.threads[schedule.take(block.ready)];
        block.running = &t;
        threadIdx = t.index;
        leave(&origin.kept, t.stack, stack_bytes);
        const fibre::transfer_t back = fibre::jump_fcontext(t.context, nullptr);
        arrive(origin.kept, nullptr, nullptr);
        t.context = back.fctx;
        if (t.state == thread_state::returned && block.fault.empty()) check_returned(block, t);
    }
    block.running = nullptr;
    if (measured().on) measured().all_together();
    if (block.fault.empty() && block.returned != count)
        for (const device_thread& t : block.threads)
            if (t.state != thread_state::returned) {
                block.fault = waits_text(t) + ", and no thread can go on";
                break;
            }
}

std::string block_text(uint3 b) {
    std::ostringstream out;
    out << "block (" << b.x << ", " << b.y << ", " << b.z << ')';
    return out.str();
}

std::string kernel_text(const void* kernel) {
    const std::string name = function_of(kernel);
    return name.empty() ? "a kernel" : name;
}

void run_grid(device_block& block, order& schedule, stacks& all) {
    const dim3 grid = block.config->gridDim;
    std::vector<unsigned> blocks(std::size_t{grid.x} * grid.y * grid.z);
    std::iota(blocks.begin(), blocks.end(), 0U);
    schedule.arrange(blocks);
    for (const unsigned number : blocks) {
        block.index = {number % grid.x, number / grid.x % grid.y, number / (grid.x * grid.y)};
        run_block(block, all, schedule);
        if (block.fault.empty()) {
            if (checked()) block.fault = check().unwritten();
            if (block.fault.empty()) block.fault = block.shared.damage();
            if (block.fault.empty() && number == blocks.back()) block.fault = memory().damage();
        }
        if (block.fault.empty()) continue;
        all.clean();
        (void)memory().damage(); // lest the next launch be blamed
        throw kernel_fault(kernel_text(block.call->kernel) + ": " + block_text(block.index) + ": " + block.fault +
                           " [schedule " + std::to_string(settings().schedule) + "]");
    }
}

} // namespace

std::string thread_text(const device_thread& t) {
    std::ostringstream out;
    out << "thread (" << t.index.x << ", " << t.index.y << ", " << t.index.z << ')';
    return out.str();
}

std::string place_text(const code_place& at) {
    if (const std::string known = at.code == nullptr ? "" : line_of(at.code); !known.empty()) return known;
    if (at.line.file == nullptr) return "an unknown line";
    const std::string file = at.line.file;
    return file.substr(file.rfind('/') + 1) + ":" + std::to_string(at.line.line);
}

void fail_thread(const std::string& what, code_place at) {
    report(*present->running, what, at);
    give_way();
    __builtin_unreachable();
}

void fail(const char* what, place at) {
    const outside_kernel here;
    fail_thread(what, {at, __builtin_return_address(0)});
}

void run_kernel(const cudaLaunchConfig_t& config, const kernel_call& call) {
    static stacks all;
    static device_block block;
    const device_memory::opened now(memory());
    order schedule(settings().schedule);
    block.config = &config;
    block.call = &call;
    block.fault.clear();
    if (checked()) check().begin_launch();
    if (measured().on) measured().begin_launch();
    gridDim = config.gridDim;
    blockDim = config.blockDim;
    struct running {
        ~running() { present = nullptr; }
    } until_here;
    present = &block;
    run_grid(block, schedule, all);
}

} // namespace emulator

#ifdef PREFLEARN_EMULATOR_ASAN
/// Threads that did something wrong never come back to what they own.
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }
#endif
